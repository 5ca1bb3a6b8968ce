/* SPDX-License-Identifier: MIT */
/*
 * Readers on several CPUs, while a writer makes batches and single changes, gives batches up, and has
 * its old memory back as soon as no reader can be in it.
 *
 * Regions 2k and 2k + 1 are a pair: side by side, STRETCH pages together, the even one mapped where all
 * even ones are. Every batch that is committed keeps that, and breaks it on the way. Others come and go
 * one by one. Built with -DTOO_EARLY grace is over when it begins: tests/build/unit.sh insists that it
 * is found.
 */
#define PAGES_OWN_GRACE
#include "map_rig.h"

#include <pthread.h>
#include <sched.h>

#define READERS 3u
#define PAIRS 24u
#define STRETCH 8u
#define SLOTS 40u /* for pairs */
#define OTHERS 30u
#define CHANGES 6000u
#define SHARED 0x7000ull
#define PAGES_MAX 64u /* old memory beyond which the writer lets readers run */

struct reader {
    uint64_t seen; /* the wait that it has come to know outside of reading */
    uint32_t rounds, torn;
    const char *why;
};

static struct reader readers[READERS];
static uint64_t waits;
static bool done;
static uint64_t seed = 88172645463325252ull;

static uint32_t below(uint32_t limit)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % limit;
}

/* ---- grace: each reader says, between two readings, which wait it knows of ---- */

uint64_t pv_os_grace_begin(void)
{
    return __atomic_add_fetch(&waits, 1, __ATOMIC_SEQ_CST);
}

bool pv_os_grace_over(uint64_t wait)
{
#ifndef TOO_EARLY
    for (uint32_t i = 0; i < READERS; i++)
        if (__atomic_load_n(&readers[i].seen, __ATOMIC_ACQUIRE) < wait)
            return false;
#endif
    return wait != 0;
}

static void not_reading(struct reader *reader)
{
    __atomic_store_n(&reader->seen, __atomic_load_n(&waits, __ATOMIC_SEQ_CST), __ATOMIC_RELEASE);
}

/* ---- readers ---- */

static void check(struct reader *reader, bool holds, const char *what)
{
    if (holds)
        return;
    reader->torn++;
    reader->why = what;
}

/* Its own, and not some of this and some of that. */
static bool is_one(const struct pv_mem_region *region)
{
    if (region->id >= 2 * PAIRS)
        return region->va == region->gpa && region->pages == 1 + region->id % 3;
    return region->flags >> 16 == region->id && region->pages < STRETCH &&
           region->va == (region->id % 2 == 0 ? SHARED : NONE);
}

/* All regions in order, each pair once and whole. */
static void read_all(struct reader *reader)
{
    struct pv_mem_cursor at = pv_mem_map_from(&map, 0);
    struct pv_mem_region region, last = { 0 };
    uint32_t pairs = 0;
    uint64_t seen_ids = 0;

    for (uint64_t end = 0; pv_mem_cursor_next(&at, &region); end = model_end(&region)) {
        check(reader, is_one(&region) && model_first(&region) >= end, "order");
        if (region.id < 2 * PAIRS)
            seen_ids |= 1ull << region.id;
        if (region.id < 2 * PAIRS && region.id % 2 == 1) {
            check(reader, last.id == region.id - 1 && model_end(&last) == model_first(&region) &&
                              last.pages + region.pages == STRETCH, "a pair");
            pairs++;
        }
        last = region;
    }
    check(reader, pairs == PAIRS && seen_ids == (1ull << 2 * PAIRS) - 1, "all pairs");
}

static void read_shared(struct reader *reader)
{
    struct pv_mem_cursor at = pv_mem_map_at_va(&map, SHARED);
    struct pv_mem_region region;
    uint64_t seen_ids = 0, gpa = 0;
    uint32_t count = 0;

    while (pv_mem_cursor_next(&at, &region) && count <= PAIRS) {
        check(reader, is_one(&region) && region.id % 2 == 0 && (count == 0 || region.gpa > gpa),
              "a shared region");
        seen_ids |= 1ull << region.id % 64;
        gpa = region.gpa;
        count++;
    }
    check(reader, count == PAIRS && __builtin_popcountll(seen_ids) == PAIRS, "all shared ones");
}

static void look_up(struct reader *reader, uint32_t turn)
{
    const uint64_t id = turn % (2 * PAIRS), gpa = turn % (SLOTS * STRETCH) << 12;
    struct pv_mem_region region;
    uint64_t hole, pages_of;

    check(reader, pv_mem_map_find_id(&map, id, &region) == PV_OK && region.id == id &&
                      is_one(&region), "find_id");
    check(reader, pv_mem_map_find_va(&map, SHARED + 1, &region) == PV_OK && is_one(&region) &&
                      region.id % 2 == 0, "find_va");
    if (pv_mem_map_find_gpa(&map, gpa, &region) == PV_OK)
        check(reader, is_one(&region) && model_has_gpa(&region, gpa), "find_gpa");
    check(reader, pv_mem_map_hole(&map, gpa, &hole, &pages_of) == PV_OK && hole >= gpa &&
                      pages_of > 0, "hole");
    check(reader, pv_mem_map_count(&map) - 2 * PAIRS <= OTHERS, "count");
}

static void *read_on(void *context)
{
    struct reader *reader = context;

    for (uint32_t turn = 0; !__atomic_load_n(&done, __ATOMIC_SEQ_CST); turn += 61) {
        read_all(reader);
        read_shared(reader);
        look_up(reader, turn);
        not_reading(reader);
        __atomic_store_n(&reader->rounds, reader->rounds + 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* ---- the writer ---- */

static uint32_t slot_of[PAIRS];
static bool slot_used[SLOTS];
static bool there[OTHERS];

static struct pv_mem_region half(uint32_t pair, uint32_t slot, uint32_t odd, uint32_t split)
{
    const uint64_t id = 2 * pair + odd;
    const struct pv_mem_region region = {
        .gpa = (uint64_t)(slot * STRETCH + odd * split) << 12,
        .pages = odd != 0 ? STRETCH - split : split,
        .va = odd != 0 ? NONE : SHARED,
        .id = id,
        .flags = (uint32_t)id << 16 | below(0x10000),
    };

    return region;
}

static uint32_t free_slot(void)
{
    uint32_t slot = below(SLOTS);

    while (slot_used[slot])
        slot = (slot + 1) % SLOTS;
    return slot;
}

/* In a batch: by changes, or gone and added again. */
static void move_pair(uint32_t pair, uint32_t slot)
{
    const uint32_t split = 1 + below(STRETCH - 1), way = below(2);

    for (uint32_t odd = 0; odd < 2; odd++) {
        const struct pv_mem_region to = half(pair, slot, odd, split);

        if (way != 0)
            assert_status(pv_mem_map_remove(&map, to.id), PV_OK);
        assert_status(way != 0 ? pv_mem_map_add(&map, &to) : pv_mem_map_change(&map, to.id, &to),
                      PV_OK);
    }
}

static void move_some(void)
{
    const bool commit = below(4) != 0;

    assert_status(pv_mem_map_begin(&map), PV_OK);
    for (uint32_t left = 1 + below(4); left > 0; left--) {
        const uint32_t pair = below(PAIRS), slot = free_slot();

        if (!commit) {
            const enum pv_status status = pv_mem_map_remove(&map, 2 * pair);

            assert_true(status == PV_OK || status == PV_NOT_FOUND);
            continue;
        }
        move_pair(pair, slot);
        slot_used[slot_of[pair]] = false;
        slot_used[slot] = true;
        slot_of[pair] = slot;
    }
    assert_status(commit ? pv_mem_map_commit(&map) : pv_mem_map_cancel(&map), PV_OK);
}

static void change_another(void)
{
    const uint32_t n = below(OTHERS);
    const uint64_t id = 2 * PAIRS + n, gpa = (SLOTS * STRETCH + 4 * n) << 12;
    const struct pv_mem_region region = { gpa, 1 + id % 3, gpa, id, 0 };

    assert_status(there[n] ? pv_mem_map_remove(&map, id) : pv_mem_map_add(&map, &region), PV_OK);
    there[n] = !there[n];
}

static void let_readers_run(void)
{
    for (uint32_t i = 0; i < READERS; i++) {
        const uint32_t before = __atomic_load_n(&readers[i].rounds, __ATOMIC_RELAXED);

        while (__atomic_load_n(&readers[i].rounds, __ATOMIC_RELAXED) - before < 2)
            sched_yield();
    }
    pv_mem_map_reclaim(&map);
}

static void write_on(void)
{
    for (uint32_t i = 0; i < CHANGES; i++) {
        const uint32_t id = below(2 * PAIRS);

        if (i % 3 == 0)
            change_another();
        else if (i % 3 == 1)
            move_some();
        else
            assert_status(pv_mem_map_set_flags(&map, id, id << 16 | below(0x10000)), PV_OK);
        if (i % 100 == 0 || pages.live > PAGES_MAX)
            let_readers_run();
    }
}

static void fill(void)
{
    for (uint32_t pair = 0; pair < PAIRS; pair++) {
        slot_of[pair] = pair;
        slot_used[pair] = true;
        for (uint32_t odd = 0; odd < 2; odd++) {
            const struct pv_mem_region region = half(pair, pair, odd, STRETCH / 2);

            assert_status(pv_mem_map_add(&map, &region), PV_OK);
        }
    }
}

static void readers_see_whole_maps(void **state)
{
    pthread_t threads[READERS];
    uint32_t rounds = 0;

    (void)state;
    fill();
    for (uint32_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    write_on();
    __atomic_store_n(&done, true, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        if (readers[i].torn != 0)
            fail_msg("%u answers are torn: %s", readers[i].torn, readers[i].why);
        rounds += readers[i].rounds;
    }
    assert_true(rounds >= 2 * READERS * CHANGES / 100);
    print_message("%u readings under %u versions, all of whole maps\n", rounds, (unsigned)waits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(readers_see_whole_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
