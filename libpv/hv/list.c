/* SPDX-License-Identifier: MIT */
/* Lists of any length, batch by batch. */
#include "hv/hv_internal.h"
#include "pv_port.h"

static bool list_ok(const struct pv_hv_list *list)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(list->call);

    if (info == NULL || info->kind != PV_HV_KIND_REP || info->var != PV_HV_VAR_NONE)
        return false;
    /* Where the header says where the list starts, there is only one batch. */
    if (info->in_rep_bytes + info->out_rep_bytes == 0 && list->count > PV_HV_REPS_MAX)
        return false;
    return list->count != 0 && list->header != NULL &&
           (info->in_rep_bytes == 0 || list->in != NULL) &&
           (info->out_rep_bytes == 0 || list->out != NULL);
}

static void copy_in(const struct pv_hv_list *list, const struct pv_hv_call_info *info,
                    const struct pv_hv_args *args)
{
    const uint8_t *in = (const uint8_t *)list->in;

    memcpy(args->in, list->header, info->in_bytes);
    if (info->in_rep_bytes != 0)
        memcpy(args->in_list, in + list->done * info->in_rep_bytes,
               (size_t)args->reps * info->in_rep_bytes);
}

/* Output counts only after success: the TLFS calls it undefined otherwise. */
static void take_out(struct pv_hv_list *list, const struct pv_hv_call_info *info,
                     const struct pv_hv_args *args, enum pv_status status)
{
    uint8_t *out = (uint8_t *)list->out;

    if (info->out_rep_bytes != 0 && status != PV_OK)
        return;
    if (info->out_rep_bytes != 0)
        memcpy(out + list->done * info->out_rep_bytes, args->out_list,
               (size_t)args->reps * info->out_rep_bytes);
    list->done += args->result.reps;
}

/* One batch: at least one element, because the planner gives no empty plan. */
static enum pv_status batch(struct pv_vp *vp, struct pv_hv_list *list, struct pv_hv_result *result)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(list->call);
    const size_t left = list->count - list->done;
    const struct pv_hv_shape shape = {
        .reps = left < PV_HV_REPS_MAX ? (uint32_t)left : PV_HV_REPS_MAX,
    };
    struct pv_hv_args args;
    enum pv_status status = pv_hv_begin(vp, list->call, &shape, &args);

    if (status != PV_OK)
        return status;
    copy_in(list, info, &args);
    status = pv_hv_issue(vp, &args);
    take_out(list, info, &args, status);
    pv_hv_give_(result, args.result);
    (void)pv_hv_end(vp, &args);
    return status;
}

enum pv_status pv_hv_call_list(struct pv_vp *vp, struct pv_hv_list *list,
                               struct pv_hv_result *result)
{
    enum pv_status status = PV_OK;

    list->done = 0;
    if (!list_ok(list))
        return PV_INVALID;
    while (status == PV_OK && list->done < list->count)
        status = batch(vp, list, result);
    return status;
}
