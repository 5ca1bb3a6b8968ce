/* SPDX-License-Identifier: MIT */
/*
 * The engine against a hypervisor that answers anything: it ends, and it is not taken in.
 *
 * It ends because each call is closer to the end than the one before: an element more is done, or
 * one retry less is left for the next. The hypervisor's side checks that at each call, from the
 * control words alone. With lists of up to 3 elements the whole run is unwound besides, which shows
 * that the checks say what they should; of longer ones, up to 4095, the first rounds are looked at.
 *
 * cbmc: --unwind 8 --unwindset pv_hv_status_find.0:128
 * sources: libpv/hv/status.c
 * part: -DREPS=3 -DPV_CONFIG_HV_TIMEOUT_RETRIES=1
 * part: -DREPS=4095 -DPV_CONFIG_HV_TIMEOUT_RETRIES=16 --unwindset pv_hv_see_through_.0:4 --no-unwinding-assertions
 * full: -DREPS=4 -DPV_CONFIG_HV_TIMEOUT_RETRIES=2 --unwindset pv_hv_see_through_.0:14 --unwind 14
 * bug: no-progress-check libpv/hv/engine.c s/result->status == PV_HV_STATUS_SUCCESS && result->reps == start/false/
 * bug: unbounded-timeouts libpv/hv/engine.c s/timeouts++ == PV_CONFIG_HV_TIMEOUT_RETRIES/timeouts == 1000/
 * bug: too-many-reps-believed libpv/hv/engine.c s/ || result->reps > reps//
 * bug: backwards libpv/hv/engine.c s/result->reps < start || //
 * bug: partial-is-ok libpv/hv/engine.c s/PV_HV_STATUS_SUCCESS \&\& result->reps == reps/PV_HV_STATUS_SUCCESS/
 * bug: input-not-restored libpv/hv/engine.c s/memcpy(issue->block, input, issue->block_in_bytes);//
 * bug: start-not-told libpv/hv/engine.c s/raw = call(entry, issue, start)/raw = call(entry, issue, 0)/
 */
#ifndef PV_CONFIG_HV_TIMEOUT_RETRIES
#define PV_CONFIG_HV_TIMEOUT_RETRIES 1
#endif
#include "hv/engine.c"

#ifndef REPS
#define REPS 2
#endif
#define RETRIES PV_CONFIG_HV_TIMEOUT_RETRIES
#define ENTRY 0x1000u

uint64_t nondet_qword(void);
bool nondet_bool(void);

static struct pv_sim sim;
_Thread_local struct pv_sim *pv_sim = &sim;

/* What the hypervisor's side has seen. */
static struct pv_hv_issue issue;
static uint32_t reps;
static uint32_t rounds;
static uint32_t retries;     /* time-outs in a row that completed nothing */
static uint32_t left_before; /* measure of what was left at the call before */
static uint64_t answer;
static uint64_t input[PV_PORT_BLOCK_QWORDS];

static uint32_t status_of(uint64_t raw)
{
    return (uint32_t)(raw & 0xFFFF);
}

static uint32_t done_of(uint64_t raw)
{
    return (uint32_t)(raw >> 32 & 0xFFF);
}

/* The control word is what was asked for, and goes on where the last answer ended. */
static void check_control(uint64_t control)
{
    const uint64_t start = control >> 48 & 0xFFF;

    __CPROVER_assert((control & ~(0xFFFull << 48)) == issue.control, "control word kept");
    if (rounds == 0 || reps == 0)
        __CPROVER_assert(start == 0, "starts at the first element");
    else
        __CPROVER_assert(start == done_of(answer), "goes on after the last element done");
}

/* An element outweighs all the retries there are for it. */
static void check_progress(uint32_t start)
{
    const uint32_t left = (reps - start) * (RETRIES + 1) + RETRIES - retries;

    __CPROVER_assert(start < reps || reps == 0, "nothing is asked for past the end");
    __CPROVER_assert(retries <= RETRIES, "retries are bounded");
    __CPROVER_assert(rounds == 0 || left < left_before, "progress");
    left_before = left;
}

static uint64_t any_answer(uint64_t control)
{
    const uint32_t start = (uint32_t)(control >> 48 & 0xFFF);

    check_control(control);
    check_progress(start);
    rounds++;
    answer = nondet_qword();
    retries = reps != 0 && done_of(answer) > start ? 0 : retries + 1;
    return answer;
}

static uint64_t hv_call(struct pv_sim *s, uintptr_t entry, uint64_t control, uint64_t in,
                        uint64_t out)
{
    (void)s;
    __CPROVER_assert(entry == ENTRY && in == issue.in && out == issue.out, "parameters");
    __CPROVER_assert(issue.block == NULL, "form");
    return any_answer(control);
}

static uint64_t hv_call_block(struct pv_sim *s, uintptr_t entry, uint64_t control,
                              uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    __CPROVER_assert(entry == ENTRY && block == issue.block && block != NULL, "parameters");
    __CPROVER_assert(s->irqs_off, "IRQs are off while the block is live");
    for (unsigned i = 0; i < issue.block_in_bytes / 8; i++)
        __CPROVER_assert(block[i] == input[i], "input is as it was");
    for (unsigned i = 0; i < 4; i++)
        block[i] = nondet_qword();
    return any_answer(control);
}

static void check_result(enum pv_status status, const struct pv_hv_result *result)
{
    __CPROVER_assert(result->reps <= reps, "no more than asked for");
    __CPROVER_assert(rounds >= 1 && rounds <= (reps != 0 ? reps : 1) * (RETRIES + 1), "rounds");
    __CPROVER_assert(result->status == status_of(answer), "the last status is kept");
    if (status == PV_OK) {
        __CPROVER_assert(result->status == PV_HV_STATUS_SUCCESS, "OK is success");
        __CPROVER_assert(result->reps == reps, "OK is complete");
    }
    if (status_of(answer) == PV_HV_STATUS_SUCCESS && (reps == 0 || done_of(answer) == reps))
        __CPROVER_assert(status == PV_OK, "success is OK");
    else if (status_of(answer) == PV_HV_STATUS_SUCCESS)
        __CPROVER_assert(status == PV_MALFORMED, "success that ends too early");
    if (status_of(answer) == PV_HV_STATUS_TIME_OUT)
        __CPROVER_assert(status == PV_MALFORMED || (status == PV_TIMED_OUT && retries > RETRIES),
                         "time-out");
}

/* IRQs are the caller's business, and off for a block. */
static void any_issue(uint64_t *block)
{
    issue.control = nondet_qword() & ~(0xFFFull << 48); /* the start index is the engine's */
    issue.in = nondet_qword();
    issue.out = nondet_qword();
    issue.block = nondet_bool() ? block : NULL;
    issue.block_in_bytes = 24;
    for (unsigned i = 0; i < 3; i++)
        input[i] = block[i] = nondet_qword();
    reps = (uint32_t)(issue.control >> 32 & 0xFFF);
    sim.irqs_off = issue.block != NULL || nondet_bool();
}

int main(void)
{
    static uint64_t block[PV_PORT_BLOCK_QWORDS];
    struct pv_hv_result result;
    enum pv_status status;
    bool irqs_off;

    sim.hv_call = hv_call;
    sim.hv_call_block = hv_call_block;
    any_issue(block);
    __CPROVER_assume(reps <= REPS);
    irqs_off = sim.irqs_off;
    status = pv_hv_run_(ENTRY, &issue, &result);
    check_result(status, &result);
    __CPROVER_assert(sim.irqs_off == irqs_off, "IRQs as before");
    return 0;
}
