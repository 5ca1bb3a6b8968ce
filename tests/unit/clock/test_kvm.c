/* SPDX-License-Identifier: MIT */
/* kvmclock: its numbers, its arithmetic, its protocol. */
#include "unit/clock/rig.h"

#include <pv/config.h>

#define ROUNDS 2000

static uint64_t seed = 0xFEEDull;

static volatile struct pv_kvm_time *area_of(uint32_t vp)
{
    return (volatile struct pv_kvm_time *)(void *)vps[vp].clock.area;
}

static void up(void)
{
    rig_up(PV_CLOCK_KVM, 1);
}

/* ---- numbers ---- */

static void the_numbers_are_those_of_the_abi(void **state)
{
    (void)state;
    assert_int_equal(PV_KVM_MSR_WALL_CLOCK, 0x4B564D00);
    assert_int_equal(PV_KVM_MSR_SYSTEM_TIME, 0x4B564D01);
    assert_int_equal(PV_KVM_FEATURE_CLOCKSOURCE2, 0x8);
    assert_int_equal(PV_KVM_FEATURE_CLOCK_STABLE, 0x1000000);
    assert_int_equal(PV_KVM_ENABLE, 1);
    assert_int_equal(PV_KVM_TIME_STABLE, 1);
    assert_int_equal(PV_KVM_TIME_STOPPED, 2);
    assert_int_equal(sizeof(struct pv_kvm_time), 32);
    assert_int_equal(offsetof(struct pv_kvm_time, version), 0);
    assert_int_equal(offsetof(struct pv_kvm_time, tsc_timestamp), 8);
    assert_int_equal(offsetof(struct pv_kvm_time, system_time), 16);
    assert_int_equal(offsetof(struct pv_kvm_time, tsc_to_system_mul), 24);
    assert_int_equal(offsetof(struct pv_kvm_time, tsc_shift), 28);
    assert_int_equal(offsetof(struct pv_kvm_time, flags), 29);
    assert_int_equal(sizeof(struct pv_kvm_wall_clock), 12);
    assert_int_equal(offsetof(struct pv_kvm_wall_clock, version), 0);
    assert_int_equal(offsetof(struct pv_kvm_wall_clock, seconds), 4);
    assert_int_equal(offsetof(struct pv_kvm_wall_clock, nanoseconds), 8);
}

/* ---- arithmetic ---- */

static struct pv_kvm_time random_time(void)
{
    struct pv_kvm_time time = { 0 };

    time.tsc_timestamp = sim_random(&seed);
    time.system_time = sim_random(&seed);
    time.tsc_to_system_mul = (uint32_t)sim_random(&seed);
    time.tsc_shift = (int8_t)(sim_random(&seed) % 63 - 31);
    return time;
}

/* system_time + passed * 2^shift * mul / 2^32, modulo 2^64 */
static uint64_t right_time(const struct pv_kvm_time *time, uint64_t passed)
{
    struct sim_wide product;

    if (time->tsc_shift < 0)
        passed >>= -time->tsc_shift;
    product = sim_wide_multiply(passed, time->tsc_to_system_mul);
    if (time->tsc_shift > 0)
        product = sim_wide_shift_left(product, (unsigned)time->tsc_shift);
    return time->system_time + sim_wide_shift_right(product, 32).low;
}

static void any_fields_give_the_time_of_the_formula(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        const struct pv_kvm_time time = random_time();
        const uint64_t passed = sim_random(&seed) >> (1 + sim_random(&seed) % 63);

        assert_u64(pv_clock_kvm_time_(&time, time.tsc_timestamp + passed),
                   right_time(&time, passed));
    }
}

/* 0.7 s at 4 GHz overflow 64 bits in the product, 5 s overflow 32 bits of time. */
static void long_after_the_stamp_the_product_does_not_overflow(void **state)
{
    const struct pv_kvm_time time = { 2, 0, 1000, 50, 0x80000000u, -1, 0, { 0, 0 } };

    (void)state;
    assert_u64(pv_clock_kvm_time_(&time, 1000 + 4 * NS_PER_SECOND), 50 + NS_PER_SECOND);
    assert_u64(pv_clock_kvm_time_(&time, 1000 + 4 * NS_PER_YEAR), 50 + NS_PER_YEAR);
}

static void a_stamp_of_the_future_is_now(void **state)
{
    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        const struct pv_kvm_time time = random_time();
        const uint64_t behind = (sim_random(&seed) >> (1 + sim_random(&seed) % 63)) + 1;

        assert_u64(pv_clock_kvm_time_(&time, time.tsc_timestamp - behind), time.system_time);
    }
}

static uint64_t hz_of(uint32_t mul, int8_t shift)
{
    const struct pv_kvm_time time = { 0, 0, 0, 0, mul, shift, 0, { 0, 0 } };

    return pv_clock_kvm_hz_(&time);
}

static void fields_tell_the_frequency(void **state)
{
    (void)state;
    assert_u64(hz_of(0x80000000u, 1), 1000000000);
    assert_u64(hz_of(0x80000000u, 0), 2000000000);
    assert_u64(hz_of(0x80000000u, -1), 4000000000);
    assert_u64(hz_of(0xFA000000u, 10), 1000000);
    rig_assert_near(hz_of(0xD5555555u, -1), 2400000000, 10);
}

static void fields_that_make_no_sense_tell_no_frequency(void **state)
{
    (void)state;
    assert_u64(hz_of(0, 0), 0);
    assert_u64(hz_of(0x80000000u, 32), 0);
    assert_u64(hz_of(0x80000000u, -32), 0);
    assert_u64(hz_of(0x80000000u, 31), 0);  /* 1 Hz */
    assert_u64(hz_of(0x80000000u, -31), 0); /* beyond 1 THz */
}

/* ---- the protocol ---- */

static void a_read_gives_the_hosts_time(void **state)
{
    struct pv_clock_reading reading;

    (void)state;
    up();
    for (int i = 0; i < 100; i++) {
        sim_clock_advance(&machine, sim_random(&seed) % NS_PER_SECOND);
        if (i % 3 == 0)
            sim_clock_update(&machine);
        assert_true(pv_clock_kvm_read_(&vps[0], &reading));
        rig_assert_near(reading.ns, sim_clock_told(&machine), 20);
        assert_false(reading.unstable || reading.moved);
    }
}

static unsigned barriers;

static void tear(struct pv_sim *sim)
{
    (void)sim;
    barriers++;
    if (barriers == 1)
        sim_clock_begin(&machine);
    if (barriers == 2)
        sim_clock_end(&machine);
}

static void an_update_in_the_middle_of_a_read_is_noticed(void **state)
{
    struct pv_clock_reading reading;

    (void)state;
    up();
    machine.clock.told_ns = 5 * NS_PER_SECOND;
    barriers = 0;
    rig_host(tear);
    assert_false(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    rig_assert_near(reading.ns, sim_clock_told(&machine), 20);
}

static void begin(struct pv_sim *sim)
{
    (void)sim;
    sim_clock_begin(&machine);
}

static void an_update_that_has_begun_is_waited_for(void **state)
{
    struct pv_clock_reading reading;
    struct pv_kvm_time copy;

    (void)state;
    up();
    rig_host(begin);
    assert_false(pv_clock_kvm_read_(&vps[0], &reading));
    assert_false(pv_clock_kvm_copy_(area_of(0), &copy));
    rig_host(NULL);
    sim_clock_end(&machine);
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(pv_clock_kvm_copy_(area_of(0), &copy));
}

static void update(struct pv_sim *sim)
{
    (void)sim;
    barriers++;
    sim_clock_update(&machine);
}

static void updates_without_end_are_given_up(void **state)
{
    struct pv_kvm_time copy;

    (void)state;
    up();
    barriers = 0;
    rig_host(update);
    assert_false(pv_clock_kvm_copy_(area_of(0), &copy));
    assert_int_equal(barriers, 3 * PV_CONFIG_SEQUENCE_RETRIES);
}

static void that_the_guest_was_stopped_is_told_once(void **state)
{
    struct pv_clock_reading reading;

    (void)state;
    up();
    sim_clock_stop(&machine);
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(reading.moved);
    assert_int_equal(area_of(0)->flags, 1);
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_false(reading.moved);
}

static void vps_agree_only_if_feature_and_flag_say_so(void **state)
{
    struct pv_clock_reading reading;

    (void)state;
    up();
    area_of(0)->flags = 0;
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(reading.unstable);
    area_of(0)->flags = 1;
    guest.detect.kvm.features &= ~0x1000000u;
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(reading.unstable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_those_of_the_abi),
        cmocka_unit_test(any_fields_give_the_time_of_the_formula),
        cmocka_unit_test(long_after_the_stamp_the_product_does_not_overflow),
        cmocka_unit_test(a_stamp_of_the_future_is_now),
        cmocka_unit_test(fields_tell_the_frequency),
        cmocka_unit_test(fields_that_make_no_sense_tell_no_frequency),
        RIG_TEST(a_read_gives_the_hosts_time),
        RIG_TEST(an_update_in_the_middle_of_a_read_is_noticed),
        RIG_TEST(an_update_that_has_begun_is_waited_for),
        RIG_TEST(updates_without_end_are_given_up),
        RIG_TEST(that_the_guest_was_stopped_is_told_once),
        RIG_TEST(vps_agree_only_if_feature_and_flag_say_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
