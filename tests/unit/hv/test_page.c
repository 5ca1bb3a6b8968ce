/* SPDX-License-Identifier: MIT */
/* The hypercall page: placed, verified, adopted, taken back. */
#include "rig.h"

static const struct sim_page *page_state(void)
{
    const size_t index =
        (size_t)((const uint8_t *)guest.hv.page - (const uint8_t *)machine.ram) / PV_PAGE_BYTES;

    return &machine.os.pages[index];
}

static void expect_working(void)
{
    uint64_t id = 0;

    assert_status(pv_hv_call_simple(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &id, NULL), PV_OK);
    assert_int_equal(id, machine.model.partition_id);
}

static void test_placed(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_int_equal(guest.hv.page_gpa, machine.hypercall_page.gpa);
    assert_int_equal(guest.hv.entry, (uintptr_t)guest.hv.page);
    assert_int_equal(machine.model.hypercall_msr[0], guest.hv.page_gpa | PV_HV_PAGE_ENABLE);
    assert_false(guest.hv.page_adopted);
    assert_int_equal(page_state()->access, PV_OS_READ_EXECUTE);
    expect_working();
}

/* Bits 11:2 are kept, on the way in and on the way out. */
static void test_reserved_bits_kept(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.page_reserved = 0xA54;
    rig_up_with(rig_config());
    expect_working();
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_false(machine.hypercall_page.on);
    assert_null(sim_complaint(&machine));
}

static void test_kvm_writes_into_the_page(void **state)
{
    (void)state;
    rig_up(SIM_KVM_X86);
    assert_int_equal(((const uint8_t *)guest.hv.page)[3], 0xC3);
    assert_int_equal(((const uint8_t *)guest.hv.page)[4], 0x00);
}

static void test_taken_back(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_guest_release(&guest, &vp), PV_OK);
    assert_false(machine.hypercall_page.on);
    assert_int_equal(machine.model.hypercall_msr[0] & PV_HV_PAGE_ENABLE, 0);
    assert_int_equal(machine.model.os_id[0], 0);
    assert_null(guest.hv.page);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_int_equal(machine.os.live_pages, 0);
}

/* A page that stays executable is never given back: the OS would hand it out as data. */
static void test_not_given_back_while_executable(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.os.fail.protect = 1;
    assert_status(pv_guest_release(&guest, &vp), PV_BAD_ADDRESS);
    assert_null(guest.hv.page);
    assert_int_equal(machine.os.logs, 1);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_int_equal(machine.os.live_pages, 1);
    machine.os.live_pages = 0; /* the leak is what was asked for */
}

/* Takes what it is told, and lets go of nothing. */
static void keep(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    if (value != 0 && (msr != PV_HV_MSR_HYPERCALL || (value & PV_HV_PAGE_ENABLE) != 0))
        rig_msr_write(sim, msr, value);
}

static void test_not_given_back_when_init_fails_and_the_hypervisor_keeps_it(void **state)
{
    const struct pv_guest_config config = rig_config();

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    rig_msr_write = pv_sim->msr_write;
    pv_sim->msr_write = keep;
    machine.os.fail.protect = 1;
    assert_status(pv_guest_init(&guest, &config), PV_BAD_ADDRESS);
    assert_null(guest.hv.page);
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(guest.told.count, 0);
    assert_int_equal(machine.os.logs, 2);
    assert_int_equal(machine.os.live_pages, 1);
    machine.os.live_pages = 0; /* the leak is what was asked for */
    rig_hear_msr_writes();
}

static void test_not_given_back_while_the_hypervisor_has_it(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    rig_lose_msr_writes();
    assert_status(pv_guest_release(&guest, &vp), PV_REFUSED);
    assert_null(guest.hv.page);
    assert_false(guest.hv.page_stuck);
    assert_int_equal(machine.os.logs, 1);
    rig_hear_msr_writes();
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_int_equal(machine.os.live_pages, 1);
    machine.os.live_pages = 0; /* the leak is what was asked for */
}

/* It let go of nothing at quiesce; at resume the page is found still enabled, and used again. */
static void test_still_enabled_at_resume(void **state)
{
    void *page;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    page = guest.hv.page;
    rig_lose_msr_writes();
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    rig_hear_msr_writes();
    machine.model.os_id[0] = 0;
    machine.model.hypercall_msr[0] |= PV_HV_PAGE_ENABLE;
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_ptr_equal(guest.hv.page, page);
    assert_false(guest.hv.page_adopted);
    assert_int_equal(guest.told.count, 2);
    expect_working();
}

/* It kept ours at quiesce and has none at resume: ours is lost, another is placed. */
static void test_lost_then_placed_anew(void **state)
{
    void *page;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    page = guest.hv.page;
    rig_lose_msr_writes();
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    rig_hear_msr_writes();
    pv_sim->msr_write(pv_sim, PV_HV_MSR_HYPERCALL, 0);
    pv_sim->msr_write(pv_sim, PV_HV_MSR_GUEST_OS_ID, 0);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_ptr_not_equal(guest.hv.page, page);
    assert_int_equal(machine.os.logs, 1);
    expect_working();
    assert_status(pv_guest_release(&guest, &vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_int_equal(machine.os.live_pages, 1);
    machine.os.live_pages = 0; /* the lost one */
}

/* The page of an earlier life cannot be made writable, so its old code cannot be told from new. */
static void test_resume_needs_a_writable_page(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.os.fail.protect = 1;
    assert_status(pv_guest_resume(&guest, &vp), PV_BAD_ADDRESS);
    assert_int_equal(guest.hv.entry, 0);
}

static void test_endbr_is_seen(void **state)
{
    static const uint8_t endbr64[4] = { 0xF3, 0x0F, 0x1E, 0xFA };
    uint8_t code[4];

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_false(guest.hv.page_has_endbr);
    rig_release();
    rig_machine(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, 0x1234, 2, false);
    memcpy(code, machine.firmware[2], sizeof(code));
    memcpy(machine.firmware[2], endbr64, sizeof(endbr64));
    assert_status(pv_guest_init(&guest, &(struct pv_guest_config){ .hv.os_id = OS_ID }), PV_OK);
    assert_true(guest.hv.page_has_endbr);
    memcpy(machine.firmware[2], code, sizeof(code)); /* the machine watches its code */
}

/* The same page again after a pause. */
static void test_again(void **state)
{
    (void)state;
    for (enum sim_kind kind = SIM_HYPERV_X86; kind <= SIM_KVM_X86; kind++) {
        void *page;

        rig_up(kind);
        page = guest.hv.page;
        assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
        assert_status(pv_guest_resume(&guest, &vp), PV_OK);
        assert_ptr_equal(guest.hv.page, page);
        assert_int_equal(machine.os.live_pages, 2);
        assert_int_equal(page_state()->access, PV_OS_READ_EXECUTE);
        rig_release();
    }
}

/* ---- adopt ---- */

static void test_adopted(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, 0x1234, 2, false);
    rig_up_with(rig_config());
    assert_true(guest.hv.page_adopted);
    assert_int_equal(guest.hv.page_gpa, sim_firmware_gpa(2));
    assert_int_equal(machine.os.maps, 1);
    assert_int_equal(machine.os.live_pages, 1);
    expect_working();
    rig_release();
    assert_true(machine.hypercall_page.on); /* not ours to turn off */
    assert_int_equal(machine.model.os_id[0], 0x1234);
    assert_int_equal(machine.os.unmaps, 1);
}

static void test_adopted_although_locked(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, 0x1234, 0, true);
    rig_up_with(rig_config());
    expect_working();
    rig_release();
    assert_true(machine.hypercall_page.on);
}

/* A mapping is found anew on every resume; the page may have moved meanwhile. */
static void test_adopted_elsewhere_after_resume(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, 0x1234, 0, false);
    rig_up_with(rig_config());
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    sim_firmware_enable(&machine, 0x1234, 3, false);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(guest.hv.page_gpa, sim_firmware_gpa(3));
    assert_int_equal(machine.os.maps, 2);
    assert_int_equal(machine.os.unmaps, 1);
    expect_working();
}

/* Ours before, the firmware's after: our page goes back to the OS. */
static void test_own_then_adopted(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    sim_firmware_enable(&machine, 0x1234, 1, false);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_true(guest.hv.page_adopted);
    assert_int_equal(machine.os.live_pages, 1);
    expect_working();
}

static void test_adopted_then_own(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, 0x1234, 1, false);
    rig_up_with(rig_config());
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    pv_sim->msr_write(pv_sim, PV_HV_MSR_HYPERCALL, 0);
    pv_sim->msr_write(pv_sim, PV_HV_MSR_GUEST_OS_ID, 0);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    assert_false(guest.hv.page_adopted);
    assert_int_equal(machine.os.maps, machine.os.unmaps);
    expect_working();
}

/* ---- failures: everything is taken back ---- */

static void expect_failure(enum pv_status status)
{
    struct pv_guest_config config = rig_config();

    assert_status(pv_guest_init(&guest, &config), status);
    assert_int_equal(guest.hv.entry, 0);
    assert_null(guest.hv.page);
    assert_int_equal(guest.told.count, 0);
    assert_int_equal(machine.os.live_pages, 0);
    assert_int_equal(machine.os.maps, machine.os.unmaps);
    assert_int_equal(machine.os.logs, 1);
    assert_int_equal(rig_calls(), 0);
    assert_null(sim_complaint(&machine));
    rig_release();
}

static void expect_behaviour(enum sim_behaviour behaviour, enum pv_status status)
{
    rig_machine(SIM_HYPERV_X86);
    machine.model.behaviour = behaviour;
    expect_failure(status);
    assert_int_equal(machine.model.os_id[0], 0);
}

static void test_hostile(void **state)
{
    (void)state;
    expect_behaviour(SIM_PAGE_NEVER_ENABLED, PV_REFUSED);
    expect_behaviour(SIM_PAGE_ELSEWHERE, PV_REFUSED);
    expect_behaviour(SIM_PAGE_ZERO, PV_MALFORMED);
    expect_behaviour(SIM_PAGE_ONES, PV_MALFORMED);
    expect_behaviour(SIM_OS_ID_NOT_STICKING, PV_REFUSED);
    expect_behaviour(SIM_OS_ID_CHANGED, PV_REFUSED);
}

static void test_hostile_adopted_page(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_PAGE_ZERO;
    sim_firmware_enable(&machine, 0x1234, 1, false);
    expect_failure(PV_MALFORMED);
}

/* Code may well start with a zero or an all-ones byte. */
static void test_odd_code(void **state)
{
    uint8_t *code;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        rig_machine(SIM_HYPERV_X86);
        sim_firmware_enable(&machine, 0x1234, 1, false);
        code = machine.firmware[1];
        memset(code, i < 4 ? 0x00 : 0xFF, 4);
        code[i % 4] = 0x90;
        rig_up_with(rig_config());
        assert_int_not_equal(guest.hv.entry, 0);
        machine.hypercall_page.on = false; /* what the test wrote is no complaint */
        rig_release();
    }
}

static void test_locked(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.hypercall_msr[0] = PV_HV_PAGE_LOCKED;
    expect_failure(PV_LOCKED);
}

static void test_no_memory(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.os.fail.alloc = 1;
    expect_failure(PV_NO_MEMORY);
}

static void test_bad_address(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.os.fail.virt_to_gpa = 1;
    expect_failure(PV_BAD_ADDRESS);
    rig_machine(SIM_HYPERV_X86);
    machine.os.fail.skew = 1;
    machine.os.gpa_skew = 16;
    expect_failure(PV_BAD_ADDRESS);
    rig_machine(SIM_HYPERV_X86);
    machine.os.fail.protect = 1;
    expect_failure(PV_BAD_ADDRESS);
    rig_machine(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, 0x1234, 1, false);
    machine.os.fail.map = 1;
    expect_failure(PV_BAD_ADDRESS);
}

/* The register claims a page where there is no memory at all. */
static void test_enabled_nowhere(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.os_id[0] = 1;
    machine.model.hypercall_msr[0] = ~0ull;
    expect_failure(PV_BAD_ADDRESS);
}

/* After a failure the kernel may try again. */
static void test_retry_after_failure(void **state)
{
    struct pv_guest_config config = rig_config();

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.os.fail.alloc = 1;
    assert_status(pv_guest_init(&guest, &config), PV_NO_MEMORY);
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
    expect_working();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_placed),
        RIG_TEST(test_reserved_bits_kept),
        RIG_TEST(test_kvm_writes_into_the_page),
        RIG_TEST(test_taken_back),
        RIG_TEST(test_not_given_back_while_executable),
        RIG_TEST(test_not_given_back_while_the_hypervisor_has_it),
        RIG_TEST(test_not_given_back_when_init_fails_and_the_hypervisor_keeps_it),
        RIG_TEST(test_still_enabled_at_resume),
        RIG_TEST(test_lost_then_placed_anew),
        RIG_TEST(test_resume_needs_a_writable_page),
        RIG_TEST(test_endbr_is_seen),
        RIG_TEST(test_again),
        RIG_TEST(test_adopted),
        RIG_TEST(test_adopted_although_locked),
        RIG_TEST(test_adopted_elsewhere_after_resume),
        RIG_TEST(test_own_then_adopted),
        RIG_TEST(test_adopted_then_own),
        RIG_TEST(test_hostile),
        RIG_TEST(test_hostile_adopted_page),
        RIG_TEST(test_odd_code),
        RIG_TEST(test_locked),
        RIG_TEST(test_no_memory),
        RIG_TEST(test_bad_address),
        RIG_TEST(test_enabled_nowhere),
        RIG_TEST(test_retry_after_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
