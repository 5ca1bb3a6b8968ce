/* SPDX-License-Identifier: MIT */
/* Flushes and IPIs: nothing happens but that the set of VPs is decoded and written down. */
#include "sim/model_internal.h"

#include <string.h>

#define SET_ALL 1ull
#define WORDS (PV_HV_VPS_MAX / 64)

static struct sim_target_record *record(struct sim_call *call)
{
    struct sim_target_record *target = &call->model->seen.target;

    memset(target, 0, sizeof(*target));
    target->code = call->line->info.code;
    return target;
}

static void everybody(struct sim_target_record *target)
{
    memset(target->vps, 0xFF, sizeof(target->vps));
}

/* Format and mask at `set`, banks behind the fixed part. check_var has counted the banks. */
static sim_status decode_set(const uint8_t *set, struct sim_target_record *target)
{
    const uint64_t format = sim_get64(set);
    const uint64_t mask = sim_get64(set + 8);
    const uint8_t *bank = set + 16;

    if (format == SET_ALL)
        everybody(target);
    if (format != PV_HV_SET_SPARSE)
        return format == SET_ALL ? PV_HV_STATUS_SUCCESS : PV_HV_STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < WORDS; i++)
        if ((mask >> i & 1) != 0) {
            target->vps[i] = sim_get64(bank);
            bank += 8;
        }
    return PV_HV_STATUS_SUCCESS;
}

static bool has_set(const struct sim_call *call)
{
    return call->line->info.var == PV_HV_VAR_BANKS;
}

sim_status sim_flush(struct sim_call *call, uint32_t index)
{
    struct sim_target_record *target = record(call);

    target->flags = sim_get64(call->in + 8);
    target->ranges = call->reps;
    if (call->reps != 0)
        target->last_range = sim_get64(call->in + call->in_fixed + 8 * index);
    if ((target->flags & ~7ull) != 0)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if ((target->flags & PV_HV_FLUSH_ALL_PROCESSORS) != 0)
        everybody(target);
    else if (has_set(call))
        return decode_set(call->in + 16, target);
    else
        target->vps[0] = sim_get64(call->in + 16);
    return PV_HV_STATUS_SUCCESS;
}

sim_status sim_ipi(struct sim_call *call)
{
    struct sim_target_record *target = record(call);
    uint8_t vtl;
    const sim_status status = sim_target_vtl(call, call->in[4], &vtl);

    target->vector = sim_get32(call->in);
    if (target->vector < 0x10 || target->vector > 0xFF)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (has_set(call))
        return decode_set(call->in + 8, target);
    target->vps[0] = sim_get64(call->in + 8);
    return PV_HV_STATUS_SUCCESS;
}
