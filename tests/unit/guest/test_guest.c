/* SPDX-License-Identifier: MIT */
/*
 * The whole life of a guest and its VPs on the simulated machine. Each test ends in `finish`, which
 * gives everything back and insists that nothing is left: no page, no mapping, nothing that a
 * correct guest would not have done.
 */
#include "unit/guest/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OS_ID 0xFF00000000010000ull /* unregistered, version 1 */
#define FIRMWARE_ID 0x8100000000000000ull
#define FEATURES_LEAF 0x40000003u

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vp;
static struct pv_vp others[SIM_VPS_MAX];

static const struct variant {
    enum sim_kind kind;
    enum pv_hv_conduit conduit;
} variants[] = {
    { SIM_HYPERV_X86, PV_HV_CONDUIT_DEFAULT },
    { SIM_HYPERV_X86, PV_HV_CONDUIT_PAGE },
    { SIM_KVM_X86, PV_HV_CONDUIT_DEFAULT },
    { SIM_HYPERV_ARM64, PV_HV_CONDUIT_DEFAULT },
    { SIM_HYPERV_ARM64, PV_HV_CONDUIT_SMCCC },
    { SIM_HYPERV_ARM64, PV_HV_CONDUIT_HVC1 },
};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static bool is_x86(void)
{
    return pv_sim->has_msr;
}

static void start(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    log_start(&machine);
    memset(&guest, 0, sizeof(guest));
    memset(&vp, 0, sizeof(vp));
    memset(others, 0, sizeof(others));
}

static struct pv_guest_config config_with(enum pv_hv_conduit conduit)
{
    struct pv_guest_config config;

    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = OS_ID;
    config.hv.conduit = conduit;
    return config;
}

static enum pv_status init_with(enum pv_hv_conduit conduit)
{
    const struct pv_guest_config config = config_with(conduit);

    return pv_guest_init(&guest, &config);
}

static enum pv_status init(void)
{
    return init_with(PV_HV_CONDUIT_DEFAULT);
}

/* Hypercalls on, VP 0 online. */
static void bring_up(const struct variant *variant)
{
    start(variant->kind);
    assert_int_equal(init_with(variant->conduit), PV_OK);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_int_not_equal(guest.hv.entry, 0);
}

static void bring_up_x86(void)
{
    bring_up(&variants[0]);
}

static void finish(void)
{
    machine.model.behaviour = SIM_HONEST;
    if (guest.initialised)
        assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
    assert_int_equal(pv_vp_release(&vp), PV_OK);
    assert_null(sim_complaint(&machine));
    assert_null(sim_os_leak(&machine));
    assert_false(pv_sim->irqs_off);
}

/* PostMessage travels in memory only. */
struct message {
    uint32_t connection, reserved, type, payload_bytes;
    uint8_t payload[240];
};

static const struct message message = { .connection = 1, .type = 1, .payload_bytes = 8 };

/* A hypercall that needs the argument page goes through. */
static void assert_hypercalls_work(void)
{
    const uint64_t before = machine.model.seen.messages;

    assert_int_equal(pv_hv_call_simple(&vp, PV_HV_CALL_POST_MESSAGE, &message, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.seen.messages, before + 1);
}

static void assert_hypercalls_are_off(void)
{
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL),
                     PV_BAD_STATE);
}

static void assert_nothing_was_touched(void)
{
    assert_int_equal(machine.msr_writes + machine.msr_reads, 0);
    assert_int_equal(sim_calls(&machine), 0);
    assert_int_equal(machine.os.allocs + machine.os.maps + machine.os.protects, 0);
}

/* The hypervisor knows of no identity and no page any more, and the kernel has all its memory. */
static void assert_nothing_is_left(void)
{
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(guest.hv.told.count, 0);
    assert_int_equal(machine.model.os_id, 0);
    assert_int_equal(machine.hypercall_msr & PV_HV_PAGE_ENABLE, 0);
    assert_null(sim_os_leak(&machine));
    assert_null(sim_complaint(&machine));
}

static void assert_logged(unsigned line, uint32_t number, uint64_t value)
{
    assert_true(line < journal.count);
    assert_int_equal(journal.lines[line].number, number);
    assert_int_equal(journal.lines[line].value, value);
}

/* ---- init: what the kernel asks for ---- */

struct config_case {
    enum sim_kind kind;
    struct pv_hv_config hv;
    enum pv_status status;
};

static const struct config_case configs[] = {
    { SIM_HYPERV_X86, { .arg_pages = 3 }, PV_INVALID },
    { SIM_HYPERV_X86, { .arg_pages = 0xFFFFFFFF }, PV_INVALID },
    { SIM_HYPERV_X86, { .forms_off = PV_HV_FORM_MEMORY }, PV_INVALID },
    { SIM_HYPERV_X86, { .forms_off = PV_HV_FORMS }, PV_INVALID },
    { SIM_HYPERV_X86, { .forms_off = 0x10 }, PV_INVALID },
    { SIM_HYPERV_X86, { .conduit = PV_HV_CONDUIT_SMCCC }, PV_INVALID },
    { SIM_HYPERV_X86, { .conduit = PV_HV_CONDUIT_HVC1 }, PV_INVALID },
    { SIM_HYPERV_X86, { .conduit = (enum pv_hv_conduit)4 }, PV_INVALID },
    { SIM_HYPERV_ARM64, { .conduit = PV_HV_CONDUIT_PAGE }, PV_INVALID },
    { SIM_HYPERV_ARM64, { .conduit = (enum pv_hv_conduit)4 }, PV_INVALID },
    { SIM_RISCV_KVM, { .conduit = PV_HV_CONDUIT_PAGE }, PV_INVALID },
    { SIM_BARE, { .arg_pages = 3 }, PV_INVALID },
    { SIM_HYPERV_X86, { .arg_pages = 1 }, PV_OK },
    { SIM_HYPERV_X86, { .arg_pages = 2 }, PV_OK },
    { SIM_HYPERV_X86, { .conduit = PV_HV_CONDUIT_PAGE }, PV_OK },
    { SIM_HYPERV_X86, { .forms_off = PV_HV_FORMS & ~PV_HV_FORM_MEMORY }, PV_OK },
    { SIM_HYPERV_ARM64, { .conduit = PV_HV_CONDUIT_SMCCC }, PV_OK },
    { SIM_HYPERV_ARM64, { .conduit = PV_HV_CONDUIT_HVC1 }, PV_OK },
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
    static const int needed[] = { PV_HV_PRIVILEGE_HYPERCALL, PV_HV_PRIVILEGE_VP_INDEX };

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
        { 0, 0, 0x3 },
        { PV_HV_FEATURE_XMM_INPUT, 0, 0x7 },
        { PV_HV_FEATURE_XMM_OUTPUT, 0, 0xB },
        { PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT, 0, 0xF },
        { PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT, PV_HV_FORM_FAST, 0xD },
        { PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT, 0xE, 0x1 },
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
    machine.page_reserved = 0xA54;
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
        assert_int_equal(machine.model.os_id, FIRMWARE_ID);
        assert_int_not_equal(machine.hypercall_msr & PV_HV_PAGE_ENABLE, 0);
        finish();
    }
}

static void an_identity_without_a_page_is_adopted_and_gets_one(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.model.os_id = FIRMWARE_ID;
    assert_int_equal(init(), PV_OK);
    assert_true(guest.hv.os_id_adopted);
    assert_false(guest.hv.page_adopted);
    assert_int_equal(journal.count, 1);
    assert_logged(0, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa | PV_HV_PAGE_ENABLE);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_int_equal(journal.count, 2);
    assert_logged(1, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa);
    assert_int_equal(machine.model.os_id, FIRMWARE_ID);
    finish();
}

static void an_identity_on_arm64_is_adopted_and_left_alone(void **state)
{
    (void)state;
    start(SIM_HYPERV_ARM64);
    machine.model.os_id = FIRMWARE_ID;
    assert_int_equal(init(), PV_OK);
    assert_true(guest.hv.os_id_adopted);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_int_equal(journal.count, 0);
    assert_int_equal(machine.model.os_id, FIRMWARE_ID);
    finish();
}

static void a_page_that_is_locked_off_cannot_be_used(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.hypercall_msr = PV_HV_PAGE_LOCKED;
    assert_int_equal(init(), PV_LOCKED);
    assert_nothing_is_left();
    assert_int_equal(machine.os.logs, 1);
    finish();
}

/* ---- init: what can fail ---- */

struct failure {
    enum sim_kind kind;
    bool firmware;              /* a page to adopt */
    struct sim_failures fail;   /* of the kernel */
    enum sim_behaviour behaves; /* of the hypervisor */
    enum pv_status status;
};

static const struct failure failures[] = {
    { SIM_HYPERV_X86, false, { .alloc = 1 }, SIM_HONEST, PV_NO_MEMORY },
    { SIM_HYPERV_X86, false, { .virt_to_gpa = 1 }, SIM_HONEST, PV_BAD_ADDRESS },
    { SIM_HYPERV_X86, false, { .protect = 1 }, SIM_HONEST, PV_BAD_ADDRESS },
    { SIM_HYPERV_X86, true, { .map = 1 }, SIM_HONEST, PV_BAD_ADDRESS },
    { SIM_KVM_X86, false, { .alloc = 1 }, SIM_HONEST, PV_NO_MEMORY },
    { SIM_HYPERV_X86, false, { 0 }, SIM_OS_ID_NOT_STICKING, PV_REFUSED },
    { SIM_HYPERV_X86, false, { 0 }, SIM_OS_ID_CHANGED, PV_REFUSED },
    { SIM_HYPERV_X86, false, { 0 }, SIM_PAGE_NEVER_ENABLED, PV_REFUSED },
    { SIM_HYPERV_X86, false, { 0 }, SIM_PAGE_ELSEWHERE, PV_REFUSED },
    { SIM_HYPERV_X86, false, { 0 }, SIM_PAGE_ZERO, PV_MALFORMED },
    { SIM_HYPERV_X86, false, { 0 }, SIM_PAGE_ONES, PV_MALFORMED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_OS_ID_NOT_STICKING, PV_REFUSED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_OS_ID_CHANGED, PV_REFUSED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_REGISTERS_REFUSED, PV_UNSUPPORTED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_REGISTERS_DENIED, PV_DENIED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_REPS_ABOVE, PV_MALFORMED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_NO_PROGRESS, PV_MALFORMED },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_TIMEOUT_FOREVER, PV_TIMED_OUT },
    { SIM_HYPERV_ARM64, false, { 0 }, SIM_GARBAGE_STATUS, PV_REFUSED },
};

static void start_failing(const struct failure *failure)
{
    start(failure->kind);
    if (failure->firmware)
        sim_firmware_enable(&machine, FIRMWARE_ID, 1, false);
    machine.os.fail = failure->fail;
    machine.model.behaviour = failure->behaves;
}

static void whatever_fails_is_told_and_leaves_nothing_behind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        start_failing(&failures[i]);
        assert_int_equal(init(), failures[i].status);
        assert_int_equal(guest.detect.kind, PV_DETECT_HYPERV);
        assert_int_equal(machine.os.logs, 1);
        assert_non_null(strstr(machine.os.log, "Hyper-V"));
        machine.model.behaviour = SIM_HONEST;
        assert_hypercalls_are_off();
        assert_null(guest.hv.page);
        assert_int_equal(machine.model.os_id, failures[i].firmware ? FIRMWARE_ID : 0);
        assert_null(sim_os_leak(&machine));
        assert_null(sim_complaint(&machine));
        finish();
    }
}

static void after_a_failed_init_resume_tries_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        start_failing(&failures[i]);
        assert_int_equal(init(), failures[i].status);
        assert_int_equal(init(), PV_BAD_STATE);
        machine.model.behaviour = SIM_HONEST;
        assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
        assert_hypercalls_work();
        finish();
    }
}

static void after_a_failed_init_release_and_init_start_afresh(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        start_failing(&failures[i]);
        assert_int_equal(init(), failures[i].status);
        machine.model.behaviour = SIM_HONEST;
        assert_int_equal(pv_guest_release(&guest, NULL), PV_OK);
        assert_int_equal(init(), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_hypercalls_work();
        finish();
    }
}

static void a_page_with_a_crooked_address_is_not_used(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    machine.os.gpa_skew = 0x10;
    machine.os.fail.skew = 1;
    assert_int_equal(init(), PV_BAD_ADDRESS);
    assert_nothing_is_left();
    finish();
}

/* ---- arm64: the hypervisor refuses one call of the set-up ---- */

static unsigned calls_until_refusal;

static bool refuse_one(void *context, struct sim_machine *at, struct sim_registers *registers,
                       uint64_t *result)
{
    (void)context;
    (void)at;
    (void)registers;
    *result = PV_HV_STATUS_ACCESS_DENIED;
    return calls_until_refusal != 0 && --calls_until_refusal == 0;
}

static void start_arm64_refusing(unsigned call)
{
    start(SIM_HYPERV_ARM64);
    machine.hooks.call = refuse_one;
    calls_until_refusal = call;
}

/* Read, write, read again. */
static void an_identity_that_cannot_be_set_or_seen_is_told_and_taken_back(void **state)
{
    (void)state;
    for (unsigned call = 1; call <= 3; call++) {
        start_arm64_refusing(call);
        assert_int_equal(init(), PV_DENIED);
        assert_nothing_is_left();
        assert_int_equal(machine.os.logs, 1);
        finish();
    }
}

static void features_that_cannot_be_read_count_as_zero(void **state)
{
    (void)state;
    start_arm64_refusing(5); /* behind the identity and the version */
    assert_int_equal(init(), PV_OK);
    assert_int_equal(guest.detect.hyperv.version_major, 10);
    assert_int_equal(guest.detect.hyperv.privileges, 0);
    assert_int_equal(guest.detect.hyperv.features, 0);
    finish();
}

/* ---- every service of the kernel fails at every point of a whole life ---- */

/* Some step fails, no matter which; what counts is what is left at the end. */
static unsigned steps_failed;

static void step(enum pv_status status)
{
    steps_failed += status != PV_OK;
}

static void live(void)
{
    step(init());
    step(pv_vp_online(&guest, &vp));
    step(pv_hv_assist_enable(&vp));
    step(pv_vp_offline(&vp));
    step(pv_vp_online(&guest, &vp));
    step(pv_guest_quiesce(&guest, &vp));
    step(pv_guest_resume(&guest, &vp));
}

#define SERVICES 5
#define SERVICE_MAP 3

/* The countdown of the simulated kernel to the failure of a service. */
static uint32_t *service(unsigned number)
{
    uint32_t *const countdowns[SERVICES] = {
        &machine.os.fail.alloc, &machine.os.fail.protect, &machine.os.fail.virt_to_gpa,
        &machine.os.fail.map,   &machine.os.fail.skew,
    };

    return countdowns[number];
}

/* False if that point was never reached. */
static bool live_with_failure(const struct variant *variant, unsigned number, uint32_t nth)
{
    bool reached;

    start(variant->kind);
    if (number == SERVICE_MAP && is_x86())
        sim_firmware_enable(&machine, FIRMWARE_ID, 0, false);
    machine.os.gpa_skew = 4;
    *service(number) = nth;
    steps_failed = 0;
    live();
    reached = *service(number) == 0;
    assert_int_equal(steps_failed != 0, reached);
    *service(number) = 0;
    finish();
    return reached;
}

static void no_failure_of_the_kernel_at_any_point_leaves_anything_behind(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++)
        for (unsigned number = 0; number < SERVICES; number++) {
            uint32_t nth = 1;

            while (live_with_failure(&variants[i], number, nth))
                assert_true(++nth < 32);
        }
}

/* ---- VPs ---- */

static void a_vp_needs_an_initialised_guest(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_BAD_STATE);
    assert_null(vp.guest);
    assert_nothing_was_touched();
    finish();
}

static void each_step_of_a_vp_has_its_turn(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        start(variants[i].kind);
        assert_int_equal(init_with(variants[i].conduit), PV_OK);
        assert_int_equal(pv_vp_offline(&vp), PV_BAD_STATE);
        assert_int_equal(pv_vp_release(&vp), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_BAD_STATE);
        assert_int_equal(pv_vp_release(&vp), PV_BAD_STATE);
        assert_hypercalls_work();
        assert_int_equal(pv_vp_offline(&vp), PV_OK);
        assert_int_equal(pv_vp_offline(&vp), PV_BAD_STATE);
        assert_int_equal(pv_vp_release(&vp), PV_OK);
        assert_int_equal(pv_vp_release(&vp), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_hypercalls_work();
        finish();
    }
}

static void an_offline_vp_makes_no_hypercalls(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL),
                     PV_BAD_STATE);
    assert_int_equal(pv_hv_call_simple(&vp, PV_HV_CALL_POST_MESSAGE, &message, NULL, NULL),
                     PV_BAD_STATE);
    finish();
}

static void the_argument_page_is_kept_over_offline(void **state)
{
    const void *args;
    uint32_t allocs;

    (void)state;
    bring_up_x86();
    args = vp.hv.args;
    allocs = machine.os.allocs;
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_ptr_equal(vp.hv.args, args);
    assert_int_equal(machine.os.allocs, allocs);
    assert_int_equal(machine.os.frees, 0);
    finish();
}

static void a_vp_has_one_page_or_two(void **state)
{
    struct pv_guest_config config = config_with(PV_HV_CONDUIT_DEFAULT);

    (void)state;
    for (uint32_t pages = 0; pages <= 2; pages++) {
        start(SIM_HYPERV_X86);
        config.hv.arg_pages = pages;
        assert_int_equal(pv_guest_init(&guest, &config), PV_OK);
        assert_int_equal(machine.os.live_pages, 1);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_int_equal(machine.os.live_pages, pages == 2 ? 3 : 2);
        assert_int_equal(vp.hv.args_pages, pages == 2 ? 2 : 1);
        assert_hypercalls_work();
        finish();
    }
}

static void every_vp_has_its_own_index_and_memory(void **state)
{
    (void)state;
    bring_up_x86();
    for (uint32_t i = 1; i < 4; i++) {
        sim_use(&machine, i);
        assert_int_equal(pv_vp_online(&guest, &others[i]), PV_OK);
        assert_int_equal(others[i].hv.index.value, i);
        assert_ptr_not_equal(others[i].hv.args, vp.hv.args);
        assert_int_not_equal(others[i].hv.reserve_gpa, vp.hv.reserve_gpa);
        assert_int_equal(pv_vp_offline(&others[i]), PV_OK);
        assert_int_equal(pv_vp_release(&others[i]), PV_OK);
    }
    sim_use(&machine, 0);
    assert_int_equal(vp.hv.index.value, 0);
    assert_hypercalls_work();
    finish();
}

static void assert_online_fails(enum pv_status status)
{
    assert_int_equal(pv_vp_online(&guest, &vp), status);
    assert_null(vp.guest);
    assert_int_equal(vp.hv.told.count, 0);
    assert_int_equal(pv_vp_offline(&vp), PV_BAD_STATE);
}

static void a_vp_that_cannot_come_online_is_offline_and_can_try_again(void **state)
{
    static const struct {
        struct sim_failures fail;
        enum sim_behaviour behaves;
        enum pv_status status;
    } cases[] = {
        { { .alloc = 1 }, SIM_HONEST, PV_NO_MEMORY },
        { { .virt_to_gpa = 1 }, SIM_HONEST, PV_BAD_ADDRESS }, /* argument page */
        { { .virt_to_gpa = 2 }, SIM_HONEST, PV_BAD_ADDRESS }, /* reserve */
        { { 0 }, SIM_VP_INDEX_HUGE, PV_MALFORMED },
        { { 0 }, SIM_VP_INDEX_NONE, PV_MALFORMED },
    };

    (void)state;
    for (size_t v = 0; v < VARIANTS; v++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            start(variants[v].kind);
            assert_int_equal(init_with(variants[v].conduit), PV_OK);
            machine.os.fail = cases[i].fail;
            machine.model.behaviour = cases[i].behaves;
            assert_online_fails(cases[i].status);
            machine.model.behaviour = SIM_HONEST;
            assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
            assert_hypercalls_work();
            finish();
        }
}

static void a_vp_that_failed_once_gives_its_memory_back(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(init(), PV_OK);
    machine.os.fail.virt_to_gpa = 2;
    assert_online_fails(PV_BAD_ADDRESS);
    assert_int_equal(pv_vp_release(&vp), PV_OK);
    assert_int_equal(machine.os.live_pages, 1); /* the hypercall page */
    finish();
}

static void an_argument_page_with_a_crooked_address_is_not_used(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(init(), PV_OK);
    machine.os.gpa_skew = 8;
    machine.os.fail.skew = 1;
    assert_online_fails(PV_BAD_ADDRESS);
    finish();
}

static void on_arm64_an_index_that_cannot_be_read_fails_the_vp(void **state)
{
    (void)state;
    start(SIM_HYPERV_ARM64);
    assert_int_equal(init(), PV_OK);
    machine.model.behaviour = SIM_REGISTERS_DENIED;
    assert_online_fails(PV_DENIED);
    assert_int_equal(machine.os.live_pages, 0);
    finish();
}

static void a_vp_with_an_open_hypercall_stays_online(void **state)
{
    struct pv_hv_args args;

    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &args), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_BUSY);
    assert_ptr_equal(vp.guest, &guest);
    memcpy(args.in, &message, sizeof(message));
    assert_int_equal(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(pv_hv_end(&vp, &args), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    finish();
}

static void offline_takes_back_the_assist_page_and_online_tells_it_again(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
    log_clear();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(journal.count, 1);
    assert_logged(0, PV_HV_MSR_VP_ASSIST_PAGE, vp.hv.assist_gpa);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_logged(1, PV_HV_MSR_VP_ASSIST_PAGE, vp.hv.assist_gpa | PV_HV_PAGE_ENABLE);
    finish();
}

static void a_vp_whose_assist_page_is_refused_comes_online_without_it_next_time(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    machine.model.behaviour = SIM_ASSIST_NOT_STICKING;
    assert_online_fails(PV_REFUSED);
    assert_null(vp.hv.assist);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_hypercalls_work();
    finish();
}

/* ---- quiesce ---- */

static void quiesce_takes_back_newest_first(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
    log_clear();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(journal.count, 3);
    assert_logged(0, PV_HV_MSR_VP_ASSIST_PAGE, vp.hv.assist_gpa);
    assert_logged(1, PV_HV_MSR_HYPERCALL, guest.hv.page_gpa);
    assert_logged(2, PV_HV_MSR_GUEST_OS_ID, 0);
    assert_hypercalls_are_off();
    assert_null(vp.guest);
    finish();
}

static void quiesce_on_arm64_takes_back_newest_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        if (is_x86()) {
            finish();
            continue;
        }
        assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
        log_clear();
        assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
        assert_int_equal(journal.count, 2);
        assert_logged(0, PV_HV_REGISTER_VP_ASSIST_PAGE, vp.hv.assist_gpa);
        assert_logged(1, PV_HV_REGISTER_GUEST_OS_ID, 0);
        assert_int_equal(machine.model.os_id, 0);
        finish();
    }
}

static void quiesce_again_does_nothing_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
        log_clear();
        assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
        assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
        assert_int_equal(journal.count, 0);
        finish();
    }
}

static void quiesce_needs_no_vp_of_its_own(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    assert_int_equal(machine.model.os_id, 0);
    assert_int_equal(machine.hypercall_msr & PV_HV_PAGE_ENABLE, 0);
    finish();
}

static void quiesce_takes_and_gives_no_memory(void **state)
{
    uint32_t allocs;

    (void)state;
    bring_up_x86();
    allocs = machine.os.allocs;
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(machine.os.allocs, allocs);
    assert_int_equal(machine.os.frees, 0);
    assert_int_equal(machine.os.live_pages, 2);
    finish();
}

static void functions_of_an_uninitialised_guest_are_a_bad_state(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_BAD_STATE);
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_BAD_STATE);
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_BAD_STATE);
    assert_int_equal(pv_guest_release(&guest, &vp), PV_BAD_STATE);
    assert_nothing_was_touched();
    finish();
}

/* A panic does not ask what is open. */
static void quiesce_abandons_an_open_hypercall(void **state)
{
    struct pv_hv_args args;

    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &args), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(pv_hv_issue(&vp, &args), PV_BAD_STATE);
    pv_sim->irqs_off = false; /* a new life */
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(pv_hv_issue(&vp, &args), PV_BAD_STATE);
    assert_hypercalls_work();
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    finish();
}

static void an_abandoned_hypercall_does_not_hold_a_vp_where_there_are_none(void **state)
{
    struct pv_hv_args args;

    (void)state;
    bring_up_x86();
    assert_int_equal(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &args), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    pv_sim->irqs_off = false;
    machine.kind = SIM_BARE;
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    finish();
}

/* ---- resume ---- */

static void resume_without_quiesce_is_a_bad_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        log_clear();
        assert_int_equal(pv_guest_resume(&guest, &vp), PV_BAD_STATE);
        assert_int_equal(pv_guest_resume(&guest, NULL), PV_BAD_STATE);
        assert_int_equal(journal.count, 0);
        assert_hypercalls_work();
        finish();
    }
}

static void resume_brings_everything_back_without_new_memory(void **state)
{
    uint32_t allocs;

    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
        allocs = machine.os.allocs;
        for (unsigned round = 0; round < 3; round++) {
            assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
            assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
            assert_hypercalls_work();
            assert_int_equal(vp.hv.told.count, 1);
        }
        assert_int_equal(machine.os.allocs, allocs);
        finish();
    }
}

static void resume_without_a_vp_leaves_the_vps_offline(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(pv_guest_resume(&guest, NULL), PV_OK);
    assert_null(vp.guest);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_hypercalls_work();
    finish();
}

static void resume_detects_anew(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(guest.hv.forms, PV_HV_FORMS);
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.kind = SIM_KVM_X86;
    machine.model.features = 0;
    machine.model.max_vps = 5;
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_true(pv_detect_has(&guest.detect, PV_DETECT_KVM));
    assert_int_equal(guest.detect.hyperv.max_vps, 5);
    assert_int_equal(guest.hv.forms, PV_HV_FORM_MEMORY | PV_HV_FORM_FAST);
    assert_hypercalls_work();
    finish();
}

static void resume_on_a_host_without_hyperv_leaves_hypercalls_off(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    log_clear();
    machine.kind = SIM_BARE;
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(guest.detect.kind, PV_DETECT_NONE);
    assert_hypercalls_are_off();
    assert_int_equal(journal.count, 0);
    finish();
}

static void resume_gives_up_its_own_page_for_one_that_is_enabled(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    sim_firmware_enable(&machine, FIRMWARE_ID, 0, true);
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_true(guest.hv.page_adopted);
    assert_int_equal(guest.hv.page_gpa, sim_firmware_gpa(0));
    assert_int_equal(machine.os.live_pages, 1); /* the argument page */
    assert_hypercalls_work();
    finish();
}

static void resume_places_its_own_page_where_none_is_enabled_any_more(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, FIRMWARE_ID, 3, false);
    assert_int_equal(init(), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    machine.model.os_id = 0;
    pv_sim->msr_write(pv_sim, PV_HV_MSR_HYPERCALL, 0);
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_false(guest.hv.page_adopted);
    assert_false(guest.hv.os_id_adopted);
    assert_int_equal(machine.os.unmaps, 1);
    assert_hypercalls_work();
    finish();
}

static void resume_maps_an_adopted_page_where_it_is_now(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86);
    sim_firmware_enable(&machine, FIRMWARE_ID, 1, false);
    assert_int_equal(init(), PV_OK);
    assert_int_equal(pv_guest_quiesce(&guest, NULL), PV_OK);
    sim_firmware_enable(&machine, FIRMWARE_ID, 2, false);
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_int_equal(guest.hv.page_gpa, sim_firmware_gpa(2));
    assert_int_equal(machine.os.unmaps, 1);
    assert_hypercalls_work();
    finish();
}

static void a_failed_resume_can_be_tried_again(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.model.behaviour = SIM_PAGE_NEVER_ENABLED;
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_REFUSED);
    assert_hypercalls_are_off();
    assert_null(vp.guest);
    machine.model.behaviour = SIM_HONEST;
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_OK);
    assert_hypercalls_work();
    finish();
}

static void resume_tells_why_the_vp_did_not_come_online(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.model.behaviour = SIM_VP_INDEX_HUGE;
    assert_int_equal(pv_guest_resume(&guest, &vp), PV_MALFORMED);
    assert_null(vp.guest);
    machine.model.behaviour = SIM_HONEST;
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_hypercalls_work();
    finish();
}

static void hypercalls_that_come_with_a_resume_are_for_vps_that_come_online_after_it(void **state)
{
    struct pv_hv_args args;

    (void)state;
    start(SIM_HYPERV_X86);
    machine.os.fail.alloc = 1;
    assert_int_equal(init(), PV_NO_MEMORY);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_int_equal(pv_guest_resume(&guest, NULL), PV_OK);
    assert_int_equal(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &args), PV_BAD_STATE);
    assert_int_equal(pv_vp_offline(&vp), PV_OK);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_hypercalls_work();
    finish();
}

/* ---- release ---- */

static void release_gives_everything_back_in_either_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++)
        for (unsigned vp_first = 0; vp_first < 2; vp_first++) {
            bring_up(&variants[i]);
            assert_int_equal(pv_hv_assist_enable(&vp), PV_OK);
            if (vp_first != 0) {
                assert_int_equal(pv_vp_offline(&vp), PV_OK);
                assert_int_equal(pv_vp_release(&vp), PV_OK);
            }
            assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
            assert_int_equal(pv_vp_release(&vp), PV_OK);
            assert_nothing_is_left();
            assert_int_equal(pv_guest_release(&guest, &vp), PV_BAD_STATE);
            finish();
        }
}

/* It is still executable: given back, it would be written by whoever gets it next. */
static void a_page_that_stays_executable_is_not_given_back(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    assert_int_equal(pv_vp_release(&vp), PV_OK);
    machine.os.fail.protect = 1;
    assert_int_equal(pv_guest_release(&guest, NULL), PV_OK);
    assert_int_equal(machine.os.live_pages, 1);
    assert_int_equal(machine.os.logs, 1);
    assert_null(guest.hv.page);
    sim_assert_fair(&machine);
}

static void release_after_quiesce_tells_nothing_more(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_quiesce(&guest, &vp), PV_OK);
    log_clear();
    assert_int_equal(pv_guest_release(&guest, NULL), PV_OK);
    assert_int_equal(journal.count, 0);
    assert_null(guest.hv.page);
    finish();
}

static void a_released_guest_can_be_initialised_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < VARIANTS; i++) {
        bring_up(&variants[i]);
        assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
        assert_int_equal(init_with(variants[i].conduit), PV_OK);
        assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
        assert_hypercalls_work();
        finish();
    }
}

static void no_config_means_all_zero_in_a_second_life_too(void **state)
{
    (void)state;
    bring_up_x86();
    assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
    log_clear();
    assert_int_equal(pv_guest_init(&guest, NULL), PV_OK);
    assert_int_equal(guest.config.hv.os_id, 0);
    assert_hypercalls_are_off();
    assert_int_equal(journal.count, 0);
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
        cmocka_unit_test(whatever_fails_is_told_and_leaves_nothing_behind),
        cmocka_unit_test(after_a_failed_init_resume_tries_again),
        cmocka_unit_test(after_a_failed_init_release_and_init_start_afresh),
        cmocka_unit_test(a_page_with_a_crooked_address_is_not_used),
        cmocka_unit_test(an_identity_that_cannot_be_set_or_seen_is_told_and_taken_back),
        cmocka_unit_test(features_that_cannot_be_read_count_as_zero),
        cmocka_unit_test(no_failure_of_the_kernel_at_any_point_leaves_anything_behind),
        cmocka_unit_test(a_vp_needs_an_initialised_guest),
        cmocka_unit_test(each_step_of_a_vp_has_its_turn),
        cmocka_unit_test(an_offline_vp_makes_no_hypercalls),
        cmocka_unit_test(the_argument_page_is_kept_over_offline),
        cmocka_unit_test(a_vp_has_one_page_or_two),
        cmocka_unit_test(every_vp_has_its_own_index_and_memory),
        cmocka_unit_test(a_vp_that_cannot_come_online_is_offline_and_can_try_again),
        cmocka_unit_test(a_vp_that_failed_once_gives_its_memory_back),
        cmocka_unit_test(an_argument_page_with_a_crooked_address_is_not_used),
        cmocka_unit_test(on_arm64_an_index_that_cannot_be_read_fails_the_vp),
        cmocka_unit_test(a_vp_with_an_open_hypercall_stays_online),
        cmocka_unit_test(offline_takes_back_the_assist_page_and_online_tells_it_again),
        cmocka_unit_test(a_vp_whose_assist_page_is_refused_comes_online_without_it_next_time),
        cmocka_unit_test(quiesce_takes_back_newest_first),
        cmocka_unit_test(quiesce_on_arm64_takes_back_newest_first),
        cmocka_unit_test(quiesce_again_does_nothing_more),
        cmocka_unit_test(quiesce_needs_no_vp_of_its_own),
        cmocka_unit_test(quiesce_takes_and_gives_no_memory),
        cmocka_unit_test(functions_of_an_uninitialised_guest_are_a_bad_state),
        cmocka_unit_test(quiesce_abandons_an_open_hypercall),
        cmocka_unit_test(an_abandoned_hypercall_does_not_hold_a_vp_where_there_are_none),
        cmocka_unit_test(resume_without_quiesce_is_a_bad_state),
        cmocka_unit_test(resume_brings_everything_back_without_new_memory),
        cmocka_unit_test(resume_without_a_vp_leaves_the_vps_offline),
        cmocka_unit_test(resume_detects_anew),
        cmocka_unit_test(resume_on_a_host_without_hyperv_leaves_hypercalls_off),
        cmocka_unit_test(resume_gives_up_its_own_page_for_one_that_is_enabled),
        cmocka_unit_test(resume_places_its_own_page_where_none_is_enabled_any_more),
        cmocka_unit_test(resume_maps_an_adopted_page_where_it_is_now),
        cmocka_unit_test(a_failed_resume_can_be_tried_again),
        cmocka_unit_test(resume_tells_why_the_vp_did_not_come_online),
        cmocka_unit_test(hypercalls_that_come_with_a_resume_are_for_vps_that_come_online_after_it),
        cmocka_unit_test(release_gives_everything_back_in_either_order),
        cmocka_unit_test(a_page_that_stays_executable_is_not_given_back),
        cmocka_unit_test(release_after_quiesce_tells_nothing_more),
        cmocka_unit_test(a_released_guest_can_be_initialised_again),
        cmocka_unit_test(no_config_means_all_zero_in_a_second_life_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
