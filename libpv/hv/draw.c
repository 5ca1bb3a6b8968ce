/* SPDX-License-Identifier: MIT */
/*
 * A planned layout as a picture: one line per part, offsets on the left.
 *
 *        +---------------------------------------+
 * 0x0000 | input header                 16 bytes |
 * 0x0010 | input list         3 x 4     12 bytes |
 * 0x001c | padding                       4 bytes |
 *        +---------------------------------------+
 * 0x0020 | output list        3 x 16    48 bytes |
 * 0x0050 | free                       4016 bytes |
 * 0x1000 +---------------------------------------+
 */
#include "text/text.h"

#include <pv/hv/text.h>

#define LINE "+---------------------------------------+\n"
#define NO_OFFSET "       "
#define LABEL_WIDTH 16

struct picture {
    struct pv_text *text;
    uint32_t at; /* offset drawn so far */
};

static void put_spaces(struct pv_text *text, uint32_t count)
{
    while (count-- > 0)
        pv_text_char_(text, ' ');
}

static void put_label(struct pv_text *text, const char *label)
{
    uint32_t length = 0;

    while (label[length] != '\0')
        length++;
    pv_text_string_(text, label);
    put_spaces(text, LABEL_WIDTH - length);
}

/* At least `left` columns with the number at their right, and `right` with it at their left. */
static void put_number(struct pv_text *text, uint32_t left, uint32_t value, uint32_t right)
{
    uint32_t digits = 1;

    for (uint32_t rest = value; rest >= 10; rest /= 10)
        digits++;
    put_spaces(text, left > digits ? left - digits : 0);
    pv_text_decimal_(text, value);
    put_spaces(text, right > digits ? right - digits : 0);
}

static void put_offset(const struct picture *picture)
{
    pv_text_hex_(picture->text, picture->at, 4);
    pv_text_char_(picture->text, ' ');
}

/* "| label   reps x each   bytes |"; nothing if there are no bytes. */
static void put_part(struct picture *picture, const char *label, uint32_t bytes, uint32_t reps)
{
    struct pv_text *text = picture->text;

    if (bytes == 0)
        return;
    put_offset(picture);
    pv_text_string_(text, "| ");
    put_label(text, label);
    if (reps != 0) {
        put_number(text, 4, reps, 0);
        pv_text_string_(text, " x ");
        put_number(text, 0, bytes / reps, 3);
    } else {
        put_spaces(text, 10);
    }
    put_number(text, 5, bytes, 0);
    pv_text_string_(text, " bytes |\n");
    picture->at += bytes;
}

/* What lies unused up to `end`; less than `align` is what the alignment of the next block costs. */
static void put_gap(struct picture *picture, uint32_t end, uint32_t align)
{
    const uint32_t bytes = end - picture->at;

    put_part(picture, bytes < align ? "padding" : "free", bytes, 0);
}

static void put_input(struct picture *picture, const struct pv_hv_call_info *info,
                      const struct pv_hv_plan *plan)
{
    const bool is_tail = info->var == PV_HV_VAR_TAIL_IN;
    const bool is_all = plan->in_bytes == info->in_bytes;

    put_part(picture, is_all ? "input" : "input header", info->in_bytes, 0);
    put_part(picture, is_tail ? "input data" : "variable header",
             (uint32_t)plan->in_list - info->in_bytes, 0);
    put_part(picture, "input list", (uint32_t)plan->in_bytes - plan->in_list, plan->reps);
}

static void put_output(struct picture *picture, const struct pv_hv_call_info *info,
                       const struct pv_hv_plan *plan)
{
    const uint32_t before_list = (uint32_t)plan->out_list - plan->out_offset;
    const bool is_all = plan->out_bytes == info->out_bytes;

    put_part(picture, is_all ? "output" : "output header", info->out_bytes, 0);
    put_part(picture, "output data", before_list - info->out_bytes, 0);
    put_part(picture, "output list", plan->out_bytes - before_list, plan->reps);
}

enum pv_status pv_hv_draw(enum pv_hv_call call, const struct pv_hv_room *room,
                          const struct pv_hv_plan *plan, char *buffer, size_t size)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const uint32_t end = (uint32_t)room->in_bytes + room->out_bytes;
    const uint32_t out_at = plan->out_bytes != 0 ? plan->out_offset : room->in_bytes;
    struct pv_text text;
    struct picture picture = { &text, 0 };

    if (info == NULL)
        return PV_INVALID;
    pv_text_init_(&text, buffer, size);
    pv_text_string_(&text, NO_OFFSET LINE);
    put_input(&picture, info, plan);
    put_gap(&picture, out_at, out_at != end ? room->align : 0);
    if (out_at != 0 && out_at != end)
        pv_text_string_(&text, NO_OFFSET LINE);
    put_output(&picture, info, plan);
    put_gap(&picture, end, 0);
    put_offset(&picture);
    pv_text_string_(&text, LINE);
    return pv_text_end_(&text);
}
