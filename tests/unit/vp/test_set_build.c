/* SPDX-License-Identifier: MIT */
/* Sets from the kernel's masks, in every form of the map. */
#include "rig.h"

#define CPUS 8192u

static struct pv_vp_set set;
static uint64_t mask[CPUS / 64];

static int start(void **state)
{
    memset(mask, 0, sizeof(mask));
    memset(&set, 0xA5, sizeof(set));
    return rig_start(state);
}

#define BUILD_TEST(name) cmocka_unit_test_setup_teardown(name, start, rig_down)

static void mark(uint32_t number)
{
    mask[number / 64] |= 1ull << number % 64;
}

static void expect_built(enum pv_status status, uint32_t cpus)
{
    set.everyone = true;
    assert_status(pv_vp_set_from_cpus(&set, &map, mask, cpus), status);
    assert_false(set.everyone);
    if (status != PV_OK)
        assert_true(pv_vp_set_is_empty(&set));
}

/* All in the mask must be known. */
static void expect_members(uint32_t cpus)
{
    uint32_t count = 0;

    expect_built(PV_OK, cpus);
    for (uint32_t i = 0; i < pair_count; i++) {
        const uint32_t at = pairs[i].cpu;
        const bool wanted = at < cpus && (mask[at / 64] >> at % 64 & 1) != 0;

        assert_int_equal(pv_vp_set_has(&set, vp(pairs[i].index)), wanted);
        count += wanted;
    }
    assert_int_equal(pv_vp_set_count(&set), count);
    for (uint32_t n = 0; n < PV_HV_SET_BANKS_MAX; n++)
        if ((set.valid >> n & 1) != 0)
            assert_true(set.banks[n] != 0);
}

/* Masks of every kind against the map, whose indexes are all below 4,096. */
static void try_masks(uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i += 1 + end / 50) {
        memset(mask, 0, sizeof(mask));
        mark(i);
        expect_members(i + 1);
        expect_members(CPUS);
        expect_built(PV_EMPTY, i);
        mark(end);
        expect_built(PV_NOT_FOUND, end + 1);
        expect_members(end);
    }
    memset(mask, 0, sizeof(mask));
    for (uint32_t i = first; i < end; i++)
        mark(i);
    expect_members(end);
    expect_members(CPUS);
    mark(CPUS - 1);
    expect_built(PV_NOT_FOUND, CPUS);
    expect_members(CPUS - 1);
    for (uint32_t i = first + 1; i < end; i += 3)
        mask[i / 64] &= ~(1ull << i % 64);
    expect_members(end);
}

static void expect_everyone(void)
{
    assert_status(pv_vp_set_everyone(&set, &map), PV_OK);
    assert_true(set.everyone);
    assert_int_equal(pv_vp_set_count(&set), pair_count);
    for (uint32_t i = 0; i < pair_count; i++)
        assert_true(pv_vp_set_has(&set, vp(pairs[i].index)));
}

static void from_an_empty_map_nobody_is_found(void **state)
{
    (void)state;
    expect_built(PV_EMPTY, 0);
    expect_built(PV_EMPTY, CPUS);
    mark(0);
    expect_built(PV_EMPTY, 0);
    expect_built(PV_NOT_FOUND, 1);
    set.everyone = true;
    assert_status(pv_vp_set_everyone(&set, &map), PV_EMPTY);
    assert_true(pv_vp_set_is_empty(&set) && !set.everyone);
}

static void from_an_identity(void **state)
{
    (void)state;
    add_run(0, 0, 1);
    try_masks(0, 1);
    add_run(1, 1, 99);
    try_masks(0, 100);
    expect_everyone();
    add_run(100, 100, MAX - 100);
    try_masks(0, MAX);
    expect_everyone();
}

static void from_one_run(void **state)
{
    (void)state;
    add_run(70, 3, 300);
    try_masks(70, 370);
    expect_everyone();
    mark(69);
    expect_built(PV_NOT_FOUND, 71);
    expect_built(PV_NOT_FOUND, CPUS);
}

static void from_runs(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20; i++)
        add_run(200 * i + 13, (200 * i * 7 + 3) % 4000, 100);
    assert_true(way(PV_VP_BY_CPU)->runs >= 20);
    try_masks(13, 113);
    expect_everyone();
    memset(mask, 0, sizeof(mask));
    for (uint32_t i = 0; i < 20; i++)
        for (uint32_t j = 0; j < 100; j += i % 7 + 1)
            mark(200 * i + 13 + j);
    expect_members(CPUS);
    expect_members(200 * 11 + 50);
    /* Between two runs. */
    mark(200 * 5);
    expect_built(PV_NOT_FOUND, CPUS);
}

static void from_an_array(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        add(i + 128, (i * 3001 + 17) % MAX);
    assert_true(is_array(PV_VP_BY_CPU));
    try_masks(128, 1128);
    expect_everyone();
    mark(127);
    expect_built(PV_NOT_FOUND, CPUS);
    mask[1] = 0;
    drop(500);
    expect_built(PV_OK, 500);
    mark(500);
    expect_built(PV_NOT_FOUND, 501);
}

static void from_a_full_array(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MAX; i++)
        add(i, (i * 1237 + 5) % MAX);
    try_masks(0, MAX);
    expect_everyone();
}

static void bits_beyond_the_last_cpu_are_ignored(void **state)
{
    (void)state;
    add_run(0, 0, 10);
    mask[0] = ~0ull << 10 | 0x21;
    expect_members(10);
    assert_true(set.banks[0] == 0x21);
    expect_built(PV_NOT_FOUND, 11);
    drop(3);
    expect_members(10);
    expect_built(PV_NOT_FOUND, 11);
}

/* ---- indexes that no set can name ---- */

static void in_a_run_an_index_may_have_no_room(void **state)
{
    (void)state;
    add_run(0, MAX - 10, 20);
    mark(9);
    expect_built(PV_OK, 20);
    mark(10);
    expect_built(PV_NO_ROOM, 20);
    expect_built(PV_OK, 10);
    mask[0] = 1u << 19;
    expect_built(PV_NO_ROOM, 20);
    set.everyone = true;
    assert_status(pv_vp_set_everyone(&set, &map), PV_NO_ROOM);
    assert_true(pv_vp_set_is_empty(&set) && !set.everyone);
}

static void in_an_array_an_index_may_have_no_room(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 60; i++)
        add(i, MAX - 30 + i * 7 % 60);
    assert_true(is_array(PV_VP_BY_CPU));
    mark(0);
    expect_built(PV_OK, 60);
    mark(5); /* VP 4101 */
    expect_built(PV_NO_ROOM, 60);
    expect_built(PV_OK, 5);
    assert_status(pv_vp_set_everyone(&set, &map), PV_NO_ROOM);
}

static void the_last_vp_is_everyone(void **state)
{
    (void)state;
    add(0, MAX - 1);
    expect_everyone();
    add(1, MAX);
    assert_status(pv_vp_set_everyone(&set, &map), PV_NO_ROOM);
    drop(1);
    add(1, UINT32_MAX);
    assert_status(pv_vp_set_everyone(&set, &map), PV_NO_ROOM);
}

/* Whatever form the map has, and whichever of the two comes first in the mask. */
static void an_unknown_cpu_goes_before_no_room(void **state)
{
    (void)state;
    add(10, 5000);
    mark(10);
    expect_built(PV_NO_ROOM, 64);
    mark(20);
    expect_built(PV_NOT_FOUND, 64);
    mask[0] = 1u << 10 | 1u << 5;
    expect_built(PV_NOT_FOUND, 64);
    for (uint32_t i = 11; i < 60; i++)
        add(i, 6000 - i * 5);
    assert_true(is_array(PV_VP_BY_CPU));
    expect_built(PV_NOT_FOUND, 64);
    mask[0] = 1ull << 10 | 1ull << 61;
    expect_built(PV_NOT_FOUND, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUILD_TEST(from_an_empty_map_nobody_is_found),
        BUILD_TEST(from_an_identity),
        BUILD_TEST(from_one_run),
        BUILD_TEST(from_runs),
        BUILD_TEST(from_an_array),
        BUILD_TEST(from_a_full_array),
        BUILD_TEST(bits_beyond_the_last_cpu_are_ignored),
        BUILD_TEST(in_a_run_an_index_may_have_no_room),
        BUILD_TEST(in_an_array_an_index_may_have_no_room),
        BUILD_TEST(the_last_vp_is_everyone),
        BUILD_TEST(an_unknown_cpu_goes_before_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
