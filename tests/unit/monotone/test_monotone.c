/* SPDX-License-Identifier: MIT */
#include "monotone/monotone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

#define YEAR 31536000000000000ull /* ns */

static struct pv_monotone counter;

static int start(void **state)
{
    (void)state;
    counter = (struct pv_monotone){ 0, 0, 0 };
    return 0;
}

static uint64_t give(uint64_t host)
{
    return pv_monotone_next_(&counter, pv_monotone_before_(&counter), host);
}

static void assert_given(uint64_t host, uint64_t right)
{
    assert_true(give(host) == right);
    assert_true(pv_monotone_last_(&counter) == right);
}

static void a_host_that_counts_up_is_followed(void **state)
{
    (void)state;
    assert_given(0, 0);
    assert_given(5, 5);
    assert_given(5, 5);
    assert_given(5 + YEAR, 5 + YEAR);
    assert_int_equal(counter.rebases, 0);
}

static void a_host_that_runs_backwards_is_followed_from_the_last_value_on(void **state)
{
    (void)state;
    assert_given(1000, 1000);
    assert_given(999, 1000);
    assert_int_equal(counter.rebases, 1);
    assert_given(1009, 1010);
    assert_given(0, 1010);
    assert_int_equal(counter.rebases, 2);
    assert_given(7, 1017);
}

static void the_largest_jump_that_is_believed_is_417_days(void **state)
{
    (void)state;
    assert_true(PV_MONOTONE_JUMP_MAX == 36028797018963968ull);
    assert_given(PV_MONOTONE_JUMP_MAX, PV_MONOTONE_JUMP_MAX);
    assert_given(2 * PV_MONOTONE_JUMP_MAX + 1, PV_MONOTONE_JUMP_MAX);
    assert_int_equal(counter.rebases, 1);
    assert_given(2 * PV_MONOTONE_JUMP_MAX + 4, PV_MONOTONE_JUMP_MAX + 3);
}

static void jumps_of_half_the_range_change_nothing(void **state)
{
    (void)state;
    assert_given(100, 100);
    assert_given(100 + (1ull << 63), 100);
    assert_given(101 + (1ull << 63), 101);
    assert_given(~0ull, 101);
    assert_given(2, 104);
}

static void a_host_may_wrap_around(void **state)
{
    (void)state;
    pv_monotone_restart_(&counter, ~0ull - 9, 0);
    assert_given(~0ull, 9);
    assert_given(0, 10);
    assert_given(5, 15);
    assert_int_equal(counter.rebases, 0);
}

static void a_restart_counts_on_from_any_value_and_is_no_rebase(void **state)
{
    (void)state;
    assert_given(1000, 1000);
    pv_monotone_restart_(&counter, 7, 5000);
    assert_given(7, 5000);
    assert_given(8, 5001);
    assert_int_equal(counter.rebases, 0);
}

static void a_reader_that_was_overtaken_gets_the_larger_value(void **state)
{
    const struct pv_monotone_moment before = pv_monotone_before_(&counter);

    (void)state;
    assert_given(500, 500);
    assert_true(pv_monotone_next_(&counter, before, 400) == 500);
    assert_int_equal(counter.rebases, 0);
    assert_true(pv_monotone_last_(&counter) == 500);
}

static void of_two_readers_that_met_a_jump_one_rebases(void **state)
{
    struct pv_monotone_moment before;

    (void)state;
    assert_given(1000, 1000);
    before = pv_monotone_before_(&counter);
    assert_true(pv_monotone_rebase_(&counter, before, 10, 1000));
    assert_false(pv_monotone_rebase_(&counter, before, 12, 1000));
    assert_true(pv_monotone_next_(&counter, before, 12) == 1000);
    assert_int_equal(counter.rebases, 1);
    assert_given(13, 1003);
}

static void a_value_is_raised_however_far_that_is(void **state)
{
    pv_atomic64 last = 0;

    (void)state;
    assert_true(pv_monotone_raise_(&last, 0, 30 * YEAR) == 30 * YEAR);
    assert_true(last == 30 * YEAR);
    assert_true(pv_monotone_raise_(&last, last, last) == last);
    assert_true(pv_monotone_raise_(&last, last, last - 1) == 30 * YEAR);
    assert_true(pv_monotone_raise_(&last, 0, 20 * YEAR) == 30 * YEAR);
    assert_true(last == 30 * YEAR);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS 100000

static pv_atomic64 host_time;

static void *read_many(void *decreases)
{
    uint64_t last = 0;

    for (int i = 0; i < ROUNDS; i++) {
        const struct pv_monotone_moment before = pv_monotone_before_(&counter);
        uint64_t value;

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        value = pv_monotone_next_(
            &counter, before, __atomic_fetch_add(&host_time, i % 7, __ATOMIC_RELAXED));
        if (i % 1000 == 0)
            __atomic_fetch_sub(&host_time, 5000, __ATOMIC_RELAXED);
        *(unsigned *)decreases += value < last || value < before.last;
        last = value;
    }
    return NULL;
}

static void no_thread_is_given_less_than_anyone_was_before(void **state)
{
    pthread_t threads[THREADS];
    unsigned decreases[THREADS] = { 0 };

    (void)state;
    host_time = 1000000;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_many, &decreases[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(decreases[i], 0);
    }
    assert_int_not_equal(counter.rebases, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_that_counts_up_is_followed),
        TEST(a_host_that_runs_backwards_is_followed_from_the_last_value_on),
        TEST(the_largest_jump_that_is_believed_is_417_days),
        TEST(jumps_of_half_the_range_change_nothing),
        TEST(a_host_may_wrap_around),
        TEST(a_restart_counts_on_from_any_value_and_is_no_rebase),
        TEST(a_reader_that_was_overtaken_gets_the_larger_value),
        TEST(of_two_readers_that_met_a_jump_one_rebases),
        TEST(a_value_is_raised_however_far_that_is),
        TEST(no_thread_is_given_less_than_anyone_was_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
