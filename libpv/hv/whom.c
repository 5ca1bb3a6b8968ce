/* SPDX-License-Identifier: MIT */
/* How calls in bulk name their VPs, and whether the hypervisor wants such calls at all. */
#include "hv/hv_internal.h"
#include "pv_port.h"

/* "Recommended" is a misnomer: KVM refuses what it does not recommend. */
uint32_t pv_hv_advice_(const struct pv_guest *guest)
{
    const uint32_t hints = guest->detect.hyperv.hints;
    uint32_t advice = 0;

    if (PV_PORT_MSR)
        return hints;
    if ((hints & PV_HV_ARM64_HINT_CLUSTER_IPI) != 0)
        advice |= PV_HV_HINT_CLUSTER_IPI;
    if ((hints & PV_HV_ARM64_HINT_EX_PROCESSOR_MASKS) != 0)
        advice |= PV_HV_HINT_EX_PROCESSOR_MASKS;
    return advice;
}

/*
 * Neither a mask of 0 nor a set without members nor the format for all is ever sent: each means nobody
 * to one hypervisor and everybody or an error to another.
 */
enum pv_status pv_hv_whom_(const struct pv_vp_set *set, uint32_t advice, struct pv_hv_whom *whom)
{
    whom->mask = 0;
    whom->banks = 0;
    if (pv_vp_set_is_empty(set))
        return PV_EMPTY;
    if (set->valid == 1) {
        whom->naming = PV_HV_NAMING_MASK;
        whom->mask = set->banks[0];
        return PV_OK;
    }
    whom->naming = PV_HV_NAMING_BANKS;
    whom->banks = (uint16_t)pv_vp_set_banks(set, PV_VP_SET_COMPACT);
    return (advice & PV_HV_HINT_EX_PROCESSOR_MASKS) != 0 ? PV_OK : PV_UNSUPPORTED;
}

enum pv_status pv_hv_send_(struct pv_vp *vp, struct pv_hv_args *args, const struct pv_vp_set *set,
                           const struct pv_hv_whom *whom, struct pv_hv_vp_set *fixed,
                           struct pv_hv_result *result)
{
    enum pv_status status = PV_OK;

    if (whom->naming == PV_HV_NAMING_BANKS)
        status =
            pv_vp_set_encode(set, PV_VP_SET_COMPACT, whom->banks, fixed, (uint64_t *)args->var);
    if (status == PV_OK) {
        status = pv_hv_issue(vp, args);
        pv_hv_give_(result, args->result);
    }
    (void)pv_hv_end(vp, args);
    return status;
}
