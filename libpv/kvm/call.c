/* SPDX-License-Identifier: MIT */
/* May KVM's own calls be made? */
#include "kvm/kvm_internal.h"
#include "pv_port.h"

#include <pv/abi/hv.h>

/*
 * KVM takes each call for one of Hyper-V's as soon as anybody in the guest has set an identity, and
 * would answer our bitmap with a status that looks like a count. libpv knows of its own (hv.entry);
 * for the kernel's or the firmware's it has to ask, where there is such a thing.
 */
static bool hyperv_listens(const struct pv_guest *guest)
{
    const uint64_t privileges = guest->detect.hyperv.privileges;

    if (guest->hv.entry != 0)
        return true;
    if ((privileges >> PV_HV_PRIVILEGE_HYPERCALL & 1) == 0)
        return false; /* and the MSR would raise #GP */
    return pv_port_msr_read(PV_HV_MSR_GUEST_OS_ID) != 0;
}

bool pv_kvm_offers_(const struct pv_guest *guest, uint32_t feature)
{
    if (!PV_PORT_KVM || (guest->detect.kvm.features & feature) == 0)
        return false;
    return !pv_detect_has(&guest->detect, PV_DETECT_XEN) && !hyperv_listens(guest);
}

bool pv_kvm_advises_(const struct pv_guest *guest, uint32_t feature)
{
    return (guest->detect.kvm.hints & PV_KVM_HINT_REALTIME) == 0 && pv_kvm_offers_(guest, feature);
}

enum pv_status pv_kvm_call_(const struct pv_vp *vp, uint32_t feature, unsigned long function,
                            unsigned long first, unsigned long second)
{
    const struct pv_guest *guest = vp->guest;

    if (guest == NULL)
        return PV_BAD_STATE;
    if (!pv_kvm_advises_(guest, feature))
        return PV_UNSUPPORTED;
    return pv_port_kvm_call(guest->detect.kvm.vmmcall, function, first, second, 0, 0) == 0
               ? PV_OK
               : PV_REFUSED;
}
