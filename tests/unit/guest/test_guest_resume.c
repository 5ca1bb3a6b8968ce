/* SPDX-License-Identifier: MIT */
/* pv_guest_resume: on the same host, on another one, and when it fails. */
#include "unit/guest/rig.h"

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
            assert_int_equal(vp.told.count, 1);
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
    machine.model.os_id[0] = 0;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
