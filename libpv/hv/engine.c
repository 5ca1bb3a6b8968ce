/* SPDX-License-Identifier: MIT */
/*
 * Issue one planned call and see it through. The hypervisor may continue a list in several steps,
 * or ask for more time; it may also lie. So: completed elements never run backwards nor past the
 * count, a success that is not complete must have moved, and time-outs without progress are counted.
 * Each round completes an element or uses up one of PV_CONFIG_HV_TIMEOUT_RETRIES, which are given
 * anew for each element completed, so the loop ends whatever the answers are.
 */
#include "hv/hv_internal.h"
#include "pv_port.h"

#include <pv/config.h>

/*
 * A register block holds input and output. The answer's registers go back into it as they are, since
 * a continued list finds its earlier output there; but the input is put in place again before the next
 * round, because it is ours and not the hypervisor's to change.
 */
static uint64_t call_block(uintptr_t entry, uint64_t control, const struct pv_hv_issue *issue)
{
    uint64_t input[PV_PORT_BLOCK_QWORDS];
    uint64_t raw;

    memcpy(input, issue->block, issue->block_in_bytes);
    raw = pv_port_hv_call_block(entry, control, issue->block);
    memcpy(issue->block, input, issue->block_in_bytes);
    return raw;
}

static uint64_t call(uintptr_t entry, const struct pv_hv_issue *issue, uint32_t start)
{
    const uint64_t control = issue->control | (uint64_t)start << PV_HV_CONTROL_START_SHIFT;

    if (issue->block != NULL)
        return call_block(entry, control, issue);
    return pv_port_hv_call(entry, control, issue->in, issue->out);
}

/* The count bits mean nothing in the answer to a simple call. */
static void unpack(uint64_t raw, uint32_t reps, struct pv_hv_result *result)
{
    const uint64_t done = raw >> PV_HV_RESULT_REPS_SHIFT & PV_HV_CONTROL_REP_MASK;

    result->status = (uint16_t)(raw & PV_HV_RESULT_STATUS_MASK);
    result->reps = reps != 0 ? (uint16_t)done : 0;
}

enum pv_status pv_hv_see_through_(uintptr_t entry, const struct pv_hv_issue *issue, uint64_t raw,
                                  struct pv_hv_result *result)
{
    const uint32_t reps =
        (uint32_t)(issue->control >> PV_HV_CONTROL_REPS_SHIFT & PV_HV_CONTROL_REP_MASK);
    uint32_t timeouts = 0;
    uint32_t start = 0;

    for (;; raw = call(entry, issue, start)) {
        unpack(raw, reps, result);
        if (result->reps < start || result->reps > reps) {
            result->reps = (uint16_t)start;
            return PV_MALFORMED;
        }
        if (result->status == PV_HV_STATUS_SUCCESS && result->reps == reps)
            return PV_OK;
        if (result->status != PV_HV_STATUS_SUCCESS && result->status != PV_HV_STATUS_TIME_OUT)
            return pv_hv_status_pv(result->status);
        if (result->status == PV_HV_STATUS_SUCCESS && result->reps == start)
            return PV_MALFORMED;
        if (reps != 0 && result->reps == reps)
            return PV_MALFORMED;
        if (result->reps > start)
            timeouts = 0;
        else if (timeouts++ == PV_CONFIG_HV_TIMEOUT_RETRIES)
            return PV_TIMED_OUT;
        start = result->reps;
    }
}

enum pv_status pv_hv_run_(uintptr_t entry, const struct pv_hv_issue *issue,
                          struct pv_hv_result *result)
{
    return pv_hv_see_through_(entry, issue, call(entry, issue, 0), result);
}
