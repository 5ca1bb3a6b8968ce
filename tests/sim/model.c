/* SPDX-License-Identifier: MIT */
/* One hypercall from the trap to the result word. */
#include "sim/model_internal.h"

#include <string.h>

void sim_complain(struct sim_model *model, const char *text)
{
    if (model->complaint == NULL)
        model->complaint = text;
}

static void init_cpus(struct sim_model *model)
{
    for (uint32_t i = 0; i < SIM_VPS_MAX; i++) {
        model->cpus[i].apic_id = 0x10 + 2 * i;
        model->cpus[i].vtls[0].enabled = true;
    }
    model->cpus[0].running = true;
}

void sim_model_init(struct sim_model *model)
{
    memset(model, 0, sizeof(*model));
    model->vps = 1;
    model->max_vps = 64;
    model->privileges = ~0ull >> 1;
    model->features =
        PV_HV_FEATURE_XMM_INPUT | PV_HV_FEATURE_XMM_OUTPUT | PV_HV_FEATURE_FREQUENCY;
    model->partition_id = 0x1234567800000002ull;
    model->max_vtl = 1;
    model->enabled_vtls = 1;
    model->code_offsets = 0x02600F;
    model->vsm_capabilities = PV_HV_VSM_CAP_DR6_SHARED | 1ull << PV_HV_VSM_CAP_MBEC_SHIFT |
                              PV_HV_VSM_CAP_DENY_LOWER_STARTUP;
    model->seed = 1;
    init_cpus(model);
}

static void note(struct sim_model *model, const struct sim_registers *registers)
{
    struct sim_seen *seen = &model->seen;

    seen->calls++;
    seen->control_before = seen->control;
    seen->control = registers->control;
    seen->in = registers->in;
    seen->out = registers->out;
    seen->touched_memory = false;
}

static sim_status prepare(struct sim_call *call)
{
    struct sim_model *model = call->model;
    sim_status status = sim_check_control(call);

    if (status == PV_HV_STATUS_SUCCESS && model->refuse != 0)
        status = model->refuse;
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_check_line(call);
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_data_fetch(call);
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    memcpy(model->seen.fixed, call->in, sizeof(model->seen.fixed));
    return sim_check_input(call);
}

/* How far this invocation gets if nothing goes wrong. */
static uint32_t goal(struct sim_call *call, sim_status *status)
{
    struct sim_model *model = call->model;
    uint32_t stop = call->reps;

    if (model->step != 0 && call->start + model->step < stop)
        stop = call->start + model->step;
    if (!sim_behaves(model, SIM_TIMEOUT_ONCE))
        return stop;
    model->timed_out = !model->timed_out;
    if (!model->timed_out)
        return stop;
    *status = PV_HV_STATUS_TIME_OUT;
    return call->start + (stop - call->start) / 2;
}

static sim_status execute_element(struct sim_call *call, uint32_t index)
{
    struct sim_model *model = call->model;
    const sim_status status = model->fail_status;

    if (status == 0 || index != model->fail_element)
        return sim_execute(call, index);
    model->fail_status = 0;
    return status;
}

static sim_status execute_list(struct sim_call *call)
{
    sim_status at_end = PV_HV_STATUS_SUCCESS;
    const uint32_t stop = goal(call, &at_end);

    while (call->done < stop) {
        const sim_status status = execute_element(call, call->done);

        if (status != PV_HV_STATUS_SUCCESS)
            return status;
        call->done++;
        call->model->seen.elements++;
    }
    return at_end;
}

static sim_status execute_simple(struct sim_call *call)
{
    sim_status status = PV_HV_STATUS_SUCCESS;

    (void)goal(call, &status);
    return status == PV_HV_STATUS_SUCCESS ? execute_element(call, 0) : status;
}

static uint64_t execute(struct sim_call *call)
{
    sim_status status;
    uint64_t result;

    if (sim_hostile_answer(call, &result))
        return result;
    status = call->reps != 0 ? execute_list(call) : execute_simple(call);
    if (call->reps != 0 || status == PV_HV_STATUS_SUCCESS)
        sim_data_store(call, call->start, call->done);
    sim_hostile_spoil(call);
    return sim_result(status, call->done);
}

uint64_t sim_model_call(struct sim_model *model, uint32_t vp, struct sim_registers *registers)
{
    struct sim_call call = { .model = model, .registers = registers, .vp = vp };
    sim_status status;
    uint64_t result;

    note(model, registers);
    status = prepare(&call);
    result = status == PV_HV_STATUS_SUCCESS ? execute(&call) : sim_result(status, call.start);
    model->stopped_at = (uint32_t)(result >> PV_HV_RESULT_REPS_SHIFT & PV_HV_CONTROL_REP_MASK);
    model->seen.result = result;
    return result;
}
