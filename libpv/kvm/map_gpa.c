/* SPDX-License-Identifier: MIT */
/* Which pages are encrypted, as KVM is told. */
#include "kvm/kvm_internal.h"
#include "pv_port.h"

/* Of what a register can hold. */
#define PAGES_MAX ((~0ul >> 12) + 1ull)

enum pv_status pv_kvm_map_gpa_range(struct pv_vp *vp, uint64_t gpa, uint64_t pages, bool encrypted)
{
    const struct pv_guest *guest = vp->guest;

    if (guest == NULL)
        return PV_BAD_STATE;
    if (!pv_kvm_offers_(guest, PV_KVM_FEATURE_MAP_GPA_RANGE))
        return PV_UNSUPPORTED;
    if (pages == 0)
        return PV_EMPTY;
    if (gpa % PV_PAGE_BYTES != 0 || pages > PAGES_MAX || gpa / PV_PAGE_BYTES > PAGES_MAX - pages)
        return PV_INVALID;
    return pv_port_kvm_call(guest->detect.kvm.vmmcall, PV_KVM_CALL_MAP_GPA_RANGE,
                            (unsigned long)gpa, (unsigned long)pages,
                            encrypted ? PV_KVM_MAP_ENCRYPTED : 0, 0) == 0
               ? PV_OK
               : PV_REFUSED;
}
