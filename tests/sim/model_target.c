/* SPDX-License-Identifier: MIT */
/* Whom a call is about: partition, VP, VTL, page. */
#include "sim/model_internal.h"

sim_status sim_partition_ok(const struct sim_call *call)
{
    const uint64_t id = sim_get64(call->in);

    return id == PV_HV_PARTITION_SELF || id == call->model->partition_id
               ? PV_HV_STATUS_SUCCESS
               : PV_HV_STATUS_INVALID_PARTITION_ID;
}

/* The VP index at offset `field` of the input. */
sim_status sim_target_vp(const struct sim_call *call, uint32_t field, uint32_t *vp)
{
    const uint32_t index = sim_get32(call->in + field);

    *vp = index == PV_HV_VP_SELF ? call->vp : index;
    return *vp < call->model->vps ? PV_HV_STATUS_SUCCESS : PV_HV_STATUS_INVALID_VP_INDEX;
}

/* HV_INPUT_VTL: own or lower VTLs only, and only enabled ones. */
sim_status sim_target_vtl(const struct sim_call *call, uint8_t input_vtl, uint8_t *vtl)
{
    const uint8_t own = call->model->cpus[call->vp].active_vtl;
    const uint8_t named = input_vtl & PV_HV_VTL_MAX;

    if ((input_vtl & ~(PV_HV_INPUT_VTL_USE | PV_HV_VTL_MAX)) != 0)
        return PV_HV_STATUS_INVALID_PARAMETER;
    *vtl = (input_vtl & PV_HV_INPUT_VTL_USE) != 0 ? named : own;
    if (*vtl > own)
        return PV_HV_STATUS_ACCESS_DENIED;
    return (call->model->enabled_vtls >> *vtl & 1) != 0 ? PV_HV_STATUS_SUCCESS
                                                        : PV_HV_STATUS_INVALID_PARAMETER;
}

bool sim_page_exists(const struct sim_call *call, uint64_t gpa_page)
{
    const struct sim_memory *memory = &call->model->memory;

    return gpa_page <= ~0ull >> 12 && memory->read != NULL &&
           memory->read(memory->owner, gpa_page << 12, NULL, 1);
}
