/* SPDX-License-Identifier: MIT */
/* pv_guest_quiesce: everything the hypervisor was told is taken back, memory is kept. */
#include "unit/guest/rig.h"

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
        assert_int_equal(machine.model.os_id[0], 0);
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
    assert_int_equal(machine.model.os_id[0], 0);
    assert_int_equal(machine.model.hypercall_msr[0] & PV_HV_PAGE_ENABLE, 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiesce_takes_back_newest_first),
        cmocka_unit_test(quiesce_on_arm64_takes_back_newest_first),
        cmocka_unit_test(quiesce_again_does_nothing_more),
        cmocka_unit_test(quiesce_needs_no_vp_of_its_own),
        cmocka_unit_test(quiesce_takes_and_gives_no_memory),
        cmocka_unit_test(functions_of_an_uninitialised_guest_are_a_bad_state),
        cmocka_unit_test(quiesce_abandons_an_open_hypercall),
        cmocka_unit_test(an_abandoned_hypercall_does_not_hold_a_vp_where_there_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
