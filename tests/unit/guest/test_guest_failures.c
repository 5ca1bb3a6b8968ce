/* SPDX-License-Identifier: MIT */
/* pv_guest_init when the kernel or the hypervisor fails it; then failures over a whole life. */
#include "unit/guest/rig.h"

/* ---- init: what can fail ---- */

struct failure {
    enum sim_kind kind;
    bool firmware;              /* a page to adopt */
    struct sim_failures fail;   /* of the kernel */
    enum sim_behaviour behaves; /* of the hypervisor */
    enum pv_status status;
};

static const struct failure failures[] = {
    {SIM_HYPERV_X86, false, {.alloc = 1}, SIM_HONEST, PV_NO_MEMORY},
    {SIM_HYPERV_X86, false, {.virt_to_gpa = 1}, SIM_HONEST, PV_BAD_ADDRESS},
    {SIM_HYPERV_X86, false, {.protect = 1}, SIM_HONEST, PV_BAD_ADDRESS},
    {SIM_HYPERV_X86, true, {.map = 1}, SIM_HONEST, PV_BAD_ADDRESS},
    {SIM_KVM_X86, false, {.alloc = 1}, SIM_HONEST, PV_NO_MEMORY},
    {SIM_HYPERV_X86, false, {0}, SIM_OS_ID_NOT_STICKING, PV_REFUSED},
    {SIM_HYPERV_X86, false, {0}, SIM_OS_ID_CHANGED, PV_REFUSED},
    {SIM_HYPERV_X86, false, {0}, SIM_PAGE_NEVER_ENABLED, PV_REFUSED},
    {SIM_HYPERV_X86, false, {0}, SIM_PAGE_ELSEWHERE, PV_REFUSED},
    {SIM_HYPERV_X86, false, {0}, SIM_PAGE_ZERO, PV_MALFORMED},
    {SIM_HYPERV_X86, false, {0}, SIM_PAGE_ONES, PV_MALFORMED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_OS_ID_NOT_STICKING, PV_REFUSED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_OS_ID_CHANGED, PV_REFUSED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_REGISTERS_REFUSED, PV_UNSUPPORTED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_REGISTERS_DENIED, PV_DENIED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_REPS_ABOVE, PV_MALFORMED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_NO_PROGRESS, PV_MALFORMED},
    {SIM_HYPERV_ARM64, false, {0}, SIM_TIMEOUT_FOREVER, PV_TIMED_OUT},
    {SIM_HYPERV_ARM64, false, {0}, SIM_GARBAGE_STATUS, PV_REFUSED},
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
        assert_int_equal(machine.model.os_id[0], failures[i].firmware ? FIRMWARE_ID : 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_fails_is_told_and_leaves_nothing_behind),
        cmocka_unit_test(after_a_failed_init_resume_tries_again),
        cmocka_unit_test(after_a_failed_init_release_and_init_start_afresh),
        cmocka_unit_test(a_page_with_a_crooked_address_is_not_used),
        cmocka_unit_test(an_identity_that_cannot_be_set_or_seen_is_told_and_taken_back),
        cmocka_unit_test(features_that_cannot_be_read_count_as_zero),
        cmocka_unit_test(no_failure_of_the_kernel_at_any_point_leaves_anything_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
