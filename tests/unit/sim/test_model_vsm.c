/* SPDX-License-Identifier: MIT */
/* Enabling and starting VTLs: each rule of the TLFS broken by one call, and kept by one. */
#include "rig.h"

#define PARTITION_VTL PV_HV_CODE_ENABLE_PARTITION_VTL
#define VP_VTL PV_HV_CODE_ENABLE_VP_VTL
#define START PV_HV_CODE_START_VIRTUAL_PROCESSOR

static int enable_partition(uint8_t vtl, uint8_t flags)
{
    put64(8, 0);
    put8(8, vtl);
    put8(9, flags);
    return status_of(PARTITION_VTL);
}

static int with_context(uint64_t code, uint32_t vp, uint8_t vtl)
{
    put32(8, vp);
    put8(12, vtl);
    return status_of(code);
}

/* ---- HvCallEnablePartitionVtl ---- */

static void vtl_0_and_those_above_the_maximum_cannot_be_enabled(void **state)
{
    (void)state;
    assert_int_equal(enable_partition(0, 0), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(enable_partition(3, 0), PV_HV_STATUS_INVALID_PARAMETER);
    model.max_vtl = 1;
    assert_int_equal(enable_partition(2, 0), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(model.enabled_vtls, 1);
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.enabled_vtls, 3);
}

static void no_flag_but_mbec_is_known(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 8; bit++)
        assert_int_equal(enable_partition(1, (uint8_t)(1u << bit)), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(enable_partition(1, PV_HV_ENABLE_VTL_MBEC), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.mbec_vtls, 2);
}

static void a_vtl_is_enabled_once(void **state)
{
    (void)state;
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(enable_partition(1, PV_HV_ENABLE_VTL_MBEC), PV_HV_STATUS_VTL_ALREADY_ENABLED);
    assert_int_equal(model.mbec_vtls, 0);
    model.cpus[0].active_vtl = 1;
    assert_int_equal(enable_partition(2, 0), PV_HV_STATUS_SUCCESS);
}

static void only_the_next_lower_vtl_enables_a_higher_one(void **state)
{
    (void)state;
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(enable_partition(2, 0), PV_HV_STATUS_ACCESS_DENIED);
    assert_int_equal(model.enabled_vtls, 3);
    model.cpus[0].active_vtl = 1;
    assert_int_equal(enable_partition(2, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.enabled_vtls, 7);
}

/* A gap is none of its business, and a VTL above it may fill the gap. */
static void a_vtl_may_be_enabled_over_a_gap_and_below(void **state)
{
    (void)state;
    assert_int_equal(enable_partition(2, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.enabled_vtls, 5);
    model.cpus[0].active_vtl = 2;
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.enabled_vtls, 7);
}

static void other_partitions_are_not_there(void **state)
{
    (void)state;
    put64(0, 77);
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_INVALID_PARTITION_ID);
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_INVALID_PARTITION_ID);
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_INVALID_PARTITION_ID);
    assert_int_equal(model.enabled_vtls, 1);
}

static void vsm_calls_need_their_privileges(void **state)
{
    (void)state;
    model.privileges &= ~(1ull << PV_HV_PRIVILEGE_ACCESS_VSM);
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_ACCESS_DENIED);
    model.enabled_vtls = 3;
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_ACCESS_DENIED);
    model.privileges = 0;
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_ACCESS_DENIED);
    assert_false(model.cpus[1].running);
}

/* ---- HvCallEnableVpVtl ---- */

static void a_vp_gets_what_the_partition_has(void **state)
{
    (void)state;
    assert_int_equal(with_context(VP_VTL, 0, 0), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(enable_partition(1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(with_context(VP_VTL, 0, 3), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_SUCCESS);
    assert_true(model.cpus[0].vtls[1].enabled);
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_VTL_ALREADY_ENABLED);
    model.cpus[0].active_vtl = 1;
    model.max_vtl = 1;
    assert_int_equal(with_context(VP_VTL, 1, 2), PV_HV_STATUS_INVALID_PARAMETER);
}

static void there_is_an_end_to_vps(void **state)
{
    (void)state;
    model.enabled_vtls = 3;
    assert_int_equal(with_context(VP_VTL, 2, 1), PV_HV_STATUS_INVALID_VP_INDEX);
    assert_int_equal(with_context(START, 2, 0), PV_HV_STATUS_INVALID_VP_INDEX);
    assert_int_equal(with_context(VP_VTL, PV_HV_VP_SELF, 1), PV_HV_STATUS_SUCCESS);
    assert_true(model.cpus[0].vtls[1].enabled);
}

/* After the first VP, the caller must be as high as the VTL that is enabled. */
static void only_the_first_vp_is_the_lower_vtls_to_enable(void **state)
{
    (void)state;
    model.enabled_vtls = 3;
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_SUCCESS);
    assert_int_equal(with_context(VP_VTL, 1, 1), PV_HV_STATUS_ACCESS_DENIED);
    assert_false(model.cpus[1].vtls[1].enabled);
    model.cpus[0].active_vtl = 1;
    assert_int_equal(with_context(VP_VTL, 1, 1), PV_HV_STATUS_SUCCESS);
}

static void reserved_bytes_of_a_context_call_are_zero(void **state)
{
    (void)state;
    model.enabled_vtls = 3;
    put8(15, 1);
    assert_int_equal(with_context(VP_VTL, 0, 1), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_INVALID_PARAMETER);
    put8(15, 0);
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_SUCCESS);
}

/* ---- HvCallStartVirtualProcessor ---- */

static void nobody_starts_a_vp_in_a_higher_vtl(void **state)
{
    (void)state;
    model.enabled_vtls = 3;
    model.cpus[1].vtls[1].enabled = true;
    assert_int_equal(with_context(START, 1, 1), PV_HV_STATUS_ACCESS_DENIED);
    model.cpus[0].active_vtl = 1;
    assert_int_equal(with_context(START, 1, 3), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(with_context(START, 1, 1), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.cpus[1].active_vtl, 1);
}

static void a_higher_vtl_may_keep_starts_to_itself(void **state)
{
    (void)state;
    model.partition_config[2] = PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP;
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_ACCESS_DENIED);
    assert_false(model.cpus[1].running);
    model.cpus[0].active_vtl = 2;
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_SUCCESS);
}

static void a_vp_is_started_once_in_a_vtl_that_it_has(void **state)
{
    (void)state;
    model.enabled_vtls = 3;
    model.cpus[0].active_vtl = 1;
    assert_int_equal(with_context(START, 1, 1), PV_HV_STATUS_INVALID_VTL_STATE);
    assert_int_equal(with_context(START, 0, 0), PV_HV_STATUS_INVALID_VP_STATE);
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(with_context(START, 1, 0), PV_HV_STATUS_INVALID_VP_STATE);
    assert_true(model.cpus[1].running);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vtl_0_and_those_above_the_maximum_cannot_be_enabled),
        TEST(no_flag_but_mbec_is_known),
        TEST(a_vtl_is_enabled_once),
        TEST(only_the_next_lower_vtl_enables_a_higher_one),
        TEST(a_vtl_may_be_enabled_over_a_gap_and_below),
        TEST(other_partitions_are_not_there),
        TEST(vsm_calls_need_their_privileges),
        TEST(a_vp_gets_what_the_partition_has),
        TEST(there_is_an_end_to_vps),
        TEST(only_the_first_vp_is_the_lower_vtls_to_enable),
        TEST(reserved_bytes_of_a_context_call_are_zero),
        TEST(nobody_starts_a_vp_in_a_higher_vtl),
        TEST(a_higher_vtl_may_keep_starts_to_itself),
        TEST(a_vp_is_started_once_in_a_vtl_that_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
