/* SPDX-License-Identifier: MIT */
/* The VP assist page: placed, adopted, kept over offline and quiesce, given back. */
#include "rig.h"

static uint64_t told(void)
{
    return machine.model.cpus[0].vtls[0].assist_page;
}

static void expect_on(void)
{
    assert_non_null(vp.hv.assist);
    assert_int_equal(told(), vp.hv.assist_gpa | PV_HV_PAGE_ENABLE);
    assert_ptr_equal(sim_memory_at(&machine, vp.hv.assist_gpa, PV_PAGE_BYTES), vp.hv.assist);
}

static void enable_and_disable(void)
{
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    expect_on();
    assert_int_equal(machine.os.live_pages, sim_memory_at(&machine, guest.hv.page_gpa, 1) != NULL
                                                ? 3
                                                : 2);
    assert_status(pv_hv_assist_enable(&vp), PV_BAD_STATE);
    assert_status(pv_hv_assist_disable(&vp), PV_OK);
    assert_null(vp.hv.assist);
    assert_int_equal(told() & PV_HV_PAGE_ENABLE, 0);
    assert_status(pv_hv_assist_disable(&vp), PV_BAD_STATE);
    assert_int_equal(vp.told.count, 0);
}

static void test_enable_and_disable(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    enable_and_disable();
    enable_and_disable();
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    enable_and_disable();
}

static void test_reserved_bits_kept(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.page_reserved = 0x5A8;
    rig_up_with(rig_config());
    enable_and_disable();
}

static void test_zeroed(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    vp.hv.assist->apic_assist = 1;
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    assert_int_equal(vp.hv.assist->apic_assist, 0);
}

/* Off while the VP is offline or the guest quiet, on again afterwards at the same place. */
static void test_kept(void **state)
{
    const struct pv_hv_assist_page *page;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    page = vp.hv.assist;
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(told() & PV_HV_PAGE_ENABLE, 0);
    assert_status(pv_hv_assist_disable(&vp), PV_BAD_STATE);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    expect_on();
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(told() & PV_HV_PAGE_ENABLE, 0);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    expect_on();
    assert_ptr_equal(vp.hv.assist, page);
}

static void test_released_with_the_vp(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_null(vp.hv.assist);
    assert_int_equal(machine.os.live_pages, 1);
}

/* Every VP has its own. */
static void test_two_vps(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    rig_up_vp1();
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    sim_use(&machine, 1);
    assert_status(pv_hv_assist_enable(&vp1), PV_OK);
    assert_int_not_equal(vp.hv.assist_gpa, vp1.hv.assist_gpa);
    assert_int_equal(machine.model.cpus[1].vtls[0].assist_page, vp1.hv.assist_gpa | 1);
}

/* ---- adopted ---- */

static void firmware_has_it(uint32_t page)
{
    machine.model.cpus[0].vtls[0].assist_page = sim_firmware_gpa(page) | PV_HV_PAGE_ENABLE;
}

static void test_adopted(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    firmware_has_it(1);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    expect_on();
    assert_true(vp.hv.assist_adopted);
    assert_int_equal(vp.told.count, 0);
    assert_int_equal(machine.os.live_pages, 2);
    assert_status(pv_hv_assist_disable(&vp), PV_OK);
    assert_int_equal(told(), sim_firmware_gpa(1) | PV_HV_PAGE_ENABLE); /* left on */
    assert_int_equal(machine.os.unmaps, 1);
}

static void test_adopted_moves(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    firmware_has_it(1);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
    firmware_has_it(2);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    expect_on();
    assert_int_equal(vp.hv.assist_gpa, sim_firmware_gpa(2));
    assert_int_equal(machine.os.maps, 2);
    assert_int_equal(machine.os.unmaps, 1);
}

static void test_adopted_then_own(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    firmware_has_it(1);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
    machine.model.cpus[0].vtls[0].assist_page = 0;
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    expect_on();
    assert_false(vp.hv.assist_adopted);
    assert_int_equal(machine.os.live_pages, 3);
}

static void test_own_then_adopted(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
    firmware_has_it(3);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    assert_true(vp.hv.assist_adopted);
    assert_int_equal(machine.os.live_pages, 2);
}

/* ---- errors ---- */

static void test_bad_state(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    assert_status(pv_hv_assist_enable(&vp), PV_BAD_STATE);
    assert_status(pv_hv_assist_disable(&vp), PV_BAD_STATE);
}

static void test_unsupported(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_APIC_ACCESS);
    rig_up_with(rig_config());
    assert_status(pv_hv_assist_enable(&vp), PV_UNSUPPORTED);
    rig_release();
    rig_up(SIM_BARE);
    assert_status(pv_hv_assist_enable(&vp), PV_UNSUPPORTED);
}

static void expect_nothing_left(enum pv_status status)
{
    const uint32_t pages = machine.os.live_pages;

    assert_status(pv_hv_assist_enable(&vp), status);
    assert_null(vp.hv.assist);
    assert_int_equal(vp.told.count, 0);
    assert_int_equal(machine.os.live_pages, pages);
    assert_null(sim_complaint(&machine));
}

static void test_no_memory(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.os.fail.alloc = 1;
    expect_nothing_left(PV_NO_MEMORY);
    enable_and_disable();
}

static void test_bad_address(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.os.fail.virt_to_gpa = 1;
    expect_nothing_left(PV_BAD_ADDRESS);
    firmware_has_it(0);
    machine.os.fail.map = 1;
    expect_nothing_left(PV_BAD_ADDRESS);
    machine.model.cpus[0].vtls[0].assist_page = ~0ull & ~0xFFEull; /* where nothing is */
    expect_nothing_left(PV_BAD_ADDRESS);
}

static void test_refused(void **state)
{
    (void)state;
    for (enum sim_kind kind = SIM_HYPERV_X86; kind <= SIM_HYPERV_ARM64; kind++) {
        rig_up(kind);
        machine.model.behaviour = SIM_ASSIST_NOT_STICKING;
        expect_nothing_left(PV_REFUSED);
        machine.model.behaviour = SIM_HONEST;
        rig_release();
    }
}

/* arm64: the register cannot be read; cannot be written; cannot be read back. In the last two cases it
 * cannot be taken back either, as far as the guest can tell, so the page is never freed. */
static void test_register_fails(void **state)
{
    (void)state;
    for (uint32_t calls = 0; calls < 3; calls++) {
        rig_up(SIM_HYPERV_ARM64);
        machine.model.behaviour = SIM_REGISTERS_DENIED;
        machine.model.behave_after = (uint32_t)rig_calls() + calls;
        assert_status(pv_hv_assist_enable(&vp), PV_DENIED);
        assert_null(vp.hv.assist);
        assert_int_equal(vp.told.count, 0);
        assert_int_equal(machine.os.logs, calls != 0);
        assert_int_equal(machine.os.live_pages, 1 + (calls != 0)); /* one for arguments */
        machine.model.behaviour = SIM_HONEST;
        machine.model.cpus[0].vtls[0].assist_page = 0;
        machine.os.live_pages = 1;
        rig_release();
        memset(&machine.os, 0, sizeof(machine.os));
    }
}

/* x86: the MSR stays enabled. The page is lost on disable, on release, and on the next online. */
static void test_hypervisor_keeps_it(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        rig_up(SIM_HYPERV_X86);
        assert_status(pv_hv_assist_enable(&vp), PV_OK);
        rig_lose_msr_writes();
        if (way == 0)
            assert_status(pv_hv_assist_disable(&vp), PV_REFUSED);
        else
            assert_status(pv_vp_offline(&vp), PV_OK);
        rig_hear_msr_writes();
        if (way == 1)
            assert_status(pv_vp_release(&vp), PV_REFUSED);
        pv_sim->msr_write(pv_sim, PV_HV_MSR_VP_ASSIST_PAGE, 0);
        if (way == 2) {
            assert_status(pv_vp_online(&guest, &vp), PV_OK);
            assert_non_null(vp.hv.assist); /* a new one */
            assert_status(pv_hv_assist_disable(&vp), PV_OK);
        }
        assert_null(vp.hv.assist);
        assert_false(vp.hv.assist_stuck);
        assert_int_equal(machine.os.logs, 1);
        machine.os.live_pages--; /* the lost one */
        rig_release();
        memset(&machine.os, 0, sizeof(machine.os));
    }
}

/* arm64: after the guest has quiesced there is no way to tell the hypervisor anything. */
static void test_offline_after_quiesce(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_guest_quiesce(&guest, NULL), PV_OK);
    {
        const uint64_t before = rig_calls();

        assert_status(pv_vp_offline(&vp), PV_OK);
        assert_int_equal(rig_calls(), before);
    }
    assert_status(pv_vp_release(&vp), PV_REFUSED);
    assert_int_equal(machine.os.live_pages, 1);
    machine.os.live_pages = 0; /* the hypervisor has it for good */
    machine.model.cpus[0].vtls[0].assist_page = 0;
}

/* Resumed on a host that does not offer it: the MSR is not touched. */
static void test_restore_without_privilege(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_APIC_ACCESS);
    assert_status(pv_guest_resume(&guest, &vp), PV_UNSUPPORTED);
    assert_null(vp.hv.assist);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
}

/* It does not come back after offline: the VP stays offline, and the page is given back. */
static void test_restore_fails(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_assist_enable(&vp), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
    machine.model.behaviour = SIM_ASSIST_NOT_STICKING;
    assert_status(pv_vp_online(&guest, &vp), PV_REFUSED);
    assert_null(vp.guest);
    assert_null(vp.hv.assist);
    machine.model.behaviour = SIM_HONEST;
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    assert_null(vp.hv.assist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_enable_and_disable),
        RIG_TEST(test_reserved_bits_kept),
        RIG_TEST(test_zeroed),
        RIG_TEST(test_kept),
        RIG_TEST(test_released_with_the_vp),
        RIG_TEST(test_two_vps),
        RIG_TEST(test_adopted),
        RIG_TEST(test_adopted_moves),
        RIG_TEST(test_adopted_then_own),
        RIG_TEST(test_own_then_adopted),
        RIG_TEST(test_bad_state),
        RIG_TEST(test_unsupported),
        RIG_TEST(test_no_memory),
        RIG_TEST(test_bad_address),
        RIG_TEST(test_refused),
        RIG_TEST(test_register_fails),
        RIG_TEST(test_hypervisor_keeps_it),
        RIG_TEST(test_offline_after_quiesce),
        RIG_TEST(test_restore_without_privilege),
        RIG_TEST(test_restore_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
