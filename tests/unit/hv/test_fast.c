/* SPDX-License-Identifier: MIT */
#include "rig.h"

#define SPIN PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT
#define SPACE PV_HV_CALL_FLUSH_GUEST_PHYSICAL_ADDRESS_SPACE

static void test_eight_bytes(void **state)
{
    const uint32_t in[2] = { 0x12345678, 0 };
    struct pv_hv_result result = { 0xEE, 0xEE };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_call_fast(&vp, SPIN, rig_qword(in), 0, &result), PV_OK);
    assert_int_equal(machine.model.seen.spin_count, 0x12345678);
    assert_int_equal(machine.model.seen.control, 0x0008 | PV_HV_CONTROL_FAST);
    assert_false(machine.model.seen.touched_memory);
    assert_int_equal(result.status, 0);
    assert_int_equal(result.reps, 0);
}

static void test_sixteen_bytes(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_call_fast(&vp, SPACE, 0x1122334455667788, 0x99AABBCCDDEEFF00, NULL),
                  PV_OK);
    assert_int_equal(rig_qword(machine.model.seen.fixed), 0x1122334455667788);
    assert_int_equal(rig_qword(machine.model.seen.fixed + 8), 0x99AABBCCDDEEFF00);
}

static void test_ipi(void **state)
{
    const struct pv_hv_ipi ipi = { .vector = 0x40, .processor_mask = 0x5 };
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_call_fast(&vp, PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI, rig_qword(&ipi),
                                  ipi.processor_mask, &result),
                  PV_OK);
    assert_int_equal(machine.model.seen.target.vector, 0x40);
    assert_int_equal(machine.model.seen.target.vps[0], 0x5);
}

static void test_arm64(void **state)
{
    const uint32_t event[2] = { 7, 0 };

    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(pv_hv_call_fast(&vp, PV_HV_CALL_SIGNAL_EVENT, rig_qword(event), 0, NULL), PV_OK);
    rig_release();
    rig_up_hvc1();
    assert_status(pv_hv_call_fast(&vp, PV_HV_CALL_SIGNAL_EVENT, rig_qword(event), 0, NULL), PV_OK);
    assert_int_equal(machine.model.seen.connection, 7);
    assert_int_equal(machine.model.seen.events, 1);
}

static void test_irqs_are_left_alone(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    pv_sim->irqs_off = true;
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, NULL), PV_OK);
    assert_true(pv_sim->irqs_off);
    pv_sim->irqs_off = false;
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, NULL), PV_OK);
    assert_false(pv_sim->irqs_off);
}

static void expect_not_issued(enum pv_hv_call call, enum pv_status status)
{
    const uint64_t calls = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_call_fast(&vp, call, 0, 0, &result), status);
    assert_int_equal(rig_calls(), calls);
    assert_int_equal(result.status, 0xEE);
    assert_int_equal(result.reps, 0xEE);
}

static void test_invalid(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_not_issued(PV_HV_CALLS, PV_INVALID);
    expect_not_issued((enum pv_hv_call)-1, PV_INVALID);
    expect_not_issued(PV_HV_CALL_GET_VP_REGISTERS, PV_INVALID);            /* a list */
    expect_not_issued(PV_HV_CALL_GET_PARTITION_ID, PV_INVALID);            /* has output */
    expect_not_issued(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, PV_INVALID); /* 24 bytes */
    expect_not_issued(PV_HV_CALL_EXT_QUERY_CAPABILITIES, PV_INVALID);      /* memory only */
    expect_not_issued(PV_HV_CALL_VTL_CALL, PV_INVALID);
    expect_not_issued(PV_HV_CALL_OUTPUT_DEBUG_CHARACTER, PV_INVALID);
}

/* Exactly the calls that can are taken: decided here from the table once more. */
static void test_which_calls(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    for (unsigned i = 0; i < PV_HV_CALLS; i++) {
        const struct pv_hv_call_info *info = pv_hv_call_info((enum pv_hv_call)i);
        const bool suits = info->kind == PV_HV_KIND_SIMPLE && info->in_bytes <= 16 &&
                           info->out_bytes == 0 && info->var == PV_HV_VAR_NONE &&
                           info->fast != PV_HV_FAST_NO;

        expect_not_issued((enum pv_hv_call)i, suits ? PV_BAD_STATE : PV_INVALID);
    }
}

static void test_bad_state(void **state)
{
    struct pv_guest_config config = rig_config();

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_not_issued(SPIN, PV_BAD_STATE);
    config.hv.os_id = 0;
    rig_up_with(config);
    expect_not_issued(SPIN, PV_BAD_STATE);
}

static void test_unsupported(void **state)
{
    (void)state;
    rig_up_without(SIM_HYPERV_X86, PV_HV_FORM_FAST);
    expect_not_issued(SPIN, PV_UNSUPPORTED);
}

static void test_errors(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.refuse = PV_HV_STATUS_ACCESS_DENIED;
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, &result), PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, NULL), PV_DENIED);
    machine.model.refuse = 0x1234;
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, &result), PV_REFUSED);
    assert_int_equal(result.status, 0x1234);
    assert_int_equal(result.reps, 0);
}

static void test_timeouts(void **state)
{
    struct pv_hv_result result;
    uint64_t before;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_TIMEOUT_ONCE;
    before = rig_calls();
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, &result), PV_OK);
    assert_int_equal(result.status, 0);
    assert_int_equal(rig_calls() - before, 2);
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    before = rig_calls();
    assert_status(pv_hv_call_fast(&vp, SPIN, 0, 0, &result), PV_TIMED_OUT);
    assert_int_equal(result.status, PV_HV_STATUS_TIME_OUT);
    assert_int_equal(rig_calls() - before, 1 + PV_CONFIG_HV_TIMEOUT_RETRIES);
}

static void test_hostile(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_RANDOM;
    for (uint32_t i = 0; i < 2000; i++) {
        struct pv_hv_result result;
        const uint64_t before = rig_calls();
        const enum pv_status status = pv_hv_call_fast(&vp, SPIN, 0, 0, &result);

        assert_true(status != PV_OK || result.status == 0);
        assert_int_equal(result.reps, 0);
        assert_true(rig_calls() - before <= 1 + PV_CONFIG_HV_TIMEOUT_RETRIES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_eight_bytes), RIG_TEST(test_sixteen_bytes),
        RIG_TEST(test_ipi),         RIG_TEST(test_arm64),
        RIG_TEST(test_irqs_are_left_alone),
        RIG_TEST(test_invalid),     RIG_TEST(test_which_calls),
        RIG_TEST(test_bad_state),   RIG_TEST(test_unsupported),
        RIG_TEST(test_errors),      RIG_TEST(test_timeouts),
        RIG_TEST(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
