/* SPDX-License-Identifier: MIT */
/* Which source is chosen, and what pv_clock_enable answers. */
#include "unit/clock/rig.h"

#define NOT_A_SOURCE ((enum pv_clock_source)6)

/* KVM with everything: all five sources are there. */
static void all_sources(void)
{
    rig_machine(SIM_KVM_X86);
    rig_invariant();
    machine.model.features |= PV_HV_FEATURE_FREQUENCY;
    machine.model.privileges |=
        1ull << PV_HV_PRIVILEGE_REFERENCE_TSC | 1ull << PV_HV_PRIVILEGE_FREQUENCY;
}

static enum pv_clock_source probe(void)
{
    rig_init();
    return pv_clock_probe(&guest);
}

/* ---- names and numbers ---- */

static void numbers_do_not_change(void **state)
{
    (void)state;
    assert_int_equal(PV_CLOCK_NONE, 0);
    assert_int_equal(PV_CLOCK_BEST, 0);
    assert_int_equal(PV_CLOCK_COUNTER, 1);
    assert_int_equal(PV_CLOCK_HV_PAGE, 2);
    assert_int_equal(PV_CLOCK_KVM, 3);
    assert_int_equal(PV_CLOCK_HV_COUNTER, 4);
    assert_int_equal(PV_CLOCK_UNSURE_COUNTER, 5);
    assert_int_equal(PV_CLOCK_SOURCES, 6);
}

static void sources_have_names_for_people(void **state)
{
    (void)state;
    assert_string_equal(pv_clock_name(PV_CLOCK_NONE), "none");
    assert_string_equal(pv_clock_name(PV_CLOCK_COUNTER), "counter");
    assert_string_equal(pv_clock_name(PV_CLOCK_HV_PAGE), "Hyper-V reference TSC");
    assert_string_equal(pv_clock_name(PV_CLOCK_KVM), "kvmclock");
    assert_string_equal(pv_clock_name(PV_CLOCK_HV_COUNTER), "Hyper-V reference counter");
    assert_string_equal(pv_clock_name(PV_CLOCK_UNSURE_COUNTER),
                        "counter, not known to be invariant");
    assert_string_equal(pv_clock_name(NOT_A_SOURCE), "?");
    assert_string_equal(pv_clock_name((enum pv_clock_source)-1), "?");
}

static enum pv_status init_with(enum pv_clock_trust trust, uint64_t hz)
{
    rig_machine(SIM_BARE);
    config.clock.trust = trust;
    config.clock.counter_hz = hz;
    return pv_guest_init(&guest, &config);
}

static void a_config_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_status(init_with(PV_CLOCK_TRUST_COUNTER, 1000), PV_OK);
    assert_status(init_with(PV_CLOCK_TRUST_HOST, 1000000000000ull), PV_OK);
    assert_status(init_with((enum pv_clock_trust)3, 0), PV_INVALID);
    assert_status(init_with((enum pv_clock_trust)-1, 0), PV_INVALID);
    assert_status(init_with(PV_CLOCK_TRUST_AUTO, 999), PV_INVALID);
    assert_status(init_with(PV_CLOCK_TRUST_AUTO, 1000000000001ull), PV_INVALID);
    assert_false(guest.initialised);
}

/* ---- rank ---- */

static void the_best_source_is_the_first_that_is_not_switched_off(void **state)
{
    (void)state;
    for (unsigned best = PV_CLOCK_COUNTER; best < PV_CLOCK_SOURCES; best++) {
        all_sources();
        config.clock.sources_off = (1u << best) - 1;
        assert_int_equal(probe(), best);
        rig_online(0);
        assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
        assert_int_equal(guest.clock.source, best);
        rig_release();
        sim_assert_clean(&machine);
    }
    all_sources();
    config.clock.sources_off = 0x3E;
    assert_int_equal(probe(), PV_CLOCK_NONE);
}

static void any_source_that_is_there_can_be_named(void **state)
{
    (void)state;
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++) {
        all_sources();
        rig_init();
        rig_online(0);
        assert_status(rig_enable(0, (enum pv_clock_source)source), PV_OK);
        assert_int_equal(guest.clock.source, source);
        rig_assert_near(rig_ns(0), 0, 200);
        sim_clock_advance(&machine, NS_PER_SECOND);
        rig_assert_near(rig_ns(0), NS_PER_SECOND, 300);
        rig_release();
        sim_assert_clean(&machine);
    }
}

static void each_machine_has_its_best_source(void **state)
{
    (void)state;
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++) {
        rig_best((enum pv_clock_source)source);
        assert_int_equal(probe(), source);
    }
    rig_machine(SIM_BARE);
    assert_int_equal(probe(), PV_CLOCK_NONE);
    rig_machine(SIM_HYPERV_ARM64);
    assert_int_equal(probe(), PV_CLOCK_NONE);
    rig_machine(SIM_HYPERV_ARM64);
    pv_sim->counter_hz = 62500000;
    assert_int_equal(probe(), PV_CLOCK_COUNTER);
    rig_machine(SIM_RISCV_KVM);
    config.clock.counter_hz = 10000000;
    assert_int_equal(probe(), PV_CLOCK_COUNTER);
}

/* ---- trust ---- */

static void a_distrustful_guest_takes_only_a_counter(void **state)
{
    (void)state;
    all_sources();
    config.clock.trust = PV_CLOCK_TRUST_COUNTER;
    assert_int_equal(probe(), PV_CLOCK_NONE); /* the frequency would be the host's word */
    rig_online(0);
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++)
        assert_status(rig_enable(0, (enum pv_clock_source)source), PV_UNSUPPORTED);
    assert_int_equal(machine.msr_reads + machine.msr_writes, 0);
    all_sources();
    config.clock.trust = PV_CLOCK_TRUST_COUNTER;
    config.clock.counter_hz = SIM_COUNTER_HZ;
    assert_int_equal(probe(), PV_CLOCK_COUNTER);
    sim_cpuid_set(&machine, 0x80000007u, 0, 0, 0, 0);
    assert_int_equal(pv_clock_probe(&guest), PV_CLOCK_UNSURE_COUNTER);
}

static enum pv_clock_source probe_isolated(uint32_t type, enum pv_clock_trust trust)
{
    rig_machine(SIM_HYPERV_X86);
    machine.model.privileges |= 1ull << PV_HV_PRIVILEGE_ISOLATION;
    sim_cpuid_set(&machine, 0x4000000Cu, 0, type, 0, 0);
    config.clock.trust = trust;
    return probe();
}

static void a_guest_that_hardware_isolates_is_distrustful_unless_told(void **state)
{
    (void)state;
    assert_int_equal(probe_isolated(0, PV_CLOCK_TRUST_AUTO), PV_CLOCK_HV_PAGE);
    assert_int_equal(probe_isolated(1, PV_CLOCK_TRUST_AUTO), PV_CLOCK_HV_PAGE); /* VBS */
    assert_int_equal(probe_isolated(2, PV_CLOCK_TRUST_AUTO), PV_CLOCK_NONE);    /* SNP */
    assert_int_equal(probe_isolated(3, PV_CLOCK_TRUST_AUTO), PV_CLOCK_NONE);    /* TDX */
    assert_int_equal(probe_isolated(4, PV_CLOCK_TRUST_AUTO), PV_CLOCK_NONE);    /* CCA */
    assert_int_equal(probe_isolated(15, PV_CLOCK_TRUST_AUTO), PV_CLOCK_NONE);
    assert_int_equal(probe_isolated(2, PV_CLOCK_TRUST_HOST), PV_CLOCK_HV_PAGE);
    assert_int_equal(probe_isolated(0, PV_CLOCK_TRUST_COUNTER), PV_CLOCK_NONE);
}

/* ---- enabling ---- */

static void an_offline_vp_has_no_clock(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_COUNTER);
    rig_init();
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_BAD_STATE);
    assert_u64(rig_ns(0), 0);
}

static void a_clock_is_not_enabled_twice(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_BAD_STATE);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_BAD_STATE);
    assert_true(vps[0].clock.on);
}

static void what_is_no_source_is_invalid(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    assert_status(rig_enable(0, NOT_A_SOURCE), PV_INVALID);
    assert_status(rig_enable(0, (enum pv_clock_source)-1), PV_INVALID);
    assert_int_equal(machine.msr_writes, 0);
}

static void a_source_that_is_not_there_is_unsupported(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    config.clock.sources_off = 1u << PV_CLOCK_UNSURE_COUNTER;
    rig_init();
    rig_online(0);
    assert_status(rig_enable(0, PV_CLOCK_COUNTER), PV_UNSUPPORTED);
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_UNSUPPORTED);
    assert_status(rig_enable(0, PV_CLOCK_HV_COUNTER), PV_UNSUPPORTED);
    assert_status(rig_enable(0, PV_CLOCK_UNSURE_COUNTER), PV_UNSUPPORTED);
    assert_status(vps[0].clock.status, PV_UNSUPPORTED);
    rig_machine(SIM_BARE);
    rig_init();
    rig_online(0);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_UNSUPPORTED);
    assert_false(vps[0].clock.on || vps[0].clock.wanted);
}

static bool told;

/* A frequency the first time, none the second. */
static uint64_t tell_once(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    (void)msr;
    told = !told;
    return told ? SIM_COUNTER_HZ : 0;
}

static void a_frequency_that_is_gone_when_asked_again_makes_no_clock(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    rig_invariant();
    rig_init();
    rig_online(0);
    told = false;
    pv_sim->msr_read = tell_once;
    assert_status(rig_enable(0, PV_CLOCK_COUNTER), PV_UNSUPPORTED);
    assert_false(told);
    assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
}

static void all_vps_have_the_same_source(void **state)
{
    (void)state;
    all_sources();
    rig_init();
    for (uint32_t vp = 0; vp < 3; vp++)
        rig_online(vp);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    assert_status(rig_enable(1, PV_CLOCK_HV_PAGE), PV_BAD_STATE);
    assert_status(rig_enable(1, PV_CLOCK_KVM), PV_OK);
    assert_status(rig_enable(2, PV_CLOCK_BEST), PV_OK);
    assert_int_equal(guest.clock.source, PV_CLOCK_KVM);
}

/* The choice is undone too, so the next VP, or the same, may choose otherwise. */
static void a_first_vp_that_fails_leaves_nothing_behind(void **state)
{
    (void)state;
    all_sources();
    rig_init();
    rig_online(0);
    rig_online(1);
    for (int i = 0; i < 3; i++) {
        machine.clock.behaviour = SIM_CLOCK_ODD;
        assert_status(rig_enable(0, PV_CLOCK_KVM), PV_MALFORMED);
        assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
        assert_int_equal(guest.told.count + vps[0].told.count, 0);
        assert_int_equal(guest.clock.epoch, 0);
        assert_null(sim_clock_left(&machine));
        sim_os_assert_clean(&machine);
    }
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(rig_enable(1, PV_CLOCK_HV_PAGE), PV_OK);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_int_equal(guest.clock.epoch, 1);
}

static void spoil(struct pv_sim *sim)
{
    (void)sim;
    sim_clock_update(&machine);
}

/* It is told and then cannot be read: all is undone, the memory is kept for the next. */
static void a_page_that_cannot_be_read_is_taken_back(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_HV_PAGE);
    rig_init();
    rig_online(0);
    rig_host(spoil);
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_MALFORMED);
    assert_null(sim_clock_left(&machine));
    assert_int_equal(guest.told.count, 0);
    assert_false(guest.clock.page_stuck);
    machine.clock.behaviour = SIM_CLOCK_KEEPS;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_MALFORMED);
    assert_true(guest.clock.page_stuck);
    rig_host(NULL);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_OK);
    assert_false(guest.clock.page_stuck);
    machine.os.live_pages--; /* the one that was kept */
}

static void a_later_vp_that_fails_does_not_disturb_the_first(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    rig_online(1);
    machine.clock.behaviour = SIM_CLOCK_ODD;
    assert_status(rig_enable(1, PV_CLOCK_BEST), PV_MALFORMED);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_int_equal(guest.clock.source, PV_CLOCK_KVM);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_assert_near(rig_ns(0), NS_PER_SECOND, 20);
    assert_status(rig_enable(1, PV_CLOCK_BEST), PV_OK);
    assert_int_equal(guest.clock.epoch, 1);
}

/* ---- when the best fails ---- */

/* All sources but the processor's counter. */
static void host_sources(void)
{
    all_sources();
    config.clock.sources_off = 1u << PV_CLOCK_COUNTER | 1u << PV_CLOCK_UNSURE_COUNTER;
    rig_init();
    rig_online(0);
}

static void assert_is_the_clock(enum pv_clock_source source)
{
    const uint64_t before = rig_ns(0);

    assert_int_equal(guest.clock.source, source);
    assert_status(vps[0].clock.status, PV_OK);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_assert_near(rig_ns(0), before + NS_PER_SECOND, 300);
}

static void where_the_best_fails_the_next_is_taken(void **state)
{
    (void)state;
    host_sources();
    machine.os.fail.alloc = 1;
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_is_the_clock(PV_CLOCK_KVM);
    assert_null(guest.clock.page);
    rig_release();
    sim_assert_clean(&machine);
    host_sources();
    machine.clock.behaviour = SIM_CLOCK_REFUSES; /* the page and kvmclock's area */
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_is_the_clock(PV_CLOCK_HV_COUNTER);
    assert_int_equal(guest.told.count + vps[0].told.count, 0);
    assert_int_equal(guest.clock.epoch, 1);
    assert_int_equal(machine.os.live_pages, 0);
}

static void a_source_that_is_named_has_no_substitute(void **state)
{
    (void)state;
    host_sources();
    machine.os.fail.alloc = 1;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_NO_MEMORY);
    machine.clock.behaviour = SIM_CLOCK_REFUSES;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_REFUSED);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_REFUSED);
    assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
    assert_false(vps[0].clock.on || vps[0].clock.wanted);
}

static void where_all_fail_the_last_is_answered_for(void **state)
{
    (void)state;
    host_sources();
    guest.config.clock.sources_off |= 1u << PV_CLOCK_HV_COUNTER;
    machine.os.fail.alloc = 1;
    machine.clock.behaviour = SIM_CLOCK_ODD; /* kvmclock's area */
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_MALFORMED);
    assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
    assert_null(sim_clock_left(&machine));
}

/* The new host may not have what the old one had. */
static void on_resume_the_next_is_taken_too(void **state)
{
    (void)state;
    host_sources();
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_is_the_clock(PV_CLOCK_HV_PAGE);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    machine.clock.behaviour = SIM_CLOCK_REFUSES;
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_is_the_clock(PV_CLOCK_HV_COUNTER);
    assert_true(rig_ns(0) >= 2 * NS_PER_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_do_not_change),
        cmocka_unit_test(sources_have_names_for_people),
        RIG_TEST(a_config_out_of_range_is_refused),
        RIG_TEST(the_best_source_is_the_first_that_is_not_switched_off),
        RIG_TEST(any_source_that_is_there_can_be_named),
        RIG_TEST(each_machine_has_its_best_source),
        RIG_TEST(a_distrustful_guest_takes_only_a_counter),
        RIG_TEST(a_guest_that_hardware_isolates_is_distrustful_unless_told),
        RIG_TEST(an_offline_vp_has_no_clock),
        RIG_TEST(a_clock_is_not_enabled_twice),
        RIG_TEST(what_is_no_source_is_invalid),
        RIG_TEST(a_source_that_is_not_there_is_unsupported),
        RIG_TEST(a_frequency_that_is_gone_when_asked_again_makes_no_clock),
        RIG_TEST(all_vps_have_the_same_source),
        RIG_TEST(a_first_vp_that_fails_leaves_nothing_behind),
        RIG_TEST(a_page_that_cannot_be_read_is_taken_back),
        RIG_TEST(a_later_vp_that_fails_does_not_disturb_the_first),
        RIG_TEST(where_the_best_fails_the_next_is_taken),
        RIG_TEST(a_source_that_is_named_has_no_substitute),
        RIG_TEST(where_all_fail_the_last_is_answered_for),
        RIG_TEST(on_resume_the_next_is_taken_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
