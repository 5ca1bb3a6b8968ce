/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the vp area share: a map, the pairs that it should hold, and pages for it: more
 * than the simulated machine has, each allocation between two pages that cannot be touched.
 *
 * A test starts on an empty map and ends in rig_down (RIG_TEST), which releases the map and insists
 * that every page came back.
 */
#ifndef UNIT_VP_RIG_H
#define UNIT_VP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vp/map.h"

#include <pv/os.h>
#include <pv/vp/set.h>

#define assert_status(call, status) assert_int_equal((call), (status))

#define MAX PV_HV_VPS_MAX
#define NOT_TOUCHED 0xEEEEEEEEu
#define PAGE PV_PAGE_BYTES

static inline struct pv_cpu cpu(uint32_t value)
{
    return (struct pv_cpu){ value };
}

static inline struct pv_vp_index vp(uint32_t value)
{
    return (struct pv_vp_index){ value };
}

/* ---- pages ---- */

static size_t live_pages;
static uint32_t allocs;
static uint32_t fail_alloc; /* the n-th next one fails; 0: none */

static inline uint8_t *map_pages(size_t pages)
{
    uint8_t *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(at != MAP_FAILED);
    return at;
}

static inline void let(void *pages, size_t bytes, int access)
{
    assert_int_equal(mprotect(pages, bytes, access), 0);
}

void *pv_os_page_alloc(size_t pages)
{
    uint8_t *at;

    allocs++;
    if (fail_alloc != 0 && --fail_alloc == 0)
        return NULL;
    at = map_pages(pages + 2);
    let(at, PAGE, PROT_NONE);
    let(at + (pages + 1) * PAGE, PAGE, PROT_NONE);
    live_pages += pages;
    return at + PAGE;
}

void pv_os_page_free(void *page, size_t pages)
{
    live_pages -= pages;
    assert_int_equal(munmap((uint8_t *)page - PAGE, (pages + 2) * PAGE), 0);
}

/* ---- the map and what should be in it ---- */

static struct pv_vp_map map;

struct pair {
    uint32_t cpu;
    uint32_t index;
};

static struct pair pairs[MAX];
static uint32_t pair_count;

static inline int rig_start(void **state)
{
    (void)state;
    memset(&map, 0, sizeof(map));
    pv_vp_map_init(&map, 0);
    pair_count = 0;
    allocs = 0;
    fail_alloc = 0;
    return 0;
}

static inline int rig_down(void **state)
{
    (void)state;
    pv_vp_map_release(&map);
    return live_pages != 0 || pv_vp_map_bytes(&map) != 0;
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_start, rig_down)

static inline void add(uint32_t number, uint32_t index)
{
    assert_status(pv_vp_map_add(&map, cpu(number), vp(index)), PV_OK);
    pairs[pair_count++] = (struct pair){ number, index };
}

/* CPUs from `first` on are VPs from `index` on. */
static inline void add_run(uint32_t first, uint32_t index, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        add(first + i, index + i);
}

static inline void drop(uint32_t number)
{
    uint32_t i = 0;

    while (pairs[i].cpu != number)
        i++;
    assert_status(pv_vp_map_remove(&map, cpu(number)), PV_OK);
    pairs[i] = pairs[--pair_count];
}

/* The pairs in another order, the same each time. */
static inline void shuffle(struct pair *some, uint32_t count)
{
    uint32_t seed = 12345;

    for (uint32_t i = count; i > 1; i--) {
        const struct pair last = some[i - 1];

        seed = seed * 1664525 + 1013904223;
        some[i - 1] = some[(seed >> 8) % i];
        some[(seed >> 8) % i] = last;
    }
}

static inline int by_cpu(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static inline int by_index(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

/* Not in the map, and the answer is left alone. */
static inline void expect_no_cpu(uint32_t number)
{
    struct pv_vp_index index = { NOT_TOUCHED };

    assert_status(pv_vp_map_index(&map, cpu(number), &index), PV_NOT_FOUND);
    assert_int_equal(index.value, NOT_TOUCHED);
}

static inline void expect_no_index(uint32_t index)
{
    struct pv_cpu number = { NOT_TOUCHED };

    assert_status(pv_vp_map_cpu(&map, vp(index), &number), PV_NOT_FOUND);
    assert_int_equal(number.value, NOT_TOUCHED);
}

static inline void expect_pair(const struct pair *pair)
{
    struct pv_vp_index index = { NOT_TOUCHED };
    struct pv_cpu number = { NOT_TOUCHED };

    assert_status(pv_vp_map_index(&map, cpu(pair->cpu), &index), PV_OK);
    assert_int_equal(index.value, pair->index);
    assert_status(pv_vp_map_cpu(&map, vp(pair->index), &number), PV_OK);
    assert_int_equal(number.value, pair->cpu);
}

/* The map holds the pairs, and none of the numbers beside them. */
static inline void expect_map(void)
{
    static struct pair sorted[MAX];
    uint32_t i;

    assert_int_equal(pv_vp_map_count(&map), pair_count);
    memcpy(sorted, pairs, pair_count * sizeof(pairs[0]));
    qsort(sorted, pair_count, sizeof(sorted[0]), by_cpu);
    for (i = 0; i < pair_count; i++) {
        expect_pair(&sorted[i]);
        if (i + 1 == pair_count ? sorted[i].cpu != UINT32_MAX : sorted[i].cpu + 1 != sorted[i + 1].cpu)
            expect_no_cpu(sorted[i].cpu + 1);
        if (i == 0 ? sorted[i].cpu != 0 : sorted[i].cpu - 1 != sorted[i - 1].cpu)
            expect_no_cpu(sorted[i].cpu - 1);
    }
    qsort(sorted, pair_count, sizeof(sorted[0]), by_index);
    for (i = 0; i < pair_count; i++) {
        if (i + 1 == pair_count ? sorted[i].index != UINT32_MAX
                                : sorted[i].index + 1 != sorted[i + 1].index)
            expect_no_index(sorted[i].index + 1);
        if (i == 0 ? sorted[i].index != 0 : sorted[i].index - 1 != sorted[i - 1].index)
            expect_no_index(sorted[i].index - 1);
    }
}

/* ---- the form that the map has chosen ---- */

static inline const struct pv_vp_way *way(enum pv_vp_key key)
{
    const struct pv_vp_image *image = pv_vp_image_(&map, map.state);

    return key == PV_VP_BY_CPU ? &image->by_cpu : &image->by_index;
}

static inline bool is_identity(void)
{
    return (map.state & PV_VP_STATE_IDENTITY) != 0;
}

static inline bool is_array(enum pv_vp_key key)
{
    return way(key)->runs == 0 && way(key)->span != 0;
}

#endif
