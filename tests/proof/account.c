/* SPDX-License-Identifier: MIT */
/*
 * What a kernel does with stolen time: a tick is given what is owed, but no more than went by, and
 * that alone is settled, for any values; over two ticks nothing is lost and nothing given twice, for
 * values of 12 bits, as no step knows of the size; a share is one, for numbers of 4 significant bits,
 * which is all that a solver's division takes.
 *
 * cbmc: --unwind 26 --stop-on-fail
 * part: -DCHECK=check_tick
 * part: -DCHECK=check_account
 * part: -DCHECK=check_share -DK=0
 * part: -DCHECK=check_share -DK=30
 * part: -DCHECK=check_share -DK=60
 * bug: more-than-passed libpv/steal/account.c s/if (stolen > passed)/if (false)/
 * bug: carry-lost libpv/steal/account.c s/last->stolen_ns += stolen;/last->stolen_ns = now.stolen_ns;/
 * bug: backwards libpv/steal/account.c s/now.stolen_ns > last->stolen_ns ? now.stolen_ns - last->stolen_ns : 0/now.stolen_ns - last->stolen_ns/
 * bug: time-backwards libpv/steal/account.c s/now.time_ns > last->time_ns ? now.time_ns - last->time_ns : 0/now.time_ns - last->time_ns/
 * bug: share-above-all libpv/steal/account.c s/if (stolen >= passed)/if (stolen > passed << 1)/
 * bug: share-overflows libpv/steal/account.c s/passed >> 40 != 0/passed >> 48 != 0/
 */
#include "steal/account.c"

#ifndef K
#define K 60
#endif

struct pv_steal_sample nondet_sample(void);

static inline void check_tick(void)
{
    const struct pv_steal_sample before = nondet_sample(), now = nondet_sample();
    const uint64_t passed = now.time_ns > before.time_ns ? now.time_ns - before.time_ns : 0;
    const uint64_t owed = now.stolen_ns > before.stolen_ns ? now.stolen_ns - before.stolen_ns : 0;
    struct pv_steal_sample last = before;
    const uint64_t given = pv_steal_account(&last, now);

    __CPROVER_assert(given == (owed < passed ? owed : passed), "what is owed, and there is room for");
    __CPROVER_assert(last.stolen_ns == before.stolen_ns + given, "what was given is settled");
    __CPROVER_assert(last.time_ns == before.time_ns + passed, "time");
}

static struct pv_steal_sample small_sample(void)
{
    const struct pv_steal_sample sample = nondet_sample();

    __CPROVER_assume(sample.stolen_ns < 4096 && sample.time_ns < 4096);
    return sample;
}

/* Two ticks: what was stolen was given or is carried over, and is only carried over if there was
 * no room. */
static inline void check_account(void)
{
    const struct pv_steal_sample start = small_sample();
    const struct pv_steal_sample first = small_sample(), second = small_sample();
    struct pv_steal_sample last = start;
    uint64_t given = pv_steal_account(&last, first);

    given += pv_steal_account(&last, second);
    __CPROVER_assert(given == last.stolen_ns - start.stolen_ns, "what was given is settled");
    if (start.stolen_ns > first.stolen_ns || first.stolen_ns > second.stolen_ns)
        return;
    if (start.time_ns > first.time_ns || first.time_ns > second.time_ns)
        return;
    __CPROVER_assert(given <= second.stolen_ns - start.stolen_ns, "nothing twice");
    __CPROVER_assert(given <= second.time_ns - start.time_ns, "no more than went by in all");
    if (second.stolen_ns - start.stolen_ns <= second.time_ns - first.time_ns)
        __CPROVER_assert(last.stolen_ns == second.stolen_ns, "nothing lost");
}

static struct pv_steal_sample scaled_sample(void)
{
    const struct pv_steal_sample few = nondet_sample();
    const struct pv_steal_sample sample = {
        (few.stolen_ns & 0xF) << K, (few.time_ns & 0xF) << K
    };

    return sample;
}

static inline void check_share(void)
{
    const struct pv_steal_sample from = scaled_sample(), to = scaled_sample();
    const uint32_t share = pv_steal_share(&from, &to);
    const bool forward = to.time_ns > from.time_ns && to.stolen_ns > from.stolen_ns;
    const uint32_t stolen = (uint32_t)(to.stolen_ns >> K) - (uint32_t)(from.stolen_ns >> K);
    const uint32_t passed = (uint32_t)(to.time_ns >> K) - (uint32_t)(from.time_ns >> K);

    __CPROVER_assert(share <= 1000000, "0 to all");
    __CPROVER_assert(forward || share == 0, "no time, no share");
    if (forward)
        __CPROVER_assert(share == (stolen < passed ? stolen * 1000000 / passed : 1000000), "exact");
}

/* A seeded bug may be in any. */
static inline void check_all(void)
{
    check_tick();
    check_account();
    check_share();
}

#ifndef CHECK
#define CHECK check_all
#endif

int main(void)
{
    CHECK();
    return 0;
}
