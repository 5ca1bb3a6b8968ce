/* SPDX-License-Identifier: MIT */
/* Sets as the hypervisor takes them. */
#include "rig.h"

#define JUNK 0x5C5C5C5C5C5C5C5Cull

static struct pv_vp_set set;
static struct pv_hv_vp_set fixed;
static uint64_t banks[PV_HV_SET_BANKS_MAX + 1];

static int start(void **state)
{
    (void)state;
    memset(&set, 0xA5, sizeof(set));
    memset(&fixed, 0x5C, sizeof(fixed));
    memset(banks, 0x5C, sizeof(banks));
    pv_vp_set_clear(&set);
    return 0;
}

#define WIRE_TEST(name) cmocka_unit_test_setup(name, start)

static void put(uint32_t index)
{
    assert_status(pv_vp_set_add(&set, vp(index)), PV_OK);
}

static void expect_nothing_written(void)
{
    assert_true(fixed.format == JUNK && fixed.bank_mask == JUNK);
    for (uint32_t i = 0; i <= PV_HV_SET_BANKS_MAX; i++)
        assert_true(banks[i] == JUNK);
}

/* Written as `mask` and its banks, and nothing behind them. */
static void expect_written(enum pv_vp_set_form form, uint64_t mask, uint32_t count)
{
    assert_int_equal(pv_vp_set_banks(&set, form), count);
    assert_status(pv_vp_set_encode(&set, form, count, &fixed, banks), PV_OK);
    assert_int_equal(fixed.format, PV_HV_SET_SPARSE);
    assert_true(fixed.bank_mask == mask);
    assert_true(banks[count] == JUNK);
}

static void nobody_is_no_target(void **state)
{
    (void)state;
    assert_int_equal(pv_vp_set_banks(&set, PV_VP_SET_COMPACT), 0);
    assert_int_equal(pv_vp_set_banks(&set, PV_VP_SET_PREFIX), 0);
    assert_status(pv_vp_set_encode(&set, PV_VP_SET_COMPACT, 64, &fixed, banks), PV_EMPTY);
    assert_status(pv_vp_set_encode(&set, PV_VP_SET_PREFIX, 64, &fixed, banks), PV_EMPTY);
    assert_status(pv_vp_set_encode(&set, PV_VP_SET_PREFIX, 0, &fixed, banks), PV_EMPTY);
    expect_nothing_written();
}

static void compact_banks_are_those_with_a_member(void **state)
{
    (void)state;
    put(1);
    put(64 * 5 + 63);
    put(4095);
    expect_written(PV_VP_SET_COMPACT, 1ull | 1ull << 5 | 1ull << 63, 3);
    assert_true(banks[0] == 2 && banks[1] == 1ull << 63 && banks[2] == 1ull << 63);
}

static void prefix_banks_are_all_up_to_the_last_member(void **state)
{
    (void)state;
    put(64 * 2);
    put(64 * 5 + 1);
    expect_written(PV_VP_SET_PREFIX, 0x3F, 6);
    assert_true(banks[0] == 0 && banks[1] == 0 && banks[2] == 1 && banks[3] == 0);
    assert_true(banks[4] == 0 && banks[5] == 2);
    put(4095);
    expect_written(PV_VP_SET_PREFIX, ~0ull, 64);
    assert_true(banks[62] == 0 && banks[63] == 1ull << 63);
}

static void one_bank_is_the_same_in_both_forms(void **state)
{
    (void)state;
    put(7);
    expect_written(PV_VP_SET_COMPACT, 1, 1);
    expect_written(PV_VP_SET_PREFIX, 1, 1);
}

static void more_banks_than_room_are_not_written(void **state)
{
    (void)state;
    put(64 * 9);
    assert_status(pv_vp_set_encode(&set, PV_VP_SET_COMPACT, 0, &fixed, banks), PV_NO_ROOM);
    assert_status(pv_vp_set_encode(&set, PV_VP_SET_PREFIX, 9, &fixed, banks), PV_NO_ROOM);
    expect_nothing_written();
    expect_written(PV_VP_SET_COMPACT, 1ull << 9, 1);
}

/* ---- decode ---- */

static enum pv_status decode(uint64_t format, uint64_t mask, uint32_t count)
{
    fixed.format = format;
    fixed.bank_mask = mask;
    set.everyone = true;
    return pv_vp_set_decode(&set, &fixed, banks, count);
}

static void what_is_encoded_is_decoded(void **state)
{
    struct pv_vp_set again;

    (void)state;
    put(0);
    put(200);
    put(4000);
    for (int form = PV_VP_SET_COMPACT; form <= PV_VP_SET_PREFIX; form++) {
        assert_status(pv_vp_set_encode(&set, (enum pv_vp_set_form)form, 64, &fixed, banks), PV_OK);
        memset(&again, 0x3C, sizeof(again));
        assert_status(pv_vp_set_decode(&again, &fixed, banks,
                                       pv_vp_set_banks(&set, (enum pv_vp_set_form)form)),
                      PV_OK);
        assert_true(again.valid == set.valid);
        assert_int_equal(pv_vp_set_count(&again), 3);
        assert_true(pv_vp_set_has(&again, vp(0)) && pv_vp_set_has(&again, vp(200)) &&
                    pv_vp_set_has(&again, vp(4000)));
    }
}

static void the_format_for_all_names_4096(void **state)
{
    (void)state;
    assert_status(decode(PV_HV_SET_ALL, 0, 0), PV_OK);
    assert_int_equal(pv_vp_set_count(&set), MAX);
    assert_false(set.everyone);
    assert_status(decode(PV_HV_SET_ALL, 1, 1), PV_MALFORMED);
    assert_true(pv_vp_set_is_empty(&set));
}

static void banks_without_a_member_are_none(void **state)
{
    (void)state;
    memset(banks, 0, sizeof(banks));
    assert_status(decode(PV_HV_SET_SPARSE, 0x7, 3), PV_EMPTY);
    assert_true(pv_vp_set_is_empty(&set));
    banks[1] = 1;
    assert_status(decode(PV_HV_SET_SPARSE, 0x8000000000000011, 3), PV_OK);
    assert_true(set.valid == 0x10);
    assert_true(pv_vp_set_has(&set, vp(256)));
    assert_status(decode(PV_HV_SET_SPARSE, 0, 0), PV_EMPTY);
}

static void banks_that_do_not_suit_the_mask_are_malformed(void **state)
{
    (void)state;
    assert_status(decode(PV_HV_SET_SPARSE, 0x7, 2), PV_MALFORMED);
    assert_true(pv_vp_set_is_empty(&set));
    assert_status(decode(PV_HV_SET_SPARSE, 0x7, 4), PV_MALFORMED);
    assert_status(decode(PV_HV_SET_SPARSE, 0, 1), PV_MALFORMED);
    assert_status(decode(PV_HV_SET_SPARSE, 1, 0), PV_MALFORMED);
    assert_status(decode(2, 0x7, 3), PV_MALFORMED);
    assert_status(decode(~0ull, 0, 0), PV_MALFORMED);
    assert_true(pv_vp_set_is_empty(&set));
    assert_false(set.everyone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIRE_TEST(nobody_is_no_target),
        WIRE_TEST(compact_banks_are_those_with_a_member),
        WIRE_TEST(prefix_banks_are_all_up_to_the_last_member),
        WIRE_TEST(one_bank_is_the_same_in_both_forms),
        WIRE_TEST(more_banks_than_room_are_not_written),
        WIRE_TEST(what_is_encoded_is_decoded),
        WIRE_TEST(the_format_for_all_names_4096),
        WIRE_TEST(banks_without_a_member_are_none),
        WIRE_TEST(banks_that_do_not_suit_the_mask_are_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
