/* SPDX-License-Identifier: MIT */
/*
 * What a flush sends, for any request, any set, any VP and any advice: it names exactly the members or,
 * where they are all, everybody; never nobody, and never a VP above 63 by a mask; flags are those of
 * its scope; and it is sent if it is advised and not otherwise.
 *
 * Sets and lists are asked by functions that are written down here from their contracts (pv/vp/set.h,
 * pv/hv/flush.h); tests/proof/gva.c has the lists.
 *
 * cbmc: --z3 --unwind 2 --object-bits 10 --stop-on-fail
 * sources: libpv/hv/flush.c libpv/hv/whom.c
 * bug: mask-for-vps-above-63 libpv/hv/whom.c s/set->valid == 1)/(set->valid \& 1) != 0)/
 * bug: banks-not-advised libpv/hv/whom.c s/(advice \& PV_HV_HINT_EX_PROCESSOR_MASKS) != 0 ? PV_OK : PV_UNSUPPORTED/PV_OK/
 * bug: banks-for-everybody libpv/hv/flush.c s/(local || !set->everyone)/true/
 * bug: nobody-is-everybody libpv/hv/flush.c s/set != NULL \&\& pv_vp_set_is_empty(set)/false/
 * bug: some-are-everybody libpv/hv/flush.c s/set != NULL \&\& (local || !set->everyone)/local/
 * bug: alone-is-remote libpv/hv/flush.c s/local ? PV_HV_HINT_LOCAL_FLUSH :/false ? 0u :/
 * bug: others-in-the-bank libpv/hv/flush.c s/set->banks\[bank\] == 1ull << self.value % 64/(set->banks[bank] >> self.value % 64 \& 1) != 0/
 * bug: others-in-other-banks libpv/hv/flush.c s/set->valid == 1ull << bank/(set->valid >> bank \& 1) != 0/
 * bug: index-past-the-set libpv/hv/flush.c s/self.value < PV_HV_VPS_MAX \&\& //
 * bug: global-entries-stay libpv/hv/flush.c s/list ? 0 : PV_HV_FLUSH_NON_GLOBAL_ONLY/PV_HV_FLUSH_NON_GLOBAL_ONLY/
 * bug: scopes-mixed-up libpv/hv/flush.c s/case PV_HV_SCOPE_EVERYTHING:/case PV_HV_SCOPE_EVERYTHING: *flags = 0; return true;/
 * bug: everybody-without-flag libpv/hv/flush.c s/choice->flags |= PV_HV_FLUSH_ALL_PROCESSORS;//
 * bug: threshold libpv/hv/flush.c s/\*elements > max/false/
 * bug: list-of-nothing libpv/hv/flush.c s/ \&\& \*elements == 0/ \&\& false/
 */
#include "hv/hv_internal.h"

struct pv_vp_set nondet_set(void);
struct pv_hv_flush nondet_flush(void);
uint64_t nondet_qword(void);
uint32_t nondet_word(void);
bool nondet_bool(void);

/* ---- by their contracts ---- */

static struct {
    uint32_t banks;
    bool good;
    uint64_t elements;
} answers;

bool pv_vp_set_is_empty(const struct pv_vp_set *set)
{
    return set->valid == 0;
}

uint32_t pv_vp_set_banks(const struct pv_vp_set *set, enum pv_vp_set_form form)
{
    __CPROVER_assert(form == PV_VP_SET_COMPACT, "compact");
    return set->valid != 0 ? answers.banks : 0;
}

enum pv_status pv_hv_gva_count(const struct pv_hv_gva_range *ranges, size_t count,
                               uint64_t *elements)
{
    (void)ranges;
    (void)count;
    if (answers.good)
        *elements = answers.elements;
    return answers.good ? PV_OK : PV_INVALID;
}

static void choose_answers(void)
{
    answers.banks = nondet_word();
    answers.good = nondet_bool();
    answers.elements = nondet_qword();
    __CPROVER_assume(answers.banks >= 1 && answers.banks <= 64);
}

/* A bank that is valid has a member. Where that matters is bank 0, which becomes the mask. */
static struct pv_vp_set any_set(void)
{
    const struct pv_vp_set set = nondet_set();

    __CPROVER_assume((set.valid & 1) == 0 || set.banks[0] != 0);
    return set;
}

static bool member(const struct pv_vp_set *set, uint32_t vp)
{
    return vp < 4096 && (set->valid >> vp / 64 & 1) != 0 &&
           (set->banks[vp / 64] >> vp % 64 & 1) != 0;
}

static bool one_bit(uint64_t word)
{
    return (word & (word - 1)) == 0;
}

/* The caller is a member, in the only bank there is, as the only one in it. */
static bool alone(const struct pv_vp_set *set, uint32_t self)
{
    return set != NULL && member(set, self) && one_bit(set->valid) &&
           one_bit(set->banks[self / 64]);
}

/* ---- what was chosen ---- */

static void check_flags(const struct pv_hv_flush *flush, const struct pv_hv_flush_choice *choice)
{
    const bool all_spaces =
        flush->scope == PV_HV_SCOPE_ALL_SPACES || flush->scope == PV_HV_SCOPE_EVERYTHING;
    const bool may_stay =
        flush->scope == PV_HV_SCOPE_SPACE || flush->scope == PV_HV_SCOPE_ALL_SPACES;
    const bool list = choice->elements != 0;

    __CPROVER_assert((choice->flags & ~7ull) == 0, "known flags");
    __CPROVER_assert(((choice->flags & PV_HV_FLUSH_ALL_SPACES) != 0) == all_spaces, "spaces");
    __CPROVER_assert(((choice->flags & PV_HV_FLUSH_NON_GLOBAL_ONLY) != 0) == (may_stay && !list),
                     "global entries");
    __CPROVER_assert(((choice->flags & PV_HV_FLUSH_ALL_PROCESSORS) != 0) ==
                         (choice->whom.naming == PV_HV_NAMING_ALL),
                     "everybody is a flag");
    __CPROVER_assert(choice->space == (all_spaces ? 0 : flush->space), "space");
}

static void check_call(const struct pv_hv_flush *flush, const struct pv_hv_flush_choice *choice)
{
    const bool ex = choice->call == PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX ||
                    choice->call == PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX;
    const bool list = choice->call == PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST ||
                      choice->call == PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX;

    __CPROVER_assert(ex || list || choice->call == PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, "call");
    __CPROVER_assert(ex == (choice->whom.naming == PV_HV_NAMING_BANKS), "Ex or plain");
    __CPROVER_assert(list == (choice->elements != 0), "list or not");
    __CPROVER_assert(!list || flush->ranges != NULL, "nothing to list");
    __CPROVER_assert(choice->elements <= (flush->elements_max != 0 ? flush->elements_max : 32),
                     "threshold");
}

static void check_mask(const struct pv_vp_set *set, uint64_t mask)
{
    const uint32_t vp = nondet_word();

    __CPROVER_assert(set != NULL && mask != 0, "somebody");
    __CPROVER_assert(!member(set, vp) || vp < 64, "nobody above 63");
    __CPROVER_assert(vp >= 64 || member(set, vp) == ((mask >> vp & 1) != 0), "the members");
}

static void check_whom(const struct pv_vp_set *set, const struct pv_hv_whom *whom)
{
    switch (whom->naming) {
    case PV_HV_NAMING_ALL:
        __CPROVER_assert(set == NULL || set->everyone, "everybody was meant");
        break;
    case PV_HV_NAMING_MASK:
        check_mask(set, whom->mask);
        break;
    default:
        __CPROVER_assert(whom->naming == PV_HV_NAMING_BANKS && set != NULL, "banks");
        __CPROVER_assert(whom->banks == answers.banks, "somebody");
    }
    __CPROVER_assert(whom->naming == PV_HV_NAMING_MASK || whom->mask == 0, "no mask");
    __CPROVER_assert(whom->naming == PV_HV_NAMING_BANKS || whom->banks == 0, "no banks");
}

/* What the hypervisor must advise for this set. */
static uint32_t needed_advice(const struct pv_vp_set *set, uint32_t self)
{
    const bool local = alone(set, self);
    const bool all = set == NULL || (set->everyone && !local);
    const bool above = !all && set->valid >> 1 != 0;

    return (local ? PV_HV_HINT_LOCAL_FLUSH : PV_HV_HINT_REMOTE_FLUSH) |
           (above ? PV_HV_HINT_EX_PROCESSOR_MASKS : 0);
}

/* ---- all of it ---- */

static enum pv_status right_status(const struct pv_hv_flush *flush, const struct pv_vp_set *set,
                                   uint32_t self, uint32_t advice)
{
    const uint32_t needed = needed_advice(set, self);

    if ((unsigned)flush->scope < 1 || (unsigned)flush->scope > 4)
        return PV_INVALID;
    if (flush->ranges != NULL && (!answers.good || answers.elements == 0))
        return PV_INVALID;
    if (set != NULL && set->valid == 0)
        return PV_EMPTY;
    return (advice & needed) == needed ? PV_OK : PV_UNSUPPORTED;
}

int main(void)
{
    const struct pv_vp_set set = any_set();
    const struct pv_vp_set *whom = nondet_bool() ? &set : NULL;
    const struct pv_vp_index self = { nondet_word() };
    const uint32_t advice = nondet_word();
    const struct pv_hv_gva_range range = { 0, 1 };
    struct pv_hv_flush flush = nondet_flush();
    struct pv_hv_flush_choice choice;
    enum pv_status status;

    choose_answers();
    flush.ranges = nondet_bool() ? &range : NULL;
    status = pv_hv_flush_choose_(&flush, whom, self, advice, &choice);
    __CPROVER_assert(status == right_status(&flush, whom, self.value, advice), "status");
    if (status != PV_OK)
        return 0;
    check_flags(&flush, &choice);
    check_call(&flush, &choice);
    check_whom(whom, &choice.whom);
    return 0;
}
