/* SPDX-License-Identifier: MIT */
/* Sets of VPs, one member at a time. */
#include <pv/vp/set.h>

#include "vp/bits.h"

static uint64_t bank(const struct pv_vp_set *set, uint32_t n)
{
    return (set->valid >> n & 1) != 0 ? set->banks[n] : 0;
}

void pv_vp_set_clear(struct pv_vp_set *set)
{
    set->valid = 0;
    set->everyone = false;
}

enum pv_status pv_vp_set_add(struct pv_vp_set *set, struct pv_vp_index index)
{
    const uint32_t n = index.value / 64;

    if (index.value >= PV_HV_VPS_MAX)
        return PV_NO_ROOM;
    set->banks[n] = bank(set, n) | 1ull << index.value % 64;
    set->valid |= 1ull << n;
    return PV_OK;
}

void pv_vp_set_remove(struct pv_vp_set *set, struct pv_vp_index index)
{
    const uint32_t n = index.value / 64;

    if (!pv_vp_set_has(set, index))
        return;
    set->everyone = false;
    set->banks[n] &= ~(1ull << index.value % 64);
    if (set->banks[n] == 0)
        set->valid &= ~(1ull << n);
}

bool pv_vp_set_has(const struct pv_vp_set *set, struct pv_vp_index index)
{
    return index.value < PV_HV_VPS_MAX &&
           (bank(set, index.value / 64) >> index.value % 64 & 1) != 0;
}

bool pv_vp_set_is_empty(const struct pv_vp_set *set)
{
    return set->valid == 0;
}

uint32_t pv_vp_set_count(const struct pv_vp_set *set)
{
    uint32_t count = 0;

    for (uint64_t left = set->valid; left != 0; left &= left - 1)
        count += pv_bits_count_(set->banks[pv_bits_lowest_(left)]);
    return count;
}

bool pv_vp_set_next(const struct pv_vp_set *set, struct pv_vp_index *index)
{
    const uint32_t from = index->value;
    uint64_t members;
    uint32_t n = from / 64;

    if (from >= PV_HV_VPS_MAX)
        return false;
    members = bank(set, n) & ~pv_bits_low_(from % 64);
    if (members == 0) {
        const uint64_t banks = set->valid & ~pv_bits_low_(n + 1);

        if (banks == 0)
            return false;
        n = pv_bits_lowest_(banks);
        members = set->banks[n];
    }
    index->value = 64 * n + pv_bits_lowest_(members);
    return true;
}
