/* SPDX-License-Identifier: MIT */
/* VTLs: enable, start, switch; and the translation of addresses. */
#include "sim/model_internal.h"

#include <string.h>

/* Upwards, only the highest VTL that is enabled below the target may. */
static bool may_enable(const struct sim_call *call, uint8_t vtl)
{
    const uint8_t own = call->model->cpus[call->vp].active_vtl;
    bool highest = true;

    for (uint32_t between = own + 1u; between < vtl; between++)
        highest &= (call->model->enabled_vtls >> between & 1) == 0;
    return highest;
}

sim_status sim_enable_partition_vtl(struct sim_call *call)
{
    struct sim_model *model = call->model;
    const sim_status status = sim_partition_ok(call);
    const uint8_t vtl = call->in[8];
    const uint8_t flags = call->in[9];

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (vtl == 0 || vtl > model->max_vtl || (flags & ~PV_HV_ENABLE_VTL_MBEC) != 0)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if ((model->enabled_vtls >> vtl & 1) != 0)
        return PV_HV_STATUS_VTL_ALREADY_ENABLED;
    if (!may_enable(call, vtl))
        return PV_HV_STATUS_ACCESS_DENIED;
    model->enabled_vtls |= (uint16_t)(1u << vtl);
    if ((flags & PV_HV_ENABLE_VTL_MBEC) != 0)
        model->mbec_vtls |= (uint16_t)(1u << vtl);
    return PV_HV_STATUS_SUCCESS;
}

static void keep_context(struct sim_call *call, struct sim_vtl *vtl)
{
    vtl->context_bytes = call->in_bytes - 16;
    memcpy(vtl->context.bytes, call->in + 16, vtl->context_bytes);
}

/* Partition, VP and VTL of the calls with a context. The VTL is a plain number. */
static sim_status context_target(struct sim_call *call, uint32_t *vp, uint8_t *vtl)
{
    sim_status status = sim_partition_ok(call);

    *vtl = call->in[12];
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_target_vp(call, 8, vp);
    if (status == PV_HV_STATUS_SUCCESS && (*vtl >= SIM_VTLS || *vtl > call->model->max_vtl))
        status = PV_HV_STATUS_INVALID_PARAMETER;
    return status;
}

/* Once some VP has the VTL, a lower one has no more say in where it begins. */
static bool too_low(const struct sim_call *call, uint8_t vtl)
{
    const struct sim_model *model = call->model;
    bool exists = false;

    for (uint32_t i = 0; i < model->vps; i++)
        exists |= model->cpus[i].vtls[vtl].enabled;
    return exists && model->cpus[call->vp].active_vtl < vtl;
}

sim_status sim_enable_vp_vtl(struct sim_call *call)
{
    uint32_t vp;
    uint8_t vtl;
    const sim_status status = context_target(call, &vp, &vtl);
    struct sim_vtl *state;

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (vtl == 0 || (call->model->enabled_vtls >> vtl & 1) == 0)
        return PV_HV_STATUS_INVALID_PARAMETER;
    state = &call->model->cpus[vp].vtls[vtl];
    if (state->enabled)
        return PV_HV_STATUS_VTL_ALREADY_ENABLED;
    if (too_low(call, vtl))
        return PV_HV_STATUS_ACCESS_DENIED;
    state->enabled = true;
    keep_context(call, state);
    return PV_HV_STATUS_SUCCESS;
}

/* A higher VTL may keep the lower ones from starting VPs at all. */
static bool may_start(const struct sim_call *call, uint8_t vtl)
{
    const struct sim_model *model = call->model;
    const uint8_t own = model->cpus[call->vp].active_vtl;
    bool denied = vtl > own;

    for (uint32_t higher = own + 1u; higher < SIM_VTLS; higher++)
        denied |= (model->partition_config[higher] & PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP) != 0;
    return !denied;
}

sim_status sim_start_vp(struct sim_call *call)
{
    uint32_t vp;
    uint8_t vtl;
    const sim_status status = context_target(call, &vp, &vtl);
    struct sim_vp_state *state;

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (!may_start(call, vtl))
        return PV_HV_STATUS_ACCESS_DENIED;
    state = &call->model->cpus[vp];
    if (state->running)
        return PV_HV_STATUS_INVALID_VP_STATE;
    if (!state->vtls[vtl].enabled)
        return PV_HV_STATUS_INVALID_VTL_STATE;
    state->running = true;
    state->active_vtl = vtl;
    keep_context(call, &state->vtls[vtl]);
    return PV_HV_STATUS_SUCCESS;
}

/* The only page table there is: one window, odd pages read-only. */
static uint32_t walk(const struct sim_call *call, uint64_t gva_page, uint64_t flags, uint64_t *gpa_page)
{
    const struct sim_model *model = call->model;
    const uint64_t page = gva_page - (model->va_base >> 12);

    if (page >= model->va_pages)
        return 1; /* not present */
    if (page % 2 == 1 && (flags & PV_HV_TRANSLATE_WRITE) != 0 &&
        (flags & PV_HV_TRANSLATE_PRIVILEGE_EXEMPT) == 0)
        return 2; /* privilege violation */
    *gpa_page = (model->va_gpa >> 12) + page;
    return sim_page_exists(call, *gpa_page) ? 0 : 4; /* GPA unmapped */
}

static sim_status translate_target(struct sim_call *call, uint64_t flags)
{
    const uint8_t input_vtl = (uint8_t)(flags >> PV_HV_TRANSLATE_VTL_SHIFT);
    const uint64_t known = 0xFull | 0xFFull << PV_HV_TRANSLATE_VTL_SHIFT;
    uint32_t vp;
    uint8_t vtl;
    sim_status status = sim_partition_ok(call);

    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_target_vp(call, 8, &vp);
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_target_vtl(call, input_vtl, &vtl);
    if (status == PV_HV_STATUS_SUCCESS && (flags & ~known) != 0)
        status = PV_HV_STATUS_INVALID_PARAMETER;
    return status;
}

#define CACHE_WRITE_BACK 6ull

sim_status sim_translate(struct sim_call *call)
{
    const uint64_t flags = sim_get64(call->in + 16);
    const sim_status status = translate_target(call, flags);
    uint64_t gpa_page = 0;

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    sim_put64(call->out, walk(call, sim_get64(call->in + 24), flags, &gpa_page) |
                             CACHE_WRITE_BACK << 32);
    sim_put64(call->out + 8, gpa_page);
    return PV_HV_STATUS_SUCCESS;
}

static bool enabled_on(const struct sim_vp_state *state, uint32_t vtl)
{
    return vtl < SIM_VTLS && state->vtls[vtl].enabled;
}

/* The next enabled VTL in that direction; #UD if there is none or the control word is not 0 or 1. */
bool sim_model_vtl_switch(struct sim_model *model, uint32_t vp, bool to_lower, uint64_t control)
{
    struct sim_vp_state *state = &model->cpus[vp];
    uint32_t vtl = state->active_vtl;

    if (control > (to_lower ? PV_HV_VTL_RETURN_FAST : 0))
        return false;
    do
        vtl = to_lower ? vtl - 1 : vtl + 1;
    while (vtl < SIM_VTLS && !enabled_on(state, vtl));
    if (!enabled_on(state, vtl))
        return false;
    state->active_vtl = (uint8_t)vtl;
    return true;
}
