/* SPDX-License-Identifier: MIT */
/* What the host may see of the pages of an isolated guest (hvdef). */
#include "sim/model_internal.h"

static bool in_window(const struct sim_model *model, uint64_t page)
{
    return page - model->visibility.first < model->visibility.pages;
}

uint8_t *sim_visibility_of(struct sim_model *model, uint64_t page)
{
    return in_window(model, page) ? &model->visibility.of[page - model->visibility.first] : NULL;
}

static bool has_content(const struct sim_model *model, uint64_t page)
{
    uint64_t word;

    for (uint64_t gpa = page << 12; gpa < (page + 1) << 12; gpa += sizeof(word)) {
        if (!model->memory.read(model->memory.owner, gpa, &word, sizeof(word)))
            return false;
        if (word != 0)
            return true;
    }
    return false;
}

sim_status sim_visibility_change(struct sim_model *model, uint64_t page, uint32_t to)
{
    struct sim_visibility *visibility = &model->visibility;
    uint8_t *now = sim_visibility_of(model, page);
    const sim_status refused =
        visibility->refuse != NULL ? visibility->refuse(visibility->context, page, to) : 0;

    if (refused != 0 || now == NULL)
        return refused;
    if (visibility->changing != NULL)
        visibility->changing(model->memory.owner, page);
    visibility->changed += *now != to;
    visibility->unchanged += *now == to;
    visibility->revealed += to != 0 && has_content(model, page);
    *now = (uint8_t)to;
    return PV_HV_STATUS_SUCCESS;
}

static uint64_t page_of(const struct sim_call *call, uint32_t index)
{
    return sim_get64(call->in + call->in_fixed + index * call->line->info.in_rep_bytes);
}

static bool exists(const struct sim_call *call, uint64_t page)
{
    return in_window(call->model, page) || sim_page_exists(call, page);
}

/* Other partitions are none of an isolated guest's business; libpv names its own as SELF. */
static sim_status wrong(const struct sim_call *call)
{
    const sim_status status = sim_partition_ok(call);

    if (call->model->visibility.pages != 0 && sim_get64(call->in) != PV_HV_PARTITION_SELF)
        sim_complain(call->model, "visibility of a partition other than the caller's");
    return status;
}

sim_status sim_modify_visibility(struct sim_call *call, uint32_t index)
{
    const uint32_t visibility = sim_get32(call->in + 8);
    const uint64_t page = page_of(call, index);
    sim_status status = wrong(call);

    if (index == 0)
        call->model->seen.shared_pages = 0;
    if (status == PV_HV_STATUS_SUCCESS &&
        ((visibility != 0 && visibility != 3) || !exists(call, page)))
        status = PV_HV_STATUS_INVALID_PARAMETER;
    if (status == PV_HV_STATUS_SUCCESS)
        status = sim_visibility_change(call->model, page, visibility);
    call->model->seen.shared_pages += status == PV_HV_STATUS_SUCCESS && visibility == 3;
    return status;
}

sim_status sim_query_visibility(struct sim_call *call, uint32_t index)
{
    const uint8_t *now = sim_visibility_of(call->model, page_of(call, index));
    const sim_status status = wrong(call);

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (!exists(call, page_of(call, index)))
        return PV_HV_STATUS_INVALID_PARAMETER;
    call->out[call->out_fixed + index] = now != NULL ? *now : 0;
    return PV_HV_STATUS_SUCCESS;
}
