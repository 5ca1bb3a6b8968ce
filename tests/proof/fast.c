/* SPDX-License-Identifier: MIT */
/*
 * The short way of a fast call, which decides success without the engine, gives what the engine
 * would give: for any call, any input and any answers, and makes no hypercall that it may not.
 *
 * cbmc: -DPV_CONFIG_HV_TIMEOUT_RETRIES=2 --unwind 60 --unwindset pv_hv_status_find.0:128,pv_hv_see_through_.0:6
 * sources: libpv/hv/calls.c libpv/hv/status.c libpv/hv/engine.c
 * bug: any-success libpv/hv/fast.c s/raw & PV_HV_RESULT_STATUS_MASK/raw \& 0xFF/
 * bug: off-but-called libpv/hv/fast.c s/if (entry == 0)/if (false)/
 * bug: not-a-call libpv/hv/fast.c s/(unsigned)call < PV_HV_CALLS/(unsigned)call <= PV_HV_CALLS/
 * bug: first-answer-lost libpv/hv/fast.c s/\&issue, raw, \&answer/\&issue, 0, \&answer/
 * bug: output-ignored libpv/hv/calls.c s/(out) == 0 \&\& //
 */
#include "hv/fast.c"

#define ENTRY 0x1000u
#define ANSWERS 3u /* the first and the retries */

uint64_t nondet_qword(void);
bool nondet_bool(void);
enum pv_hv_call nondet_call(void);

static struct pv_sim sim;
_Thread_local struct pv_sim *pv_sim = &sim;

static uint64_t answers[ANSWERS]; /* the same for both ways */
static uint32_t asked;
static uint64_t control_seen;
static uint64_t in0, in1;

static uint64_t hv_call(struct pv_sim *s, uintptr_t entry, uint64_t control, uint64_t in,
                        uint64_t out)
{
    (void)s;
    __CPROVER_assert(entry == ENTRY && in == in0 && out == in1, "parameters");
    __CPROVER_assert(asked == 0 || control == control_seen, "the same call again");
    __CPROVER_assert(asked < ANSWERS, "bounded");
    control_seen = control;
    return answers[asked++];
}

/* As the header says it. */
static bool is_such_a_call(enum pv_hv_call call)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);

    return info != NULL && info->kind == PV_HV_KIND_SIMPLE && info->in_bytes <= 16 &&
           info->out_bytes == 0 && info->var == PV_HV_VAR_NONE && info->fast != PV_HV_FAST_NO;
}

static void check_called(enum pv_hv_call call, enum pv_status status, struct pv_hv_result result)
{
    struct pv_hv_issue issue = { .in = in0, .out = in1 };
    const uint32_t before = asked;
    struct pv_hv_result expected;
    enum pv_status right;

    issue.control = pv_hv_call_info(call)->code | PV_HV_CONTROL_FAST;
    __CPROVER_assert(control_seen == issue.control, "control word");
    asked = 0;
    right = pv_hv_run_(ENTRY, &issue, &expected);
    __CPROVER_assert(status == right && asked == before, "as the engine");
    __CPROVER_assert(result.status == expected.status && result.reps == expected.reps, "result");
}

static enum pv_status refusal(enum pv_hv_call call, const struct pv_vp *vp)
{
    if (!is_such_a_call(call))
        return PV_INVALID;
    if (vp->hv.way_in == NULL || vp->hv.way_in->entry == 0)
        return PV_BAD_STATE;
    return vp->hv.way_in->fast_entry == 0 ? PV_UNSUPPORTED : PV_OK;
}

int main(void)
{
    static struct pv_hv_guest guest;
    static struct pv_vp vp;
    struct pv_hv_result result;
    const enum pv_hv_call call = nondet_call();
    enum pv_status status;

    sim.hv_call = hv_call;
    for (unsigned i = 0; i < ANSWERS; i++)
        answers[i] = nondet_qword();
    in0 = nondet_qword();
    in1 = nondet_qword();
    guest.entry = nondet_bool() ? ENTRY : 0;
    guest.fast_entry = guest.entry != 0 && nondet_bool() ? ENTRY : 0;
    vp.hv.way_in = nondet_bool() ? &guest : NULL;
    status = pv_hv_call_fast(&vp, call, in0, in1, &result);
    if (refusal(call, &vp) == PV_OK)
        check_called(call, status, result);
    else
        __CPROVER_assert(asked == 0 && status == refusal(call, &vp), "refused, not called");
    return 0;
}
