/* SPDX-License-Identifier: MIT */
/* Lookups both ways, in every form that a map takes. */
#include "rig.h"

static void an_empty_map_has_nobody(void **state)
{
    (void)state;
    assert_int_equal(pv_vp_map_count(&map), 0);
    expect_no_cpu(0);
    expect_no_index(0);
    expect_no_cpu(UINT32_MAX);
    expect_no_index(UINT32_MAX);
}

static void an_empty_map_that_was_full_has_nobody(void **state)
{
    (void)state;
    add(3, 4);
    drop(3);
    assert_int_equal(pv_vp_map_count(&map), 0);
    expect_no_cpu(0);
    expect_no_index(0);
    expect_no_cpu(3);
    expect_no_index(4);
}

static void an_identity_is_one_word(void **state)
{
    (void)state;
    add(0, 0);
    expect_map();
    add_run(1, 1, MAX - 1);
    assert_true(is_identity());
    assert_int_equal(pv_vp_map_bytes(&map), 0);
    assert_int_equal(allocs, 0);
    expect_map();
    expect_no_cpu(UINT32_MAX);
}

static void an_identity_that_starts_later_is_one_run(void **state)
{
    (void)state;
    add_run(100, 100, 100);
    assert_false(is_identity());
    assert_int_equal(way(PV_VP_BY_CPU)->runs, 1);
    assert_int_equal(allocs, 0);
    expect_map();
    expect_no_cpu(0);
    expect_no_index(0);
}

static void a_shift_is_one_run(void **state)
{
    (void)state;
    add_run(0, 64, 64);
    assert_false(is_identity());
    assert_int_equal(way(PV_VP_BY_CPU)->runs, 1);
    assert_int_equal(way(PV_VP_BY_INDEX)->runs, 1);
    expect_map();
}

static void two_sockets_in_the_other_order_are_two_runs(void **state)
{
    (void)state;
    add_run(0, 64, 64);
    add_run(64, 0, 64);
    assert_int_equal(way(PV_VP_BY_CPU)->runs, 2);
    assert_int_equal(allocs, 0);
    expect_map();
}

static void an_identity_with_a_hole_is_two_runs(void **state)
{
    (void)state;
    add_run(0, 0, 1000);
    drop(500);
    assert_false(is_identity());
    assert_int_equal(way(PV_VP_BY_CPU)->runs, 2);
    assert_int_equal(allocs, 0);
    expect_map();
    add(500, 500);
    assert_true(is_identity());
    expect_map();
}

/* Every number of them, across the one from which on they are searched by halves. */
static void runs_are_found_however_many(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 70; i++) {
        add_run(1000 * i + 5, 70000 - 1000 * i, 3);
        assert_int_equal(way(PV_VP_BY_CPU)->runs, i + 1);
        expect_map();
        expect_no_cpu(0);
        expect_no_index(0);
        expect_no_cpu(UINT32_MAX);
    }
    assert_int_not_equal(allocs, 0);
}

static void numbers_in_disorder_are_an_array(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200; i++)
        add(64 + i, (i * 37 + 11) % 200 + 128);
    assert_true(is_array(PV_VP_BY_CPU));
    assert_true(is_array(PV_VP_BY_INDEX));
    expect_map();
    expect_no_cpu(0);
    expect_no_cpu(63);
    expect_no_cpu(UINT32_MAX);
    for (uint32_t i = 0; i < 200; i += 3)
        drop(64 + i);
    assert_true(is_array(PV_VP_BY_CPU));
    expect_map();
}

/* One way at a time: consecutive CPUs whose indexes are far apart. */
static void the_ways_have_their_forms_apart(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        add(i, 1000 * i + 7);
    assert_true(is_array(PV_VP_BY_CPU));
    assert_int_equal(way(PV_VP_BY_INDEX)->runs, 300);
    expect_map();
}

static void the_largest_numbers_are_numbers_too(void **state)
{
    (void)state;
    add(UINT32_MAX, 0);
    expect_map();
    add(0, UINT32_MAX);
    expect_map();
    add(UINT32_MAX - 1, UINT32_MAX - 1);
    add(1, 5);
    add(0x80000000, 0x7FFFFFFF);
    expect_map();
    drop(0);
    drop(UINT32_MAX);
    add(UINT32_MAX, UINT32_MAX);
    expect_map();
}

/* 2^32 - 1 and 0 do not continue each other, neither as CPUs nor as indexes. */
static void runs_do_not_go_round(void **state)
{
    (void)state;
    add(7, UINT32_MAX);
    add(8, 0);
    assert_int_equal(way(PV_VP_BY_CPU)->runs, 2);
    expect_map();
    add(UINT32_MAX, 100);
    add(0, 101);
    expect_map();
}

static void an_array_may_end_at_the_largest_number(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 60; i++)
        add(UINT32_MAX - i, UINT32_MAX - (i * 7) % 60);
    assert_true(is_array(PV_VP_BY_CPU));
    assert_true(is_array(PV_VP_BY_INDEX));
    expect_map();
    expect_no_cpu(0);
    expect_no_index(0);
}

static void sparse_numbers_of_4096_vps(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MAX; i++)
        add(0xFFFFFFFFu - i * 1048576, i * 1048573 + 1);
    assert_int_equal(way(PV_VP_BY_CPU)->runs, MAX);
    expect_map();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_empty_map_has_nobody),
        RIG_TEST(an_empty_map_that_was_full_has_nobody),
        RIG_TEST(an_identity_is_one_word),
        RIG_TEST(an_identity_that_starts_later_is_one_run),
        RIG_TEST(a_shift_is_one_run),
        RIG_TEST(two_sockets_in_the_other_order_are_two_runs),
        RIG_TEST(an_identity_with_a_hole_is_two_runs),
        RIG_TEST(runs_are_found_however_many),
        RIG_TEST(numbers_in_disorder_are_an_array),
        RIG_TEST(the_ways_have_their_forms_apart),
        RIG_TEST(the_largest_numbers_are_numbers_too),
        RIG_TEST(runs_do_not_go_round),
        RIG_TEST(an_array_may_end_at_the_largest_number),
        RIG_TEST(sparse_numbers_of_4096_vps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
