/* SPDX-License-Identifier: MIT */
/*
 * What the tests of alias maps share: a map with its cache, and a look at how the aliases of a page
 * lie in memory.
 */
#ifndef UNIT_MEM_ALIASES_H
#define UNIT_MEM_ALIASES_H

#include "rig.h"

#include "mem/alias.h"

#define BASE 0x40000000ull /* GPA of what most tests cover */

static struct pv_mem_alias_map map;
static struct pv_mem_cache cache;

/* Pages from BASE on are covered, and descriptors ready. */
static inline void aliases_start(uint32_t entries, uint64_t covered, uint32_t ready)
{
    memset(&map, 0, sizeof(map));
    assert_status(pv_mem_alias_init(&map, entries), PV_OK);
    assert_status(pv_mem_alias_cover(&map, BASE, covered), PV_OK);
    pv_mem_cache_init(&cache, &map.descriptors, ready);
    assert_status(pv_mem_cache_top_up(&cache, ready), PV_OK);
}

static inline void add(uint64_t gpa, uint64_t va)
{
    assert_status(pv_mem_alias_add(&map, &cache, gpa, va), PV_OK);
}

static inline void remove_alias(uint64_t gpa, uint64_t va)
{
    assert_status(pv_mem_alias_remove(&map, &cache, gpa, va), PV_OK);
}

static inline bool listed(const uint64_t *vas, size_t count, uint64_t va)
{
    for (size_t i = 0; i < count; i++)
        if (vas[i] == va)
            return true;
    return false;
}

/* Descriptors for so many aliases of one page. */
static inline size_t needed(size_t aliases)
{
    return aliases < 2 ? 0 : (aliases + map.entries - 1) / map.entries;
}

/* All descriptors but the first are full, and there is none that is not needed. */
static inline void expect_chain(uint64_t gpa, size_t aliases)
{
    const uint64_t *slot = pv_mem_alias_slot_(&map, gpa);
    const struct pv_mem_alias_descriptor *at = pv_mem_alias_chain_(*slot);
    size_t descriptors = 0, used = (size_t)(*slot & 1);

    for (bool first = true; at != NULL; at = pv_mem_alias_chain_(at->next)) {
        assert_in_range(at->used, first ? 1 : map.entries, map.entries);
        used += at->used;
        descriptors++;
        first = false;
    }
    assert_int_equal(used, aliases);
    assert_int_equal(descriptors, needed(aliases));
}

/* The page has these aliases, each once, and no others. */
static inline void expect_page(uint64_t gpa, const uint64_t *vas, size_t count)
{
    struct pv_mem_alias_cursor at = pv_mem_alias_first(&map, gpa);
    uint64_t seen[256], va;
    size_t i = 0;

    assert_int_equal(pv_mem_alias_count(&map, gpa), count);
    expect_chain(gpa, count);
    while (pv_mem_alias_next(&at, &va)) {
        assert_true(i < count && listed(vas, count, va) && !listed(seen, i, va));
        seen[i++] = va;
    }
    assert_int_equal(i, count);
    assert_false(pv_mem_alias_next(&at, &va));
}

#endif
