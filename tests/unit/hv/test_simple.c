/* SPDX-License-Identifier: MIT */
#include "rig.h"

#define CANARY 0x5C

static void expect_partition_id(void)
{
    uint64_t id = 0;
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_call_simple(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &id, &result), PV_OK);
    assert_int_equal(id, machine.model.partition_id);
    assert_int_equal(result.status, 0);
}

static void test_output(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_partition_id();
    assert_true(rig_last_was_fast());
    rig_release();
    rig_up_in_memory();
    expect_partition_id();
    assert_false(rig_last_was_fast());
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    expect_partition_id();
    rig_release();
    rig_up_hvc1();
    expect_partition_id();
}

static void test_input(void **state)
{
    const struct pv_hv_flush_header flush = { .flags = PV_HV_FLUSH_ALL_SPACES,
                                              .processor_mask = 0x33 };

    (void)state;
    rig_up_in_memory();
    assert_status(
        pv_hv_call_simple(&vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, &flush, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.seen.target.vps[0], 0x33);
    assert_int_equal(machine.model.seen.target.flags, PV_HV_FLUSH_ALL_SPACES);
}

static uint8_t in[PV_PAGE_BYTES];
static uint8_t out[PV_PAGE_BYTES];

/* Calls whose output is the model's pattern: every byte of it arrives, none beyond. */
static bool has_pattern(enum pv_hv_call call)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);

    return info->kind == PV_HV_KIND_SIMPLE && call != PV_HV_CALL_GET_PARTITION_ID &&
           call != PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS &&
           call != PV_HV_CALL_EXT_QUERY_CAPABILITIES &&
           call != PV_HV_CALL_EXT_GET_BOOT_ZEROED_MEMORY;
}

static void expect_pattern(enum pv_hv_call call)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);

    memset(out, CANARY, sizeof(out));
    if (pv_hv_call_simple(&vp, call, in, out, NULL) != PV_OK || !has_pattern(call))
        return;
    for (uint32_t i = 0; i < info->out_bytes; i++)
        assert_int_equal(out[i], sim_pattern(0, i));
    for (uint32_t i = info->out_bytes; i < sizeof(out); i++)
        assert_int_equal(out[i], CANARY);
}

/* Every simple call in every form: no rule of the hypervisor is ever broken. */
static void every_simple_call(void)
{
    memset(in, 0, sizeof(in));
    machine.model.any_target = true;
    for (unsigned i = 0; i < PV_HV_CALLS; i++)
        if (pv_hv_call_info((enum pv_hv_call)i)->kind == PV_HV_KIND_SIMPLE)
            expect_pattern((enum pv_hv_call)i);
    assert_null(sim_complaint(&machine));
    assert_int_equal(machine.irqs_on, 0);
}

static void test_every_call(void **state)
{
    (void)state;
    for (uint32_t off = 0; off < 8; off++) {
        rig_up_without(SIM_HYPERV_X86, off << 1);
        every_simple_call();
        rig_release();
        rig_up_without(SIM_HYPERV_ARM64, off << 1);
        every_simple_call();
        rig_release();
    }
    rig_up_hvc1();
    every_simple_call();
    rig_release();
    rig_up_two_pages();
    every_simple_call();
}

static void expect_not_issued(enum pv_hv_call call, const void *input, void *output,
                              enum pv_status status)
{
    const uint64_t calls = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_call_simple(&vp, call, input, output, &result), status);
    assert_int_equal(rig_calls(), calls);
    assert_int_equal(result.status, 0xEE);
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
}

static void test_invalid(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_not_issued(PV_HV_CALLS, in, out, PV_INVALID);
    expect_not_issued(PV_HV_CALL_GET_VP_REGISTERS, in, out, PV_INVALID);
    expect_not_issued(PV_HV_CALL_POST_MESSAGE, NULL, out, PV_INVALID);
    expect_not_issued(PV_HV_CALL_GET_PARTITION_ID, in, NULL, PV_INVALID);
    expect_not_issued(PV_HV_CALL_OUTPUT_DEBUG_CHARACTER, in, out, PV_UNSUPPORTED);
    expect_not_issued(PV_HV_CALL_VTL_RETURN, in, out, PV_UNSUPPORTED);
}

static void test_bad_state(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_not_issued(PV_HV_CALL_POST_MESSAGE, in, NULL, PV_BAD_STATE);
}

static void test_busy(void **state)
{
    struct pv_hv_args args[2];

    (void)state;
    rig_up_in_memory();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args[0]), PV_OK);
    assert_status(pv_hv_call_simple(&vp, PV_HV_CALL_POST_MESSAGE_DIRECT, in, NULL, NULL), PV_BUSY);
    expect_partition_id(); /* fits the reserve */
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args[1]), PV_OK);
    assert_status(pv_hv_call_simple(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, out, NULL), PV_BUSY);
    assert_status(pv_hv_end(&vp, &args[1]), PV_OK);
    assert_status(pv_hv_end(&vp, &args[0]), PV_OK);
}

/* After an error the output is as it was, and everything is closed. */
static void expect_untouched(enum pv_status status, uint16_t raw)
{
    struct pv_hv_result result = { 0, 0 };
    uint64_t id = 0x7777;

    assert_status(pv_hv_call_simple(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &id, &result), status);
    assert_int_equal(id, 0x7777);
    assert_int_equal(result.status, raw);
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
}

static void test_errors(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_ACCESS_PARTITION_ID);
    expect_untouched(PV_DENIED, PV_HV_STATUS_ACCESS_DENIED);
    machine.model.privileges = ~0ull;
    machine.model.kvm = true;
    expect_untouched(PV_UNSUPPORTED, PV_HV_STATUS_INVALID_HYPERCALL_CODE);
    machine.model.kvm = false;
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    expect_untouched(PV_TIMED_OUT, PV_HV_STATUS_TIME_OUT);
    machine.model.behaviour = SIM_GARBAGE_STATUS;
    expect_untouched(PV_REFUSED, 0xABCD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_output), RIG_TEST(test_input),     RIG_TEST(test_every_call),
        RIG_TEST(test_invalid), RIG_TEST(test_bad_state), RIG_TEST(test_busy),
        RIG_TEST(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
