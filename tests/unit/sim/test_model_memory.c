/* SPDX-License-Identifier: MIT */
/* Masks and pages that calls name, and a call that runs out of time. */
#include "rig.h"

#define PROTECT PV_HV_CODE_MODIFY_VTL_PROTECTION_MASK
#define QUERY PV_HV_CODE_QUERY_SPARSE_GPA_PAGE_HOST_VISIBILITY
#define GET PV_HV_CODE_GET_VP_REGISTERS

static int protect(uint32_t mask)
{
    put32(8, mask);
    put64(16, RAM >> 12);
    return status_of(PROTECT | REPS(1));
}

static void a_mask_has_four_bits(void **state)
{
    (void)state;
    model.enabled_vtls = 3;
    model.cpus[0].active_vtl = 1;
    model.partition_config[1] = PV_HV_VSM_CONFIG_PROTECT;
    for (unsigned bit = 4; bit < 32; bit++)
        assert_int_equal(protect(1u << bit), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(model.protected_count, 0);
    for (uint32_t mask = 0; mask <= SIM_MAP_ALL; mask++)
        assert_int_equal(protect(mask), PV_HV_STATUS_SUCCESS);
    model.enabled_vtls = 0xF;
    model.cpus[0].active_vtl = SIM_VTLS;
    assert_int_equal(protect(0), PV_HV_STATUS_INVALID_PARAMETER);
}

static void pages_asked_about_exist(void **state)
{
    (void)state;
    model.visibility.first = 0x1000;
    model.visibility.pages = 4;
    put64(8, 0x1003);
    assert_int_equal(status_of(QUERY | REPS(1)), PV_HV_STATUS_SUCCESS);
    put64(8, 0x1004);
    assert_int_equal(status_of(QUERY | REPS(1)), PV_HV_STATUS_INVALID_PARAMETER);
    put64(8, RAM >> 12);
    assert_int_equal(status_of(QUERY | REPS(1)), PV_HV_STATUS_SUCCESS);
    put64(8, ~0ull);
    assert_int_equal(status_of(QUERY | REPS(1)), PV_HV_STATUS_INVALID_PARAMETER);
    put64(0, 5);
    model.visibility.pages = 0; /* what has no visibility answers for all pages */
    assert_int_equal(status_of(QUERY | REPS(1)), PV_HV_STATUS_SUCCESS);
}

static void an_isolated_guest_names_itself_as_such(void **state)
{
    struct sim_registers registers = { SIM_X64, QUERY | REPS(1), RAM, OUT, NULL };

    (void)state;
    put64(8, RAM >> 12);
    put64(0, model.partition_id);
    assert_int_equal(status_of(QUERY | REPS(1)), PV_HV_STATUS_SUCCESS);
    model.visibility.pages = 4;
    assert_true(sim_model_call(&model, 0, &registers) == REPS(1));
    assert_non_null(model.complaint);
    assert_string_equal(model.complaint, "visibility of a partition other than the caller's");
}

/* Half of the list at the first go, the rest at the next. */
static void a_call_may_run_out_of_time(void **state)
{
    const uint64_t four = GET | REPS(4);
    struct sim_registers registers = { SIM_X64, four, RAM, OUT, NULL };

    (void)state;
    put32(8, PV_HV_VP_SELF);
    for (size_t i = 0; i < 4; i++)
        put32(16 + 4 * i, PV_HV_REGISTER_VSM_CAPABILITIES);
    model.behaviour = SIM_TIMEOUT_ONCE;
    assert_true(sim_model_call(&model, 0, &registers) == (PV_HV_STATUS_TIME_OUT | REPS(2)));
    assert_true(out64(16) == model.vsm_capabilities);
    assert_true(out64(32) == 0);
    registers.control |= 2ull << PV_HV_CONTROL_START_SHIFT;
    assert_true(sim_model_call(&model, 0, &registers) == REPS(4));
    assert_true(out64(48) == model.vsm_capabilities);
    assert_null(model.complaint);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mask_has_four_bits),
        TEST(pages_asked_about_exist),
        TEST(an_isolated_guest_names_itself_as_such),
        TEST(a_call_may_run_out_of_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
