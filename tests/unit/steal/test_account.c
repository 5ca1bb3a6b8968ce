/* SPDX-License-Identifier: MIT */
/* What kernels do with two samples. */
#include <pv/steal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define YEAR 31556952000000000ull

static uint32_t share(uint64_t stolen, uint64_t passed)
{
    const struct pv_steal_sample from = { 1000, 5000 };
    const struct pv_steal_sample to = { 1000 + stolen, 5000 + passed };

    return pv_steal_share(&from, &to);
}

static void the_share_is_in_millionths(void **state)
{
    (void)state;
    assert_int_equal(share(0, 1000000000), 0);
    assert_int_equal(share(250, 1000), 250000);
    assert_int_equal(share(1, 1000000), 1);
    assert_int_equal(share(1, 1000001), 0);
    assert_int_equal(share(999999999, 1000000000), 999999);
    assert_int_equal(share(1000, 1000), 1000000);
}

static void more_stolen_than_passed_is_all_of_it(void **state)
{
    (void)state;
    assert_int_equal(share(1001, 1000), 1000000);
    assert_int_equal(share(~0ull - 5000, 1), 1000000);
}

static void no_time_or_time_backwards_has_no_share(void **state)
{
    const struct pv_steal_sample early = { 10, 100 }, late = { 20, 200 };
    const struct pv_steal_sample less = { 9, 300 };

    (void)state;
    assert_int_equal(share(5, 0), 0);
    assert_int_equal(pv_steal_share(&late, &early), 0);
    assert_int_equal(pv_steal_share(&early, &less), 0);
    assert_int_equal(pv_steal_share(&early, &early), 0);
}

/* Neither the product nor the quotient overflows, at any uptime. */
static void long_times_have_the_same_share_as_short_ones(void **state)
{
    (void)state;
    assert_in_range(share(YEAR / 4, YEAR), 249999, 250000);
    assert_in_range(share(100 * YEAR, 400 * YEAR), 249999, 250000);
    assert_int_equal(share((1ull << 40) - 2, (1ull << 40) - 1), 999999);
    assert_int_equal(share(1ull << 39, 1ull << 40), 500000);
    assert_in_range(share(1ull << 62, ~0ull - 5000), 249999, 250000);
}

static void samples_may_wrap_nowhere_but_may_be_large(void **state)
{
    const struct pv_steal_sample from = { ~0ull - 100, ~0ull - 1000 };
    const struct pv_steal_sample to = { ~0ull, ~0ull };

    (void)state;
    assert_int_equal(pv_steal_share(&from, &to), 100000);
}

static void a_tick_gets_what_was_stolen_since_the_last(void **state)
{
    struct pv_steal_sample last = { 50, 1000 };

    (void)state;
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 80, 2000 }), 30);
    assert_int_equal(last.stolen_ns, 80);
    assert_int_equal(last.time_ns, 2000);
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 80, 3000 }), 0);
    assert_int_equal(last.time_ns, 3000);
}

/* The host's clock and the guest's are not the same; nothing is lost. */
static void what_exceeds_the_tick_is_carried_over(void **state)
{
    struct pv_steal_sample last = { 0, 0 };

    (void)state;
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 2500, 1000 }), 1000);
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 2500, 2000 }), 1000);
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 2500, 3000 }), 500);
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 2500, 4000 }), 0);
}

static void backwards_is_nothing_and_does_not_count_twice(void **state)
{
    struct pv_steal_sample last = { 500, 1000 };

    (void)state;
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 600, 900 }), 0);
    assert_int_equal(last.time_ns, 1000);
    assert_int_equal(last.stolen_ns, 500);
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 400, 1200 }), 0);
    assert_int_equal(last.time_ns, 1200);
    assert_int_equal(last.stolen_ns, 500);
    assert_int_equal(pv_steal_account(&last, (struct pv_steal_sample){ 600, 1300 }), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_is_in_millionths),
        cmocka_unit_test(more_stolen_than_passed_is_all_of_it),
        cmocka_unit_test(no_time_or_time_backwards_has_no_share),
        cmocka_unit_test(long_times_have_the_same_share_as_short_ones),
        cmocka_unit_test(samples_may_wrap_nowhere_but_may_be_large),
        cmocka_unit_test(a_tick_gets_what_was_stolen_since_the_last),
        cmocka_unit_test(what_exceeds_the_tick_is_carried_over),
        cmocka_unit_test(backwards_is_nothing_and_does_not_count_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
