/* SPDX-License-Identifier: MIT */
/* The shortest way: two registers in, a status out. */
#include "hv/hv_internal.h"
#include "pv_port.h"

static bool fits_two_registers(const struct pv_hv_call_info *info)
{
    return info->fast != PV_HV_FAST_NO && info->kind == PV_HV_KIND_SIMPLE && info->in_bytes <= 16 &&
           info->out_bytes == 0 && info->var == PV_HV_VAR_NONE;
}

enum pv_status pv_hv_call_fast(struct pv_vp *vp, enum pv_hv_call call, uint64_t in0, uint64_t in1,
                               struct pv_hv_result *result)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct pv_hv_result answer;
    struct pv_hv_issue issue;
    enum pv_status status;

    if (info == NULL || !fits_two_registers(info))
        return PV_INVALID;
    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if ((vp->guest->hv.forms & PV_HV_FORM_FAST) == 0)
        return PV_UNSUPPORTED;
    issue.control = info->code | PV_HV_CONTROL_FAST;
    issue.in = in0;
    issue.out = in1;
    issue.block = NULL;
    status = pv_hv_run_(vp->guest->hv.entry, &issue, &answer);
    pv_hv_give_(result, answer);
    return status;
}
