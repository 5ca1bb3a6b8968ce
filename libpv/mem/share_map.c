/* SPDX-License-Identifier: MIT */
/* Pages in the map of what is shared: going through them, cutting them out. */
#include "mem/share.h"

void pv_mem_shares_init(struct pv_mem_shares *shares, struct pv_mem_alias_map *aliases)
{
    memset(shares, 0, sizeof(*shares));
    pv_mem_map_init(&shares->ranges);
    shares->aliases = aliases;
}

void pv_mem_walk_(struct pv_mem_walk *walk, const struct pv_mem_shares *shares, uint64_t first,
                  uint64_t end, uint32_t states)
{
    walk->map = &shares->ranges;
    walk->page = first;
    walk->until = first;
    walk->end = end;
    walk->states = states;
}

static void enter(struct pv_mem_walk *walk)
{
    const uint64_t first = walk->region.gpa / PV_PAGE_BYTES;
    const uint64_t until = first + walk->region.pages;

    if (walk->page < first)
        walk->page = first;
    walk->until = until < walk->end ? until : walk->end;
}

bool pv_mem_walk_more_(struct pv_mem_walk *walk)
{
    struct pv_mem_cursor cursor;

    if (walk->page < walk->until)
        return true;
    if (walk->page == walk->end)
        return false;
    cursor = pv_mem_map_from(walk->map, walk->page * PV_PAGE_BYTES);
    while (pv_mem_cursor_next(&cursor, &walk->region)) {
        if (walk->region.gpa / PV_PAGE_BYTES >= walk->end)
            return false;
        if ((walk->region.flags & walk->states) == 0)
            continue;
        enter(walk);
        return true;
    }
    return false;
}

void pv_mem_walk_skip_(struct pv_mem_walk *walk, uint64_t pages)
{
    while (pages > 0 && pv_mem_walk_more_(walk)) {
        const uint64_t here = walk->until - walk->page;
        const uint64_t step = pages < here ? pages : here;

        walk->page += step;
        pages -= step;
    }
}

uint64_t pv_mem_walk_ahead_(const struct pv_mem_walk *walk, uint64_t most)
{
    struct pv_mem_walk ahead = *walk;
    uint64_t pages = 0;

    while (pages < most && pv_mem_walk_more_(&ahead)) {
        pages += ahead.until - ahead.page;
        ahead.page = ahead.until;
    }
    return pages < most ? pages : most;
}

static struct pv_mem_region part(uint64_t first, uint64_t end, uint32_t flags)
{
    const struct pv_mem_region region = {
        .gpa = first * PV_PAGE_BYTES,
        .pages = end - first,
        .va = PV_MEM_VA_NONE,
        .id = first,
        .flags = flags,
    };

    return region;
}

enum pv_status pv_mem_note_(struct pv_mem_map *map, uint64_t first, uint64_t end, uint32_t flags)
{
    const struct pv_mem_region region = part(first, end, flags);

    return first < end ? pv_mem_map_add(map, &region) : PV_OK;
}

enum pv_status pv_mem_cut_(struct pv_mem_map *map, const struct pv_mem_walk *walk, uint32_t inside,
                           uint32_t outside)
{
    const struct pv_mem_region inner = part(walk->page, walk->until, inside);
    const uint64_t start = walk->region.gpa / PV_PAGE_BYTES;
    enum pv_status status = pv_mem_map_change(map, walk->region.id, &inner);

    if (status == PV_OK)
        status = pv_mem_note_(map, start, walk->page, outside);
    if (status == PV_OK)
        status = pv_mem_note_(map, walk->until, start + walk->region.pages, outside);
    return status;
}

void pv_mem_state_(struct pv_mem_shares *shares, const struct pv_mem_region *region,
                   uint32_t state)
{
    const enum pv_status status = pv_mem_map_set_flags(&shares->ranges, region->id, state);

    (void)status; /* outside a batch it cannot fail */
}

void pv_mem_close_(struct pv_mem_map *map, bool keep)
{
    const enum pv_status status = keep ? pv_mem_map_commit(map) : pv_mem_map_cancel(map);

    (void)status; /* PV_BAD_STATE: none is open */
}

static bool cut_out(struct pv_mem_map *map, const struct pv_mem_walk *walk)
{
    enum pv_status status;

    (void)!pv_mem_map_begin(map); /* none is open */
    status = pv_mem_cut_(map, walk, PV_MEM_UNKNOWN, walk->region.flags);
    pv_mem_close_(map, status == PV_OK);
    return status == PV_OK;
}

uint64_t pv_mem_lose_(struct pv_mem_shares *shares, uint64_t first, uint64_t end)
{
    struct pv_mem_walk walk;
    uint64_t lost = 0;

    pv_mem_walk_(&walk, shares, first, end, PV_MEM_SHARED | PV_MEM_CHANGING);
    for (; pv_mem_walk_more_(&walk); walk.page = walk.until) {
        if (cut_out(&shares->ranges, &walk)) {
            lost += walk.until - walk.page;
            continue;
        }
        pv_mem_state_(shares, &walk.region, PV_MEM_UNKNOWN);
        lost += walk.region.pages;
    }
    shares->leaked += lost;
    return lost;
}
