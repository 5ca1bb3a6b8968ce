/* SPDX-License-Identifier: MIT */
/*
 * A counter that never runs backwards, while other readers do what they may at each step: raise `last`
 * as far as they like, and rebase. For any host: what is given out is never less than what was given
 * before the host was read, `last` only grows, tries are bounded, and without others in between a
 * jump is never followed by more than is believed.
 *
 * "Less" is modulo 2^64: a counter is taken to stay within half the range of where it was.
 *
 * cbmc: --unwind 17 --stop-on-fail
 * part: -DCHECK=check_next
 * part: -DCHECK=check_raise
 * part: -DCHECK=check_alone
 * part: -DCHECK=check_rebase
 * bug: raised-to-less libpv/monotone/monotone.c s/ \&\& value - seen - 1 < ~0ull >> 1//
 * bug: unbounded libpv/monotone/monotone.c s/i < TRIES \&\& //
 * bug: value-not-largest libpv/monotone/monotone.c s/return seen;/return value;/
 * bug: any-jump-believed libpv/monotone/monotone.c s/value - before.last <= PV_MONOTONE_JUMP_MAX/value - before.last <= ~0ull >> 1/
 * bug: host-believed libpv/monotone/monotone.c s/return pv_monotone_last_(counter);/return value;/
 * bug: rebase-off libpv/monotone/monotone.c s/at - host, false/at + host, false/
 */
#include <stdbool.h>
#include <stdint.h>

#define HALF (~0ull >> 2) /* as far as others go meanwhile */

uint64_t nondet_qword(void);
bool nondet_bool(void);

static bool others; /* there are */
static uint64_t *offset_word;

/* Before each of our steps: `last` may have grown, `offset` may be any. */
static void meanwhile(uint64_t *word, const uint64_t *start)
{
    const uint64_t value = nondet_qword();

    if (!others || !nondet_bool())
        return;
    __CPROVER_assume(word == offset_word || (value - *word <= HALF && value - *start <= HALF));
    *word = value;
}

static uint64_t start; /* `last` as first seen */

static uint64_t load(const uint64_t *word)
{
    meanwhile((uint64_t *)word, &start);
    return *word;
}

static bool exchange(uint64_t *word, uint64_t *expected, uint64_t desired)
{
    meanwhile(word, &start);
    if (*word != *expected) {
        *expected = *word;
        return false;
    }
    __CPROVER_assert(word == offset_word || desired - *word <= INT64_MAX, "last only grows");
    *word = desired;
    return true;
}

#define __atomic_load_n(word, order) load(word)
#define __atomic_compare_exchange_n(word, expected, desired, weak, success, failure) \
    exchange(word, expected, desired)
#define __atomic_fetch_add(word, value, order) (*(word) += (value))
#define __atomic_store_n(word, value, order) (*(word) = (value))

#include "monotone/monotone.c"

static struct pv_monotone counter;

static struct pv_monotone_moment any_moment(void)
{
    counter.last = nondet_qword();
    counter.offset = nondet_qword();
    offset_word = &counter.offset;
    start = counter.last;
    others = false;
    return pv_monotone_before_(&counter);
}

static inline void check_next(void)
{
    const struct pv_monotone_moment before = any_moment();
    uint64_t given;

    others = true;
    given = pv_monotone_next_(&counter, before, nondet_qword());
    __CPROVER_assert(given - before.last <= INT64_MAX, "never less than before");
    __CPROVER_assert(counter.last - before.last <= INT64_MAX, "last neither");
}

static inline void check_raise(void)
{
    const struct pv_monotone_moment before = any_moment();
    const uint64_t value = nondet_qword();
    uint64_t given;

    __CPROVER_assume(value - before.last <= HALF || before.last - value <= HALF);
    others = true;
    given = pv_monotone_raise_(&counter.last, before.last, value);
    __CPROVER_assert(given - before.last <= INT64_MAX, "never less than seen");
    __CPROVER_assert(counter.last - given <= INT64_MAX, "nothing above last is given");
}

static inline void check_alone(void)
{
    const struct pv_monotone_moment before = any_moment();
    const uint64_t host = nondet_qword();
    const uint64_t passed = host + before.offset - before.last;
    const uint64_t given = pv_monotone_next_(&counter, before, host);

    __CPROVER_assert(given - before.last == (passed <= 1ull << 55 ? passed : 0), "what is believed");
    __CPROVER_assert(counter.last == given, "last is what was given");
    __CPROVER_assert(host + counter.offset == given, "the host's value stands for it");
    __CPROVER_assert(counter.rebases == (passed > 1ull << 55), "counted");
}

static inline void check_rebase(void)
{
    const struct pv_monotone_moment before = any_moment();
    const uint64_t host = nondet_qword(), at = nondet_qword();

    others = true;
    if (pv_monotone_rebase_(&counter, before, host, at))
        __CPROVER_assert(host + counter.offset == at, "stands for it");
    pv_monotone_restart_(&counter, host, at);
    __CPROVER_assert(host + counter.offset == at, "restarted there");
}

/* A seeded bug may be in any. */
static inline void check_all(void)
{
    check_next();
    check_raise();
    counter.rebases = 0;
    check_alone();
    check_rebase();
}

#ifndef CHECK
#define CHECK check_all
#endif

int main(void)
{
    CHECK();
    return 0;
}
