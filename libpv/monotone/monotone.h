/* SPDX-License-Identifier: MIT */
/*
 * Lock-free for any number of readers: `last` only ever grows, by compare-and-swap, and a reader
 * never returns less than the `last` it loaded first. `offset` decides accuracy, never direction.
 */
#ifndef PV_MONOTONE_MONOTONE_H
#define PV_MONOTONE_MONOTONE_H

#include <pv/monotone.h>

/* Forward, more than a year at once is absurd; so is anything that wrapped. In ns. */
#define PV_MONOTONE_JUMP_MAX (1ull << 55)

/* Taken before the host's value is read: then a smaller value means that the host ran backwards,
 * and not that another reader was quicker. */
struct pv_monotone_moment {
    uint64_t last;
    uint64_t offset;
};

/* The caller has a read barrier between this and the host's value. */
static inline struct pv_monotone_moment pv_monotone_before_(const struct pv_monotone *counter)
{
    const struct pv_monotone_moment moment = {
        __atomic_load_n(&counter->last, __ATOMIC_RELAXED),
        __atomic_load_n(&counter->offset, __ATOMIC_RELAXED),
    };

    return moment;
}

static inline uint64_t pv_monotone_last_(const struct pv_monotone *counter)
{
    return __atomic_load_n(&counter->last, __ATOMIC_RELAXED);
}

/* Raise *last, known to have been `seen`, to `value`, unless it is there already. However far that
 * is: a VP may not have looked for years. Gives the larger one. */
uint64_t pv_monotone_raise_(pv_atomic64 *last, uint64_t seen, uint64_t value);

/* Have `at` stand for the host's value from now on, and count that as a rebase. Of several readers
 * that met the same jump, one succeeds; true for that one. */
bool pv_monotone_rebase_(struct pv_monotone *counter, struct pv_monotone_moment before,
                         uint64_t host, uint64_t at);

/* What to give out for the host's value. Where that runs backwards or jumps absurdly, counting goes
 * on from the last value. */
uint64_t pv_monotone_next_(struct pv_monotone *counter, struct pv_monotone_moment before,
                           uint64_t host);

/* Count on from `at`, which stands for the host's value: after a new start, not a host's fault. */
void pv_monotone_restart_(struct pv_monotone *counter, uint64_t host, uint64_t at);

#endif
