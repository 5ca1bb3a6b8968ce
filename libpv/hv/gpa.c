/* SPDX-License-Identifier: MIT */
/* Calls on blocks that the caller laid out: the hypervisor's address rules, checked beforehand. */
#include "hv/hv_internal.h"

/* TLFS: 8-byte aligned, inside one page. */
static bool block_ok(uint64_t gpa, uint32_t bytes)
{
    return bytes == 0 || (gpa % 8 == 0 && gpa % PV_PAGE_BYTES + bytes <= PV_PAGE_BYTES);
}

/* Blocks that lie in one page each cannot wrap, so plain comparisons do. */
static bool apart(uint64_t in, uint32_t in_bytes, uint64_t out, uint32_t out_bytes)
{
    if (in_bytes == 0 || out_bytes == 0)
        return true;
    return in < out ? out - in >= in_bytes : in - out >= out_bytes;
}

enum pv_status pv_hv_call_gpa(struct pv_vp *vp, enum pv_hv_call call,
                              const struct pv_hv_shape *shape, uint64_t in_gpa, uint64_t out_gpa,
                              struct pv_hv_result *result)
{
    struct pv_hv_result answer;
    struct pv_hv_issue issue;
    struct pv_hv_plan plan;
    enum pv_status status = pv_hv_plan(call, shape, &pv_hv_room_two_pages, &plan);

    if (status != PV_OK)
        return status;
    if (shape != NULL && plan.reps != shape->reps)
        return PV_NO_ROOM;
    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if (!block_ok(in_gpa, plan.in_bytes) || !block_ok(out_gpa, plan.out_bytes) ||
        !apart(in_gpa, plan.in_bytes, out_gpa, plan.out_bytes))
        return PV_BAD_ADDRESS;
    issue.control = plan.control;
    issue.in = plan.in_bytes != 0 ? in_gpa : 0;
    issue.out = plan.out_bytes != 0 ? out_gpa : 0;
    issue.block = NULL;
    issue.block_in_bytes = 0;
    status = pv_hv_run_(vp->guest->hv.entry, &issue, &answer);
    pv_hv_give_(result, answer);
    return status;
}
