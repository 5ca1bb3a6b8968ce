/* SPDX-License-Identifier: MIT */
/*
 * The shortest way: two registers in, a status out. Success is decided here in a few instructions
 * (tests/bench counts them); everything else goes the engine's way.
 */
#include "hv/hv_internal.h"
#include "pv_port.h"

PV_NOINLINE static enum pv_status see_through(uintptr_t entry, uint64_t control, uint64_t in0,
                                              uint64_t in1, uint64_t raw,
                                              struct pv_hv_result *result)
{
    const struct pv_hv_issue issue = { .control = control, .in = in0, .out = in1 };
    struct pv_hv_result answer;
    enum pv_status status = pv_hv_see_through_(entry, &issue, raw, &answer);

    pv_hv_give_(result, answer);
    return status;
}

enum pv_status pv_hv_call_fast(struct pv_vp *vp, enum pv_hv_call call, uint64_t in0, uint64_t in1,
                               struct pv_hv_result *result)
{
    const struct pv_hv_result success = { PV_HV_STATUS_SUCCESS, 0 };
    uintptr_t entry;
    uint32_t control;
    uint64_t raw;

    control = (unsigned)call < PV_HV_CALLS ? pv_hv_calls_[call].fast_control : 0;
    if (control == 0)
        return PV_INVALID;
    entry = vp->hv.way_in != NULL ? vp->hv.way_in->fast_entry : 0;
    if (entry == 0)
        return pv_hv_ready_(vp) ? PV_UNSUPPORTED : PV_BAD_STATE;
    raw = pv_port_hv_call(entry, control, in0, in1);
    if ((raw & PV_HV_RESULT_STATUS_MASK) != PV_HV_STATUS_SUCCESS)
        return see_through(entry, control, in0, in1, raw, result);
    pv_hv_give_(result, success);
    return PV_OK;
}
