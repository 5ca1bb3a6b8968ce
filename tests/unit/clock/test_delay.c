/* SPDX-License-Identifier: MIT */
/* Waiting and measuring before there is a clock. */
#include "unit/clock/rig.h"

/* Each look at the counter takes `step_ns`. */
static void start(enum sim_kind kind, uint64_t step_ns)
{
    rig_machine(kind);
    machine.clock.step_ns = step_ns;
}

static void assert_waits(uint64_t ns)
{
    const uint64_t before = machine.clock.now_ns;
    const uint64_t step = machine.clock.step_ns;

    assert_status(pv_clock_delay(&guest, ns), PV_OK);
    assert_true(machine.clock.now_ns - before >= ns);
    assert_true(machine.clock.now_ns - before <= ns + 4 * step);
}

static void a_delay_lasts_as_long_as_it_was_asked_to(void **state)
{
    (void)state;
    start(SIM_BARE, 100);
    config.clock.counter_hz = SIM_COUNTER_HZ;
    rig_init();
    assert_waits(0);
    assert_waits(1);
    assert_waits(1000);
    assert_waits(5 * NS_PER_MS);
    machine.clock.skew[0] = (int64_t)(0ull - machine.clock.now_ns * 12 / 5 - 1000); /* soon wraps */
    assert_waits(NS_PER_MS);
}

static void without_a_frequency_the_reference_counter_serves(void **state)
{
    (void)state;
    start(SIM_HYPERV_X86, 500);
    machine.model.tsc_hz = 0;
    rig_init();
    assert_waits(NS_PER_MS);
    assert_int_not_equal(machine.msr_reads, 0);
}

static void with_neither_there_is_no_delay(void **state)
{
    (void)state;
    start(SIM_BARE, 100);
    rig_init();
    assert_status(pv_clock_delay(&guest, 1), PV_UNSUPPORTED);
}

static void a_host_that_is_not_trusted_is_no_ruler(void **state)
{
    uint64_t hz;

    (void)state;
    start(SIM_HYPERV_X86, 100);
    config.clock.trust = PV_CLOCK_TRUST_COUNTER;
    rig_init();
    assert_status(pv_clock_delay(&guest, 1), PV_UNSUPPORTED);
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_UNSUPPORTED);
    assert_int_equal(machine.msr_reads, 0);
}

static void a_counter_that_stands_still_is_given_up(void **state)
{
    (void)state;
    start(SIM_BARE, 100);
    config.clock.counter_hz = SIM_COUNTER_HZ;
    machine.clock.counter_stands = true;
    rig_init();
    assert_status(pv_clock_delay(&guest, 1), PV_TIMED_OUT);
    assert_status(pv_clock_delay(&guest, 0), PV_OK);
}

static unsigned looks;

/* 5 us on, then 2 ms back; counts on from there. */
static uint64_t falls_back(struct pv_sim *sim)
{
    const uint64_t ticks = machine.clock.ticks;

    (void)sim;
    looks++;
    return looks < 5 ? ticks + looks * 2400 : ticks - 4800000 + looks * 2400;
}

static void a_counter_that_falls_back_does_not_end_the_delay(void **state)
{
    (void)state;
    start(SIM_BARE, 100);
    config.clock.counter_hz = SIM_COUNTER_HZ;
    machine.clock.ticks = 1ull << 40;
    rig_init();
    looks = 0;
    pv_sim->counter = falls_back;
    assert_status(pv_clock_delay(&guest, 10000), PV_OK);
    assert_true(looks >= 2000);
}

static unsigned readings_per_tick;

static uint64_t creeps(struct pv_sim *sim)
{
    (void)sim;
    looks++;
    return looks / readings_per_tick;
}

/* 2400 ticks in a million readings would be 1 us. */
static void less_than_1_us_in_a_million_readings_is_a_standstill(void **state)
{
    (void)state;
    start(SIM_BARE, 100);
    config.clock.counter_hz = SIM_COUNTER_HZ;
    rig_init();
    pv_sim->counter = creeps;
    looks = 0;
    readings_per_tick = 500;
    assert_status(pv_clock_delay(&guest, 3000), PV_TIMED_OUT);
    assert_true(looks <= 1000002);
    looks = 0;
    readings_per_tick = 400;
    assert_status(pv_clock_delay(&guest, 3000), PV_OK);
    assert_true(looks >= 7200 * 400);
}

/* ---- measuring ---- */

static void the_counter_is_measured_against_the_reference_counter(void **state)
{
    static const uint64_t frequencies[] = { 1000000000, 2400000000, 2999999999, 5300000000 };
    uint64_t hz;

    (void)state;
    for (size_t i = 0; i < sizeof(frequencies) / sizeof(frequencies[0]); i++) {
        start(SIM_HYPERV_X86, 300);
        rig_init();
        sim_clock_migrate(&machine, frequencies[i], 77);
        assert_status(pv_clock_measure_hz(&guest, 10 * NS_PER_MS, &hz), PV_OK);
        rig_assert_near(hz, frequencies[i], frequencies[i] / 5000);
    }
}

static void durations_are_from_1_ms_to_1_s(void **state)
{
    uint64_t hz = 5;

    (void)state;
    start(SIM_HYPERV_X86, 1000);
    rig_init();
    assert_status(pv_clock_measure_hz(&guest, 0, &hz), PV_INVALID);
    assert_status(pv_clock_measure_hz(&guest, 999999, &hz), PV_INVALID);
    assert_status(pv_clock_measure_hz(&guest, 1000000001, &hz), PV_INVALID);
    assert_u64(hz, 5);
    assert_status(pv_clock_measure_hz(&guest, 1000000, &hz), PV_OK);
    rig_assert_near(hz, SIM_COUNTER_HZ, SIM_COUNTER_HZ / 100);
    assert_status(pv_clock_measure_hz(&guest, 1000000000, &hz), PV_OK);
    rig_assert_near(hz, SIM_COUNTER_HZ, SIM_COUNTER_HZ / 100000);
}

static void without_a_reference_counter_nothing_is_measured(void **state)
{
    uint64_t hz;

    (void)state;
    start(SIM_BARE, 100);
    rig_init();
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_UNSUPPORTED);
    rig_machine(SIM_HYPERV_X86);
    rig_init();
    guest.detect.hyperv.isolation = PV_DETECT_ISOLATION_TDX;
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_UNSUPPORTED);
    assert_status(pv_clock_delay(&guest, NS_PER_MS), PV_UNSUPPORTED);
}

static void a_reference_counter_that_stands_still_is_given_up(void **state)
{
    uint64_t hz = 5;

    (void)state;
    start(SIM_HYPERV_X86, 100);
    rig_init();
    machine.clock.behaviour = SIM_CLOCK_STANDS;
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_TIMED_OUT);
    assert_u64(hz, 5);
}

static uint64_t ticks_per_look;

static uint64_t leaps(struct pv_sim *sim)
{
    (void)sim;
    looks++;
    return looks * ticks_per_look;
}

static uint64_t leaps_in_years(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    (void)msr;
    looks++;
    return looks * (NS_PER_YEAR / 100);
}

static void a_frequency_that_cannot_be_is_not_told(void **state)
{
    uint64_t hz = 5;

    (void)state;
    start(SIM_HYPERV_X86, NS_PER_MS);
    rig_init();
    machine.clock.counter_stands = true;
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_MALFORMED);
    pv_sim->counter = leaps;
    ticks_per_look = 1000000001; /* in 1 ms */
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_MALFORMED);
    pv_sim->msr_read = leaps_in_years;
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_MALFORMED);
    assert_u64(hz, 5);
    ticks_per_look = 40000000000000000; /* in a year: 1.27 GHz */
    assert_status(pv_clock_measure_hz(&guest, NS_PER_MS, &hz), PV_OK);
    rig_assert_near(hz, 1268391679, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_delay_lasts_as_long_as_it_was_asked_to),
        RIG_TEST(without_a_frequency_the_reference_counter_serves),
        RIG_TEST(with_neither_there_is_no_delay),
        RIG_TEST(a_host_that_is_not_trusted_is_no_ruler),
        RIG_TEST(a_counter_that_stands_still_is_given_up),
        RIG_TEST(a_counter_that_falls_back_does_not_end_the_delay),
        RIG_TEST(less_than_1_us_in_a_million_readings_is_a_standstill),
        RIG_TEST(the_counter_is_measured_against_the_reference_counter),
        RIG_TEST(durations_are_from_1_ms_to_1_s),
        RIG_TEST(without_a_reference_counter_nothing_is_measured),
        RIG_TEST(a_reference_counter_that_stands_still_is_given_up),
        RIG_TEST(a_frequency_that_cannot_be_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
