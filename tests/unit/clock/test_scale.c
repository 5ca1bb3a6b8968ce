/* SPDX-License-Identifier: MIT */
/* Products and scales against arithmetic a bit at a time. */
#include "clock/scale.h"
#include "sim/model.h"
#include "sim/wide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NS_PER_SECOND 1000000000ull
#define ROUNDS 2000

static uint64_t seed = 0x123456789ABCDEFull;

static const uint64_t edges[] = {
    0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x100000001, 0x7FFFFFFFFFFFFFFF,
    0x8000000000000000, 0xFFFFFFFF00000000, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFFFF,
};

#define EDGES (sizeof(edges) / sizeof(edges[0]))

/* Of any length. */
static uint64_t random_number(void)
{
    const uint64_t value = sim_random(&seed);

    return value >> (sim_random(&seed) % 64);
}

static void assert_product(uint64_t a, uint64_t b)
{
    const struct sim_wide right = sim_wide_multiply(a, b);
    const struct pv_clock_product portable = pv_clock_multiply_portable_(a, b);
    const struct pv_clock_product usual = pv_clock_multiply_(a, b);

    assert_true(portable.high == right.high && portable.low == right.low);
    assert_true(usual.high == right.high && usual.low == right.low);
}

static void products_have_all_their_128_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++)
        for (size_t j = 0; j < EDGES; j++)
            assert_product(edges[i], edges[j]);
    for (int i = 0; i < ROUNDS; i++)
        assert_product(random_number(), random_number());
}

static void a_product_is_shifted_by_any_amount(void **state)
{
    (void)state;
    for (unsigned shift = 1; shift < 128; shift++)
        for (int i = 0; i < 50; i++) {
            const uint64_t a = random_number();
            const uint64_t b = random_number();
            const struct sim_wide right = sim_wide_shift_right(sim_wide_multiply(a, b), shift);

            assert_true(pv_clock_multiply_shift_(a, b, shift) == right.low);
        }
}

static void frequencies_from_1_khz_to_1_thz_are_plausible(void **state)
{
    (void)state;
    assert_false(pv_clock_plausible_hz_(0));
    assert_false(pv_clock_plausible_hz_(999));
    assert_true(pv_clock_plausible_hz_(1000));
    assert_true(pv_clock_plausible_hz_(1000000000000ull));
    assert_false(pv_clock_plausible_hz_(1000000000001ull));
    assert_false(pv_clock_plausible_hz_(~0ull));
}

/* As long as the time fits 63 bits, which is 292 years. */
static void assert_scale(uint64_t hz)
{
    const struct pv_clock_scale scale = pv_clock_scale_for_(hz);

    assert_true(scale.factor >> 63 == 1);
    assert_true(scale.shift >= 1 && scale.shift <= 127);
    for (int i = 0; i < 20; i++) {
        const uint64_t counter = random_number();
        const struct sim_wide ns = sim_wide_multiply(counter, NS_PER_SECOND);
        const uint64_t right = sim_wide_divide(ns, hz);
        const uint64_t given = pv_clock_scale_apply_(scale, counter);

        if (ns.high < hz / 2)
            assert_true(right - given <= 1);
    }
}

static void a_scale_is_right_to_a_nanosecond_for_every_frequency(void **state)
{
    static const uint64_t known[] = { 1000, 1001, 32768, 10000000, 19200000, 24000000, 62500000,
                                      999999999, 1000000000, 1000000001, 2400000000, 3333333333,
                                      4294967296, 1000000000000 };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_scale(known[i]);
    for (int i = 0; i < ROUNDS; i++)
        assert_scale(1000 + sim_random(&seed) % (1000000000000ull - 1000));
}

static void a_counter_of_1_ghz_counts_nanoseconds(void **state)
{
    const struct pv_clock_scale scale = pv_clock_scale_for_(NS_PER_SECOND);

    (void)state;
    for (size_t i = 0; i < EDGES; i++)
        assert_true(pv_clock_scale_apply_(scale, edges[i]) == edges[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_have_all_their_128_bits),
        cmocka_unit_test(a_product_is_shifted_by_any_amount),
        cmocka_unit_test(frequencies_from_1_khz_to_1_thz_are_plausible),
        cmocka_unit_test(a_scale_is_right_to_a_nanosecond_for_every_frequency),
        cmocka_unit_test(a_counter_of_1_ghz_counts_nanoseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
