/* SPDX-License-Identifier: MIT */
/*
 * Readers on several CPUs, while a writer changes the map all the time, from form to form.
 *
 * In epoch e CPU c is the VP number(e, c), and the epochs have indexes of their own: an index tells
 * its CPU and its epoch. The writer takes one CPU after the other from an epoch to the next. So in
 * every whole map the CPUs up to some point are in one epoch, those behind it in the epoch before or
 * gone, and at most the one at the point itself is missing.
 */
#include "rig.h"

#include <pthread.h>
#include <sched.h>

#define READERS 3u
#define CPUS 256u
#define EPOCHS 4u /* that can be told apart */
#define CHANGES 24u /* of epoch, in the whole run */
#define NOWHERE 0xFFu

static uint32_t begun;    /* epoch that some CPU may be in */
static uint32_t complete; /* epoch that every CPU has reached */
static bool done;

struct reader {
    uint32_t rounds; /* outside of libpv between two of them */
    uint32_t found, whole, torn;
};

static struct reader readers[READERS];

/* An identity, sockets in another order, an array, indexes with gaps. */
static uint32_t number(uint32_t epoch, uint32_t c)
{
    const uint32_t offsets[EPOCHS] = { c, c ^ 64, c * 37 % CPUS, 3 * c };

    return epoch % EPOCHS * 1024 + offsets[epoch % EPOCHS];
}

/* The CPU of an index, whatever its epoch. CPUS if it was never given to one. */
static uint32_t cpu_of(uint32_t index)
{
    for (uint32_t c = 0; c < CPUS; c++)
        if (index < MAX && number(index / 1024, c) == index)
            return c;
    return CPUS;
}

static uint32_t get(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void put(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* An epoch that the map was in while the reader was. */
static bool is_current(uint32_t epoch, uint32_t first)
{
    for (uint32_t e = first; e <= get(&begun); e++)
        if (e % EPOCHS == epoch)
            return true;
    return false;
}

/* ---- readers ---- */

static void check(struct reader *reader, bool holds)
{
    if (holds)
        reader->whole++;
    else
        reader->torn++;
}

static void look_up_both_ways(struct reader *reader, uint32_t c)
{
    const uint32_t first = get(&complete);
    struct pv_vp_index index;
    struct pv_cpu back;

    if (pv_vp_map_index(&map, cpu(c), &index) != PV_OK)
        return;
    reader->found++;
    check(reader, cpu_of(index.value) == c && is_current(index.value / 1024, first));
    if (pv_vp_map_cpu(&map, index, &back) == PV_OK)
        check(reader, back.value == c);
}

/* What the members of a set say of each CPU. */
static bool epochs_of(const struct pv_vp_set *set, uint8_t epochs[CPUS])
{
    memset(epochs, NOWHERE, CPUS);
    for (struct pv_vp_index at = { 0 }; pv_vp_set_next(set, &at); at.value++) {
        const uint32_t c = cpu_of(at.value);

        if (c == CPUS || epochs[c] != NOWHERE)
            return false;
        epochs[c] = (uint8_t)(at.value / 1024);
    }
    return true;
}

/* One epoch, then the one before or nobody; `gaps`: as many as may be missing. Others than those in
 * the mask are not looked at. */
static bool is_whole(const struct pv_vp_set *set, const uint64_t *mask, uint32_t gaps)
{
    uint8_t epochs[CPUS];
    uint8_t newer = NOWHERE, now = NOWHERE;
    uint32_t missing = 0;

    if (!epochs_of(set, epochs))
        return false;
    for (uint32_t c = 0; c < CPUS; c++) {
        if ((mask[c / 64] >> c % 64 & 1) == 0)
            continue;
        if (epochs[c] == NOWHERE) {
            missing++;
            continue;
        }
        if (missing > gaps)
            return false;
        if (now != NOWHERE && epochs[c] != now) {
            if (newer != NOWHERE || (epochs[c] + 1) % EPOCHS != now)
                return false;
            newer = now;
        }
        now = epochs[c];
    }
    return true;
}

static const uint64_t everyone[CPUS / 64] = { ~0ull, ~0ull, ~0ull, ~0ull };

static void gather_everyone(struct reader *reader)
{
    struct pv_vp_set set;

    if (pv_vp_set_everyone(&set, &map) == PV_OK)
        check(reader, pv_vp_set_count(&set) <= CPUS && is_whole(&set, everyone, 1));
    check(reader, pv_vp_map_count(&map) <= CPUS);
}

static void build_from_mask(struct reader *reader, uint32_t c)
{
    uint64_t mask[CPUS / 64];
    struct pv_vp_set set;
    uint32_t count = 0;

    for (uint32_t word = 0; word < CPUS / 64; word++)
        mask[word] = everyone[word] * (c % 3 != 0) & 0x9E3779B97F4A7C15ull * (2 * c + 1);
    mask[c / 64] |= 1ull << c % 64;
    for (uint32_t i = 0; i < CPUS; i++)
        count += mask[i / 64] >> i % 64 & 1;
    if (pv_vp_set_from_cpus(&set, &map, mask, CPUS) != PV_OK)
        return;
    reader->found++;
    check(reader, pv_vp_set_count(&set) == count && is_whole(&set, mask, 0));
}

static void *read_on(void *context)
{
    struct reader *reader = context;

    for (uint32_t c = 0; !__atomic_load_n(&done, __ATOMIC_SEQ_CST); c = (c + 61) % CPUS) {
        look_up_both_ways(reader, c);
        gather_everyone(reader);
        build_from_mask(reader, c);
        put(&reader->rounds, reader->rounds + 1);
    }
    return NULL;
}

/* ---- the writer ---- */

/* Every reader has been outside since. */
static void wait_for_readers(void)
{
    for (uint32_t i = 0; i < READERS; i++) {
        const uint32_t before = get(&readers[i].rounds);

        while (get(&readers[i].rounds) - before < 2)
            sched_yield();
    }
}

static void move_on(uint32_t epoch)
{
    for (uint32_t c = 0; c < CPUS; c++) {
        assert_status(pv_vp_map_remove(&map, cpu(c)), PV_OK);
        assert_status(pv_vp_map_add(&map, cpu(c), vp(number(epoch, c))), PV_OK);
        if (c % 32 == 0)
            wait_for_readers();
    }
}

/* Down to nobody and up again, after which every page that was outgrown can go. */
static void start_over(uint32_t epoch)
{
    for (uint32_t c = CPUS; c-- > 0;)
        assert_status(pv_vp_map_remove(&map, cpu(c)), PV_OK);
    wait_for_readers();
    pv_vp_map_reclaim(&map);
    for (uint32_t c = 0; c < CPUS; c++) {
        assert_status(pv_vp_map_add(&map, cpu(c), vp(number(epoch, c))), PV_OK);
        if (c % 32 == 0)
            wait_for_readers();
    }
}

static void write_on(void)
{
    for (uint32_t epoch = 1; epoch <= CHANGES; epoch++) {
        put(&begun, epoch);
        if (epoch % 5 == 0)
            start_over(epoch);
        else
            move_on(epoch);
        put(&complete, epoch);
    }
    __atomic_store_n(&done, true, __ATOMIC_SEQ_CST);
}

static void readers_see_whole_maps(void **state)
{
    pthread_t threads[READERS];
    uint32_t whole = 0;

    (void)state;
    for (uint32_t c = 0; c < CPUS; c++)
        assert_status(pv_vp_map_add(&map, cpu(c), vp(number(0, c))), PV_OK);
    for (uint32_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    write_on();
    for (uint32_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(readers[i].torn, 0);
        assert_int_not_equal(readers[i].found, 0);
        whole += readers[i].whole;
    }
    print_message("%u answers under %u changes, all of whole maps\n", (unsigned)whole,
                  (unsigned)(map.state / PV_VP_STATE_GENERATION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(readers_see_whole_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
