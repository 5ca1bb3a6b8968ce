/* SPDX-License-Identifier: MIT */
/*
 * Random changes of small maps; after every one of them each look-up gives what the model says, also
 * when memory ran out half-way: at each point where a change may ask for it. PV_LONG in the environment:
 * ten million changes.
 */
#include "map_random.h"
#include "unit/checked.h"

#include <stdlib.h>

/* Fewer where it takes longer: checked by a sanitizer, not optimised, or on an emulator. */
#if !defined(__x86_64__) && !defined(__i386__)
#define STEPS 10000u
#elif CHECKED || !defined(__OPTIMIZE__)
#define STEPS 30000u
#else
#define STEPS 100000u
#endif
#define STEPS_LONG 10000000u

static unsigned statuses[32];
static unsigned refused;
static unsigned largest;

static unsigned random_changes(const struct draw *draw, unsigned step)
{
    /* It grows and shrinks by turns. */
    const uint32_t grow = step / 128 % 2 == 0 ? 8 : 3;
    struct model_step change;
    enum pv_status status;

    if (one_in(64))
        random_grace();
    if (one_in(map.open ? 8 : 24))
        random_batch();
    if (one_in(200))
        reclaim_all();
    if (one_in(100))
        return random_reserve(draw, grow);
    change = random_step(draw, grow);
    if (one_in(4))
        status = change_short_of_memory(&change, (uint32_t)below(14), (uint32_t)below(4), &refused);
    else
        status = change_both(&change);
    statuses[status]++;
    return 1;
}

static void play(const struct draw *draw, unsigned steps)
{
    pages.keep = PAGES_KEPT_MAX;
    memset(statuses, 0, sizeof(statuses));
    refused = 0;
    largest = 0;
    for (unsigned step = 0; step < steps;) {
        step += random_changes(draw, step);
        expect_map();
        largest = seen.count > largest ? (unsigned)seen.count : largest;
    }
    /* Nothing was left out. */
    assert_true(largest > draw->most / 2 && refused > steps / 100);
    for (enum pv_status status = PV_OK; status <= PV_OVERLAPS; status++)
        if (status == PV_OK || status == PV_INVALID || status == PV_NOT_FOUND ||
            status == PV_EXISTS || status == PV_OVERLAPS)
            assert_int_not_equal(statuses[status], 0);
    print_message("%u changes, up to %u regions, %u made, %u without memory\n", steps, largest,
                  statuses[PV_OK], refused);
}

static unsigned steps_of(unsigned share)
{
    return (getenv("PV_LONG") != NULL ? STEPS_LONG : STEPS) / 100 * share;
}

static void a_dozen_regions(void **state)
{
    const struct draw draw = { 256, 40, 1ull << 40, 24, 24, 4, 12 };

    (void)state;
    play(&draw, steps_of(40));
}

static void forty_regions(void **state)
{
    const struct draw draw = { 0, 160, 0, 48, 64, 3, 40 };

    (void)state;
    play(&draw, steps_of(20));
}

/* Their last page is that of the address space, virtually too. */
static void at_the_end_of_memory(void **state)
{
    const struct draw draw = { MODEL_SPACE - 48, 48, 0ull - (24 << 12), 24, 30, 4, 12 };

    (void)state;
    play(&draw, steps_of(20));
}

/* From one page to half of all there are, and ids likewise. */
static void of_every_size(void **state)
{
    const struct draw draw = { 0, 64, 0, 48, 64, 3, 30, true };

    (void)state;
    play(&draw, steps_of(20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(a_dozen_regions),
        MAP_TEST(forty_regions),
        MAP_TEST(at_the_end_of_memory),
        MAP_TEST(of_every_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
