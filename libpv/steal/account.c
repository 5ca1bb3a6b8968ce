/* SPDX-License-Identifier: MIT */
#include <pv/steal.h>

#define WHOLE 1000000u

uint32_t pv_steal_share(const struct pv_steal_sample *from, const struct pv_steal_sample *to)
{
    uint64_t stolen = to->stolen_ns - from->stolen_ns;
    uint64_t passed = to->time_ns - from->time_ns;

    if (to->time_ns <= from->time_ns || to->stolen_ns <= from->stolen_ns)
        return 0;
    if (stolen >= passed)
        return WHOLE;
    /* A ratio needs no more than 40 bits of either. */
    while (passed >> 40 != 0) {
        passed >>= 1;
        stolen >>= 1;
    }
    return (uint32_t)(stolen * WHOLE / passed);
}

uint64_t pv_steal_account(struct pv_steal_sample *last, struct pv_steal_sample now)
{
    const uint64_t passed = now.time_ns > last->time_ns ? now.time_ns - last->time_ns : 0;
    uint64_t stolen = now.stolen_ns > last->stolen_ns ? now.stolen_ns - last->stolen_ns : 0;

    if (stolen > passed)
        stolen = passed;
    last->stolen_ns += stolen;
    last->time_ns += passed;
    return stolen;
}
