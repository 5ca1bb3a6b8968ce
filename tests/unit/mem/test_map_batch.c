/* SPDX-License-Identifier: MIT */
/* Batches: nobody sees them until the commit, and nobody ever after a cancel. */
#include "map_rig.h"

static void a_batch_is_seen_when_it_is_committed(void **state)
{
    (void)state;
    expect_add(PV_OK, region_of(1, 10, 1, NONE));
    begin_both();
    expect_add(PV_OK, region_of(2, 20, 1, 0x5000));
    expect_remove(PV_OK, 1);
    assert_int_equal(pv_mem_map_count(&map), 1);
    commit_both();
    assert_int_equal(pv_mem_map_count(&map), 1);
}

static void a_batch_sees_its_own_changes(void **state)
{
    (void)state;
    begin_both();
    expect_add(PV_OK, region_of(1, 10, 4, NONE));
    expect_add(PV_EXISTS, region_of(1, 20, 1, NONE));
    expect_add(PV_OVERLAPS, region_of(2, 13, 1, NONE));
    expect_move(PV_OK, 1, 20, NONE);
    expect_add(PV_OK, region_of(2, 13, 1, NONE));
    expect_remove(PV_OK, 1);
    expect_remove(PV_NOT_FOUND, 1);
    expect_flags(PV_NOT_FOUND, 1, 0);
    expect_add(PV_OK, region_of(1, 20, 1, NONE));
    assert_int_equal(pv_mem_map_count(&map), 0);
    commit_both();
    assert_int_equal(pv_mem_map_count(&map), 2);
}

/* The same regions again and again: nothing in between is seen. */
static void churn(void)
{
    for (uint64_t id = 0; id < 60; id++) {
        expect_add(PV_OK, region_of(100 + id, 1000 + 8 * id, 2, 0x9000));
        expect_resize(PV_OK, 100 + id, 3);
        expect_change(PV_OK, 100 + id, region_of(200 + id, 1000 + 8 * id + 1, 4, NONE));
        expect_flags(PV_OK, 200 + id, 5);
        expect_flags(PV_OK, 200 + id, 6);
        expect_move(PV_OK, 200 + id, 1000 + 8 * id, 0x9000);
        if (id % 3 == 0)
            expect_remove(PV_OK, 200 + id);
        expect_remove(PV_OK, id);
    }
}

static void a_batch_that_is_cancelled_has_never_been(void **state)
{
    struct pv_mem_map_use before;

    (void)state;
    add_many(0, 100, 0x7000);
    pv_mem_map_reclaim(&map);
    before = pv_mem_map_use(&map);
    begin_both();
    churn();
    cancel_both();
    assert_int_equal(pv_mem_map_use(&map).live_bytes, before.live_bytes);
    assert_int_equal(pv_mem_map_use(&map).old_bytes, 0);
    begin_both();
    cancel_both();
}

static void a_batch_of_many_changes_is_one(void **state)
{
    (void)state;
    add_many(0, 100, 0x7000);
    begin_both();
    churn();
    commit_both();
    pv_mem_map_reclaim(&map);
    assert_int_equal(pv_mem_map_use(&map).old_bytes, 0);
}

/* Flags of regions that others see too are not written in place. */
static void flags_in_a_batch_wait_for_it(void **state)
{
    struct pv_mem_region region;

    (void)state;
    expect_add(PV_OK, region_of(1, 10, 1, 0x5000));
    expect_flags(PV_OK, 1, 7);
    for (unsigned round = 0; round < 2; round++) {
        begin_both();
        expect_flags(PV_OK, 1, 8);
        expect_flags(PV_OK, 1, 9);
        assert_status(pv_mem_map_find_id(&map, 1, &region), PV_OK);
        assert_int_equal(region.flags, 7);
        if (round == 0)
            cancel_both();
        else
            commit_both();
    }
    assert_status(pv_mem_map_find_gpa(&map, 10 << 12, &region), PV_OK);
    assert_int_equal(region.flags, 9);
}

static void one_batch_at_a_time(void **state)
{
    (void)state;
    assert_status(pv_mem_map_commit(&map), PV_BAD_STATE);
    assert_status(pv_mem_map_cancel(&map), PV_BAD_STATE);
    begin_both();
    expect_add(PV_OK, region_of(1, 10, 1, NONE));
    assert_status(pv_mem_map_begin(&map), PV_BAD_STATE);
    commit_both();
    assert_status(pv_mem_map_commit(&map), PV_BAD_STATE);
    begin_both();
    expect_add(PV_OK, region_of(2, 20, 1, NONE));
    cancel_both();
    assert_status(pv_mem_map_cancel(&map), PV_BAD_STATE);
    expect_map();
}

static void an_empty_batch_changes_nothing(void **state)
{
    (void)state;
    begin_both();
    commit_both();
    add_many(0, 40, NONE);
    begin_both();
    commit_both();
    begin_both();
    while (draft.count > 0)
        expect_remove(PV_OK, draft.regions[draft.count / 2].id);
    commit_both();
    assert_int_equal(pv_mem_map_count(&map), 0);
    assert_int_equal(pv_mem_map_use(&map).live_bytes, map.records.slab.object_bytes); /* the version */
}

/* A batch ends whatever memory there is. */
static void no_memory_is_taken_at_the_end(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        const uint32_t allocs = pages.allocs;

        begin_both();
        add_many(100 * round, 50, 0x7000);
        let_alloc(0);
        if (round == 0)
            commit_both();
        else
            cancel_both();
        let_alloc(UINT32_MAX);
        assert_true(pages.allocs >= allocs);
    }
}

static void a_change_that_finds_no_memory_leaves_the_batch_as_it_was(void **state)
{
    unsigned refused = 0;

    (void)state;
    add_many(0, 40, 0x7000);
    begin_both();
    for (uint64_t id = 0; id < 40; id++) {
        const struct model_step steps[] = { moving(id, 1000 + id, NONE), flagging(id, 3),
                                            adding(region_of(100 + id, 2000 + id, 1, 0x7000)) };

        for (unsigned i = 0; i < 3; i++)
            assert_status(change_short_of_memory(&steps[i], 0, 0, &refused), PV_OK);
    }
    commit_both();
    assert_true(refused >= 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(a_batch_is_seen_when_it_is_committed),
        MAP_TEST(a_batch_sees_its_own_changes),
        MAP_TEST(a_batch_that_is_cancelled_has_never_been),
        MAP_TEST(a_batch_of_many_changes_is_one),
        MAP_TEST(flags_in_a_batch_wait_for_it),
        MAP_TEST(one_batch_at_a_time),
        MAP_TEST(an_empty_batch_changes_nothing),
        MAP_TEST(no_memory_is_taken_at_the_end),
        MAP_TEST(a_change_that_finds_no_memory_leaves_the_batch_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
