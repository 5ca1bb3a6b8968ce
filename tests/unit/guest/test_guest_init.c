/* SPDX-License-Identifier: MIT */
/* pv_guest_init: what the kernel asks for, what the hypervisor offers, what firmware left. */
#include "unit/guest/rig.h"

/* ---- init: what the kernel asks for ---- */

struct config_case {
    enum sim_kind kind;
    struct pv_hv_config hv;
    enum pv_status status;
};

static const struct config_case configs[] = {
    {SIM_HYPERV_X86, {.arg_pages = 3}, PV_INVALID},
    {SIM_HYPERV_X86, {.arg_pages = 0xFFFFFFFF}, PV_INVALID},
    {SIM_HYPERV_X86, {.forms_off = PV_HV_FORM_MEMORY}, PV_INVALID},
    {SIM_HYPERV_X86, {.forms_off = PV_HV_FORMS}, PV_INVALID},
    {SIM_HYPERV_X86, {.forms_off = 0x10}, PV_INVALID},
    {SIM_HYPERV_X86, {.conduit = PV_HV_CONDUIT_SMCCC}, PV_INVALID},
    {SIM_HYPERV_X86, {.conduit = PV_HV_CONDUIT_HVC1}, PV_INVALID},
    {SIM_HYPERV_X86, {.conduit = (enum pv_hv_conduit)4}, PV_INVALID},
    {SIM_HYPERV_ARM64, {.conduit = PV_HV_CONDUIT_PAGE}, PV_INVALID},
    {SIM_HYPERV_ARM64, {.conduit = (enum pv_hv_conduit)4}, PV_INVALID},
    {SIM_RISCV_KVM, {.conduit = PV_HV_CONDUIT_PAGE}, PV_INVALID},
    {SIM_BARE, {.arg_pages = 3}, PV_INVALID},
    {SIM_HYPERV_X86, {.arg_pages = 1}, PV_OK},
    {SIM_HYPERV_X86, {.arg_pages = 2}, PV_OK},
    {SIM_HYPERV_X86, {.conduit = PV_HV_CONDUIT_PAGE}, PV_OK},
    {SIM_HYPERV_X86, {.forms_off = PV_HV_FORMS & ~PV_HV_FORM_MEMORY}, PV_OK},
    {SIM_HYPERV_ARM64, {.conduit = PV_HV_CONDUIT_SMCCC}, PV_OK},
    {SIM_HYPERV_ARM64, {.conduit = PV_HV_CONDUIT_HVC1}, PV_OK},
};

static void an_impossible_config_is_invalid_and_changes_nothing(void **state)
{
    static const struct pv_guest untouched;
    struct pv_guest_config config = config_with(PV_HV_CONDUIT_DEFAULT);

    (void)state;
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        start(configs[i].kind);
        config.hv = configs[i].hv;
        config.hv.os_id = OS_ID;
        assert_int_equal(pv_guest_init(&guest, &config), configs[i].status);
        if (configs[i].status != PV_OK) {
            assert_memory_equal(&guest, &untouched, sizeof(guest));
            assert_nothing_was_touched();
        }
        finish();
    }
}

static void init_twice_is_a_bad_state_and_changes_nothing(void **state)
{
    struct pv_guest before;

    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        memcpy(&before, &guest, sizeof(guest));
        log_clear();
        assert_int_equal(init(), PV_BAD_STATE);
        assert_int_equal(pv_guest_init(&guest, NULL), PV_BAD_STATE);
        assert_memory_equal(&guest, &before, sizeof(guest));
        assert_int_equal(journal.count, 0);
        assert_hypercalls_work();
        finish();
    }
}

/* ---- init: no hypercalls to be had ---- */

/* Every function works, and nothing but CPUID and firmware is touched. */
static void assert_life_without_hypercalls(void)
{
    assert_true(guest.initialised);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_hypercalls_are_off();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
    assert_int_equal(pv_vp_release(&vp), PV_OK);
    assert_nothing_was_touched();
    finish();
}

static void without_a_hypervisor_all_is_quiet(void **state)
{
    (void)state;
    start(SIM_BARE);
    assert_int_equal(init(), PV_OK);
    assert_int_equal(guest.detect.kind, PV_DETECT_NONE);
    assert_life_without_hypercalls();
}

static void without_an_identity_there_is_only_detection(void **state)
{
    struct pv_guest_config config = config_with(PV_HV_CONDUIT_DEFAULT);

    (void)state;
    config.hv.os_id = 0;
    for (size_t i = 0; i < VARIANTS; i++) {
        start(variants[i].kind);
        assert_int_equal(pv_guest_init(&guest, &config), PV_OK);
        assert_int_equal(guest.detect.kind, PV_DETECT_HYPERV);
        assert_life_without_hypercalls();
    }
}

static void no_config_means_all_zero(void **state)
{
    (void)state;
    start(SIM_KVM_X86);
    assert_int_equal(pv_guest_init(&guest, NULL), PV_OK);
    assert_true(pv_detect_has(&guest.detect, PV_DETECT_HYPERV));
    assert_true(pv_detect_has(&guest.detect, PV_DETECT_KVM));
    assert_life_without_hypercalls();
}

/* arm64: without a conduit even the UID is not asked for. */
static void no_config_finds_nothing_on_arm64(void **state)
{
    (void)state;
    start(SIM_HYPERV_ARM64);
    assert_int_equal(pv_guest_init(&guest, NULL), PV_OK);
    assert_int_equal(guest.detect.kind, PV_DETECT_NONE);
    assert_life_without_hypercalls();
}

static void other_hypervisors_get_no_hypercalls(void **state)
{
    (void)state;
    start(SIM_RISCV_KVM);
    assert_int_equal(init(), PV_OK);
    assert_int_equal(guest.detect.kind, PV_DETECT_KVM);
    assert_true(guest.detect.sbi.steal_time);
    assert_life_without_hypercalls();
}

/* An MSR whose privilege is missing raises #GP. */
static void without_the_privileges_no_msr_is_touched(void **state)
{
    static const int needed[] = {PV_HV_PRIVILEGE_HYPERCALL, PV_HV_PRIVILEGE_VP_INDEX};

    (void)state;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        start(SIM_HYPERV_X86);
        machine.model.privileges &= ~(1ull << needed[i]);
        assert_int_equal(init(), PV_OK);
        assert_int_equal(guest.detect.kind, PV_DETECT_HYPERV);
        assert_life_without_hypercalls();
    }
}

static void a_port_that_cannot_issue_hypercalls_stays_with_detection(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.cpus[0].port.has_hv = false;
    assert_int_equal(init(), PV_OK);
    assert_int_equal(guest.detect.kind, PV_DETECT_HYPERV);
    assert_life_without_hypercalls();
}

/* ---- init: hypercalls ---- */

static void x86_is_told_the_identity_then_the_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        start(variants[i].kind);
        if (!is_x86())
            continue;
        assert_int_equal(init_with(variants[i].conduit), PV_OK);
        assert_int_equal(journal.count, 2);
        assert_logged(0, PV_HV_MSR_GUEST_OS_ID, OS_ID);
        assert_logged(1, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa | PV_HV_PAGE_ENABLE);
        assert_int_equal(guest.hv.os_id, OS_ID);
        assert_int_equal(guest.hv.conduit, PV_HV_CONDUIT_PAGE);
        assert_int_equal(guest.hv.entry, (uintptr_t)guest.hv.page);
        assert_false(guest.hv.os_id_adopted);
        assert_false(guest.hv.page_adopted);
        assert_int_equal(machine.os.protects, 1);
        assert_int_equal(machine.os.logs, 0);
        finish();
    }
}

static void arm64_is_told_the_identity_and_needs_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        const bool hvc1 = variants[i].conduit == PV_HV_CONDUIT_HVC1;

        start(variants[i].kind);
        if (is_x86())
            continue;
        assert_int_equal(init_with(variants[i].conduit), PV_OK);
        assert_int_equal(journal.count, 1);
        assert_logged(0, PV_HV_REGISTER_GUEST_OS_ID, OS_ID);
        assert_int_equal(guest.hv.conduit, hvc1 ? PV_HV_CONDUIT_HVC1 : PV_HV_CONDUIT_SMCCC);
        assert_int_equal(guest.hv.forms, PV_HV_FORMS);
        assert_int_equal(machine.os.allocs, 0);
        finish();
    }
}

static void arm64_features_are_read_from_registers(void **state)
{
    (void)state;
    start(SIM_HYPERV_ARM64);
    machine.model.max_vps = 77;
    machine.model.info[1].low = 0x00000FFF00000042ull; /* hints: EAX 0x42, EBX spins */
    machine.model.info[1].high = 44;                   /* ECX: address bits */
    machine.model.info[3].low = 0x1F;
    assert_int_equal(init(), PV_OK);
    assert_int_equal(guest.detect.hyperv.privileges, machine.model.privileges);
    assert_int_equal(guest.detect.hyperv.features, 0x1234);
    assert_int_equal(guest.detect.hyperv.hints, 0x42);
    assert_int_equal(guest.detect.hyperv.spin_retries, 0xFFF);
    assert_int_equal(guest.detect.hyperv.physical_address_bits, 44);
    assert_int_equal(guest.detect.hyperv.max_vps, 77);
    assert_int_equal(guest.detect.hyperv.hardware, 0x1F);
    assert_int_equal(guest.detect.hyperv.version_major, 10);
    assert_int_equal(guest.detect.hyperv.version_build, 20348);
    finish();
}

static void forms_follow_the_features_and_the_kernels_choice(void **state)
{
    static const struct {
        uint32_t features, off, forms;
    } cases[] = {
        {0, 0, 0x3},
        {PV_HV_FEATURE_XMM_INPUT, 0, 0x7},
        {PV_HV_FEATURE_XMM_OUTPUT, 0, 0xB},
        {PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT, 0, 0xF},
        {PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT, PV_HV_FORM_FAST, 0xD},
        {PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT, 0xE, 0x1},
    };
    struct pv_guest_config config = config_with(PV_HV_CONDUIT_DEFAULT);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(SIM_HYPERV_X86);
        machine.model.features = cases[i].features;
        config.hv.forms_off = cases[i].off;
        assert_int_equal(pv_guest_init(&guest, &config), PV_OK);
        assert_int_equal(guest.hv.forms, cases[i].forms);
        finish();
    }
}

static void reserved_bits_of_the_page_register_are_kept(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.model.page_reserved = 0xA54;
    assert_int_equal(init(), PV_OK);
    assert_logged(1, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa | 0xA54 | PV_HV_PAGE_ENABLE);
    log_clear();
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_logged(0, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa | 0xA54);
    finish();
}

/* ---- init: firmware was there first ---- */

static void an_enabled_page_and_identity_are_adopted_and_left_alone(void **state)
{
    (void)state;
    for (unsigned locked = 0; locked < 2; locked++) {
        start(SIM_HYPERV_X86);
        sim_firmware_enable(&machine, FIRMWARE_ID, 2, locked != 0);
        assert_int_equal(init(), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_true(guest.hv.os_id_adopted);
        assert_true(guest.hv.page_adopted);
        assert_int_equal(guest.hv.os_id, FIRMWARE_ID);
        assert_int_equal(guest.hv.page_gpa, sim_firmware_gpa(2));
        assert_hypercalls_work();
        assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
        assert_int_equal(journal.count, 0);
        assert_int_equal(machine.model.os_id[0], FIRMWARE_ID);
        assert_int_not_equal(machine.model.hypercall_msr[0] & PV_HV_PAGE_ENABLE, 0);
        finish();
    }
}

static void an_identity_without_a_page_is_adopted_and_gets_one(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.model.os_id[0] = FIRMWARE_ID;
    assert_int_equal(init(), PV_OK);
    assert_true(guest.hv.os_id_adopted);
    assert_false(guest.hv.page_adopted);
    assert_int_equal(journal.count, 1);
    assert_logged(0, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa | PV_HV_PAGE_ENABLE);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_int_equal(journal.count, 2);
    assert_logged(1, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa);
    assert_int_equal(machine.model.os_id[0], FIRMWARE_ID);
    finish();
}

static void an_identity_on_arm64_is_adopted_and_left_alone(void **state)
{
    (void)state;
    start(SIM_HYPERV_ARM64);
    machine.model.os_id[0] = FIRMWARE_ID;
    assert_int_equal(init(), PV_OK);
    assert_true(guest.hv.os_id_adopted);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_int_equal(journal.count, 0);
    assert_int_equal(machine.model.os_id[0], FIRMWARE_ID);
    finish();
}

static void a_page_that_is_locked_off_cannot_be_used(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.model.hypercall_msr[0] = PV_HV_PAGE_LOCKED;
    assert_int_equal(init(), PV_LOCKED);
    assert_nothing_is_left();
    assert_int_equal(machine.os.logs, 1);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_impossible_config_is_invalid_and_changes_nothing),
        cmocka_unit_test(init_twice_is_a_bad_state_and_changes_nothing),
        cmocka_unit_test(without_a_hypervisor_all_is_quiet),
        cmocka_unit_test(without_an_identity_there_is_only_detection),
        cmocka_unit_test(no_config_means_all_zero),
        cmocka_unit_test(no_config_finds_nothing_on_arm64),
        cmocka_unit_test(other_hypervisors_get_no_hypercalls),
        cmocka_unit_test(without_the_privileges_no_msr_is_touched),
        cmocka_unit_test(a_port_that_cannot_issue_hypercalls_stays_with_detection),
        cmocka_unit_test(x86_is_told_the_identity_then_the_page),
        cmocka_unit_test(arm64_is_told_the_identity_and_needs_no_memory),
        cmocka_unit_test(arm64_features_are_read_from_registers),
        cmocka_unit_test(forms_follow_the_features_and_the_kernels_choice),
        cmocka_unit_test(reserved_bits_of_the_page_register_are_kept),
        cmocka_unit_test(an_enabled_page_and_identity_are_adopted_and_left_alone),
        cmocka_unit_test(an_identity_without_a_page_is_adopted_and_gets_one),
        cmocka_unit_test(an_identity_on_arm64_is_adopted_and_left_alone),
        cmocka_unit_test(a_page_that_is_locked_off_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
