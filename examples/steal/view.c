/* SPDX-License-Identifier: MIT */
#include "view.h"
#include "line.h"

#define ESCAPE "\033["
#define BAR_WIDTH 30u
#define WHOLE 1000000u /* pv_steal_share counts in millionths */

/* Columns of the table, and lines above it. */
enum { BACKEND = 5, BAR = 16, SCALE_END = BAR + BAR_WIDTH - 4, SHARE = BAR + BAR_WIDTH + 2 };
#define HEAD_LINES 3u

static const char *colour(uint32_t share)
{
    if (share < WHOLE / 20)
        return ESCAPE "32m"; /* green */
    return share < WHOLE / 3 ? ESCAPE "33m" : ESCAPE "31m"; /* yellow, red */
}

static void add_bar(struct line *line, uint32_t share)
{
    const size_t full = ((size_t)share * BAR_WIDTH + WHOLE / 2) / WHOLE;

    line_text(line, "|");
    line_text(line, colour(share));
    line_fill(line, '#', full);
    line_text(line, ESCAPE "0m");
    line_fill(line, '.', BAR_WIDTH - full);
    line_text(line, "|");
}

/* To the right there may be more of what stood there before. */
static void end(struct line *line)
{
    line_text(line, ESCAPE "K");
    line_end(line);
}

static void draw_clock(struct line *line, const struct pv_guest *guest, uint64_t now_ns)
{
    end(line);
    line_fixed(line, now_ns / 1000000, 3, 0);
    line_text(line, " s by ");
    line_text(line, pv_clock_name(guest->clock.source));
    line_text(line, ", epoch ");
    line_number(line, pv_clock_epoch(guest));
    line_text(line, ", rebases ");
    line_number(line, guest->clock.now.rebases);
    end(line);
}

static void draw_labels(struct line *line)
{
    line_text(line, "  VP");
    line_pad(line, BACKEND);
    line_text(line, "told by");
    line_pad(line, BAR);
    line_text(line, "0 %  stolen");
    line_pad(line, SCALE_END);
    line_text(line, "100 %");
    line_pad(line, SHARE);
    line_text(line, "  share       total");
    end(line);
}

static void draw_vp(struct line *line, const struct view_vp *row)
{
    const uint32_t share = pv_steal_share(&row->before, &row->now);

    line_fixed(line, row->number, 0, 4);
    line_pad(line, BACKEND);
    line_text(line, pv_steal_name(row->vp->steal.backend));
    line_pad(line, BAR - 1);
    add_bar(line, share);
    line_fixed(line, share / 1000, 1, 6);
    line_text(line, " %");
    line_fixed(line, row->now.stolen_ns / 1000000, 3, 10);
    line_text(line, " s");
    line_text(line, pv_steal_preempted(row->vp) ? "  preempted" : "");
    if (row->vp->steal.stolen.rebases != 0) {
        line_text(line, "  rebases ");
        line_number(line, row->vp->steal.stolen.rebases);
    }
    end(line);
}

void view_bars(const struct view_vp *vps, unsigned count, bool fresh)
{
    struct line line = { .length = 0 };

    if (!fresh) {
        line_text(&line, ESCAPE);
        line_number(&line, HEAD_LINES + count);
        line_text(&line, "A"); /* that many lines up */
    }
    draw_clock(&line, vps[0].vp->guest, vps[0].now.time_ns);
    draw_labels(&line);
    for (unsigned i = 0; i < count; i++)
        draw_vp(&line, &vps[i]);
}

void view_lines(const struct view_vp *vps, unsigned count)
{
    struct line line = { .length = 0 };

    for (unsigned i = 0; i < count; i++) {
        line_text(&line, "@ vp ");
        line_number(&line, vps[i].number);
        line_text(&line, " stolen ");
        line_number(&line, vps[i].now.stolen_ns);
        line_text(&line, " time ");
        line_number(&line, vps[i].now.time_ns);
        line_end(&line);
    }
}
