/* SPDX-License-Identifier: MIT */
#include "rig.h"

#define COUNT 500u

static uint32_t names[COUNT];
static struct pv_hv_register_value values[COUNT];
static struct pv_hv_register registers[COUNT];

static struct pv_hv_target target_of(uint32_t index, uint8_t input_vtl)
{
    const struct pv_hv_target target = { { index }, input_vtl };

    return target;
}

static struct pv_hv_register element(uint32_t name, uint64_t low, uint64_t high)
{
    const struct pv_hv_register value = { .name = name, .value = { low, high } };

    return value;
}

static void test_input_vtl(void **state)
{
    (void)state;
    assert_int_equal(pv_hv_input_vtl(0), 0x10);
    assert_int_equal(pv_hv_input_vtl(15), 0x1F);
    assert_int_equal(pv_hv_input_vtl(0xF1), 0x11);
    assert_int_equal(pv_hv_target_self().index.value, PV_HV_VP_SELF);
    assert_int_equal(pv_hv_target_self().input_vtl, 0);
}

/* Set, then get: 64 and 128 bits. */
static void set_and_get(void)
{
    const uint32_t wanted[3] = { PV_HV_REGISTER_X64_XMM1, PV_HV_REGISTER_X64_RBX,
                                 PV_HV_REGISTER_X64_XMM0 };
    size_t done = 99;

    registers[0] = element(PV_HV_REGISTER_X64_XMM0, 0x0123456789ABCDEF, 0xFEDCBA9876543210);
    registers[1] = element(PV_HV_REGISTER_X64_RBX, 0xB0B0, 0);
    assert_status(
        pv_hv_regs_set(&vp, pv_hv_target_self(), registers, 2, &done, NULL), PV_OK);
    assert_int_equal(done, 2);
    assert_status(pv_hv_regs_get(&vp, pv_hv_target_self(), wanted, values, 3, &done, NULL), PV_OK);
    assert_int_equal(done, 3);
    assert_int_equal(values[0].high, 0);
    assert_int_equal(values[1].low, 0xB0B0);
    assert_int_equal(values[2].low, 0x0123456789ABCDEF);
    assert_int_equal(values[2].high, 0xFEDCBA9876543210);
}

static void test_set_and_get(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    set_and_get();
    assert_int_equal(machine.model.seen.memory_calls, 0);
    rig_release();
    rig_up_in_memory();
    set_and_get();
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    set_and_get();
    rig_release();
    rig_up_hvc1();
    set_and_get();
}

static void test_another_vp(void **state)
{
    uint64_t value = 0;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    registers[0] = element(PV_HV_REGISTER_X64_RCX, 0xC0C0, 0);
    assert_status(pv_hv_regs_set(&vp, target_of(2, 0), registers, 1, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.cpus[2].vtls[0].registers[0].value.low, 0xC0C0);
    assert_status(pv_hv_regs_get64(&vp, PV_HV_REGISTER_X64_RCX, &value, NULL), PV_OK);
    assert_int_equal(value, 0);
}

/* VTL 1 looks at its own and at VTL 0's registers; each has a file of its own. */
static void test_another_vtl(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    registers[0] = element(PV_HV_REGISTER_X64_RSP, 0x1111, 0);
    assert_status(pv_hv_regs_set(&vp, target_of(PV_HV_VP_SELF, pv_hv_input_vtl(1)), registers, 1,
                                 NULL, &result),
                  PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
    machine.model.enabled_vtls = 3;
    machine.model.cpus[0].active_vtl = 1;
    assert_status(pv_hv_regs_set(&vp, target_of(PV_HV_VP_SELF, pv_hv_input_vtl(0)), registers, 1,
                                 NULL, NULL),
                  PV_OK);
    assert_int_equal(machine.model.cpus[0].vtls[0].count, 1);
    assert_int_equal(machine.model.cpus[0].vtls[1].count, 0);
    assert_status(pv_hv_regs_set(&vp, pv_hv_target_self(), registers, 1, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.cpus[0].vtls[1].count, 1);
}

static void test_many(void **state)
{
    size_t done;

    (void)state;
    rig_up_in_memory();
    for (uint32_t i = 0; i < COUNT; i++)
        names[i] = PV_HV_REGISTER_VSM_CAPABILITIES;
    assert_status(pv_hv_regs_get(&vp, pv_hv_target_self(), names, values, COUNT, &done, NULL),
                  PV_OK);
    assert_int_equal(done, COUNT);
    assert_int_equal(rig_calls(), (COUNT + 203) / 204);
    assert_int_equal(values[COUNT - 1].low, machine.model.vsm_capabilities);
}

static void test_unknown_register(void **state)
{
    const uint32_t wanted[3] = { PV_HV_REGISTER_VP_INDEX, 0xDEAD, PV_HV_REGISTER_VP_INDEX };
    struct pv_hv_result result;
    uint64_t value = 0x77;
    size_t done = 99;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_regs_get(&vp, pv_hv_target_self(), wanted, values, 3, &done, &result),
                  PV_UNSUPPORTED);
    assert_int_equal(result.status, PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
    assert_int_equal(result.reps, 1);
    assert_int_equal(done, 0); /* output of a failed call is not valid */
    assert_status(pv_hv_regs_get64(&vp, 0xDEAD, &value, &result), PV_UNSUPPORTED);
    assert_int_equal(value, 0x77);
}

static void test_set_counts_what_was_done(void **state)
{
    size_t done = 99;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    registers[0] = element(PV_HV_REGISTER_X64_RAX, 1, 0);
    registers[1] = element(PV_HV_REGISTER_X64_RAX, 1, 1); /* no such bits */
    registers[2] = registers[0];
    assert_status(pv_hv_regs_set(&vp, pv_hv_target_self(), registers, 3, &done, NULL), PV_REFUSED);
    assert_int_equal(done, 1);
}

/* KVM has no such call. */
static void test_kvm(void **state)
{
    struct pv_hv_result result;
    uint64_t value;

    (void)state;
    rig_up(SIM_KVM_X86);
    assert_status(pv_hv_regs_get64(&vp, PV_HV_REGISTER_VP_INDEX, &value, &result),
                  PV_UNSUPPORTED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_HYPERCALL_CODE);
}

static void test_refused(void **state)
{
    uint64_t value = 0;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_REGISTERS_REFUSED;
    assert_status(pv_hv_regs_get64(&vp, PV_HV_REGISTER_VP_INDEX, &value, NULL), PV_UNSUPPORTED);
    machine.model.behaviour = SIM_REGISTERS_DENIED;
    assert_status(pv_hv_regs_get64(&vp, PV_HV_REGISTER_VP_INDEX, &value, NULL), PV_DENIED);
    machine.model.behaviour = SIM_NO_PROGRESS;
    assert_status(pv_hv_regs_get64(&vp, PV_HV_REGISTER_VP_INDEX, &value, NULL), PV_MALFORMED);
    assert_int_equal(value, 0);
}

/* ---- bad input ---- */

static void expect_not_issued(struct pv_hv_target target, size_t count, enum pv_status status)
{
    const uint64_t calls = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };
    size_t done = 99;

    assert_status(pv_hv_regs_get(&vp, target, names, values, count, &done, &result), status);
    assert_int_equal(done, 0);
    done = 99;
    assert_status(pv_hv_regs_set(&vp, target, registers, count, &done, &result), status);
    assert_int_equal(done, 0);
    assert_int_equal(result.status, 0xEE);
    assert_int_equal(rig_calls(), calls);
}

static void test_invalid(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_not_issued(pv_hv_target_self(), 0, PV_INVALID);
    expect_not_issued(target_of(machine.model.max_vps, 0), 1, PV_INVALID);
    expect_not_issued(target_of(PV_HV_VP_ANY, 0), 1, PV_INVALID);
    expect_not_issued(target_of(0, 0x20), 1, PV_INVALID);
    expect_not_issued(target_of(PV_HV_VP_SELF, 0x80), 1, PV_INVALID);
}

/* Below the maximum but not there: the hypervisor says so. */
static void test_no_such_vp(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    names[0] = PV_HV_REGISTER_VP_INDEX;
    assert_status(pv_hv_regs_get(&vp, target_of(machine.model.max_vps - 1, 0), names, values, 1,
                                 NULL, &result),
                  PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_VP_INDEX);
}

/* No maximum advertised: any index may be asked for, but "any VP" is none. */
static void test_no_maximum(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.max_vps = 0;
    rig_up_with(rig_config());
    assert_status(pv_hv_regs_get(&vp, target_of(100000, 0), names, values, 1, NULL, NULL),
                  PV_REFUSED);
    expect_not_issued(target_of(PV_HV_VP_ANY, 0), 1, PV_INVALID);
}

static void test_bad_state(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_not_issued(pv_hv_target_self(), 1, PV_BAD_STATE);
    expect_not_issued(target_of(PV_HV_VP_ANY, 0x80), 1, PV_BAD_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_input_vtl),
        RIG_TEST(test_set_and_get),
        RIG_TEST(test_another_vp),
        RIG_TEST(test_another_vtl),
        RIG_TEST(test_many),
        RIG_TEST(test_unknown_register),
        RIG_TEST(test_set_counts_what_was_done),
        RIG_TEST(test_kvm),
        RIG_TEST(test_refused),
        RIG_TEST(test_invalid),
        RIG_TEST(test_no_such_vp),
        RIG_TEST(test_no_maximum),
        RIG_TEST(test_bad_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
