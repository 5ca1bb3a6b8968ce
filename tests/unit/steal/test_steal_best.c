/* SPDX-License-Identifier: MIT */
/* What was asked for is chosen anew wherever the guest comes up, and may fail to come back. */
#include "unit/steal/rig.h"

static const struct variant *const kvm = &variants[0];
static const struct variant *const both = &variants[1]; /* KVM and Hyper-V's interface */

static void resume(void)
{
    assert_status(pv_guest_resume(&guest, &vp), PV_OK);
}

/* 900 ns stolen on KVM, and no host. */
static void leave(enum pv_steal_backend asked)
{
    rig_up(kvm);
    assert_status(pv_steal_enable(&vp, asked), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 0);
    steal(900);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
}

/* ---- another host ---- */

static void the_best_is_chosen_anew_on_another_host(void **state)
{
    (void)state;
    leave(PV_STEAL_BEST);
    machine.kind = SIM_VMWARE_X86;
    resume();
    assert_status(vp.steal.status, PV_OK);
    assert_int_equal(vp.steal.backend, PV_STEAL_VMWARE);
    assert_int_equal(vp.steal.asked, PV_STEAL_BEST);
    assert_int_equal(pv_steal_ns(&vp), 900);
    steal(100);
    assert_int_equal(pv_steal_ns(&vp), 1000);
    assert_int_equal(vp.steal.stolen.rebases, 0);
    assert_status(pv_guest_quiesce(&guest, &vp), PV_OK);
    machine.kind = SIM_KVM_NATIVE_X86;
    resume();
    assert_int_equal(vp.steal.backend, PV_STEAL_KVM);
    steal(11);
    assert_int_equal(pv_steal_ns(&vp), 1011);
    rig_down();
}

static void a_backend_asked_for_by_name_is_not_replaced(void **state)
{
    (void)state;
    leave(PV_STEAL_KVM);
    machine.kind = SIM_VMWARE_X86;
    resume();
    assert_status(vp.steal.status, PV_UNSUPPORTED);
    assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
    assert_false(machine.steal.vps[0].on);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_OK);
    steal(100);
    assert_int_equal(pv_steal_ns(&vp), 1000);
    rig_down();
}

/* ---- a comeback that fails ---- */

/* The CPU is wanted in any case; the outcome is there to be read. */
static void a_cpu_comes_online_also_where_stolen_time_does_not(void **state)
{
    (void)state;
    leave(PV_STEAL_BEST);
    sim_cpuid_set(&machine, 0x40000001, 0, 0, 0, 0);
    resume();
    assert_status(vp.steal.status, PV_UNSUPPORTED);
    assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
    assert_true(vp.steal.wanted);
    assert_int_equal(pv_steal_ns(&vp), 900);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_false(vp.steal.wanted);
    assert_status(pv_steal_disable(&vp), PV_BAD_STATE);
    rig_down();
}

static void a_comeback_that_failed_is_tried_again_by_the_next(void **state)
{
    (void)state;
    leave(PV_STEAL_BEST);
    machine.steal.refuse = -1;
    resume();
    assert_status(vp.steal.status, PV_REFUSED);
    machine.steal.refuse = 0;
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    assert_status(vp.steal.status, PV_OK);
    steal(100);
    assert_int_equal(pv_steal_ns(&vp), 1000);
    rig_down();
}

static void after_a_comeback_that_failed_it_may_be_enabled_again(void **state)
{
    (void)state;
    leave(PV_STEAL_BEST);
    machine.steal.refuse = -1;
    resume();
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_REFUSED);
    machine.steal.refuse = 0;
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_OK);
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_BAD_STATE); /* it is on */
    steal(100);
    assert_int_equal(pv_steal_ns(&vp), 1000);
    rig_down();
}

static void what_could_not_be_enabled_is_not_taken_up_by_the_next_online(void **state)
{
    (void)state;
    rig_up(kvm);
    machine.steal.refuse = -1;
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_REFUSED);
    assert_false(vp.steal.wanted);
    machine.steal.refuse = 0;
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
    assert_false(machine.steal.vps[0].on);
    rig_down();
}

/* ---- offered and not given ---- */

/* The next one is Hyper-V's estimate. */
static void assert_estimates(void)
{
    assert_int_equal(vp.steal.backend, PV_STEAL_HYPERV);
    assert_int_equal(vp.told.count, 0);
    assert_false(machine.steal.vps[0].on);
    pass(1000000);
    assert_status(pv_steal_update(&vp, 0), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 0);
    pass(5000);
    assert_status(pv_steal_update(&vp, 0), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 5000);
}

static void the_next_backend_is_taken_where_the_best_is_refused(void **state)
{
    (void)state;
    rig_up(both);
    machine.steal.refuse = -1;
    assert_int_equal(pv_steal_probe(&guest), PV_STEAL_KVM);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_REFUSED);
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_OK);
    assert_estimates();
    assert_status(pv_vp_offline(&vp), PV_OK);
    machine.steal.refuse = 0; /* and is the best again when it is given */
    come_back();
    assert_int_equal(vp.steal.backend, PV_STEAL_KVM);
    rig_down();
}

static unsigned asked_vmware;

/* No steal clock; told to let go of what it has not, it has not got it. */
static uint32_t without_clock(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                              uint64_t argument)
{
    (void)sim;
    (void)way;
    (void)argument;
    asked_vmware += command == 91;
    return 0xFFFFFFFF;
}

static void a_vmware_without_steal_clock_leaves_it_to_the_next(void **state)
{
    (void)state;
    rig_machine(&variants[10]); /* Hyper-V on x86 */
    sim_cpuid_set(&machine, 0x40000100, 0x40000100, 0x61774D56, 0x4D566572, 0x65726177);
    machine.cpus[0].port.vmware_call = without_clock;
    asked_vmware = 0;
    rig_init();
    assert_int_equal(pv_steal_probe(&guest), PV_STEAL_VMWARE);
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_OK);
    assert_int_equal(asked_vmware, 2); /* on, and off again */
    assert_estimates();
    rig_down();
}

static void where_all_fail_the_last_one_is_what_is_told(void **state)
{
    (void)state;
    rig_machine(both);
    machine.model.privileges &= ~1ull; /* no run time */
    rig_init();
    machine.steal.refuse = -1;
    assert_status(pv_steal_enable(&vp, PV_STEAL_BEST), PV_REFUSED);
    assert_int_not_equal(vp.steal.host_error, 0);
    assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
    rig_down();
}

/* ---- memory that a host has kept ---- */

static void an_area_kept_by_one_backend_keeps_the_others_out(void **state)
{
    (void)state;
    rig_on(both);
    steal(700);
    assert_int_equal(pv_steal_ns(&vp), 700);
    machine.steal.keeps = true;
    assert_status(pv_steal_disable(&vp), PV_REFUSED);
    assert_int_equal(vp.steal.registered, PV_STEAL_KVM);
    assert_status(pv_steal_enable(&vp, PV_STEAL_HYPERV), PV_REFUSED);
    assert_true(vp.steal.stuck);
    assert_int_equal(vp.steal.backend, PV_STEAL_NONE);
    machine.steal.keeps = false;
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_false(vp.steal.stuck); /* the same area again, and it will be let go of once */
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_status(pv_steal_enable(&vp, PV_STEAL_HYPERV), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 700);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_is_chosen_anew_on_another_host),
        cmocka_unit_test(a_backend_asked_for_by_name_is_not_replaced),
        cmocka_unit_test(a_cpu_comes_online_also_where_stolen_time_does_not),
        cmocka_unit_test(a_comeback_that_failed_is_tried_again_by_the_next),
        cmocka_unit_test(after_a_comeback_that_failed_it_may_be_enabled_again),
        cmocka_unit_test(what_could_not_be_enabled_is_not_taken_up_by_the_next_online),
        cmocka_unit_test(the_next_backend_is_taken_where_the_best_is_refused),
        cmocka_unit_test(a_vmware_without_steal_clock_leaves_it_to_the_next),
        cmocka_unit_test(where_all_fail_the_last_one_is_what_is_told),
        cmocka_unit_test(an_area_kept_by_one_backend_keeps_the_others_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
