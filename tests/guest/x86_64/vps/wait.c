/* SPDX-License-Identifier: MIT */
/*
 * A lock that four VPs want at once, each in its turn: time is lost whenever the next one does not
 * run. Its slow path is pv_spin_round's.
 */
#include "crew.h"
#include "vps.h"

#include <pv/config.h>

#define ROUNDS 100u
#define HELD 100u /* pauses */
#define A_WHILE 300000u
#define PATIENCE 2000u /* whiles */

static struct {
    uint32_t next;
    uint32_t owner;     /* whose turn it is */
    uint32_t cpus[VPS]; /* who drew a number, by its last bits */
    uint32_t kicks, refused;
} lock;

static struct pv_spin waits[VPS];
static uint32_t counted; /* not an atomic: the lock protects it */
static uint32_t inside;
static uint32_t crowded; /* how often somebody else was inside */

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static void pass_time(uint32_t pauses)
{
    for (uint32_t i = 0; i < pauses; i++)
        __asm__ volatile("pause");
}

static void take(unsigned cpu)
{
    const uint32_t number = __atomic_fetch_add(&lock.next, 1, __ATOMIC_SEQ_CST);
    const struct pv_spin fresh = { .kicked = true };
    uint32_t turn;

    store(&lock.cpus[number % VPS], cpu);
    waits[cpu] = fresh;
    while ((turn = load(&lock.owner)) != number) {
        waits[cpu].holder = pv_freestanding_vp(load(&lock.cpus[turn % VPS]));
        pv_spin_round(pv_freestanding_vp(cpu), &waits[cpu], &lock.owner, turn);
    }
}

/* The next one may just have drawn its number and not be entered; then it is not asleep. */
static void give(unsigned cpu)
{
    const uint32_t turn = load(&lock.owner) + 1;

    store(&lock.owner, turn);
    if (load(&lock.next) == turn)
        return;
    if (pv_spin_kick(pv_freestanding_vp(cpu), pv_freestanding_vp(load(&lock.cpus[turn % VPS]))) ==
        PV_OK)
        __atomic_fetch_add(&lock.kicks, 1, __ATOMIC_RELAXED);
    else
        __atomic_fetch_add(&lock.refused, 1, __ATOMIC_RELAXED);
}

static void count_one(unsigned cpu)
{
    take(cpu);
    crowded += __atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED) != 0;
    pass_time(HELD);
    counted++;
    __atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
    give(cpu);
}

static void count_many(unsigned cpu)
{
    for (uint32_t i = 0; i < ROUNDS; i++)
        count_one(cpu);
}

static bool finish_others(void)
{
    bool finished = true;

    for (unsigned cpu = 1; cpu < VPS; cpu++)
        finished &= crew_finish(cpu);
    return finished;
}

static void check_counts(void)
{
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        crew_begin(cpu, count_many);
    count_many(0);
    if (!tap_ok(finish_others(), "four VPs take a lock in turn"))
        tap_done();
    tap_equal(counted, VPS * ROUNDS, "none of their counts is lost");
    tap_equal(crowded, 0, "and each was alone");
}

static uint64_t rounds_of(unsigned cpu)
{
    return __atomic_load_n(&waits[cpu].rounds, __ATOMIC_RELAXED);
}

/* VPs that have waited for long, and go on (or do not) although they could run. */
static uint32_t waiting(bool asleep)
{
    uint64_t before[VPS];
    uint32_t cpus = 0;

    for (unsigned cpu = 1; cpu < VPS; cpu++)
        before[cpu] = rounds_of(cpu);
    pass_time(A_WHILE);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        if (before[cpu] >= PV_CONFIG_SPIN_ROUNDS && (rounds_of(cpu) == before[cpu]) == asleep &&
            !(asleep && pv_steal_preempted(pv_freestanding_vp(cpu))))
            cpus |= 1u << cpu;
    return cpus;
}

/* The calling VP sits on the lock until the others have had enough. */
static void check_long_wait(bool asleep)
{
    const uint32_t others = EVERYBODY & ~1u;
    uint32_t seen = 0;

    counted = 0;
    take(0);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        crew_begin(cpu, count_one);
    for (uint32_t i = 0; i < PATIENCE && seen != others; i++)
        seen = asleep ? waiting(true) : seen | waiting(false);
    tap_equal(seen, others, asleep ? "who waits for long sleeps" : "who waits for long spins on");
    tap_equal(counted, 0, "until the lock is free");
    give(0);
    if (!tap_ok(finish_others(), "then each gets its turn"))
        tap_done();
    tap_equal(counted, VPS - 1, "and counts");
}

void check_wait(uint32_t ways)
{
    const bool sleeps = (ways & PV_SPIN_HALT) != 0;

    tap_say("waiting");
    tap_equal(pv_spin_ways(&pv_freestanding_guest), ways, "the ways in which this host helps");
    tap_equal(pv_hv_spin_notify(pv_freestanding_vp(0), 1), sleeps ? PV_BAD_STATE : PV_OK,
              sleeps ? "it takes no notices" : "it takes notices");
    check_counts();
    check_long_wait(sleeps);
    tap_note("kicks:", lock.kicks);
    tap_equal(sleeps ? lock.refused : lock.kicks, 0,
              sleeps ? "every kick succeeded" : "nobody can be kicked");
    tap_ok(sleeps ? lock.kicks > 0 : lock.refused > 0, "kicks were tried");
}
