/* SPDX-License-Identifier: MIT */
/* What each call does, once its control word and blocks have been found in order. */
#include "sim/model_internal.h"

#include <string.h>

static const uint8_t *element(const struct sim_call *call, uint32_t index)
{
    return call->in + call->in_fixed + index * call->line->info.in_rep_bytes;
}

static uint8_t *out_element(struct sim_call *call, uint32_t index)
{
    return call->out + call->out_fixed + index * call->line->info.out_rep_bytes;
}

/* Get- and SetVpRegisters: partition, VP, VTL. */
static sim_status registers_target(struct sim_call *call, uint32_t *vp, uint8_t *vtl)
{
    sim_status status = sim_partition_ok(call);

    if (sim_behaves(call->model, SIM_REGISTERS_REFUSED))
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    if (sim_behaves(call->model, SIM_REGISTERS_DENIED))
        return PV_HV_STATUS_ACCESS_DENIED;
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_target_vp(call, 8, vp);
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_target_vtl(call, call->in[12], vtl);
    if (status == PV_HV_STATUS_SUCCESS && *vtl >= SIM_VTLS)
        status = PV_HV_STATUS_INVALID_PARAMETER;
    return status;
}

/* Names of what the processor itself has: general registers to MSRs, on arm64 X0 to system registers. */
#define PROCESSOR_FIRST 0x00020000u
#define PROCESSOR_LAST 0x0008FFFFu

/*
 * The TLFS does not say in which state a VP has to be. What another one that runs has in its processor is
 * out of date before the caller has it, so no guest may depend on it: that VP is to be stopped.
 */
static sim_status register_reachable(const struct sim_call *call, uint32_t vp, uint32_t name)
{
    const bool processors = name >= PROCESSOR_FIRST && name <= PROCESSOR_LAST;

    return processors && vp != call->vp && call->model->cpus[vp].running
               ? PV_HV_STATUS_INVALID_VP_STATE
               : PV_HV_STATUS_SUCCESS;
}

static sim_status get_register(struct sim_call *call, uint32_t index)
{
    const uint32_t name = sim_get32(element(call, index));
    struct pv_hv_register_value value;
    uint32_t vp;
    uint8_t vtl;
    sim_status status = registers_target(call, &vp, &vtl);

    if (status == PV_HV_STATUS_SUCCESS)
        status = register_reachable(call, vp, name);
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_register_get(call->model, vp, vtl, name, &value);
    if (status == PV_HV_STATUS_SUCCESS)
        memcpy(out_element(call, index), &value, sizeof(value));
    return status;
}

static sim_status set_register(struct sim_call *call, uint32_t index)
{
    struct pv_hv_register wanted;
    uint32_t vp;
    uint8_t vtl;
    sim_status status = registers_target(call, &vp, &vtl);

    memcpy(&wanted, element(call, index), sizeof(wanted));
    if (status == PV_HV_STATUS_SUCCESS)
        status = register_reachable(call, vp, wanted.name);
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    return sim_register_set(call->model, vp, vtl, wanted.name, wanted.value);
}

static uint64_t hw_id(const struct sim_call *call, uint32_t index)
{
    const uint8_t *id = element(call, index);

    return call->line->info.in_rep_bytes == 8 ? sim_get64(id) : sim_get32(id);
}

static sim_status find_vp(struct sim_call *call, uint32_t index)
{
    const struct sim_model *model = call->model;
    sim_status status = sim_partition_ok(call);
    uint32_t vp = 0;

    if (status == PV_HV_STATUS_SUCCESS && (model->enabled_vtls >> (call->in[8] & 15) & 1) == 0)
        status = PV_HV_STATUS_INVALID_PARAMETER;
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    while (vp < model->vps && model->cpus[vp].apic_id != hw_id(call, index))
        vp++;
    if (vp == model->vps)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if (sim_behaves(model, SIM_VP_INDEX_HUGE))
        vp = model->max_vps;
    if (sim_behaves(model, SIM_VP_INDEX_NONE))
        vp = 0xFFFFFFFFu;
    sim_put32(out_element(call, index), vp);
    return PV_HV_STATUS_SUCCESS;
}

static sim_status post_message(struct sim_call *call)
{
    struct sim_seen *seen = &call->model->seen;

    seen->connection = sim_get32(call->in);
    seen->message_bytes = sim_get32(call->in + 12);
    if (seen->connection == 0)
        return PV_HV_STATUS_INVALID_CONNECTION_ID;
    if (seen->message_bytes > 240)
        return PV_HV_STATUS_INVALID_PARAMETER;
    seen->messages++;
    return PV_HV_STATUS_SUCCESS;
}

static sim_status signal_event(struct sim_call *call)
{
    struct sim_seen *seen = &call->model->seen;

    seen->connection = sim_get32(call->in);
    if (seen->connection == 0)
        return PV_HV_STATUS_INVALID_CONNECTION_ID;
    seen->events++;
    return PV_HV_STATUS_SUCCESS;
}

/* A call without a model of its own: output that tells where each byte was to go. */
static sim_status pattern(struct sim_call *call, uint32_t index)
{
    const uint32_t bytes = call->reps != 0 ? call->line->info.out_rep_bytes : call->out_bytes;
    uint8_t *out = call->reps != 0 ? out_element(call, index) : call->out;

    for (uint32_t i = 0; i < bytes; i++)
        out[i] = sim_pattern(index, i);
    return PV_HV_STATUS_SUCCESS;
}

static sim_status execute_other(struct sim_call *call, uint32_t index)
{
    switch (call->line->info.code) {
    case PV_HV_CODE_GET_PARTITION_ID:
        sim_put64(call->out, call->model->partition_id);
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT:
        call->model->seen.spin_count = sim_get32(call->in);
        return PV_HV_STATUS_SUCCESS;
    case PV_HV_CODE_POST_MESSAGE:
        return post_message(call);
    case PV_HV_CODE_SIGNAL_EVENT:
        return signal_event(call);
    case PV_HV_CODE_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY:
        return sim_modify_visibility(call, index);
    case PV_HV_CODE_QUERY_SPARSE_GPA_PAGE_HOST_VISIBILITY:
        return call->model->visibility.pages != 0 ? sim_query_visibility(call, index)
                                                  : pattern(call, index);
    case PV_HV_CODE_EXT_QUERY_CAPABILITIES:
    case PV_HV_CODE_EXT_GET_BOOT_ZEROED_MEMORY:
    case PV_HV_CODE_EXT_MEMORY_HEAT_HINT:
        return sim_extended(call, index);
    default:
        return pattern(call, index);
    }
}

static sim_status execute_vsm(struct sim_call *call, uint32_t index)
{
    switch (call->line->info.code) {
    case PV_HV_CODE_ENABLE_PARTITION_VTL:
        return sim_enable_partition_vtl(call);
    case PV_HV_CODE_ENABLE_VP_VTL:
        return sim_enable_vp_vtl(call);
    case PV_HV_CODE_START_VIRTUAL_PROCESSOR:
        return sim_start_vp(call);
    case PV_HV_CODE_MODIFY_VTL_PROTECTION_MASK:
        return sim_protect(call, index);
    case PV_HV_CODE_TRANSLATE_VIRTUAL_ADDRESS:
        return sim_translate(call);
    case PV_HV_CODE_GET_VP_INDEX_FROM_APIC_ID:
        return find_vp(call, index);
    default:
        return execute_other(call, index);
    }
}

sim_status sim_execute(struct sim_call *call, uint32_t index)
{
    switch (call->line->info.code) {
    case PV_HV_CODE_GET_VP_REGISTERS:
        return get_register(call, index);
    case PV_HV_CODE_SET_VP_REGISTERS:
        return set_register(call, index);
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE:
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST:
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE_EX:
    case PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST_EX:
        return sim_flush(call, index);
    case PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI:
    case PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI_EX:
        return sim_ipi(call);
    default:
        return execute_vsm(call, index);
    }
}
