/* SPDX-License-Identifier: MIT */
/* How sets are named, and where the advice comes from. */
#include "sets.h"

static void expect_whom(struct pv_vp_set set, uint32_t advice, enum pv_status status,
                        struct pv_hv_whom expected)
{
    struct pv_hv_whom whom;

    memset(&whom, 0xEE, sizeof(whom));
    assert_status(pv_hv_whom_(&set, advice, &whom), status);
    if (status != PV_OK)
        return;
    assert_int_equal(whom.naming, expected.naming);
    assert_int_equal(whom.mask, expected.mask);
    assert_int_equal(whom.banks, expected.banks);
}

static void expect_mask(struct pv_vp_set set, uint64_t mask)
{
    const struct pv_hv_whom whom = { PV_HV_NAMING_MASK, mask, 0 };

    expect_whom(set, 0, PV_OK, whom);
    expect_whom(set, ADVICE_ALL, PV_OK, whom);
}

static void expect_banks(struct pv_vp_set set, uint16_t banks)
{
    const struct pv_hv_whom whom = { PV_HV_NAMING_BANKS, 0, banks };

    expect_whom(set, PV_HV_HINT_EX_PROCESSOR_MASKS, PV_OK, whom);
    expect_whom(set, ADVICE_ALL & ~PV_HV_HINT_EX_PROCESSOR_MASKS, PV_UNSUPPORTED, whom);
}

static void test_naming(void **state)
{
    (void)state;
    expect_whom(SET(NOBODY), ADVICE_ALL, PV_EMPTY, (struct pv_hv_whom){ 0 });
    expect_whom(SET(NOBODY), 0, PV_EMPTY, (struct pv_hv_whom){ 0 });
    expect_mask(SET(0), 1);
    expect_mask(SET(63), 1ull << 63);
    expect_mask(SET(0, 5, 63), 1ull << 63 | 0x21);
    expect_banks(SET(64), 1);
    expect_banks(SET(4095), 1);
    expect_banks(SET(0, 64), 2);
    expect_banks(SET(0, 63, 4032, 4095), 2);
    expect_banks(set_of_banks(64), 64);
}

/* What was in there once does not count. */
static void test_naming_after_removal(void **state)
{
    struct pv_vp_set set = SET(3, 64);

    (void)state;
    pv_vp_set_remove(&set, (struct pv_vp_index){ 64 });
    expect_mask(set, 8);
    pv_vp_set_remove(&set, (struct pv_vp_index){ 3 });
    expect_whom(set, ADVICE_ALL, PV_EMPTY, (struct pv_hv_whom){ 0 });
}

static void test_advice_x86(void **state)
{
    (void)state;
    advise(0x1234567 | PV_HV_HINT_LOCAL_FLUSH);
    assert_int_equal(pv_hv_advice_(&guest), 0x1234567 | PV_HV_HINT_LOCAL_FLUSH);
}

/* Bits 1, 2, 10 and 11, the ones of x86, mean something else there or nothing. */
static void test_advice_arm64(void **state)
{
    (void)state;
    advise_without(SIM_HYPERV_ARM64,
                   ~(PV_HV_ARM64_HINT_CLUSTER_IPI | PV_HV_ARM64_HINT_EX_PROCESSOR_MASKS), 0);
    assert_int_equal(pv_hv_advice_(&guest), 0);
    rig_release();
    advise_without(SIM_HYPERV_ARM64, PV_HV_ARM64_HINT_CLUSTER_IPI, 0);
    assert_int_equal(pv_hv_advice_(&guest), PV_HV_HINT_CLUSTER_IPI);
    rig_release();
    advise_without(SIM_HYPERV_ARM64, PV_HV_ARM64_HINT_EX_PROCESSOR_MASKS, 0);
    assert_int_equal(pv_hv_advice_(&guest), PV_HV_HINT_EX_PROCESSOR_MASKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naming),
        cmocka_unit_test(test_naming_after_removal),
        RIG_TEST(test_advice_x86),
        RIG_TEST(test_advice_arm64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
