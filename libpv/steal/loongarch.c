/* SPDX-License-Identifier: MIT */
/* KVM on LoongArch (Linux Documentation/virt/kvm/loongarch/hypercalls.rst). */
#include "pv_port.h"
#include "steal/steal_internal.h"

#include <pv/abi/loongarch.h>

bool pv_steal_loongarch_offered_(const struct pv_guest *guest)
{
    return PV_PORT_LOONGARCH &&
           (guest->detect.kvm.features & PV_LOONGARCH_FEATURE_STEAL_TIME) != 0;
}

static long notify(uint64_t value)
{
    return pv_port_kvm_call(false, PV_LOONGARCH_CALL_NOTIFY, PV_LOONGARCH_NOTIFY_STEAL_TIME,
                            (unsigned long)value, 0, 0);
}

enum pv_status pv_steal_loongarch_tell_(struct pv_vp *vp)
{
    const enum pv_status status = pv_steal_provide_(vp);

    if (status != PV_OK)
        return status;
    pv_steal_told_(vp, PV_STEAL_LOONGARCH, 0);
    return pv_steal_answer_(vp, notify(vp->steal.gpa | PV_LOONGARCH_ENABLE));
}

bool pv_steal_loongarch_off_(void)
{
    return notify(0) == 0;
}
