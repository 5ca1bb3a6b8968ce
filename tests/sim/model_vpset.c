/* SPDX-License-Identifier: MIT */
/*
 * Flushes and IPIs: nothing happens but that the set of VPs is decoded and written down, and the list
 * with it. Sets that one hypervisor reads otherwise than another are complained about.
 */
#include "sim/model_internal.h"

#include <string.h>

#define WORDS (PV_HV_VPS_MAX / 64)
#define KNOWN_FLAGS                                                                                \
    (PV_HV_FLUSH_ALL_PROCESSORS | PV_HV_FLUSH_ALL_SPACES | PV_HV_FLUSH_NON_GLOBAL_ONLY)

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

static void disputed(const struct sim_call *call, const char *text)
{
    if (!call->model->any_target)
        sim_complain(call->model, text);
}

/* KVM takes an empty mask of a flush for everybody, the TLFS says nothing of it. */
static sim_status decode_mask(const struct sim_call *call, uint64_t mask,
                              struct sim_target_record *target)
{
    if (mask == 0)
        disputed(call, "a processor mask that names nobody");
    target->vps[0] = mask;
    return PV_HV_STATUS_SUCCESS;
}

/* Format and mask at `set`, banks behind the fixed part. check_var has counted the banks. */
static sim_status decode_set(const struct sim_call *call, const uint8_t *set,
                             struct sim_target_record *target)
{
    const uint64_t format = sim_get64(set);
    const uint64_t mask = sim_get64(set + 8);
    const uint8_t *bank = set + 16;

    if (format == PV_HV_SET_ALL) {
        disputed(call, "a set in the format for all VPs, which not every hypervisor takes");
        everybody(target);
        return PV_HV_STATUS_SUCCESS;
    }
    if (format != PV_HV_SET_SPARSE)
        return PV_HV_STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < WORDS; i++)
        if ((mask >> i & 1) != 0) {
            target->vps[i] = sim_get64(bank);
            bank += 8;
            if (target->vps[i] == 0)
                disputed(call, "a bank that names nobody");
        }
    if (mask == 0)
        disputed(call, "a set that names nobody");
    return PV_HV_STATUS_SUCCESS;
}

static bool has_set(const struct sim_call *call)
{
    return call->line->info.var == PV_HV_VAR_BANKS;
}

/* HvCallFlushVirtualAddressList: non-global only "is treated as an invalid option". */
static bool flags_ok(const struct sim_call *call, uint64_t flags)
{
    const uint64_t known =
        call->reps != 0 ? KNOWN_FLAGS & ~PV_HV_FLUSH_NON_GLOBAL_ONLY : KNOWN_FLAGS;

    return (flags & ~known) == 0;
}

static sim_status flush_whom(const struct sim_call *call, struct sim_target_record *target)
{
    if (!flags_ok(call, target->flags))
        return PV_HV_STATUS_INVALID_PARAMETER;
    if ((target->flags & PV_HV_FLUSH_ALL_PROCESSORS) != 0)
        everybody(target);
    else if (has_set(call))
        return decode_set(call, call->in + 16, target);
    else
        return decode_mask(call, sim_get64(call->in + 16), target);
    return PV_HV_STATUS_SUCCESS;
}

static void keep(struct sim_gva_record *gva, uint64_t element)
{
    if (gva->count < SIM_GVA_KEPT)
        gva->list[gva->count] = element;
    gva->count++;
    gva->pages += element % PV_PAGE_BYTES + 1;
}

sim_status sim_flush(struct sim_call *call, uint32_t index)
{
    struct sim_target_record *target = record(call);
    sim_status status;

    target->space = sim_get64(call->in);
    target->flags = sim_get64(call->in + 8);
    target->ranges = call->reps;
    status = flush_whom(call, target);
    if (call->reps == 0 || status != PV_HV_STATUS_SUCCESS)
        return status;
    target->last_range = sim_get64(call->in + call->in_fixed + 8 * index);
    keep(&call->model->seen.gva, target->last_range);
    return PV_HV_STATUS_SUCCESS;
}

sim_status sim_ipi(struct sim_call *call)
{
    struct sim_target_record *target = record(call);
    uint8_t vtl;
    const sim_status status = sim_target_vtl(call, call->in[4], &vtl);

    target->vector = sim_get32(call->in);
    if (target->vector < PV_HV_IPI_VECTOR_MIN || target->vector > PV_HV_IPI_VECTOR_MAX)
        return PV_HV_STATUS_INVALID_PARAMETER;
    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (has_set(call))
        return decode_set(call, call->in + 8, target);
    return decode_mask(call, sim_get64(call->in + 8), target);
}
