/* SPDX-License-Identifier: MIT */
/* VTL call and return, with the test playing the other VTL. */
#include "rig.h"

static struct sim_switch seen;
#define BOTH_WAYS 13u /* x64: RAX and RCX follow */

static uint64_t arrived[PV_HV_VTL_SHARED];
static uint32_t visits;

/* The other side: notes what arrives, answers with every register one higher. */
static void other_vtl(void *context, struct sim_machine *from, struct sim_switch *what)
{
    (void)context;
    (void)from;
    seen = *what;
    memcpy(arrived, what->shared, sizeof(arrived));
    for (unsigned i = 0; i < PV_HV_VTL_SHARED; i++)
        what->shared[i]++;
    visits++;
}

static void two_vtls(void)
{
    machine.model.enabled_vtls = 3;
    machine.model.cpus[0].vtls[1].enabled = true;
    machine.hooks.vtl = other_vtl;
    visits = 0;
}

static struct pv_hv_vtl_regs numbered(void)
{
    struct pv_hv_vtl_regs regs;

    for (unsigned i = 0; i < PV_HV_VTL_SHARED; i++)
        regs.shared[i] = 0x1000 + i;
    return regs;
}

static void expect_exchanged(const struct pv_hv_vtl_regs *regs)
{
    for (unsigned i = 0; i < BOTH_WAYS; i++) {
        assert_int_equal(arrived[i], 0x1000 + i);
        assert_int_equal(regs->shared[i], 0x1001 + i);
    }
}

static void call_and_check(void)
{
    struct pv_hv_vtl_regs regs = numbered();

    two_vtls();
    assert_status(pv_hv_vtl_switch_init(&vp, NULL), PV_OK);
    assert_status(pv_hv_vtl_call(&vp, &regs), PV_OK);
    assert_int_equal(visits, 1);
    assert_false(seen.to_lower);
    assert_int_equal(seen.control, 0);
    expect_exchanged(&regs);
}

static void test_call(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    call_and_check();
    assert_int_equal(guest.hv.vtl_call_offset, 0xF);
    assert_int_equal(guest.hv.vtl_return_offset, 0x26);
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    call_and_check();
    rig_release();
    rig_up_hvc1();
    call_and_check();
}

static void test_fast_return(void **state)
{
    struct pv_hv_vtl_regs regs = numbered();

    (void)state;
    rig_up(SIM_HYPERV_X86);
    two_vtls();
    machine.model.cpus[0].active_vtl = 1;
    assert_status(pv_hv_vtl_switch_init(&vp, NULL), PV_OK);
    assert_status(pv_hv_vtl_return(&vp, true, &regs), PV_OK);
    assert_true(seen.to_lower);
    assert_int_equal(seen.control, PV_HV_VTL_RETURN_FAST);
    expect_exchanged(&regs);
    assert_int_equal(arrived[PV_HV_VTL_RCX], PV_HV_VTL_RETURN_FAST);
}

/* RAX and RCX go by way of the assist page; as the lower VTL has them at the next entry they come back. */
static void test_return(void **state)
{
    struct pv_hv_vtl_regs regs = numbered();

    (void)state;
    rig_up(SIM_HYPERV_X86);
    two_vtls();
    assert_status(pv_hv_vtl_switch_init(&vp, NULL), PV_OK);
    assert_status(pv_hv_vtl_return(&vp, false, &regs), PV_UNSUPPORTED);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    regs.shared[PV_HV_VTL_RAX] = 0xAAAA;
    regs.shared[PV_HV_VTL_RCX] = 0xCCCC;
    machine.model.cpus[0].active_vtl = 1;
    assert_status(pv_hv_vtl_return(&vp, false, &regs), PV_OK);
    assert_int_equal(arrived[PV_HV_VTL_RAX], 0xAAAA);
    assert_int_equal(arrived[PV_HV_VTL_RCX], 0xCCCC);
    assert_int_equal(regs.shared[PV_HV_VTL_RAX], 0xAAAB);
    assert_int_equal(regs.shared[PV_HV_VTL_RCX], 0xCCCD);
    assert_int_equal(vp.hv.assist->vtl_return_rax, 0xAAAA);
    assert_int_equal(vp.hv.assist->vtl_return_rcx, 0xCCCC);
    assert_int_equal(seen.control, 0);
}

/* arm64 has neither assist registers nor code offsets. */
static void test_return_arm64(void **state)
{
    struct pv_hv_vtl_regs regs = numbered();

    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    two_vtls();
    machine.model.cpus[0].active_vtl = 1;
    assert_status(pv_hv_vtl_return(&vp, false, &regs), PV_OK);
    assert_status(pv_hv_vtl_return(&vp, true, &regs), PV_OK);
    assert_int_equal(visits, 2);
}

static void test_offsets_never_read(void **state)
{
    struct pv_hv_vtl_regs regs = numbered();

    (void)state;
    rig_up(SIM_HYPERV_X86);
    two_vtls();
    assert_status(pv_hv_vtl_call(&vp, &regs), PV_UNSUPPORTED);
    assert_status(pv_hv_vtl_return(&vp, true, &regs), PV_UNSUPPORTED);
    assert_int_equal(visits, 0);
    assert_int_equal(machine.vtl_switches, 0);
}

/* Another host may put the code elsewhere. */
static void test_offsets_are_forgotten(void **state)
{
    struct pv_hv_vtl_regs regs = numbered();

    (void)state;
    rig_up(SIM_HYPERV_X86);
    two_vtls();
    assert_status(pv_hv_vtl_switch_init(&vp, NULL), PV_OK);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_status(pv_hv_vtl_call(&vp, &regs), PV_UNSUPPORTED);
    machine.model.code_offsets = 0x0F0080;
    assert_status(pv_hv_vtl_switch_init(&vp, NULL), PV_OK);
    assert_status(pv_hv_vtl_call(&vp, &regs), PV_OK);
    assert_int_equal(seen.offset, 0x80);
}

static void test_bad_state(void **state)
{
    struct pv_hv_vtl_regs regs = numbered();

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    assert_status(pv_hv_vtl_switch_init(&vp, NULL), PV_BAD_STATE);
    assert_status(pv_hv_vtl_call(&vp, &regs), PV_BAD_STATE);
    assert_status(pv_hv_vtl_return(&vp, true, &regs), PV_BAD_STATE);
}

static void test_init_errors(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_KVM_X86);
    assert_status(pv_hv_vtl_switch_init(&vp, &result), PV_UNSUPPORTED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_HYPERCALL_CODE);
    rig_release();
    rig_up(SIM_HYPERV_X86);
    machine.model.code_offsets = 0;
    assert_status(pv_hv_vtl_switch_init(&vp, &result), PV_MALFORMED);
    assert_int_equal(guest.hv.vtl_call_offset, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_call),
        RIG_TEST(test_fast_return),
        RIG_TEST(test_return),
        RIG_TEST(test_return_arm64),
        RIG_TEST(test_offsets_never_read),
        RIG_TEST(test_offsets_are_forgotten),
        RIG_TEST(test_bad_state),
        RIG_TEST(test_init_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
