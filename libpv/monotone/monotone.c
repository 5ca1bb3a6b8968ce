/* SPDX-License-Identifier: MIT */
#include "monotone/monotone.h"

/* A failed exchange means that another reader moved `last`, so few tries do. */
#define TRIES 16

uint64_t pv_monotone_raise_(pv_atomic64 *last, uint64_t seen, uint64_t value)
{
    for (unsigned i = 0; i < TRIES && value - seen - 1 < ~0ull >> 1; i++)
        if (__atomic_compare_exchange_n(last, &seen, value, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return value;
    return seen;
}

bool pv_monotone_rebase_(struct pv_monotone *counter, struct pv_monotone_moment before,
                         uint64_t host, uint64_t at)
{
    uint64_t offset = before.offset;

    if (!__atomic_compare_exchange_n(&counter->offset, &offset, at - host, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED))
        return false;
    __atomic_fetch_add(&counter->rebases, 1, __ATOMIC_RELAXED);
    return true;
}

uint64_t pv_monotone_next_(struct pv_monotone *counter, struct pv_monotone_moment before,
                           uint64_t host)
{
    const uint64_t value = host + before.offset;
    bool moved;

    if (value - before.last <= PV_MONOTONE_JUMP_MAX)
        return pv_monotone_raise_(&counter->last, before.last, value);
    moved = pv_monotone_rebase_(counter, before, host, before.last);
    (void)moved; /* somebody's rebase will do */
    return pv_monotone_last_(counter);
}

void pv_monotone_restart_(struct pv_monotone *counter, uint64_t host, uint64_t at)
{
    __atomic_store_n(&counter->offset, at - host, __ATOMIC_RELEASE);
}
