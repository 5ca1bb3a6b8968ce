/* SPDX-License-Identifier: MIT */
/* Loads of 64 bits on machines of 32: whichever half the host changes in between. */
#include "area/area.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct pv_sim cpu;
static uint64_t shared;
static uint64_t next[8]; /* what the host writes at each barrier */
static unsigned writes, planned;

static void write_next(struct pv_sim *sim)
{
    (void)sim;
    if (writes < planned)
        shared = next[writes];
    writes++;
}

static void plan(uint64_t first, const uint64_t *values, unsigned count)
{
    pv_sim = &cpu;
    cpu.host = write_next;
    shared = first;
    writes = 0;
    planned = count;
    if (count != 0)
        memcpy(next, values, count * sizeof(values[0]));
}

static void a_value_that_stands_still_is_read_as_it_is(void **state)
{
    (void)state;
    plan(0x1122334455667788, NULL, 0);
    assert_int_equal(pv_area_load_halves_(&shared), 0x1122334455667788);
    assert_int_equal(writes, 2);
    assert_int_equal(pv_area_load64_(&shared), 0x1122334455667788);
}

/* The carry into the high half comes before, between or after the loads. */
static void a_carry_between_the_halves_is_not_torn(void **state)
{
    static const uint64_t old = 0xFFFFFFFF, new = 0x100000000;

    (void)state;
    for (unsigned at = 0; at < 4; at++) {
        uint64_t values[4] = { old, old, old, old };
        uint64_t value;

        for (unsigned i = at; i < 4; i++)
            values[i] = new;
        plan(old, values, 4);
        value = pv_area_load_halves_(&shared);
        assert_true(value == old || value == new);
    }
}

static void a_host_that_writes_at_every_barrier_does_not_hold_the_reader_up(void **state)
{
    static const uint64_t values[8] = { 1ull << 32, 2ull << 32, 3ull << 32, 4ull << 32,
                                        5ull << 32, 6ull << 32, 7ull << 32, 8ull << 32 };

    (void)state;
    plan(0, values, 8);
    (void)pv_area_load_halves_(&shared);
    assert_int_equal(writes, 8);
}

static void a_word_is_read_as_it_is(void **state)
{
    static const uint32_t word = 0x89ABCDEF;

    (void)state;
    assert_int_equal(pv_area_load32_(&word), 0x89ABCDEF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_stands_still_is_read_as_it_is),
        cmocka_unit_test(a_carry_between_the_halves_is_not_torn),
        cmocka_unit_test(a_host_that_writes_at_every_barrier_does_not_hold_the_reader_up),
        cmocka_unit_test(a_word_is_read_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
