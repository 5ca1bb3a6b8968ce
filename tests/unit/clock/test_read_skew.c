/* SPDX-License-Identifier: MIT */
/* VPs whose clocks differ by more than a grain: made up for once, not at every reading. */
#include "unit/clock/rig.h"

#define READ_EVERY_NS 10000u
#define GRAIN_NS NS_PER_MS

static uint64_t seed = 0x5EEDull;

static const uint64_t skews_ns[] = { 2 * NS_PER_MS, 3 * NS_PER_MS, 5 * NS_PER_MS, NS_PER_SECOND,
                                     NS_PER_HOUR };

#define SKEWS (sizeof(skews_ns) / sizeof(skews_ns[0]))

static int64_t ticks_of(int64_t ns)
{
    return ns / 5 * 12;
}

/* The first `count` VPs have their clocks on; the counters are old enough to be set back. */
static void up(enum pv_clock_source source, uint32_t count)
{
    rig_best(source);
    sim_clock_advance(&machine, 10 * NS_PER_HOUR);
    machine.clock.unstable = source == PV_CLOCK_KVM;
    rig_init();
    for (uint32_t vp = 0; vp < count; vp++) {
        rig_online(vp);
        assert_status(rig_enable(vp, PV_CLOCK_BEST), PV_OK);
    }
    assert_int_equal(guest.clock.source, source);
}

/* Read in turn by `count` VPs for `ns` of the host's time; gives how far the clock came. */
static uint64_t read_in_turn(uint32_t count, uint64_t ns)
{
    uint64_t largest = 0;

    for (uint64_t i = 0; i * READ_EVERY_NS < ns; i++) {
        const uint64_t now = rig_ns((uint32_t)(i % count));

        assert_true(now + (guest.clock.now.rebases == 0 ? GRAIN_NS : 0) >= largest);
        largest = now > largest ? now : largest;
        sim_clock_advance(&machine, READ_EVERY_NS);
    }
    return largest;
}

static void check_two(enum pv_clock_source source, int64_t skew_ns)
{
    const uint64_t ahead = skew_ns > 0 ? (uint64_t)skew_ns : 0;
    uint64_t passed;

    up(source, 2);
    machine.clock.skew[1] = ticks_of(skew_ns);
    passed = read_in_turn(2, 10 * NS_PER_MS);
    assert_true(passed + 3 * READ_EVERY_NS >= 10 * NS_PER_MS);
    assert_true(passed <= 10 * NS_PER_MS + ahead + 2 * NS_PER_MS);
    assert_true(guest.clock.now.rebases <= 2);
    assert_int_equal(guest.clock.given_up, 0);
    rig_release();
    sim_assert_clean(&machine);
}

static void check_source(enum pv_clock_source source)
{
    for (size_t i = 0; i < SKEWS; i++) {
        check_two(source, (int64_t)skews_ns[i]);
        check_two(source, -(int64_t)skews_ns[i]);
    }
}

static void counters_that_differ_do_not_run_away(void **state)
{
    (void)state;
    check_source(PV_CLOCK_COUNTER);
    check_source(PV_CLOCK_UNSURE_COUNTER);
}

static void one_page_for_counters_that_differ_does_not_run_away(void **state)
{
    (void)state;
    check_source(PV_CLOCK_HV_PAGE);
}

static void areas_of_counters_that_are_ahead_do_not_run_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKEWS; i++)
        check_two(PV_CLOCK_KVM, (int64_t)skews_ns[i]);
}

/* It stands at its stamp, so it falls behind by a grain again and again. */
static void an_area_whose_counter_is_behind_its_stamp_does_not_run_away(void **state)
{
    (void)state;
    up(PV_CLOCK_KVM, 2);
    machine.clock.skew[1] = ticks_of(-(int64_t)NS_PER_HOUR);
    rig_assert_near(read_in_turn(2, 10 * NS_PER_MS), 10 * NS_PER_MS, 2 * NS_PER_MS);
    assert_in_range(guest.clock.now.rebases, 1, 10);
}

/* Not by their counters, but by what the host says of them. */
static void areas_that_differ_do_not_run_away(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKEWS; i++) {
        up(PV_CLOCK_KVM, 2);
        ((volatile struct pv_kvm_time *)(void *)vps[1].clock.area)->system_time -= skews_ns[i];
        assert_true(read_in_turn(2, 10 * NS_PER_MS) <= 12 * NS_PER_MS);
        assert_int_equal(guest.clock.now.rebases, 1);
        rig_release();
        sim_assert_clean(&machine);
    }
}

static void a_clock_that_differs_makes_all_unstable(void **state)
{
    uint32_t epoch;

    (void)state;
    up(PV_CLOCK_COUNTER, 2);
    assert_false(guest.clock.unstable);
    machine.clock.skew[1] = ticks_of(-(int64_t)NS_PER_SECOND);
    epoch = pv_clock_epoch(&guest);
    (void)rig_ns(1);
    assert_true(guest.clock.unstable);
    assert_u64(vps[0].clock.offset, 0);
    rig_assert_near(vps[1].clock.offset, NS_PER_SECOND, 2 * NS_PER_MS);
    assert_int_equal(pv_clock_epoch(&guest), epoch + 1);
    (void)read_in_turn(2, NS_PER_SECOND / 10);
    assert_int_equal(pv_clock_epoch(&guest), epoch + 1);
}

/* Each is off by up to 5 ms, and reads when it likes: whoever is made up for must not overtake the
 * others, or they leapfrog for ever. */
static void check_many(enum pv_clock_source source, uint64_t pause_ns)
{
    uint64_t largest = 0;
    uint64_t passed = 0;

    up(source, SIM_VPS_MAX);
    for (uint32_t vp = 1; vp < SIM_VPS_MAX; vp++)
        machine.clock.skew[vp] = ticks_of(-(int64_t)(sim_random(&seed) % (5 * NS_PER_MS)));
    for (int i = 0; i < 3000; i++) {
        const uint64_t ns = rig_ns((uint32_t)(sim_random(&seed) % SIM_VPS_MAX));
        const uint64_t pause = sim_random(&seed) % pause_ns;

        assert_true(ns >= largest || guest.clock.now.rebases == 0);
        largest = ns > largest ? ns : largest;
        sim_clock_advance(&machine, pause);
        passed += pause;
    }
    assert_true(largest <= passed + 2 * NS_PER_MS);
    assert_true(guest.clock.now.rebases <= 32);
    rig_release();
    sim_assert_clean(&machine);
}

static void many_that_differ_do_not_leapfrog(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        check_many(PV_CLOCK_COUNTER, 20000u << i % 6);
        check_many(PV_CLOCK_UNSURE_COUNTER, 20000u << i % 6);
        check_many(PV_CLOCK_HV_PAGE, 20000u << i % 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(counters_that_differ_do_not_run_away),
        RIG_TEST(one_page_for_counters_that_differ_does_not_run_away),
        RIG_TEST(areas_of_counters_that_are_ahead_do_not_run_away),
        RIG_TEST(an_area_whose_counter_is_behind_its_stamp_does_not_run_away),
        RIG_TEST(areas_that_differ_do_not_run_away),
        RIG_TEST(a_clock_that_differs_makes_all_unstable),
        RIG_TEST(many_that_differ_do_not_leapfrog),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
