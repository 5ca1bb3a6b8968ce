/* SPDX-License-Identifier: MIT */
/* Synthetic registers: MSRs on x86, VP registers on arm64. Internal functions, tested directly. */
#include "rig.h"

#include "guest/told.h"
#include "hv/hv_internal.h"

static void test_numbers(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    assert_int_equal(pv_hv_sreg_number_(PV_HV_SREG_GUEST_OS_ID), PV_HV_MSR_GUEST_OS_ID);
    assert_int_equal(pv_hv_sreg_number_(PV_HV_SREG_VP_INDEX), PV_HV_MSR_VP_INDEX);
    assert_int_equal(pv_hv_sreg_number_(PV_HV_SREG_VP_ASSIST_PAGE), PV_HV_MSR_VP_ASSIST_PAGE);
    rig_machine(SIM_HYPERV_ARM64);
    assert_int_equal(pv_hv_sreg_number_(PV_HV_SREG_GUEST_OS_ID), PV_HV_REGISTER_GUEST_OS_ID);
    assert_int_equal(pv_hv_sreg_number_(PV_HV_SREG_VP_INDEX), PV_HV_REGISTER_VP_INDEX);
    assert_int_equal(pv_hv_sreg_number_(PV_HV_SREG_VP_ASSIST_PAGE), PV_HV_REGISTER_VP_ASSIST_PAGE);
}

static void read_and_write(void)
{
    uint64_t value = 0;

    assert_status(pv_hv_sreg_read_(&guest, PV_HV_SREG_GUEST_OS_ID, &value), PV_OK);
    assert_int_equal(value, OS_ID);
    assert_status(pv_hv_sreg_write_(&guest, PV_HV_SREG_GUEST_OS_ID, OS_ID + 1), PV_OK);
    assert_int_equal(machine.model.os_id[0], OS_ID + 1);
    sim_use(&machine, 2);
    assert_status(pv_hv_sreg_read_(&guest, PV_HV_SREG_VP_INDEX, &value), PV_OK);
    assert_int_equal(value, 2);
    sim_use(&machine, 0);
    assert_int_equal(machine.model.seen.memory_calls, 0);
    assert_false(pv_sim->irqs_off);
}

static void test_read_and_write(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    read_and_write();
    assert_int_equal(rig_calls(), 0);
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    read_and_write();
    rig_release();
    rig_up_hvc1();
    read_and_write();
}

static void tell_and_take_back(enum pv_told_kind kind)
{
    struct pv_told told = { 0 };

    assert_status(pv_hv_sreg_tell_(&guest, &told, PV_HV_SREG_GUEST_OS_ID, 0x77, OS_ID), PV_OK);
    assert_int_equal(machine.model.os_id[0], 0x77);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.entries[0].kind, kind);
    assert_int_equal(told.entries[0].off, OS_ID);
    pv_told_take_back_(&guest, &told);
    assert_int_equal(machine.model.os_id[0], OS_ID);
}

static void test_tell_and_take_back(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    tell_and_take_back(PV_TOLD_MSR);
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    tell_and_take_back(PV_TOLD_HV_REGISTER);
}

static void test_wide_register(void **state)
{
    struct pv_hv_register_value value;

    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(pv_hv_sreg_get_block_(&guest, PV_HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO,
                                        &value),
                  PV_OK);
    assert_int_equal(value.low, machine.model.privileges);
    assert_int_equal(value.high, 0x1234);
}

static void expect_failure(enum sim_behaviour behaviour, enum pv_status status)
{
    struct pv_hv_register_value value = { 1, 2 };
    struct pv_told told = { 0 };
    uint64_t read = 99;

    machine.model.behaviour = behaviour;
    assert_status(pv_hv_sreg_get_block_(&guest, PV_HV_REGISTER_VP_INDEX, &value), status);
    assert_true(value.low == 1 && value.high == 2);
    assert_status(pv_hv_sreg_read_(&guest, PV_HV_SREG_VP_INDEX, &read), status);
    assert_int_equal(read, 0);
    assert_status(pv_hv_sreg_set_block_(&guest, PV_HV_REGISTER_GUEST_OS_ID, 1), status);
    assert_status(pv_hv_sreg_tell_(&guest, &told, PV_HV_SREG_GUEST_OS_ID, 1, 0), status);
    assert_int_equal(told.count, 1); /* written down before it is told */
}

static void test_failures(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    expect_failure(SIM_REGISTERS_REFUSED, PV_UNSUPPORTED);
    expect_failure(SIM_REGISTERS_DENIED, PV_DENIED);
    expect_failure(SIM_NO_PROGRESS, PV_MALFORMED);
    expect_failure(SIM_REPS_ABOVE, PV_MALFORMED);
    expect_failure(SIM_TIMEOUT_FOREVER, PV_TIMED_OUT);
    expect_failure(SIM_GARBAGE_STATUS, PV_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_numbers),
        RIG_TEST(test_read_and_write),
        RIG_TEST(test_tell_and_take_back),
        RIG_TEST(test_wide_register),
        RIG_TEST(test_failures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
