/* SPDX-License-Identifier: MIT */
/* Reading from a host that never stops writing, and from an NMI in the middle of it all. */
#include "unit/clock/jump.h"

#include <pv/config.h>

static uint64_t seed = 0xC10Cull;

/* ---- hostile areas ---- */

static void an_area_that_becomes_bad_gives_the_last_value(void **state)
{
    static const enum sim_clock_behaviour behaviours[] = {
        SIM_CLOCK_ODD,
        SIM_CLOCK_MUL_ZERO,
        SIM_CLOCK_SHIFT_HIGH,
        SIM_CLOCK_SHIFT_LOW,
    };
    uint64_t ns;

    (void)state;
    rig_up(PV_CLOCK_KVM, 2);
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        sim_clock_advance(&machine, NS_PER_SECOND);
        ns = rig_ns(0);
        machine.clock.behaviour = behaviours[i];
        sim_clock_update(&machine);
        sim_clock_advance(&machine, NS_PER_SECOND);
        assert_u64(rig_ns(0), ns);
        assert_true(rig_ns(1) + NS_PER_MS >= ns); /* which it had not been given */
        assert_int_equal(guest.clock.given_up, 2 * (i + 1));
        machine.clock.behaviour = SIM_CLOCK_HONEST;
        sim_clock_update(&machine);
        assert_true(rig_ns(0) >= ns + NS_PER_SECOND);
    }
}

static unsigned pauses;

static void jump_always(struct pv_sim *sim)
{
    (void)sim;
    pauses++;
    sim_clock_jump(&machine, (int64_t)NS_PER_YEAR * (pauses % 2 == 0 ? 2 : -2));
}

static void a_host_that_never_stops_is_given_up_and_counted(void **state)
{
    uint64_t ns;

    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    ns = rig_ns(0);
    pauses = 0;
    rig_host(jump_always);
    for (unsigned i = 1; i <= 10; i++) {
        const uint64_t next = rig_ns(0);

        assert_true(next >= ns);
        ns = next;
        assert_int_equal(guest.clock.given_up, i);
        assert_int_equal(pauses, i * 4 * PV_CONFIG_SEQUENCE_RETRIES);
    }
    rig_host(NULL);
    assert_true(rig_ns(0) >= ns);
    assert_int_equal(guest.clock.given_up, 10);
}

/* The page goes from bad to good and back between any two steps. */
static void flicker(struct pv_sim *sim)
{
    static const enum sim_clock_behaviour behaviours[] = { SIM_CLOCK_HONEST, SIM_CLOCK_INVALID,
                                                           SIM_CLOCK_INVALID_OLD };

    (void)sim;
    if (sim_random(&seed) % 3 != 0)
        return;
    machine.clock.behaviour = behaviours[sim_random(&seed) % 3];
    sim_clock_update(&machine);
}

static void a_page_that_flickers_gives_the_time(void **state)
{
    uint64_t passed = 0;
    uint64_t last = 0;

    (void)state;
    rig_up(PV_CLOCK_HV_PAGE, 1);
    rig_host(flicker);
    for (int i = 0; i < 2000; i++) {
        const uint64_t ns = rig_ns(0);

        assert_true(ns >= last);
        last = ns;
        rig_assert_near(ns, passed, 300);
        sim_clock_advance(&machine, 12345);
        passed += 12345;
    }
    assert_int_equal(guest.clock.now.rebases, 0);
}

/* ---- an NMI ---- */

static bool in_nmi;
static uint64_t nmi_ns;
static unsigned nmis;

static void nmi(struct pv_sim *sim)
{
    (void)sim;
    if (in_nmi)
        return;
    in_nmi = true;
    nmis++;
    nmi_ns = pv_clock_ns(&vps[0]);
    in_nmi = false;
}

static void nmi_in_a_jump(struct pv_sim *sim)
{
    if (!in_nmi && sim_random(&seed) % 4 == 0)
        jump(sim_random(&seed) % 2 == 0 ? -(int64_t)NS_PER_HOUR : (int64_t)NS_PER_SECOND);
    nmi(sim);
}

static void check_nmi(void)
{
    uint64_t last = 0;

    nmis = 0;
    nmi_ns = 0;
    rig_host(nmi_in_a_jump);
    for (int i = 0; i < 1000; i++) {
        const uint64_t ns = rig_ns(0);

        assert_true(nmi_ns >= last && ns >= nmi_ns);
        last = ns;
        sim_clock_advance(&machine, 7777);
    }
    assert_int_not_equal(nmis, 0);
    rig_host(NULL);
}

static void an_nmi_may_read_the_clock_between_any_two_steps_of_a_read(void **state)
{
    (void)state;
    for_each_source(check_nmi);
}

static void an_nmi_may_read_the_clock_while_it_is_being_enabled(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    nmis = 0;
    rig_host(nmi);
    pv_sim->nmi = nmi;
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_u64(nmi_ns, 0);
    assert_true(nmis > 3);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    pv_sim->nmi = NULL;
    rig_host(NULL);
    rig_assert_near(rig_ns(0), NS_PER_MS, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_area_that_becomes_bad_gives_the_last_value),
        RIG_TEST(a_host_that_never_stops_is_given_up_and_counted),
        RIG_TEST(a_page_that_flickers_gives_the_time),
        RIG_TEST(an_nmi_may_read_the_clock_between_any_two_steps_of_a_read),
        RIG_TEST(an_nmi_may_read_the_clock_while_it_is_being_enabled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
