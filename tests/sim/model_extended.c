/* SPDX-License-Identifier: MIT */
/* Extended calls: what there is, memory that was zero at the start, hints. */
#include "sim/model_internal.h"

#include <string.h>

/* Linux: bits 20:13 of an element are reserved, bit 12 set means pages of 1 GiB. */
#define RESERVED 0x1FF000ull

static sim_status heat_hint(struct sim_call *call, uint32_t index)
{
    struct sim_heat_record *heat = &call->model->seen.heat;
    uint64_t range;

    memcpy(&range, call->in + call->in_fixed + index * sizeof(range), sizeof(range));
    if ((call->model->extended & PV_HV_EXT_COLD_DISCARD) == 0)
        return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
    if (sim_get64(call->in) != PV_HV_HEAT_COLD_DISCARD)
        return PV_HV_STATUS_INVALID_PARAMETER;
    /* A small page, or one that goes beyond the address space. */
    if ((range & PV_HV_GPA_LARGE) == 0 || (range & RESERVED) != 0 ||
        (range >> PV_HV_GPA_LARGE_SHIFT) + (range & 0x7FF) >= 1ull << 43)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if (heat->count < SIM_GVA_KEPT)
        heat->list[heat->count] = range;
    heat->count++;
    heat->pages += (range & 0x7FF) + 1;
    return PV_HV_STATUS_SUCCESS;
}

sim_status sim_extended(struct sim_call *call, uint32_t index)
{
    const struct sim_model *model = call->model;

    if (call->line->info.code == PV_HV_CODE_EXT_MEMORY_HEAT_HINT)
        return heat_hint(call, index);
    if (call->line->info.code == PV_HV_CODE_EXT_QUERY_CAPABILITIES) {
        sim_put64(call->out, model->extended);
        return PV_HV_STATUS_SUCCESS;
    }
    if ((model->extended & PV_HV_EXT_BOOT_ZEROED_MEMORY) == 0)
        return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
    memcpy(call->out, &model->zeroed, sizeof(model->zeroed));
    return PV_HV_STATUS_SUCCESS;
}
