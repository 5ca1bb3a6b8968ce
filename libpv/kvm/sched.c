/* SPDX-License-Identifier: MIT */
/* Who runs next: yield to a VP, wake one. */
#include "kvm/kvm_internal.h"

enum pv_status pv_kvm_yield_to(struct pv_vp *vp, struct pv_hw_id target)
{
    return pv_kvm_call_(vp, PV_KVM_FEATURE_PV_SCHED_YIELD, PV_KVM_CALL_SCHED_YIELD,
                        (unsigned long)target.value, 0);
}

enum pv_status pv_kvm_kick(struct pv_vp *vp, struct pv_hw_id target)
{
    return pv_kvm_call_(vp, PV_KVM_FEATURE_PV_UNHALT, PV_KVM_CALL_KICK_CPU, 0,
                        (unsigned long)target.value);
}
