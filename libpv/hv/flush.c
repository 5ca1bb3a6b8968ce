/* SPDX-License-Identifier: MIT */
/* Flushes: first what to send, which takes no hypervisor, then sending it. */
#include "hv/hv_internal.h"

/* The caller and nobody else. */
static bool only(const struct pv_vp_set *set, struct pv_vp_index self)
{
    const uint32_t bank = self.value / 64;

    return self.value < PV_HV_VPS_MAX && set->valid == 1ull << bank &&
           set->banks[bank] == 1ull << self.value % 64;
}

static enum pv_status choose_whom(const struct pv_vp_set *set, struct pv_vp_index self,
                                  uint32_t advice, struct pv_hv_whom *whom)
{
    const bool local = set != NULL && only(set, self);
    const uint32_t needed = local ? PV_HV_HINT_LOCAL_FLUSH : PV_HV_HINT_REMOTE_FLUSH;

    if (set != NULL && pv_vp_set_is_empty(set))
        return PV_EMPTY;
    if ((advice & needed) == 0)
        return PV_UNSUPPORTED;
    if (set != NULL && (local || !set->everyone))
        return pv_hv_whom_(set, advice, whom);
    whom->naming = PV_HV_NAMING_ALL;
    whom->mask = 0;
    whom->banks = 0;
    return PV_OK;
}

/* Beyond the threshold, and for every address: no list. */
static enum pv_status choose_elements(const struct pv_hv_flush *flush, uint64_t *elements)
{
    const uint32_t max = flush->elements_max != 0 ? flush->elements_max : PV_HV_FLUSH_ELEMENTS;
    enum pv_status status;

    *elements = 0;
    if (flush->ranges == NULL)
        return PV_OK;
    status = pv_hv_gva_count(flush->ranges, flush->count, elements);
    if (status == PV_OK && *elements == 0)
        status = PV_INVALID;
    if (*elements > max)
        *elements = 0;
    return status;
}

/*
 * A list takes no NON_GLOBAL_ONLY ("does not make sense for this call and is treated as an invalid
 * option", TLFS): it flushes global entries as well, like INVLPG.
 */
static bool choose_flags(enum pv_hv_scope scope, bool list, uint64_t *flags)
{
    const uint64_t may_stay = list ? 0 : PV_HV_FLUSH_NON_GLOBAL_ONLY;

    switch (scope) {
    case PV_HV_SCOPE_SPACE:
        *flags = may_stay;
        return true;
    case PV_HV_SCOPE_SPACE_AND_GLOBAL:
        *flags = 0;
        return true;
    case PV_HV_SCOPE_ALL_SPACES:
        *flags = PV_HV_FLUSH_ALL_SPACES | may_stay;
        return true;
    case PV_HV_SCOPE_EVERYTHING:
        *flags = PV_HV_FLUSH_ALL_SPACES;
        return true;
    default:
        return false;
    }
}

static enum pv_hv_call choose_call(bool banks, bool list)
{
    if (banks)
        return list ? PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX
                    : PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX;
    return list ? PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST : PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE;
}

enum pv_status pv_hv_flush_choose_(const struct pv_hv_flush *flush, const struct pv_vp_set *set,
                                   struct pv_vp_index self, uint32_t advice,
                                   struct pv_hv_flush_choice *choice)
{
    enum pv_status status = choose_elements(flush, &choice->elements);
    const bool list = choice->elements != 0;

    if (status != PV_OK || !choose_flags(flush->scope, list, &choice->flags))
        return PV_INVALID;
    status = choose_whom(set, self, advice, &choice->whom);
    if (status != PV_OK)
        return status;
    choice->space = (choice->flags & PV_HV_FLUSH_ALL_SPACES) == 0 ? flush->space : 0;
    choice->call = choose_call(choice->whom.naming == PV_HV_NAMING_BANKS, list);
    if (choice->whom.naming == PV_HV_NAMING_ALL)
        choice->flags |= PV_HV_FLUSH_ALL_PROCESSORS;
    return PV_OK;
}

/* A flush under way. */
struct request {
    const struct pv_hv_flush *flush;
    const struct pv_vp_set *set;
    struct pv_hv_flush_choice choice;
    struct pv_hv_gva_cursor cursor;
    uint64_t left; /* list elements to go */
    struct pv_hv_result *result;
};

static uint32_t reps_wanted(const struct request *request)
{
    return request->left < PV_HV_REPS_MAX ? (uint32_t)request->left : PV_HV_REPS_MAX;
}

/* Both headers begin alike. */
static void fill(const struct request *request, const struct pv_hv_args *args)
{
    const struct pv_hv_flush_choice *choice = &request->choice;
    struct pv_hv_flush_header *in = (struct pv_hv_flush_header *)args->in;

    in->address_space = choice->space;
    in->flags = choice->flags;
    if (choice->whom.naming != PV_HV_NAMING_BANKS)
        in->processor_mask = choice->whom.mask;
}

/* One call, with as many list elements as it takes. */
static enum pv_status send(struct pv_vp *vp, struct request *request)
{
    const struct pv_hv_shape shape = {
        .reps = reps_wanted(request),
        .var_qwords = request->choice.whom.banks,
    };
    struct pv_hv_flush_ex_header *ex;
    struct pv_hv_args args;
    enum pv_status status = pv_hv_begin(vp, request->choice.call, &shape, &args);

    if (status != PV_OK)
        return status;
    fill(request, &args);
    (void)pv_hv_gva_encode(request->flush->ranges, request->flush->count, &request->cursor,
                           (uint64_t *)args.in_list, args.reps);
    request->left -= args.reps;
    ex = (struct pv_hv_flush_ex_header *)args.in;
    return pv_hv_send_(vp, &args, request->set, &request->choice.whom, &ex->set, request->result);
}

enum pv_status pv_hv_flush(struct pv_vp *vp, const struct pv_hv_flush *flush,
                           const struct pv_vp_set *whom, struct pv_hv_result *result)
{
    struct request request = { .flush = flush, .set = whom, .result = result };
    enum pv_status status;

    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    status =
        pv_hv_flush_choose_(flush, whom, vp->hv.index, pv_hv_advice_(vp->guest), &request.choice);
    if (status != PV_OK)
        return status;
    request.left = request.choice.elements;
    do
        status = send(vp, &request);
    while (status == PV_OK && request.left != 0);
    return status;
}
