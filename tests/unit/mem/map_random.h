/* SPDX-License-Identifier: MIT */
/* Random changes, most of which can be made, some of which are wrong in each of the ways there are. */
#ifndef UNIT_MEM_MAP_RANDOM_H
#define UNIT_MEM_MAP_RANDOM_H

#include "map_rig.h"

/* What regions are drawn from. */
struct draw {
    uint64_t first, pages; /* of guest physical memory */
    uint64_t va, va_pages; /* of virtual */
    uint64_t ids;
    uint32_t length; /* most pages of a region */
    uint32_t most;   /* regions */
    bool scattered;  /* places, sizes and ids of every order of magnitude */
};

static uint64_t seed = 0x9E3779B97F4A7C15ull;

static inline uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static inline uint64_t below(uint64_t limit)
{
    return (random_word() >> 24) % limit;
}

static inline bool one_in(uint32_t n)
{
    return below(n) == 0;
}

/* As many digits as any other number of the bits. */
static inline uint64_t of_any_size(uint32_t bits)
{
    const uint32_t digit = (uint32_t)below(bits / 4) * 4;

    return (below(15) + 1) << digit | (digit > 0 ? below(3) : 0);
}

static inline uint64_t new_id(const struct draw *draw)
{
    return draw->scattered && one_in(2) ? of_any_size(64) : below(draw->ids);
}

static inline uint64_t random_id(const struct draw *draw)
{
    const struct model *m = now();

    if (m->count == 0 || one_in(12))
        return one_in(4) ? ~below(2) : new_id(draw);
    return m->regions[below(m->count)].id;
}

static inline uint64_t random_va(const struct draw *draw)
{
    if (one_in(4))
        return PV_MEM_VA_NONE;
    /* Some come together: then many regions have the same. */
    return draw->va + (below(one_in(3) ? 2 : draw->va_pages) << 12);
}

/* A region near the place of an old one, or anywhere. */
static inline uint64_t random_gpa(const struct draw *draw, const struct pv_mem_region *old)
{
    if (old != NULL && one_in(2))
        return old->gpa + ((below(2 * draw->length + 1) - draw->length) << 12);
    if (draw->scattered && one_in(2))
        return of_any_size(52) << 12;
    return (draw->first + below(draw->pages)) << 12;
}

/* Wrong in one way. */
static inline void spoil(struct pv_mem_region *region)
{
    switch (below(6)) {
    case 0:
        region->pages = 0;
        break;
    case 1:
        region->gpa |= 1ull << below(12);
        break;
    case 2:
        region->va = 4096 | 1ull << below(12);
        break;
    case 3:
        region->pages = MODEL_SPACE - (region->gpa >> 12) + 1;
        break;
    case 4:
        region->va = 0ull - 4096 * region->pages + 4096;
        break;
    default:
        region->pages = ~below(3);
        break;
    }
}

/* `grow` of 16 changes add a region; the same number removes one when it shrinks. */
static inline struct model_step random_step(const struct draw *draw, uint32_t grow)
{
    static const enum model_what others[] = { CHANGE, MOVE, RESIZE, FLAGS };
    const uint64_t way = below(16);
    struct model_step step = { .id = random_id(draw) };
    const struct pv_mem_region *old;

    step.what = way < grow ? ADD : way < 10 ? REMOVE : others[below(4)];
    if (step.what == ADD && now()->count >= draw->most)
        step.what = REMOVE;
    old = step.what == ADD ? NULL : model_id(now(), step.id);
    step.region.gpa = random_gpa(draw, old);
    step.region.pages = draw->scattered && one_in(4) ? of_any_size(48) : 1 + below(draw->length);
    step.region.va = random_va(draw);
    step.region.id = old != NULL && one_in(2) ? old->id : new_id(draw);
    step.region.flags = (uint32_t)random_word();
    if (one_in(24))
        spoil(&step.region);
    return step;
}

/* ---- around the changes ---- */

static inline void random_grace(void)
{
    grace.held = !grace.held;
    if (one_in(2))
        grace.over = grace.begun - below(2) * (grace.begun != 0);
}

static inline void random_batch(void)
{
    if (!map.open)
        begin_both();
    else if (one_in(3))
        cancel_both();
    else
        commit_both();
}

/* Where nothing waits for readers, nothing is old. */
static inline void reclaim_all(void)
{
    grace.held = false;
    pv_mem_map_reclaim(&map);
    if (!map.open)
        assert_int_equal(pv_mem_map_use(&map).old_bytes, 0);
}

/* After it as many changes ask for nothing. */
static inline unsigned random_reserve(const struct draw *draw, uint32_t grow)
{
    const uint32_t changes = 1 + (uint32_t)below(PV_MEM_RESERVE_MAX);
    struct pv_mem_region highest = { .gpa = 0, .pages = MODEL_SPACE, .id = ~0ull };
    struct model_step steps[PV_MEM_RESERVE_MAX];
    struct hoard hoard;

    if (map.open)
        commit_both();
    for (uint32_t i = 0; i < changes; i++)
        steps[i] = random_step(draw, grow);
    hoard_begin(&hoard, (uint32_t)below(16), (uint32_t)below(4));
    assert_status(pv_mem_map_reserve(&map, changes, &highest), PV_OK);
    for (uint32_t i = 0; i < changes; i++) {
        const uint32_t allocs = pages.allocs;

        let_alloc(0);
        assert_int_not_equal(change_both(&steps[i]), PV_NO_MEMORY);
        let_alloc(UINT32_MAX);
        assert_int_equal(pages.allocs, allocs);
    }
    hoard_end(&hoard);
    return changes;
}

#endif
