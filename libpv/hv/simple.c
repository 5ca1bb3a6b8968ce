/* SPDX-License-Identifier: MIT */
/* Simple calls with copied input and output. */
#include "hv/hv_internal.h"
#include "pv_port.h"

enum pv_status pv_hv_call_simple(struct pv_vp *vp, enum pv_hv_call call, const void *in, void *out,
                                 struct pv_hv_result *result)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct pv_hv_args args;
    enum pv_status status;

    if (info == NULL || info->kind == PV_HV_KIND_REP || (info->in_bytes != 0 && in == NULL) ||
        (info->out_bytes != 0 && out == NULL))
        return PV_INVALID;
    status = pv_hv_begin(vp, call, NULL, &args);
    if (status != PV_OK)
        return status;
    if (info->in_bytes != 0)
        memcpy(args.in, in, info->in_bytes);
    status = pv_hv_issue(vp, &args);
    if (status == PV_OK && info->out_bytes != 0)
        memcpy(out, args.out, info->out_bytes);
    pv_hv_give_(result, args.result);
    (void)pv_hv_end(vp, &args);
    return status;
}
