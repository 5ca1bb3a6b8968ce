/* SPDX-License-Identifier: MIT */
/* KVM on x86: an MSR names the area (Linux Documentation/virt/kvm/x86/msr.rst). */
#include "guest/told.h"
#include "pv_port.h"
#include "steal/steal_internal.h"

#include <pv/abi/kvm.h>

/* KVM hides the bit where it cannot count, and the MSR would raise #GP. */
bool pv_steal_kvm_offered_(const struct pv_guest *guest)
{
    return PV_PORT_CPUID && (guest->detect.kvm.features & PV_KVM_FEATURE_STEAL_TIME) != 0;
}

/* Where VPs are hardly ever preempted, looking whether one is costs more than it saves. */
static bool does_flushes(const struct pv_detect_kvm *kvm)
{
    return (kvm->features & PV_KVM_FEATURE_PV_TLB_FLUSH) != 0 &&
           (kvm->hints & PV_KVM_HINT_REALTIME) == 0;
}

/* Pairs with pv_kvm_flush_defer: who finds the number odd finds an area that the host looks at. */
void pv_steal_kvm_take_flushes_(struct pv_vp *vp)
{
    struct pv_steal_vp *steal = &vp->steal;

    if (steal->shared == steal->area && does_flushes(&vp->guest->detect.kvm))
        __atomic_store_n(&steal->flush_epoch, steal->flush_epoch + 1, __ATOMIC_RELEASE);
}

static enum pv_status place(struct pv_vp *vp)
{
    const enum pv_status status = pv_steal_provide_(vp);
    const uint64_t value = vp->steal.gpa | PV_KVM_ENABLE;

    if (status != PV_OK)
        return status;
    pv_steal_register_(&vp->steal, PV_STEAL_KVM);
    pv_told_add_(&vp->told, PV_TOLD_STEAL, PV_TOLD_MSR, PV_KVM_MSR_STEAL_TIME, 0);
    pv_port_msr_write(PV_KVM_MSR_STEAL_TIME, value);
    return pv_steal_answer_(vp, (int64_t)(pv_port_msr_read(PV_KVM_MSR_STEAL_TIME) ^ value));
}

/* As after a restored snapshot, or where the host did not let go. */
static bool is_ours(const struct pv_steal_vp *steal, uint64_t gpa)
{
    return steal->shared == steal->area && steal->gpa == gpa;
}

enum pv_status pv_steal_kvm_tell_(struct pv_vp *vp)
{
    const uint64_t old = pv_port_msr_read(PV_KVM_MSR_STEAL_TIME);
    const uint64_t gpa = old & ~(uint64_t)PV_KVM_ENABLE;

    if (vp->guest->config.areas_adopt && (old & PV_KVM_ENABLE) != 0 && !is_ours(&vp->steal, gpa))
        return pv_steal_map_(vp, gpa);
    return place(vp);
}
