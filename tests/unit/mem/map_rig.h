/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the region map share: a map and beside it the model, one change of both at a time,
 * and the point at which memory runs out.
 *
 * A test starts on an empty map and ends in map_down (MAP_TEST), which releases it and insists that
 * every page came back.
 */
#ifndef UNIT_MEM_MAP_RIG_H
#define UNIT_MEM_MAP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pages.h"
#include "map_compare.h"

#define assert_status(call, status) assert_int_equal((call), (status))
#define NONE PV_MEM_VA_NONE

static struct pv_mem_map map;
static struct model seen;  /* what readers should find */
static struct model draft; /* what the open batch makes of it */

static inline int map_start(void **state)
{
    (void)state;
    pages_start();
    memset(&map, 0, sizeof(map));
    pv_mem_map_init(&map);
    seen.count = 0;
    return 0;
}

static inline int map_down(void **state)
{
    (void)state;
    pages.forbidden = false;
    pv_mem_map_release(&map);
    return pages.live != 0 || pv_mem_map_count(&map) != 0 || pv_mem_map_use(&map).pages != 0;
}

#define MAP_TEST(name) cmocka_unit_test_setup_teardown(name, map_start, map_down)

/* What the next change goes to. */
static inline struct model *now(void)
{
    return map.open ? &draft : &seen;
}

static inline void expect_agrees(const char *differs)
{
    if (differs != NULL)
        fail_msg("map and model differ in: %s (%u regions)", differs, (unsigned)seen.count);
}

/* Readers find what they should, and no memory is lost. Look-ups around each `stride`-th region. */
static inline void expect_map_by(size_t stride)
{
    expect_agrees(model_differs(&map, &seen, stride));
    if (!map.open)
        expect_agrees(model_differs_in_memory(&map));
    assert_int_equal(pv_mem_map_use(&map).pages, pages.live);
}

static inline void expect_map(void)
{
    expect_map_by(1);
}

/* ---- one change of both ---- */

static inline struct pv_mem_region region_of(uint64_t id, uint64_t page, uint64_t pages_of, uint64_t va)
{
    const struct pv_mem_region region = { page << 12, pages_of, va, id, (uint32_t)id ^ 0x80000000u };

    return region;
}

/* The change has a status that is right, or found no memory; then nothing was changed. */
static inline enum pv_status change_both(const struct model_step *step)
{
    const uint32_t right = model_right(now(), step);
    const enum pv_status status = model_do_to(&map, step);

    if (status == PV_NO_MEMORY)
        return status;
    if ((right >> status & 1) == 0)
        fail_msg("change %d: %s, but right are %#x", step->what, pv_status_name(status), right);
    if (status == PV_OK)
        model_do(now(), step);
    return status;
}

/* Then everything is compared. */
static inline void expect_step(enum pv_status wanted, const struct model_step *step)
{
    assert_status(change_both(step), wanted);
    expect_map();
}

static inline struct model_step adding(struct pv_mem_region region)
{
    return (struct model_step){ ADD, 0, region };
}

static inline struct model_step changing(uint64_t id, struct pv_mem_region to)
{
    return (struct model_step){ CHANGE, id, to };
}

static inline struct model_step moving(uint64_t id, uint64_t page, uint64_t va)
{
    return (struct model_step){ MOVE, id, region_of(0, page, 0, va) };
}

static inline struct model_step resizing(uint64_t id, uint64_t pages_of)
{
    return (struct model_step){ RESIZE, id, { .pages = pages_of } };
}

static inline struct model_step removing(uint64_t id)
{
    return (struct model_step){ .what = REMOVE, .id = id };
}

static inline struct model_step flagging(uint64_t id, uint32_t flags)
{
    return (struct model_step){ FLAGS, id, { .flags = flags } };
}

static inline void expect_add(enum pv_status wanted, struct pv_mem_region region)
{
    const struct model_step step = adding(region);

    expect_step(wanted, &step);
}

static inline void expect_change(enum pv_status wanted, uint64_t id, struct pv_mem_region to)
{
    const struct model_step step = changing(id, to);

    expect_step(wanted, &step);
}

static inline void expect_move(enum pv_status wanted, uint64_t id, uint64_t page, uint64_t va)
{
    const struct model_step step = moving(id, page, va);

    expect_step(wanted, &step);
}

static inline void expect_resize(enum pv_status wanted, uint64_t id, uint64_t pages_of)
{
    const struct model_step step = resizing(id, pages_of);

    expect_step(wanted, &step);
}

static inline void expect_remove(enum pv_status wanted, uint64_t id)
{
    const struct model_step step = removing(id);

    expect_step(wanted, &step);
}

static inline void expect_flags(enum pv_status wanted, uint64_t id, uint32_t flags)
{
    const struct model_step step = flagging(id, flags);

    expect_step(wanted, &step);
}

/* ---- batches of both ---- */

static inline void begin_both(void)
{
    assert_status(pv_mem_map_begin(&map), PV_OK);
    model_copy(&draft, &seen);
}

static inline void commit_both(void)
{
    assert_status(pv_mem_map_commit(&map), PV_OK);
    model_copy(&seen, &draft);
    expect_map();
}

static inline void cancel_both(void)
{
    assert_status(pv_mem_map_cancel(&map), PV_OK);
    expect_map();
}

/* Regions id = first.. in places of their own, each a page with a gap behind it; all at one VA. */
static inline void add_many(uint64_t first, size_t count, uint64_t va)
{
    for (uint64_t id = first; id < first + count; id++) {
        const struct model_step step = adding(region_of(id, 2 * id, 1, va));

        assert_status(change_both(&step), PV_OK);
    }
}

/* ---- where memory runs out ---- */

/* Objects that nobody else can have. */
struct hoard {
    struct pv_mem_cache cache[3];
};

static inline void hoard_of(struct pv_mem_cache *cache, struct pv_mem_pool *pool, uint32_t leave)
{
    size_t left;

    pv_mem_cache_drain(&pool->ready);
    left = pool->slab.pages * pool->slab.per_page - pool->slab.used;
    pv_mem_cache_init(cache, &pool->slab, UINT32_MAX);
    if (left > leave)
        assert_status(pv_mem_cache_top_up(cache, (uint32_t)(left - leave)), PV_OK);
}

/* The map has nothing ready, and its slabs have so many free objects. */
static inline void hoard_begin(struct hoard *hoard, uint32_t nodes, uint32_t records)
{
    hoard_of(&hoard->cache[0], &map.trie_nodes, nodes);
    hoard_of(&hoard->cache[1], &map.tree_nodes, nodes);
    hoard_of(&hoard->cache[2], &map.records, records);
}

static inline void hoard_end(struct hoard *hoard)
{
    for (unsigned i = 0; i < 3; i++)
        pv_mem_cache_drain(&hoard->cache[i]);
}

/* The first `count` allocations succeed, then none does; UINT32_MAX: all do. */
static inline void let_alloc(uint32_t count)
{
    pages.fail = count + 1;
    pages.fail_on = count != UINT32_MAX;
}

/* The change, with memory that runs out at each point in turn until it has enough. Gives its status;
 * `refused` counts the points. */
static inline enum pv_status change_short_of_memory(const struct model_step *step, uint32_t nodes,
                                                    uint32_t records, unsigned *refused)
{
    enum pv_status status = PV_NO_MEMORY;

    for (uint32_t allowed = 0; status == PV_NO_MEMORY; allowed++) {
        struct hoard hoard;

        assert_true(allowed < 64);
        hoard_begin(&hoard, nodes, records);
        let_alloc(allowed);
        status = change_both(step);
        let_alloc(UINT32_MAX);
        hoard_end(&hoard);
        if (status == PV_NO_MEMORY) {
            expect_map_by(1 + seen.count / 64);
            (*refused)++;
        }
    }
    return status;
}

#endif
