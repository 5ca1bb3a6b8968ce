/* SPDX-License-Identifier: MIT */
/* What a VTL may do with memory, as the higher ones have it (TLFS "VSM Memory Protections"). */
#include "sim/model_internal.h"

static uint32_t find(const struct sim_model *model, uint8_t vtl, uint64_t page)
{
    uint32_t i = 0;

    while (i < model->protected_count &&
           (model->protected_pages[i] != page || model->protected_by[i] != vtl))
        i++;
    return i;
}

static uint32_t *protection_of(struct sim_model *model, uint8_t vtl, uint64_t page)
{
    const uint32_t i = find(model, vtl, page);

    if (i == SIM_PROTECTED_MAX)
        return NULL;
    model->protected_pages[i] = page;
    model->protected_by[i] = vtl;
    model->protected_count += i == model->protected_count;
    return &model->protection[i];
}

/* Masks bind lower VTLs only, and only once protection is on. */
static sim_status may_protect(const struct sim_call *call, uint8_t *vtl)
{
    sim_status status = sim_partition_ok(call);

    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_target_vtl(call, call->in[12], vtl);
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (*vtl == 0 || *vtl >= SIM_VTLS || sim_get32(call->in + 8) > 0xF)
        return PV_HV_STATUS_INVALID_PARAMETER;
    return (call->model->partition_config[*vtl] & PV_HV_VSM_CONFIG_PROTECT) != 0
               ? PV_HV_STATUS_SUCCESS
               : PV_HV_STATUS_INVALID_VTL_STATE;
}

sim_status sim_protect(struct sim_call *call, uint32_t index)
{
    const uint64_t page = sim_get64(call->in + call->in_fixed + 8 * index);
    uint8_t vtl = 0;
    const sim_status status = may_protect(call, &vtl);
    uint32_t *protection;

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (!sim_page_exists(call, page))
        return PV_HV_STATUS_INVALID_PARAMETER;
    protection = protection_of(call->model, vtl, page);
    if (protection == NULL)
        return PV_HV_STATUS_INSUFFICIENT_MEMORY;
    *protection = sim_get32(call->in + 8);
    return PV_HV_STATUS_SUCCESS;
}

static uint32_t mask_by(const struct sim_model *model, uint8_t vtl, uint64_t page)
{
    const uint64_t config = model->partition_config[vtl];
    const uint32_t i = find(model, vtl, page);

    if ((config & PV_HV_VSM_CONFIG_PROTECT) == 0)
        return SIM_MAP_ALL;
    return i < model->protected_count ? model->protection[i]
                                      : config >> PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT & SIM_MAP_ALL;
}

uint32_t sim_model_rights(const struct sim_model *model, uint8_t vtl, uint64_t page)
{
    uint32_t mask = SIM_MAP_ALL;

    for (uint8_t higher = (uint8_t)(vtl + 1); higher < SIM_VTLS; higher++)
        mask &= mask_by(model, higher, page);
    return mask;
}

/* The highest VTL comes first: its protections are over those of the ones between. */
bool sim_model_intercept(struct sim_model *model, uint32_t vp, uint64_t page, uint32_t wanted)
{
    struct sim_vp_state *state = &model->cpus[vp];

    for (uint8_t vtl = SIM_VTLS - 1; vtl > state->active_vtl; vtl--)
        if ((mask_by(model, vtl, page) & wanted) != wanted && state->vtls[vtl].enabled) {
            state->active_vtl = vtl;
            return true;
        }
    return false;
}
