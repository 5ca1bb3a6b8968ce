/* SPDX-License-Identifier: MIT */
/* The notice of a long spin. */
#include "sets.h"

static void up(enum sim_kind kind, uint32_t spins)
{
    advise_machine(kind, 0, spins);
    rig_up_with(rig_config());
}

static void expect_count(uint64_t spins, uint32_t told)
{
    const uint32_t input[2] = { told, 0 };
    const uint64_t before = rig_calls();

    assert_status(pv_hv_spin_notify(&vp, spins), PV_OK);
    expect_call(before, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT);
    assert_int_equal(machine.model.seen.spin_count, told);
    assert_memory_equal(machine.model.seen.fixed, input, sizeof(input));
    assert_false(machine.model.seen.touched_memory);
}

static void test_count(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86, 4095);
    expect_count(1, 1);
    expect_count(4095, 4095);
    expect_count(0xFFFFFFFE, 0xFFFFFFFE);
    expect_count(0xFFFFFFFF, 0xFFFFFFFF);
    expect_count(0x100000000, 0xFFFFFFFF);
    expect_count(~0ull, 0xFFFFFFFF);
}

static void test_arm64(void **state)
{
    (void)state;
    up(SIM_HYPERV_ARM64, 77);
    expect_count(77, 77);
    rig_release();
    up(SIM_HYPERV_ARM64, PV_HV_SPIN_NEVER);
    assert_status(pv_hv_spin_notify(&vp, 1), PV_UNSUPPORTED);
}

/* Both ways of saying "never"; and fast calls turned off. */
static void test_not_wanted(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86, PV_HV_SPIN_NEVER);
    assert_status(pv_hv_spin_notify(&vp, 5), PV_UNSUPPORTED);
    rig_release();
    up(SIM_HYPERV_X86, PV_HV_SPIN_OFF);
    assert_status(pv_hv_spin_notify(&vp, 5), PV_UNSUPPORTED);
    assert_int_equal(rig_calls(), 0);
    rig_release();
    advise_machine(SIM_HYPERV_X86, 0, 4095);
    {
        struct pv_guest_config config = rig_config();

        config.hv.forms_off = PV_HV_FORM_FAST;
        rig_up_with(config);
    }
    assert_status(pv_hv_spin_notify(&vp, 5), PV_UNSUPPORTED);
    assert_int_equal(rig_calls(), 0);
}

static void test_not_online(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86, 4095);
    assert_status(pv_hv_spin_notify(&vp1, 5), PV_BAD_STATE);
    rig_release();
    rig_up_without_hypercalls();
    assert_status(pv_hv_spin_notify(&vp, 5), PV_BAD_STATE);
    assert_int_equal(rig_calls(), 0);
}

static void test_answers(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86, 4095);
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    assert_status(pv_hv_spin_notify(&vp, 5), PV_DENIED);
    machine.model.refuse = 0;
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    assert_status(pv_hv_spin_notify(&vp, 5), PV_TIMED_OUT);
    machine.model.behaviour = SIM_GARBAGE_STATUS;
    assert_status(pv_hv_spin_notify(&vp, 5), PV_REFUSED);
}

static void test_irqs_are_left_alone(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86, 4095);
    pv_sim->irqs_off = true;
    expect_count(5, 5);
    assert_true(pv_sim->irqs_off);
    pv_sim->irqs_off = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_count),      RIG_TEST(test_arm64),   RIG_TEST(test_not_wanted),
        RIG_TEST(test_not_online), RIG_TEST(test_answers), RIG_TEST(test_irqs_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
