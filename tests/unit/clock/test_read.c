/* SPDX-License-Identifier: MIT */
/* The clock that is given out, whatever the host does to its own. */
#include "unit/clock/jump.h"

#define JUMP_MAX (1ull << 55) /* 417 days */

static uint64_t seed = 0xC10Cull;

/* ---- an honest host ---- */

static void check_honest(void)
{
    uint64_t passed = 0;

    rig_assert_near(rig_ns(0), 0, 200);
    for (int i = 0; i < 300; i++) {
        const uint64_t ns = sim_random(&seed) % (i % 2 == 0 ? NS_PER_MS : NS_PER_HOUR);

        sim_clock_advance(&machine, ns);
        passed += ns;
        rig_assert_near(rig_ns(i % 2), passed, 1000);
        jump(0);
    }
    assert_int_equal(guest.clock.now.rebases, 0);
    assert_int_equal(guest.clock.given_up, 0);
}

static void time_goes_by_as_the_host_says(void **state)
{
    (void)state;
    for_each_source(check_honest);
}

static void before_it_is_enabled_it_is_0(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_COUNTER);
    assert_u64(rig_ns(0), 0);
    rig_init();
    rig_online(0);
    assert_u64(rig_ns(0), 0);
    assert_int_equal(pv_clock_epoch(&guest), 0);
}

static void only_what_the_host_does_moves_the_epoch(void **state)
{
    uint32_t epoch;

    (void)state;
    rig_up(PV_CLOCK_HV_PAGE, 2);
    assert_int_equal(pv_clock_epoch(&guest), 1);
    sim_clock_advance(&machine, NS_PER_YEAR);
    (void)rig_ns(0);
    (void)rig_ns(1);
    assert_int_equal(pv_clock_epoch(&guest), 1);
    sim_clock_update(&machine); /* the host moved */
    (void)rig_ns(0);
    (void)rig_ns(1);
    assert_int_equal(pv_clock_epoch(&guest), 2);
    jump(-(int64_t)NS_PER_SECOND);
    epoch = pv_clock_epoch(&guest);
    (void)rig_ns(0);
    assert_true(pv_clock_epoch(&guest) > epoch);
    rig_release();
    rig_up(PV_CLOCK_KVM, 2);
    sim_clock_update(&machine);
    (void)rig_ns(0);
    assert_int_equal(pv_clock_epoch(&guest), 1);
    sim_clock_stop(&machine);
    (void)rig_ns(0);
    (void)rig_ns(0);
    assert_int_equal(pv_clock_epoch(&guest), 2);
}

/* ---- jumps ---- */

static void check_step_back(void)
{
    static const int64_t steps[] = { 100, 1000000, 5000000, 3600000000000, 31536000000000000 };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        uint64_t before;

        sim_clock_advance(&machine, NS_PER_SECOND);
        before = rig_ns(0);
        jump(-steps[i]);
        assert_true(rig_ns(0) >= before);
        assert_true(rig_ns(0) - before <= 2 * NS_PER_MS);
        sim_clock_advance(&machine, NS_PER_SECOND);
        rig_assert_near(rig_ns(0), before + NS_PER_SECOND, 2 * NS_PER_MS);
    }
}

static void a_host_that_runs_backwards_does_not_take_the_clock_along(void **state)
{
    (void)state;
    for_each_source(check_step_back);
}

static void check_leap(void)
{
    const uint64_t before = rig_ns(0);
    const uint32_t epoch = pv_clock_epoch(&guest);

    jump((int64_t)NS_PER_YEAR); /* possible */
    rig_assert_near(rig_ns(0), before + NS_PER_YEAR, 1000);
    assert_int_equal(guest.clock.now.rebases, 0);
    jump((int64_t)JUMP_MAX + 5 * (int64_t)NS_PER_MS); /* absurd */
    rig_assert_near(rig_ns(0), before + NS_PER_YEAR + NS_PER_MS, NS_PER_MS + 1000);
    assert_int_equal(guest.clock.now.rebases, 1);
    assert_true(pv_clock_epoch(&guest) > epoch);
    jump(-(int64_t)JUMP_MAX);
    rig_assert_near(rig_ns(0), before + NS_PER_YEAR + NS_PER_MS, 2 * NS_PER_MS);
    assert_int_equal(guest.clock.now.rebases, 2);
}

static void a_leap_of_a_year_is_followed_and_one_of_417_days_is_not(void **state)
{
    (void)state;
    for_each_source(check_leap);
}

static void half_of_all_time_ahead_changes_little(void **state)
{
    uint64_t before;

    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    before = rig_ns(0);
    for (int i = 0; i < 4; i++) {
        sim_clock_jump(&machine, INT64_MIN);
        assert_true(rig_ns(0) >= before);
        assert_true(rig_ns(0) - before <= 2 * NS_PER_MS);
        before = rig_ns(0);
    }
    assert_int_equal(guest.clock.now.rebases, 4);
}

/* Any order of VPs, any jumps. Steps back of less than 2 ms may leave a VP up to 1 ms behind what
 * another was given: that is the grain. */
static void interleave(const int64_t *jumps, size_t count, uint64_t grain)
{
    uint64_t last[2] = { 0, 0 };
    uint64_t largest = 0;

    for (int i = 0; i < 3000; i++) {
        const uint32_t vp = sim_random(&seed) % 2;
        uint64_t ns;

        sim_clock_advance(&machine, sim_random(&seed) % (3 * NS_PER_MS));
        if (sim_random(&seed) % 4 == 0)
            jump(jumps[sim_random(&seed) % count]);
        ns = rig_ns(vp);
        assert_true(ns >= last[vp]);
        assert_true(ns + grain >= largest);
        last[vp] = ns;
        largest = ns > largest ? ns : largest;
    }
}

static void check_large_jumps(void)
{
    static const int64_t jumps[] = {
        -10000000,  -1000000000,   -3600000000000,    -31536000000000000,
        1000000000, 3600000000000, (int64_t)JUMP_MAX, INT64_MAX / 4,
    };

    interleave(jumps, sizeof(jumps) / sizeof(jumps[0]), 0);
}

static void check_small_jumps(void)
{
    static const int64_t jumps[] = {
        -100, -1000, -100000, -500000, -999999, -1500000, 100, 1000000,
    };

    interleave(jumps, sizeof(jumps) / sizeof(jumps[0]),
               guest.clock.source == PV_CLOCK_UNSURE_COUNTER ? 0 : NS_PER_MS);
}

static void no_vp_is_given_less_than_any_was_when_the_host_jumps(void **state)
{
    (void)state;
    for_each_source(check_large_jumps);
}

static void small_steps_back_stay_within_a_grain(void **state)
{
    (void)state;
    for_each_source(check_small_jumps);
}

/* ---- years ---- */

static void check_years(void)
{
    for (int i = 0; i < 30; i++) {
        sim_clock_advance(&machine, NS_PER_YEAR);
        jump(0);
        rig_assert_near(rig_ns(0), (uint64_t)(i + 1) * NS_PER_YEAR, 1000);
    }
    rig_assert_near(rig_ns(1), 30 * NS_PER_YEAR, 1000); /* has not looked for 30 years */
    assert_int_equal(guest.clock.now.rebases, 0);
}

static void a_vp_that_has_not_looked_for_years_is_given_the_time(void **state)
{
    (void)state;
    for_each_source(check_years);
}

static void a_clock_may_become_unstable_after_years(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 2);
    for (int i = 0; i < 3; i++) {
        sim_clock_advance(&machine, NS_PER_YEAR);
        (void)rig_ns(0);
    }
    machine.clock.unstable = true;
    sim_clock_update(&machine);
    rig_assert_near(rig_ns(0), 3 * NS_PER_YEAR, 2 * NS_PER_MS);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_assert_near(rig_ns(0), 3 * NS_PER_YEAR + NS_PER_SECOND, 100000);
}

/* ---- VPs that disagree ---- */

static volatile struct pv_kvm_time *area_of(uint32_t vp)
{
    return (volatile struct pv_kvm_time *)(void *)vps[vp].clock.area;
}

static void while_vps_disagree_none_is_given_less_than_any_was(void **state)
{
    uint64_t largest = 0;

    (void)state;
    rig_best(PV_CLOCK_KVM);
    machine.clock.unstable = true;
    rig_init();
    for (uint32_t vp = 0; vp < 2; vp++) {
        rig_online(vp);
        assert_status(rig_enable(vp, PV_CLOCK_BEST), PV_OK);
    }
    assert_true(guest.clock.unstable);
    assert_u64(rig_ns(0), 0);
    area_of(1)->system_time -= 400000;
    for (int i = 0; i < 1000; i++) {
        const uint64_t ns = rig_ns(i % 2);

        assert_true(ns >= largest);
        largest = ns;
        sim_clock_advance(&machine, 10000);
    }
    rig_assert_near(largest, 10 * NS_PER_MS, 500000);
    assert_int_equal(guest.clock.now.rebases, 0);
}

/* By when VPs have disagreed already: the one behind learns of it first. */
static void when_vps_begin_to_disagree_none_is_given_less_than_any_was(void **state)
{
    uint64_t ahead;

    (void)state;
    rig_up(PV_CLOCK_KVM, 2);
    sim_clock_advance(&machine, NS_PER_SECOND);
    (void)rig_ns(1);
    sim_clock_advance(&machine, 900000);
    ahead = rig_ns(1);
    area_of(0)->system_time -= 400000;
    area_of(0)->flags = 0;
    assert_true(rig_ns(0) >= ahead);
    assert_true(guest.clock.unstable);
    assert_true(rig_ns(1) >= ahead);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_assert_near(rig_ns(1), ahead + NS_PER_SECOND, 10);
}

static void a_counter_that_is_not_invariant_may_disagree(void **state)
{
    uint64_t largest = 0;

    (void)state;
    rig_up(PV_CLOCK_UNSURE_COUNTER, 2);
    assert_true(guest.clock.unstable);
    machine.clock.skew[1] = -2400 * 300; /* 300 us */
    for (int i = 0; i < 1000; i++) {
        const uint64_t ns = rig_ns(i % 2);

        assert_true(ns >= largest);
        largest = ns;
        sim_clock_advance(&machine, 10000);
    }
    assert_int_equal(guest.clock.now.rebases, 0);
}

/* A stamp ahead of this VP's counter: no 253 years. */
static void a_counter_behind_its_stamp_is_at_the_stamp(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    machine.clock.skew[0] = -1000000;
    rig_assert_near(rig_ns(0), 0, 10);
    sim_clock_advance(&machine, NS_PER_MS);
    rig_assert_near(rig_ns(0), NS_PER_MS - 416667, 10);
    assert_int_equal(guest.clock.now.rebases, 0);
}

static void a_counter_that_stands_still_gives_the_same_time(void **state)
{
    uint64_t ns;

    (void)state;
    rig_up(PV_CLOCK_COUNTER, 1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    ns = rig_ns(0);
    sim_clock_migrate(&machine, SIM_COUNTER_HZ, pv_sim->counter(pv_sim));
    machine.clock.counter_stands = true;
    for (int i = 0; i < 10; i++) {
        sim_clock_advance(&machine, NS_PER_SECOND);
        rig_assert_near(rig_ns(0), ns, 1);
    }
}

/* ---- migration ---- */

static void migrate_with(enum pv_clock_source source)
{
    static const struct {
        uint64_t hz, ticks;
    } hosts[] = { { 3700000000, 0 }, { 1000000001, 1ull << 63 }, { 2400000000, 1ull << 62 } };
    uint64_t passed = 0;

    rig_up(source, 2);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        sim_clock_advance(&machine, 10 * NS_PER_SECOND);
        passed += 10 * NS_PER_SECOND;
        (void)rig_ns(0);
        sim_clock_migrate(&machine, hosts[i].hz, hosts[i].ticks);
        rig_assert_near(rig_ns(0), passed, 1000);
        rig_assert_near(rig_ns(1), passed, 1000);
        sim_clock_advance(&machine, NS_PER_SECOND);
        passed += NS_PER_SECOND;
        rig_assert_near(rig_ns(1), passed, 1000);
    }
    assert_int_equal(guest.clock.now.rebases, 0);
    rig_release();
    sim_assert_clean(&machine);
}

static void a_host_with_another_counter_changes_nothing(void **state)
{
    (void)state;
    migrate_with(PV_CLOCK_KVM);
    migrate_with(PV_CLOCK_HV_PAGE);
    migrate_with(PV_CLOCK_HV_COUNTER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(time_goes_by_as_the_host_says),
        RIG_TEST(before_it_is_enabled_it_is_0),
        RIG_TEST(only_what_the_host_does_moves_the_epoch),
        RIG_TEST(a_host_that_runs_backwards_does_not_take_the_clock_along),
        RIG_TEST(a_leap_of_a_year_is_followed_and_one_of_417_days_is_not),
        RIG_TEST(half_of_all_time_ahead_changes_little),
        RIG_TEST(no_vp_is_given_less_than_any_was_when_the_host_jumps),
        RIG_TEST(small_steps_back_stay_within_a_grain),
        RIG_TEST(a_vp_that_has_not_looked_for_years_is_given_the_time),
        RIG_TEST(a_clock_may_become_unstable_after_years),
        RIG_TEST(while_vps_disagree_none_is_given_less_than_any_was),
        RIG_TEST(when_vps_begin_to_disagree_none_is_given_less_than_any_was),
        RIG_TEST(a_counter_that_is_not_invariant_may_disagree),
        RIG_TEST(a_counter_behind_its_stamp_is_at_the_stamp),
        RIG_TEST(a_counter_that_stands_still_gives_the_same_time),
        RIG_TEST(a_host_with_another_counter_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
