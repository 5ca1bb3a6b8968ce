/* SPDX-License-Identifier: MIT */
/*
 * A million random masks on random maps that change all the while: set and status are those that a loop
 * over the CPUs gives, and what is encoded comes back, in both forms.
 */
#include "rig.h"
#include "unit/checked.h"

/* A tenth where it takes longer: checked by a sanitizer, not optimised, or on an emulator. */
#if CHECKED || !defined(__OPTIMIZE__) || !(defined(__x86_64__) || defined(__i386__))
#define ROUNDS 100000u
#else
#define ROUNDS 1000000u
#endif

#define CPUS 8192u
#define WORDS (CPUS / 64)
#define NOBODY (-1)

static uint64_t seed;
static int64_t index_of[CPUS]; /* what the map should say */
static uint64_t known[WORDS + 1]; /* CPUs of the map */
static uint64_t mask[WORDS + 1];
static struct pv_vp_set set;
static uint32_t highest; /* CPU that was ever in this map */
static uint32_t statuses[64]; /* how often each was right */
static uint32_t maps;

static uint64_t random_word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)(random_word() >> 32) % limit;
}

/* Small numbers as often as large ones. */
static uint32_t of_any_size(uint32_t limit)
{
    const uint32_t bits = below(13);

    return below(limit) >> (12 - bits);
}

/* ---- maps ---- */

static void put(uint32_t number, uint32_t index)
{
    struct pv_cpu other;
    const enum pv_status wanted = index_of[number] != NOBODY ||
                                          pv_vp_map_cpu(&map, vp(index), &other) == PV_OK
                                      ? PV_EXISTS
                                  : pair_count == MAX ? PV_NO_ROOM
                                                      : PV_OK;

    assert_status(pv_vp_map_add(&map, cpu(number), vp(index)), wanted);
    if (wanted != PV_OK)
        return;
    index_of[number] = index;
    known[number / 64] |= 1ull << number % 64;
    pair_count++;
    highest = number > highest ? number : highest;
}

static void take_out(uint32_t number)
{
    const bool there = index_of[number] != NOBODY;

    assert_status(pv_vp_map_remove(&map, cpu(number)), there ? PV_OK : PV_NOT_FOUND);
    index_of[number] = NOBODY;
    known[number / 64] &= ~(1ull << number % 64);
    pair_count -= there;
}

/* The index of CPU i in a map of `count`. */
typedef uint32_t rule(uint32_t i, uint32_t count, uint32_t parameter);

static uint32_t the_same(uint32_t i, uint32_t count, uint32_t parameter)
{
    (void)count;
    (void)parameter;
    return i;
}

static uint32_t shifted(uint32_t i, uint32_t count, uint32_t parameter)
{
    (void)count;
    return i + parameter;
}

static uint32_t in_sockets(uint32_t i, uint32_t count, uint32_t parameter)
{
    (void)count;
    return i ^ (parameter & ~15u);
}

static uint32_t turned(uint32_t i, uint32_t count, uint32_t parameter)
{
    return (i + parameter) % count;
}

static uint32_t in_disorder(uint32_t i, uint32_t count, uint32_t parameter)
{
    return i * (2 * parameter + 1) % (count | 1);
}

static uint32_t anywhere(uint32_t i, uint32_t count, uint32_t parameter)
{
    (void)count;
    return (i + 1) * 2654435761u >> parameter % 24;
}

static void new_map(void)
{
    static rule *const rules[] = { the_same, shifted, in_sockets, turned, in_disorder, anywhere };
    rule *const index = rules[below(6)];
    const uint32_t count = 1 + of_any_size(MAX);
    const uint32_t parameter = of_any_size(MAX);
    const uint32_t first = below(2) * of_any_size(CPUS - MAX);
    const uint32_t step = below(4) == 0 && count < 1000 ? 1 + below(4) : 1;

    pv_vp_map_release(&map);
    memset(index_of, 0xFF, sizeof(index_of));
    memset(known, 0, sizeof(known));
    pair_count = 0;
    highest = 0;
    maps++;
    for (uint32_t i = 0; i < count; i++)
        put(first + i * step, index(i, count, parameter));
}

static void change_map(void)
{
    const uint32_t number = below(highest + 2);

    if (below(2) != 0)
        take_out(number);
    else
        put(number, below(2) != 0 ? number : of_any_size(MAX + 64));
}

/* ---- masks ---- */

/* One bit in two, four, ... */
static uint64_t thinned(uint32_t times)
{
    uint64_t word = ~0ull;

    while (times-- != 0)
        word &= random_word();
    return word;
}

/* Usually CPUs that the map knows, some of them or all; behind `cpus` there is junk. */
static uint32_t new_mask(void)
{
    const uint32_t cpus = below(4) != 0 ? highest + 1 : below(highest + 2);
    const uint32_t from = below(4) == 0 ? below(cpus + 1) / 64 : 0;
    const uint32_t times = below(6);

    for (uint32_t word = 0; word <= cpus / 64; word++)
        mask[word] = word < from ? 0 : thinned(times) & known[word];
    if (below(8) == 0)
        mask[cpus / 64] |= 1ull << below(64);
    mask[cpus / 64] |= random_word() << cpus % 64;
    return cpus;
}

/* ---- the reference ---- */

static uint64_t banks[PV_HV_SET_BANKS_MAX];

static enum pv_status loop_over_cpus(uint32_t cpus)
{
    bool unknown = false, no_room = false, anybody = false;

    memset(banks, 0, sizeof(banks));
    for (uint32_t number = 0; number < cpus; number++) {
        if ((mask[number / 64] >> number % 64 & 1) == 0)
            continue;
        anybody = true;
        unknown |= index_of[number] == NOBODY;
        no_room |= index_of[number] >= MAX;
        if (index_of[number] >= 0 && index_of[number] < MAX)
            banks[index_of[number] / 64] |= 1ull << index_of[number] % 64;
    }
    return unknown ? PV_NOT_FOUND : no_room ? PV_NO_ROOM : anybody ? PV_OK : PV_EMPTY;
}

static void expect_banks(const struct pv_vp_set *some)
{
    for (uint32_t n = 0; n < PV_HV_SET_BANKS_MAX; n++)
        if (banks[n] != ((some->valid >> n & 1) != 0 ? some->banks[n] : 0))
            fail_msg("bank %u differs", (unsigned)n);
}

static void expect_wire(enum pv_vp_set_form form)
{
    uint64_t wire[PV_HV_SET_BANKS_MAX];
    struct pv_hv_vp_set fixed;
    struct pv_vp_set again;
    uint32_t count = 0, last = 0;

    for (uint32_t n = 0; n < PV_HV_SET_BANKS_MAX; n++) {
        last = banks[n] != 0 ? n : last;
        count += banks[n] != 0;
    }
    if (form == PV_VP_SET_PREFIX)
        count = last + 1;
    assert_int_equal(pv_vp_set_banks(&set, form), count);
    assert_status(pv_vp_set_encode(&set, form, count, &fixed, wire), PV_OK);
    assert_status(pv_vp_set_decode(&again, &fixed, wire, count), PV_OK);
    assert_true(again.valid == set.valid);
    expect_banks(&again);
}

static void try_mask(void)
{
    const uint32_t cpus = new_mask();
    const enum pv_status status = loop_over_cpus(cpus);

    assert_status(pv_vp_set_from_cpus(&set, &map, mask, cpus), status);
    statuses[status]++;
    if (status != PV_OK) {
        assert_true(set.valid == 0);
        return;
    }
    expect_banks(&set);
    expect_wire(PV_VP_SET_COMPACT);
    expect_wire(PV_VP_SET_PREFIX);
}

static void sets_are_those_of_a_loop_over_the_cpus(void **state)
{
    uint32_t left = 0;

    (void)state;
    seed = 0x5EED;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (left-- == 0) {
            new_map();
            left = 1000;
        }
        if (below(16) == 0)
            change_map();
        try_mask();
    }
    print_message("%u masks on %u maps: %u sets, %u empty, %u unknown, %u without room\n",
                  (unsigned)ROUNDS, (unsigned)maps, (unsigned)statuses[PV_OK],
                  (unsigned)statuses[PV_EMPTY], (unsigned)statuses[PV_NOT_FOUND],
                  (unsigned)statuses[PV_NO_ROOM]);
    /* Every answer was tried. */
    assert_true(statuses[PV_OK] > ROUNDS / 2);
    assert_true(statuses[PV_EMPTY] > ROUNDS / 1000 && statuses[PV_NOT_FOUND] > ROUNDS / 1000 &&
                statuses[PV_NO_ROOM] > ROUNDS / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(sets_are_those_of_a_loop_over_the_cpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
