/* SPDX-License-Identifier: MIT */
/* Sets, one member at a time. */
#include "rig.h"

static struct pv_vp_set set;
static bool members[MAX]; /* what should be in it */

/* Nothing may depend on what was in a set before it was cleared. */
static int start(void **state)
{
    (void)state;
    memset(&set, 0xA5, sizeof(set));
    memset(members, 0, sizeof(members));
    pv_vp_set_clear(&set);
    return 0;
}

#define SET_TEST(name) cmocka_unit_test_setup(name, start)

static void put(uint32_t index)
{
    assert_status(pv_vp_set_add(&set, vp(index)), PV_OK);
    members[index] = true;
}

static void take_out(uint32_t index)
{
    pv_vp_set_remove(&set, vp(index));
    members[index] = false;
}

/* By each of the ways to ask. */
static void expect_set(void)
{
    struct pv_vp_index at = { 0 };
    uint32_t count = 0;

    for (uint32_t i = 0; i < MAX; i++) {
        assert_int_equal(pv_vp_set_has(&set, vp(i)), members[i]);
        if (!members[i])
            continue;
        count++;
        assert_true(pv_vp_set_next(&set, &at));
        assert_int_equal(at.value, i);
        at.value++;
    }
    assert_false(pv_vp_set_next(&set, &at));
    assert_int_equal(pv_vp_set_count(&set), count);
    assert_int_equal(pv_vp_set_is_empty(&set), count == 0);
}

static void a_cleared_set_is_empty(void **state)
{
    (void)state;
    expect_set();
    assert_false(set.everyone);
    put(1);
    pv_vp_set_clear(&set);
    members[1] = false;
    expect_set();
}

static void members_come_and_go(void **state)
{
    static const uint32_t some[] = { 0, 4095, 63, 64, 127, 128, 2048, 65, 4032, 4031 };

    (void)state;
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        put(some[i]);
        expect_set();
        put(some[i]);
        expect_set();
    }
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        take_out(some[i]);
        expect_set();
        take_out(some[i]);
        expect_set();
    }
    assert_int_equal(set.valid, 0);
}

static void all_4096_can_be_members(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MAX; i++)
        put((i * 1237) % MAX);
    expect_set();
    assert_int_equal(pv_vp_set_count(&set), MAX);
    for (uint32_t i = 0; i < MAX; i += 2)
        take_out(i);
    expect_set();
}

static void a_vp_that_no_set_can_name_has_no_room(void **state)
{
    (void)state;
    put(5);
    assert_status(pv_vp_set_add(&set, vp(MAX)), PV_NO_ROOM);
    assert_status(pv_vp_set_add(&set, vp(UINT32_MAX)), PV_NO_ROOM);
    assert_false(pv_vp_set_has(&set, vp(MAX)));
    assert_false(pv_vp_set_has(&set, vp(MAX + 5)));
    assert_false(pv_vp_set_has(&set, vp(UINT32_MAX)));
    pv_vp_set_remove(&set, vp(MAX + 5));
    pv_vp_set_remove(&set, vp(UINT32_MAX));
    expect_set();
}

/* A bank that lost its last member and gets another one starts anew. */
static void a_bank_may_be_emptied_and_filled(void **state)
{
    (void)state;
    put(70);
    set.banks[2] = ~0ull; /* no meaning: its bit is clear */
    take_out(70);
    put(71);
    put(130);
    expect_set();
}

static void next_starts_where_it_is_told(void **state)
{
    struct pv_vp_index at = { 11 };

    (void)state;
    put(10);
    put(200);
    assert_true(pv_vp_set_next(&set, &at));
    assert_int_equal(at.value, 200);
    at.value = 201;
    assert_false(pv_vp_set_next(&set, &at));
    assert_int_equal(at.value, 201);
    at.value = 4095;
    assert_false(pv_vp_set_next(&set, &at));
    at.value = MAX;
    assert_false(pv_vp_set_next(&set, &at));
    at.value = UINT32_MAX;
    assert_false(pv_vp_set_next(&set, &at));
}

static void without_one_it_is_not_everyone(void **state)
{
    (void)state;
    put(3);
    put(4);
    set.everyone = true;
    pv_vp_set_remove(&set, vp(5));
    assert_true(set.everyone);
    take_out(3);
    assert_false(set.everyone);
    set.everyone = true;
    pv_vp_set_clear(&set);
    assert_false(set.everyone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(a_cleared_set_is_empty),
        SET_TEST(members_come_and_go),
        SET_TEST(all_4096_can_be_members),
        SET_TEST(a_vp_that_no_set_can_name_has_no_room),
        SET_TEST(a_bank_may_be_emptied_and_filled),
        SET_TEST(next_starts_where_it_is_told),
        SET_TEST(without_one_it_is_not_everyone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
