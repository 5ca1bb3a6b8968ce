/* SPDX-License-Identifier: MIT */
/* The life of stolen time, the same for every host. */
#include "unit/steal/rig.h"

static const struct variant none = { SIM_BARE, PV_STEAL_NONE, NULL, false, 0 };

/* ---- which ---- */

static void every_backend_has_a_name_of_its_own(void **state)
{
    static const char *const names[] = { "none",      "KVM", "PV_TIME", "SBI STA",
                                         "LoongArch", "Xen", "VMware",  "Hyper-V" };

    (void)state;
    assert_int_equal(PV_STEAL_BACKENDS, 8);
    for (unsigned i = 0; i < 8; i++)
        assert_string_equal(pv_steal_name((enum pv_steal_backend)i), names[i]);
    assert_string_equal(pv_steal_name(PV_STEAL_BACKENDS), "?");
    assert_string_equal(pv_steal_name((enum pv_steal_backend)-1), "?");
}

static void each_host_offers_its_own_backend(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_up(v);
        assert_int_equal(pv_steal_probe(&guest), v->backend);
        rig_down();
    }
}

static void the_best_backend_is_the_one_offered(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_up(v);
        assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_OK);
        assert_int_equal(vp.steal.backend, v->backend);
        rig_down();
    }
}

static void a_host_without_stolen_time_is_unsupported(void **state)
{
    (void)state;
    rig_up(&none);
    assert_int_equal(pv_steal_probe(&guest), PV_STEAL_NONE);
    for (unsigned i = 0; i < PV_STEAL_BACKENDS; i++) {
        assert_status(pv_steal_enable(&vp, (enum pv_steal_backend)i), PV_UNSUPPORTED);
        assert_int_equal(vp.steal.status, PV_UNSUPPORTED);
    }
    assert_int_equal(pv_steal_ns(&vp), 0);
    assert_int_equal(machine.msr_writes + machine.msr_reads, 0);
    rig_down();
}

/* A mistaken kernel on another host is told so, and the host is not touched. */
static void the_backends_of_other_hosts_are_unsupported(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_up(v);
        for (unsigned i = PV_STEAL_KVM; i < PV_STEAL_BACKENDS; i++) {
            const bool both = v->kind == SIM_KVM_X86 && i == PV_STEAL_HYPERV;

            if (i != (unsigned)v->backend && !both)
                assert_status(pv_steal_enable(&vp, (enum pv_steal_backend)i), PV_UNSUPPORTED);
        }
        assert_fair();
        rig_down();
    }
}

static void kvm_with_both_interfaces_can_be_asked_for_either(void **state)
{
    (void)state;
    rig_up(&variants[1]);
    assert_status(pv_steal_enable(&vp, PV_STEAL_HYPERV), PV_OK);
    assert_int_equal(vp.steal.backend, PV_STEAL_HYPERV);
    assert_false(machine.steal.vps[0].on);
    rig_down();
}

static void a_number_that_is_no_backend_is_invalid(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_up(v);
        assert_status(pv_steal_enable(&vp, PV_STEAL_BACKENDS), PV_INVALID);
        assert_status(pv_steal_enable(&vp, (enum pv_steal_backend)-1), PV_INVALID);
        assert_false(machine.steal.vps[0].on);
        rig_down();
    }
}

/* ---- on and off ---- */

static void reading_before_enabling_gives_0(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_machine(v);
        assert_int_equal(pv_steal_ns(&vp), 0);
        assert_false(pv_steal_preempted(&vp));
        rig_init();
        assert_int_equal(pv_steal_ns(&vp), 0);
        assert_false(pv_steal_preempted(&vp));
        assert_status(pv_steal_update(&vp, 0), PV_BAD_STATE);
        rig_down();
    }
}

static void what_the_host_counts_is_read(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        steal(1234500);
        assert_int_equal(pv_steal_ns(&vp), 1234500);
        assert_int_equal(pv_steal_ns(&vp), 1234500);
        steal(100);
        assert_int_equal(pv_steal_ns(&vp), 1234600);
        assert_int_equal(vp.steal.stolen.rebases, 0);
        assert_int_equal(vp.steal.given_up, 0);
        rig_down();
    }
}

static void enabling_twice_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        steal(500);
        assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_BAD_STATE);
        assert_status(pv_steal_enable(&vp, v->backend), PV_BAD_STATE);
        assert_status(pv_steal_enable(&vp, PV_STEAL_BACKENDS), PV_BAD_STATE);
        assert_status(pv_steal_adopt(&vp, v->backend, vp.steal.area), PV_BAD_STATE);
        steal(500);
        assert_int_equal(pv_steal_ns(&vp), 1000);
        assert_int_equal(vp.steal.status, PV_OK);
        rig_down();
    }
}

static void nothing_works_while_the_vp_is_offline(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_machine(v);
        assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_BAD_STATE);
        assert_status(pv_steal_adopt(&vp, PV_STEAL_KVM, vp.steal.area), PV_BAD_STATE);
        assert_status(pv_steal_disable(&vp), PV_BAD_STATE);
        assert_status(pv_steal_update(&vp, 0), PV_BAD_STATE);
        rig_init();
        assert_status(pv_vp_offline(&vp), PV_OK);
        assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_BAD_STATE);
        assert_status(pv_steal_disable(&vp), PV_BAD_STATE);
        rig_down();
    }
}

/* PV_TIME has no call to stop the host, so only the reader stops. */
static void disabling_has_the_host_let_go_and_keeps_the_value(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        steal(700);
        assert_int_equal(pv_steal_ns(&vp), 700);
        assert_status(pv_steal_disable(&vp), is_for_good(v) ? PV_REFUSED : PV_OK);
        if (!is_for_good(v))
            assert_null(sim_steal_left(&machine));
        assert_int_equal(pv_steal_ns(&vp), 700);
        assert_null(vp.steal.preempted); /* what was mapped may go */
        assert_false(pv_steal_preempted(&vp));
        assert_status(pv_steal_update(&vp, 0), PV_BAD_STATE);
        assert_status(pv_steal_disable(&vp), PV_BAD_STATE);
        assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
        rig_down();
    }
}

static void disabled_stays_off_over_offline_and_online(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        const enum pv_status expected = is_for_good(v) ? PV_REFUSED : PV_OK;

        rig_on(v);
        assert_status(pv_steal_disable(&vp), expected);
        assert_status(pv_vp_offline(&vp), PV_OK);
        come_back();
        assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
        assert_int_equal(machine.steal.vps[0].set_ups, !is_estimate(v));
        rig_down();
    }
}

static void enabled_again_it_counts_on_from_the_last_value(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        const enum pv_status expected = is_for_good(v) ? PV_REFUSED : PV_OK;

        rig_on(v);
        steal(700);
        assert_int_equal(pv_steal_ns(&vp), 700);
        assert_status(pv_steal_disable(&vp), expected);
        assert_status(pv_steal_enable(&vp, v->backend), PV_OK);
        assert_int_equal(pv_steal_ns(&vp), 700);
        assert_status(pv_steal_update(&vp, 0), PV_OK);
        steal(300);
        assert_int_equal(pv_steal_ns(&vp), 1000);
        assert_int_equal(vp.steal.stolen.rebases, 0);
        rig_down();
    }
}

/* ---- offline, quiesce ---- */

static void offline_and_online_count_on(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        steal(700);
        assert_int_equal(pv_steal_ns(&vp), 700);
        assert_status(pv_vp_offline(&vp), PV_OK);
        if (!is_for_good(v))
            assert_null(sim_steal_left(&machine));
        assert_int_equal(pv_steal_ns(&vp), 700);
        assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
        come_back();
        assert_int_equal(vp.steal.status, PV_OK);
        assert_int_equal(vp.steal.backend, v->backend);
        assert_status(pv_steal_update(&vp, 0), PV_OK);
        steal(300);
        assert_int_equal(pv_steal_ns(&vp), 1000);
        assert_int_equal(vp.steal.stolen.rebases, 0);
        rig_down();
    }
}

static void quiesce_has_the_host_let_go_and_resume_takes_it_up_again(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        rig_on(v);
        steal(900);
        assert_int_equal(pv_steal_ns(&vp), 900);
        assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
        if (!is_for_good(v))
            assert_null(sim_steal_left(&machine));
        assert_int_equal(pv_steal_ns(&vp), 900);
        assert_status(pv_guest_resume(&guest, &vp), PV_OK);
        assert_int_equal(vp.steal.status, PV_OK);
        assert_status(pv_steal_update(&vp, 0), PV_OK);
        steal(100);
        assert_int_equal(pv_steal_ns(&vp), 1000);
        rig_down();
    }
}

static void every_vp_has_an_area_and_a_value_of_its_own(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (is_estimate(v))
            continue;
        rig_on(v);
        sim_use(&machine, 1);
        assert_status(pv_vp_online(&guest, &vp1), PV_OK);
        assert_status(pv_steal_enable(&vp1, v->backend), PV_OK);
        sim_steal_set(&machine, 1, 77);
        sim_steal_set(&machine, 0, 33);
        assert_int_equal(pv_steal_ns(&vp), 33); /* from another VP */
        assert_int_equal(pv_steal_ns(&vp1), 77);
        assert_status(pv_vp_offline(&vp1), PV_OK);
        assert_status(pv_vp_release(&vp1), is_for_good(v) ? PV_REFUSED : PV_OK);
        if (is_for_good(v))
            sim_steal_drop(&machine, 1);
        sim_use(&machine, 0);
        rig_down();
    }
}

/* ---- what can go wrong ---- */

static bool in_struct_vp(const struct variant *variant)
{
    return variant->backend != PV_STEAL_PV_TIME && variant->backend != PV_STEAL_HYPERV;
}

static void an_area_without_a_gpa_is_a_bad_address(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!in_struct_vp(v))
            continue;
        rig_up(v);
        machine.os.fail.virt_to_gpa = 1;
        assert_status(pv_steal_enable(&vp, v->backend), PV_BAD_ADDRESS);
        machine.os.fail.skew = 1;
        machine.os.gpa_skew = 32;
        assert_status(pv_steal_enable(&vp, v->backend), PV_BAD_ADDRESS);
        assert_int_equal(machine.steal.vps[0].set_ups, 0);
        assert_int_equal(vp.told.count, 0);
        assert_status(pv_steal_enable(&vp, v->backend), PV_OK);
        rig_down();
    }
}

/* The host lets go of what it had refused, too: it may have taken it after all. */
static void a_host_that_says_no_is_refused_and_its_answer_kept(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (is_estimate(v) || v->backend == PV_STEAL_VMWARE)
            continue;
        rig_up(v);
        machine.steal.refuse = -5;
        assert_status(pv_steal_enable(&vp, v->backend), PV_REFUSED);
        assert_int_not_equal(vp.steal.host_error, 0);
        if (v->backend != PV_STEAL_KVM)
            assert_int_equal(vp.steal.host_error, -5);
        assert_int_equal(vp.told.count, 0);
        assert_int_equal(pv_steal_ns(&vp), 0);
        assert_false(vp.steal.stuck);
        machine.steal.refuse = 0;
        assert_status(pv_steal_enable(&vp, v->backend), PV_OK);
        assert_int_equal(vp.steal.host_error, 0);
        rig_down();
    }
}

static bool takes_back(const struct variant *variant)
{
    return in_struct_vp(variant) && !is_for_good(variant);
}

static void an_area_that_the_host_keeps_makes_disabling_refused(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!takes_back(v))
            continue;
        rig_on(v);
        machine.steal.keeps = true;
        assert_status(pv_steal_disable(&vp), PV_REFUSED);
        assert_true(vp.steal.stuck);
        machine.steal.keeps = false;
        assert_status(pv_guest_release(&guest, &vp), PV_OK);
        assert_status(pv_vp_release(&vp), PV_REFUSED);
        assert_string_equal(
            machine.os.log,
            "libpv: the hypervisor keeps the stolen-time area; struct pv_vp must stay");
        assert_string_equal(sim_steal_left(&machine), "a stolen-time area is still registered");
    }
}

static void an_area_kept_over_offline_makes_release_refused(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!takes_back(v))
            continue;
        rig_on(v);
        machine.steal.keeps = true;
        assert_status(pv_vp_offline(&vp), PV_OK);
        assert_status(pv_vp_release(&vp), PV_REFUSED);
        assert_int_equal(machine.os.logs, 1);
    }
}

/* The host may come to its senses. */
static void an_area_kept_is_taken_up_again_and_then_let_go(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!takes_back(v) || v->backend == PV_STEAL_XEN) /* which is another test's */
            continue;
        rig_on(v);
        machine.steal.keeps = true;
        assert_status(pv_vp_offline(&vp), PV_OK);
        assert_true(vp.steal.stuck);
        machine.steal.keeps = false;
        come_back();
        assert_int_equal(vp.steal.status, PV_OK);
        assert_int_equal(machine.os.maps, 0);
        steal(50);
        assert_int_equal(pv_steal_ns(&vp), 50);
        rig_down();
    }
}

static void forever_odd(void)
{
    machine.steal.stall = SIM_STEAL_FOREVER;
    sim_steal_start(&machine, 0, 7);
    sim_steal_host(pv_sim);
}

/* The host begins to write as soon as it is told, and does not stop. */
static void write_for_ever(struct pv_sim *port)
{
    if (machine.steal.vps[0].on && machine.steal.vps[0].step == 0)
        forever_odd();
    sim_steal_host(port);
}

static void an_area_that_is_odd_for_ever_is_malformed_and_given_back(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence || is_for_good(v))
            continue;
        rig_up(v);
        machine.cpus[0].port.host = write_for_ever;
        assert_status(pv_steal_enable(&vp, v->backend), PV_MALFORMED);
        assert_int_equal(vp.steal.status, PV_MALFORMED);
        assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
        assert_null(sim_steal_left(&machine));
        assert_int_equal(pv_steal_ns(&vp), 0);
        rig_down();
    }
}

static void a_restless_area_found_on_the_way_online_is_tried_again_next_time(void **state)
{
    (void)state;
    for (EACH_VARIANT(v)) {
        if (!v->sequence || is_for_good(v))
            continue;
        rig_on(v);
        steal(400);
        assert_int_equal(pv_steal_ns(&vp), 400);
        assert_status(pv_vp_offline(&vp), PV_OK);
        machine.cpus[0].port.host = write_for_ever;
        come_back();
        assert_int_equal(vp.steal.status, PV_MALFORMED);
        assert_int_equal(pv_steal_ns(&vp), 400);
        machine.cpus[0].port.host = NULL;
        assert_status(pv_vp_offline(&vp), PV_OK);
        come_back();
        assert_int_equal(vp.steal.status, PV_OK);
        rig_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_backend_has_a_name_of_its_own),
        cmocka_unit_test(each_host_offers_its_own_backend),
        cmocka_unit_test(the_best_backend_is_the_one_offered),
        cmocka_unit_test(a_host_without_stolen_time_is_unsupported),
        cmocka_unit_test(the_backends_of_other_hosts_are_unsupported),
        cmocka_unit_test(kvm_with_both_interfaces_can_be_asked_for_either),
        cmocka_unit_test(a_number_that_is_no_backend_is_invalid),
        cmocka_unit_test(reading_before_enabling_gives_0),
        cmocka_unit_test(what_the_host_counts_is_read),
        cmocka_unit_test(enabling_twice_is_refused_and_changes_nothing),
        cmocka_unit_test(nothing_works_while_the_vp_is_offline),
        cmocka_unit_test(disabling_has_the_host_let_go_and_keeps_the_value),
        cmocka_unit_test(disabled_stays_off_over_offline_and_online),
        cmocka_unit_test(enabled_again_it_counts_on_from_the_last_value),
        cmocka_unit_test(offline_and_online_count_on),
        cmocka_unit_test(quiesce_has_the_host_let_go_and_resume_takes_it_up_again),
        cmocka_unit_test(every_vp_has_an_area_and_a_value_of_its_own),
        cmocka_unit_test(an_area_without_a_gpa_is_a_bad_address),
        cmocka_unit_test(a_host_that_says_no_is_refused_and_its_answer_kept),
        cmocka_unit_test(an_area_that_the_host_keeps_makes_disabling_refused),
        cmocka_unit_test(an_area_kept_over_offline_makes_release_refused),
        cmocka_unit_test(an_area_kept_is_taken_up_again_and_then_let_go),
        cmocka_unit_test(an_area_that_is_odd_for_ever_is_malformed_and_given_back),
        cmocka_unit_test(a_restless_area_found_on_the_way_online_is_tried_again_next_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
