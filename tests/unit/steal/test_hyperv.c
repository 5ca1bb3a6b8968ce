/* SPDX-License-Identifier: MIT */
/* Hyper-V: what is neither run nor idle was stolen. */
#include "unit/steal/rig.h"

static const struct variant hosts[] = {
    { SIM_HYPERV_X86, PV_STEAL_HYPERV, NULL, false, 0 },
    { SIM_HYPERV_ARM64, PV_STEAL_HYPERV, NULL, false, 0 },
};

#define EACH_HOST(v) const struct variant *v = hosts; v < hosts + 2; v++

static uint64_t idle;

/* All times in ns, multiples of 100. */
static void live(uint64_t passed, uint64_t run, uint64_t idled)
{
    pass(passed);
    machine.model.cpus[0].run_100ns += run / 100;
    idle += idled;
    assert_status(pv_steal_update(&vp, idle), PV_OK);
}

/* The first update sets the estimate going. */
static void begin(const struct variant *host)
{
    idle = 5555500;
    rig_up(host);
    pass(7000000);
    machine.model.cpus[0].run_100ns = 33333;
    assert_status(pv_steal_enable(&vp, PV_STEAL_HYPERV), PV_OK);
    assert_status(pv_steal_update(&vp, idle), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 0);
}

static void what_is_neither_run_nor_idle_was_stolen(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        live(1000000, 400000, 350000);
        assert_int_equal(pv_steal_ns(&vp), 250000);
        live(1000000, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1250000);
        live(1000000, 1000000, 0);
        live(1000000, 0, 1000000);
        assert_int_equal(pv_steal_ns(&vp), 1250000);
        rig_down();
    }
}

/* Idle time includes waking up, run time the host's work: their sum may run ahead. */
static void more_run_and_idle_than_went_by_takes_nothing_back(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        live(1000000, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        live(1000000, 1100000, 0);
        live(1000000, 600000, 600000);
        live(100, 0, 1500000);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        live(100, 2500000, 0);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        live(4400000, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1100200);
        assert_int_equal(vp.steal.stolen.rebases, 0);
        rig_down();
    }
}

static void without_an_update_the_value_stands(void **state)
{
    (void)state;
    begin(&hosts[0]);
    pass(1000000);
    assert_int_equal(pv_steal_ns(&vp), 0);
    assert_status(pv_steal_update(&vp, idle), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 1000000);
    rig_down();
}

static void there_is_no_hint_and_nobody_is_told(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        assert_false(pv_steal_preempted(&vp));
        assert_int_equal(vp.told.count, 0);
        assert_false(machine.steal.vps[0].on);
        rig_down();
    }
}

/* MSRs 0x40000010 and 0x40000020 are there by privileges 0 and 1; the sim complains otherwise. */
static void both_privileges_are_needed(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        for (unsigned missing = 0; missing < 2; missing++) {
            rig_machine(host);
            machine.model.privileges &= ~(1ull << missing);
            rig_init();
            assert_int_equal(pv_steal_probe(&guest), PV_STEAL_NONE);
            assert_status(pv_steal_enable(&vp, PV_STEAL_HYPERV), PV_UNSUPPORTED);
            rig_down();
        }
    }
}

static uint32_t refused_name;

static bool refuse_register(void *context, struct sim_machine *sim,
                            struct sim_registers *registers, uint64_t *result)
{
    uint32_t name;

    (void)context;
    (void)sim;
    memcpy(&name, registers->block + 2, sizeof(name));
    if ((registers->control & 0xFFFF) != PV_HV_CODE_GET_VP_REGISTERS || name != refused_name)
        return false;
    *result = PV_HV_STATUS_ACCESS_DENIED;
    return true;
}

/* On arm64 both are registers, asked for by hypercall. */
static void a_register_that_is_denied_fails_the_update_and_changes_nothing(void **state)
{
    static const uint32_t names[] = { 0x00090004, 0x00090000 };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(&hosts[1]);
        live(1000, 0, 0);
        machine.hooks.call = refuse_register;
        refused_name = names[i];
        pass(1000);
        assert_status(pv_steal_update(&vp, idle), PV_DENIED);
        assert_int_equal(pv_steal_ns(&vp), 1000);
        machine.hooks.call = NULL;
        assert_status(pv_steal_update(&vp, idle), PV_OK);
        assert_int_equal(pv_steal_ns(&vp), 2000);
        rig_down();
    }
}

/* ---- hosts that lie ---- */

/* Another host after a migration: its clocks have nothing to do with the old ones. */
static void times_that_run_backwards_are_a_new_start(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        live(1000000, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        machine.clock.now_ns = 100;
        machine.model.reference_100ns = 1;
        machine.model.cpus[0].run_100ns = 0;
        live(0, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        live(500000, 200000, 0);
        assert_int_equal(pv_steal_ns(&vp), 1300000);
        assert_int_equal(vp.steal.stolen.rebases, 0);
        rig_down();
    }
}

static void a_run_time_that_starts_again_is_a_new_start(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        live(1000000, 300000, 0);
        assert_int_equal(pv_steal_ns(&vp), 700000);
        machine.model.cpus[0].run_100ns = 5;
        live(1000, 0, 0);
        live(500000, 100000, 100000);
        assert_in_range(pv_steal_ns(&vp), 1000000, 1001000);
        rig_down();
    }
}

static void idle_time_that_runs_backwards_is_a_new_start(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        live(1000000, 300000, 200000);
        assert_int_equal(pv_steal_ns(&vp), 500000);
        idle = 0;
        live(1000, 0, 0);
        live(500000, 0, 0);
        assert_in_range(pv_steal_ns(&vp), 1000000, 1001000);
        rig_down();
    }
}

static void a_reference_time_that_jumps_absurdly_does_not_stop_the_count(void **state)
{
    static const unsigned jumps[] = { 50, 55, 57 };

    (void)state;
    for (EACH_HOST(host)) {
        for (unsigned i = 0; i < 3; i++) {
            begin(host);
            live(1000000, 0, 0);
            assert_int_equal(pv_steal_ns(&vp), 1000000);
            pass(100ull << jumps[i]);
            live(0, 0, 0);
            assert_int_equal(pv_steal_ns(&vp), 1000000);
            live(2000, 0, 0);
            assert_int_equal(pv_steal_ns(&vp), 1002000);
            rig_down();
        }
    }
}

/* The host's time is `ns` ahead for one reading, which is given out if that is at most a year. */
static void say_once(uint64_t ns)
{
    const uint64_t now = machine.clock.now_ns, reference = machine.model.reference_100ns;

    live(ns, 0, 0);
    assert_int_equal(pv_steal_ns(&vp), ns > 1ull << 55 ? 1000000 : 1000000 + ns);
    machine.clock.now_ns = now;
    machine.model.reference_100ns = reference;
}

static void one_reading_far_out_does_not_stop_the_count(void **state)
{
    static const uint64_t years = 365ull * 86400 * 1000000000;
    const uint64_t glitches[] = { 2000000000, 3600000000000, years / 2, 10 * years };

    (void)state;
    for (EACH_HOST(host)) {
        for (unsigned i = 0; i < 4; i++) {
            uint64_t out;

            begin(host);
            live(1000000, 0, 0);
            assert_int_equal(pv_steal_ns(&vp), 1000000);
            say_once(glitches[i]);
            out = pv_steal_ns(&vp);
            live(0, 0, 0);
            assert_int_equal(pv_steal_ns(&vp), out);
            live(2000, 0, 0);
            assert_int_equal(pv_steal_ns(&vp), out + 2000);
            live(1000000, 400000, 350000);
            assert_int_equal(pv_steal_ns(&vp), out + 252000);
            rig_down();
        }
    }
}

static void after_offline_the_estimate_starts_anew(void **state)
{
    (void)state;
    for (EACH_HOST(host)) {
        begin(host);
        live(1000000, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        assert_status(pv_vp_offline(&vp), PV_OK);
        pass(50000000);
        come_back();
        assert_status(pv_steal_update(&vp, idle), PV_OK);
        assert_int_equal(pv_steal_ns(&vp), 1000000);
        live(1000, 0, 0);
        assert_int_equal(pv_steal_ns(&vp), 1001000);
        rig_down();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_neither_run_nor_idle_was_stolen),
        cmocka_unit_test(more_run_and_idle_than_went_by_takes_nothing_back),
        cmocka_unit_test(without_an_update_the_value_stands),
        cmocka_unit_test(there_is_no_hint_and_nobody_is_told),
        cmocka_unit_test(both_privileges_are_needed),
        cmocka_unit_test(a_register_that_is_denied_fails_the_update_and_changes_nothing),
        cmocka_unit_test(times_that_run_backwards_are_a_new_start),
        cmocka_unit_test(a_run_time_that_starts_again_is_a_new_start),
        cmocka_unit_test(idle_time_that_runs_backwards_is_a_new_start),
        cmocka_unit_test(a_reference_time_that_jumps_absurdly_does_not_stop_the_count),
        cmocka_unit_test(one_reading_far_out_does_not_stop_the_count),
        cmocka_unit_test(after_offline_the_estimate_starts_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
