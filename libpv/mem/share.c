/* SPDX-License-Identifier: MIT */
/*
 * Changes of visibility. First what is going to happen is written down where others can see it.
 * From then on nothing fails for want of memory: the map as it will be is ready in a batch
 * (unshare), or takes flags only (share). Only what is lost may take more of it than it should.
 */
#include "mem/share.h"

#include <pv/os.h>

struct change {
    struct pv_vp *vp;
    struct pv_mem_shares *shares;
    uint64_t first, end;     /* page numbers */
    struct pv_mem_walk walk; /* the one under way */
    bool shared;             /* that is what they are to be */
    bool zero;
    bool mapping;            /* as what pages are mapped again */
    uint64_t tried;          /* pages, from the first one on, that the host may have changed */
    uint64_t unmapped;       /* aliases, from the first one on */
    uint64_t lost, lost_end; /* pages that cannot be brought back, not written down yet */
    uint64_t leaked;         /* those written down */
    struct pv_hv_result result;
};

/* Begin a walk over the range. Those in PV_MEM_CHANGING are what this change is about. */
static void walk_on(struct change *change, uint32_t states)
{
    pv_mem_walk_(&change->walk, change->shares, change->first, change->end, states);
}

static bool more(struct change *change)
{
    return pv_mem_walk_more_(&change->walk);
}

/* ---- the map ---- */

static void mark(struct change *change, uint32_t from, uint32_t to)
{
    struct pv_mem_walk *walk = &change->walk;

    for (walk_on(change, from); more(change); walk->page = walk->until) {
        pv_mem_state_(change->shares, &walk->region, to);
        change->shares->stale += to == PV_MEM_PRIVATE;
    }
}

static enum pv_status forget_private(struct pv_mem_shares *shares, struct pv_mem_walk *walk)
{
    enum pv_status status = PV_OK;

    for (; status == PV_OK && pv_mem_walk_more_(walk); walk->page = walk->until) {
        status = pv_mem_map_remove(&shares->ranges, walk->region.id);
        shares->stale -= status == PV_OK;
    }
    return status;
}

/* What earlier changes had no memory for. */
static enum pv_status clean_up(struct change *change)
{
    struct pv_mem_shares *shares = change->shares;

    if (shares->stale == 0)
        return PV_OK;
    pv_mem_walk_(&change->walk, shares, 0, PV_MEM_PAGES_ALL, PV_MEM_PRIVATE);
    return forget_private(shares, &change->walk);
}

/* Part of the range that is in no region, from some page on. */
static bool next_hole(const struct change *change, uint64_t from, uint64_t *first, uint64_t *end)
{
    uint64_t gpa, pages;

    if (from == change->end || pv_mem_map_hole(&change->shares->ranges, from * PV_PAGE_BYTES, &gpa,
                                               &pages) != PV_OK)
        return false;
    *first = gpa / PV_PAGE_BYTES;
    *end = *first + pages < change->end ? *first + pages : change->end;
    return *first < change->end;
}

/* Each hole of the range becomes a region. */
static enum pv_status note_holes(const struct change *change)
{
    struct pv_mem_map *ranges = &change->shares->ranges;
    uint64_t first, end = change->first;
    enum pv_status status = pv_mem_map_begin(ranges);

    while (status == PV_OK && next_hole(change, end, &first, &end))
        status = pv_mem_note_(ranges, first, end, PV_MEM_CHANGING);
    pv_mem_close_(ranges, status == PV_OK);
    return status;
}

/* All shared regions that have part in it are marked, as they are. The batch that cuts them stays
 * open: whether it is wanted is known at the end. */
static enum pv_status note_parts(struct change *change)
{
    struct pv_mem_map *ranges = &change->shares->ranges;
    struct pv_mem_walk *walk = &change->walk;
    enum pv_status status;

    mark(change, PV_MEM_SHARED, PV_MEM_CHANGING);
    status = pv_mem_map_begin(ranges);
    for (walk_on(change, PV_MEM_CHANGING); status == PV_OK && more(change);
         walk->page = walk->until)
        if (walk->until - walk->page < walk->region.pages)
            status = pv_mem_cut_(ranges, walk, PV_MEM_CHANGING, PV_MEM_SHARED);
    if (status != PV_OK) {
        pv_mem_close_(ranges, false);
        mark(change, PV_MEM_CHANGING, PV_MEM_SHARED);
    }
    return status;
}

/* ---- the guest's own mappings ---- */

static bool unmap_page(struct change *change, uint64_t gpa)
{
    struct pv_mem_alias_cursor at = pv_mem_alias_first(change->shares->aliases, gpa);

    for (uint64_t va; pv_mem_alias_next(&at, &va); change->unmapped++)
        if (!pv_os_alias_unmap(va, gpa))
            return false;
    return true;
}

/* As many as were unmapped. */
static bool map_page(struct change *change, uint64_t gpa)
{
    struct pv_mem_alias_cursor at = pv_mem_alias_first(change->shares->aliases, gpa);

    for (uint64_t va; change->unmapped > 0 && pv_mem_alias_next(&at, &va); change->unmapped--)
        pv_os_alias_map(va, gpa, change->mapping);
    return change->unmapped > 0;
}

static bool zero_page(struct change *change, uint64_t gpa)
{
    void *page = pv_os_map_gpa(gpa, PV_OS_READ_WRITE);

    (void)change;
    if (page == NULL)
        return false;
    memset(page, 0, PV_PAGE_BYTES);
    pv_os_unmap(page);
    return true;
}

/* Until one says false. */
static bool each_page(struct change *change, bool (*act)(struct change *change, uint64_t gpa))
{
    bool good = true;

    for (walk_on(change, PV_MEM_CHANGING); good && more(change); change->walk.page++)
        good = act(change, change->walk.page * PV_PAGE_BYTES);
    return good;
}

static bool withdraw(struct change *change)
{
    if (change->shares->aliases != NULL && !each_page(change, unmap_page))
        return false;
    return !change->zero || each_page(change, zero_page);
}

/* ---- the host ---- */

static enum pv_status send(struct change *change)
{
    enum pv_status status = PV_OK;
    struct pv_mem_sent sent;

    walk_on(change, PV_MEM_CHANGING);
    while (status == PV_OK && more(change)) {
        status = pv_mem_send_(change->vp, &change->walk, ~0ull, change->shared, &sent);
        pv_mem_walk_skip_(&change->walk, sent.maybe);
        change->tried += sent.maybe;
        change->result = sent.result;
    }
    return status;
}

/* Write down what has failed since the last time. */
static void lose(struct change *change)
{
    if (change->lost == change->lost_end)
        return;
    pv_mem_close_(&change->shares->ranges, true);
    change->leaked += pv_mem_lose_(change->shares, change->lost, change->lost_end);
}

/* The next pages cannot be brought back. Neighbours become one region. */
static void give_up(struct change *change, uint64_t pages)
{
    struct pv_mem_walk *walk = &change->walk;

    for (uint64_t here; pages > 0; pages -= here) {
        (void)more(change); /* there are so many */
        here = walk->until - walk->page < pages ? walk->until - walk->page : pages;
        if (walk->page != change->lost_end) {
            lose(change);
            change->lost = walk->page;
        }
        walk->page += here;
        change->lost_end = walk->page;
    }
}

/* Every page has its try, whatever becomes of the others. */
static void undo(struct change *change)
{
    struct pv_mem_sent sent;

    for (walk_on(change, PV_MEM_CHANGING); change->tried > 0;
         change->tried -= sent.sure + sent.failed) {
        (void)more(change);
        (void)pv_mem_send_(change->vp, &change->walk, change->tried, !change->shared, &sent);
        pv_mem_walk_skip_(&change->walk, sent.sure);
        give_up(change, sent.failed);
    }
    lose(change);
}

/* ---- the whole ---- */

/* Leaked pages are no part of the change any more, and stay unmapped. */
static void settle(struct change *change, bool done)
{
    enum pv_status status;

    change->mapping = change->shared == done;
    pv_mem_close_(&change->shares->ranges, done);
    if (change->unmapped > 0)
        (void)each_page(change, map_page);
    mark(change, PV_MEM_CHANGING, change->mapping ? PV_MEM_SHARED : PV_MEM_PRIVATE);
    walk_on(change, PV_MEM_PRIVATE);
    status = forget_private(change->shares, &change->walk);
    (void)status; /* PV_NO_MEMORY: next time */
}

static enum pv_status carry_out(struct change *change)
{
    enum pv_status status = withdraw(change) ? send(change) : PV_BAD_ADDRESS;

    if (status != PV_OK)
        undo(change);
    settle(change, status == PV_OK);
    return change->leaked != 0 ? PV_LEAKED : status;
}

static enum pv_status run(struct change *change)
{
    enum pv_status status = change->shares->ended ? PV_BAD_STATE : pv_mem_host_(change->vp);

    walk_on(change, PV_MEM_UNKNOWN | PV_MEM_CHANGING);
    if (status == PV_OK && more(change))
        status = PV_LEAKED;
    if (status == PV_OK)
        status = clean_up(change);
    if (status == PV_OK)
        status = change->shared ? note_holes(change) : note_parts(change);
    return status == PV_OK ? carry_out(change) : status;
}

static enum pv_status change_range(struct change *change, uint64_t gpa, uint64_t pages,
                                   struct pv_hv_result *result)
{
    enum pv_status status = PV_INVALID;

    change->first = gpa / PV_PAGE_BYTES;
    change->end = change->first + pages;
    if (pv_mem_range_ok_(gpa, pages))
        status = run(change);
    if (result != NULL)
        *result = change->result;
    return status;
}

enum pv_status pv_mem_share(struct pv_vp *vp, struct pv_mem_shares *shares, uint64_t gpa,
                            uint64_t pages, uint32_t how, struct pv_hv_result *result)
{
    struct change change = {
        .vp = vp, .shares = shares, .shared = true, .zero = (how & PV_MEM_KEEP) == 0,
    };

    return change_range(&change, gpa, (how & ~PV_MEM_KEEP) == 0 ? pages : 0, result);
}

enum pv_status pv_mem_unshare(struct pv_vp *vp, struct pv_mem_shares *shares, uint64_t gpa,
                              uint64_t pages, struct pv_hv_result *result)
{
    struct change change = { .vp = vp, .shares = shares };

    return change_range(&change, gpa, pages, result);
}
