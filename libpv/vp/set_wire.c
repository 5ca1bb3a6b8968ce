/* SPDX-License-Identifier: MIT */
/* Sets of VPs as the hypervisor takes them (TLFS "Sparse Virtual Processor Set"). */
#include <pv/vp/set.h>

#include "vp/bits.h"

/* Which banks travel, as the wire says it. */
static uint64_t mask(const struct pv_vp_set *set, enum pv_vp_set_form form)
{
    uint64_t banks = set->valid;

    if (form == PV_VP_SET_COMPACT)
        return banks;
    for (uint32_t step = 1; step < PV_HV_SET_BANKS_MAX; step *= 2)
        banks |= banks >> step;
    return banks;
}

uint32_t pv_vp_set_banks(const struct pv_vp_set *set, enum pv_vp_set_form form)
{
    return pv_bits_count_(mask(set, form));
}

enum pv_status pv_vp_set_encode(const struct pv_vp_set *set, enum pv_vp_set_form form, uint32_t room,
                                struct pv_hv_vp_set *fixed, uint64_t *banks)
{
    const uint64_t travelling = mask(set, form);

    if (travelling == 0)
        return PV_EMPTY;
    if (pv_bits_count_(travelling) > room)
        return PV_NO_ROOM;
    fixed->format = PV_HV_SET_SPARSE;
    fixed->bank_mask = travelling;
    for (uint64_t left = travelling; left != 0; left &= left - 1) {
        const uint32_t n = pv_bits_lowest_(left);

        *banks++ = (set->valid >> n & 1) != 0 ? set->banks[n] : 0;
    }
    return PV_OK;
}

static void fill(struct pv_vp_set *set)
{
    set->valid = PV_BITS_ALL_;
    for (uint32_t n = 0; n < PV_HV_SET_BANKS_MAX; n++)
        set->banks[n] = PV_BITS_ALL_;
}

/* A bank that travels may be without a member. */
static void take(struct pv_vp_set *set, uint64_t travelling, const uint64_t *banks)
{
    for (; travelling != 0; travelling &= travelling - 1) {
        const uint32_t n = pv_bits_lowest_(travelling);

        set->banks[n] = *banks++;
        if (set->banks[n] != 0)
            set->valid |= 1ull << n;
    }
}

enum pv_status pv_vp_set_decode(struct pv_vp_set *set, const struct pv_hv_vp_set *fixed,
                                const uint64_t *banks, uint32_t count)
{
    pv_vp_set_clear(set);
    if (fixed->format == PV_HV_SET_ALL && count == 0)
        fill(set);
    else if (fixed->format == PV_HV_SET_SPARSE && count == pv_bits_count_(fixed->bank_mask))
        take(set, fixed->bank_mask, banks);
    else
        return PV_MALFORMED;
    return set->valid != 0 ? PV_OK : PV_EMPTY;
}
