/* SPDX-License-Identifier: MIT */
/* The ways in which a hypervisor may lie. */
#include "sim/model_internal.h"

#include <string.h>

bool sim_behaves(const struct sim_model *model, enum sim_behaviour behaviour)
{
    const bool now = model->seen.calls > model->behave_after || behaviour >= SIM_VP_INDEX_HUGE;

    return model->behaviour == behaviour && now;
}

uint64_t sim_random(uint64_t *seed)
{
    uint64_t x = *seed != 0 ? *seed : 0x9E3779B97F4A7C15ull;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *seed = x;
    return x * 0x2545F4914F6CDD1Dull;
}

uint64_t sim_result(sim_status status, uint32_t reps)
{
    return status | (uint64_t)reps << PV_HV_RESULT_REPS_SHIFT;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void fill_random(struct sim_call *call)
{
    for (uint32_t i = 0; i < call->out_bytes; i++)
        call->out[i] = (uint8_t)sim_random(&call->model->seed);
}

/* Mostly plausible: small statuses, counts around the true one, now and then anything. */
static uint64_t random_result(struct sim_call *call)
{
    static const uint16_t likely[] = { 0, 0, 0, 0x78, 0x78, 0x0B, 0x03, 0x87, 0x86, 0x05 };
    const uint64_t dice = sim_random(&call->model->seed);
    const uint32_t reps = call->start + (uint32_t)(dice >> 8 & 7) - 1;

    if ((dice & 7) == 0)
        return sim_random(&call->model->seed);
    if ((dice & 7) < 4)
        return sim_result(likely[(dice >> 16) % 10], call->reps);
    return sim_result(likely[(dice >> 16) % 10], reps & 0xFFF);
}

static uint64_t answer_at_random(struct sim_call *call)
{
    fill_random(call);
    sim_data_store(call, 0, call->reps);
    return random_result(call);
}

/* Progress first, then one element less than before. */
static uint64_t answer_backwards(const struct sim_call *call)
{
    if (call->start == 0)
        return sim_result(PV_HV_STATUS_SUCCESS, smaller(2, call->reps - 1));
    return sim_result(PV_HV_STATUS_SUCCESS, call->start - 1);
}

bool sim_hostile_answer(struct sim_call *call, uint64_t *result)
{
    const bool rep = call->reps != 0;

    if (call->model->seen.calls <= call->model->behave_after)
        return false;
    switch (call->model->behaviour) {
    case SIM_REPS_ABOVE:
        *result = sim_result(PV_HV_STATUS_SUCCESS, call->reps + 1);
        return rep;
    case SIM_REPS_BACKWARDS:
        *result = rep ? answer_backwards(call) : 0;
        return rep;
    case SIM_NO_PROGRESS:
        *result = sim_result(PV_HV_STATUS_SUCCESS, call->start);
        return rep;
    case SIM_TIMEOUT_FOREVER:
        *result = sim_result(PV_HV_STATUS_TIME_OUT, call->start);
        return true;
    case SIM_TIMEOUT_CRAWLING:
        *result = sim_result(PV_HV_STATUS_TIME_OUT, smaller(call->start + 1, call->reps));
        return true;
    case SIM_TIMEOUT_ALL_DONE:
        *result = sim_result(PV_HV_STATUS_TIME_OUT, call->reps);
        return true;
    case SIM_GARBAGE_STATUS:
        *result = 0xFFFFF000FFFFABCDull;
        return true;
    case SIM_RANDOM:
        *result = answer_at_random(call);
        return true;
    default:
        return false;
    }
}

void sim_hostile_spoil(struct sim_call *call)
{
    if (sim_behaves(call->model, SIM_SCRIBBLE))
        sim_data_scribble(call);
    if (sim_behaves(call->model, SIM_GARBAGE_OUTPUT))
        fill_random(call);
    else if (sim_behaves(call->model, SIM_ONES_OUTPUT))
        memset(call->out, 0xFF, call->out_bytes);
    else
        return;
    sim_data_store(call, 0, call->reps);
}
