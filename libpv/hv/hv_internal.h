/* SPDX-License-Identifier: MIT */
/* What the files of the hv area share. */
#ifndef PV_HV_HV_INTERNAL_H
#define PV_HV_HV_INTERNAL_H

#include <pv/guest.h>
#include <pv/hv.h>

/* ---- the two lives, called by guest.c ---- */

enum pv_status pv_hv_config_check_(const struct pv_hv_config *config);
/* Identity, page, features. On failure everything is taken back. */
enum pv_status pv_hv_enable_(struct pv_guest *guest);
/* Take everything back that the hypervisor was told of the guest, and close the way in. Gives the
 * PV_TOLD_* bits of the memory it kept. */
uint32_t pv_hv_disable_(struct pv_guest *guest);
enum pv_status pv_hv_vp_online_(struct pv_vp *vp);
/* PV_REFUSED: the hypervisor still has a page of ours, which is not given back. */
enum pv_status pv_hv_vp_release_(struct pv_vp *vp);

/* ---- the hypercall page (x86) ---- */

/* Put the page in place; sets guest->hv.entry last. */
enum pv_status pv_hv_page_enable_(struct pv_guest *guest);
/* Give back its memory, once it has been taken back. */
enum pv_status pv_hv_page_release_(struct pv_guest *guest);

/* ---- the VP assist page ---- */

/* Put the page of an earlier online in place again. */
enum pv_status pv_hv_assist_restore_(struct pv_vp *vp);
enum pv_status pv_hv_assist_release_(struct pv_vp *vp);

/* ---- synthetic registers: an MSR on x86, a VP register on arm64 ---- */

enum pv_hv_sreg {
    PV_HV_SREG_GUEST_OS_ID,
    PV_HV_SREG_VP_INDEX,
    PV_HV_SREG_VP_ASSIST_PAGE,
};

enum pv_status pv_hv_sreg_read_(struct pv_guest *guest, enum pv_hv_sreg sreg, uint64_t *value);
enum pv_status pv_hv_sreg_write_(struct pv_guest *guest, enum pv_hv_sreg sreg, uint64_t value);
/* Write it down, then write it. */
enum pv_status pv_hv_sreg_tell_(struct pv_guest *guest, struct pv_told *told,
                                enum pv_hv_sreg sreg, uint64_t value, uint64_t off);
/* The number under which pv_told knows it. */
uint32_t pv_hv_sreg_number_(enum pv_hv_sreg sreg);
/* arm64, before any page: one VP register of the calling VP through the register block. */
enum pv_status pv_hv_sreg_get_block_(struct pv_guest *guest, uint32_t name,
                                     struct pv_hv_register_value *value);
enum pv_status pv_hv_sreg_set_block_(struct pv_guest *guest, uint32_t name, uint64_t value);

/* ---- the table ---- */

extern const struct pv_hv_call_info pv_hv_calls_[PV_HV_CALLS];

/* ---- the engine ---- */

/* One planned call, whichever way it goes. */
struct pv_hv_issue {
    uint64_t control; /* with fast bit and rep count, without start index */
    uint64_t in;      /* GPA or fast input */
    uint64_t out;     /* GPA or fast input */
    uint64_t *block;  /* register block, or NULL; the caller has IRQs off */
    uint32_t block_in_bytes; /* of input at its start */
};

/* Issue, continue and check; `result` is always written. */
enum pv_status pv_hv_run_(uintptr_t entry, const struct pv_hv_issue *issue,
                          struct pv_hv_result *result);

/* The same for a call that has been issued once and was answered with `raw`. */
enum pv_status pv_hv_see_through_(uintptr_t entry, const struct pv_hv_issue *issue, uint64_t raw,
                                  struct pv_hv_result *result);

/* Hypercalls are on, and were when this VP came online. */
static inline bool pv_hv_ready_(const struct pv_vp *vp)
{
    return vp->hv.way_in != NULL && vp->hv.way_in->entry != 0;
}

/* The register block of this guest's conduit. */
const struct pv_hv_room *pv_hv_block_room_(const struct pv_guest *guest);

/* VP index self or below the advertised maximum. */
bool pv_hv_index_ok_(const struct pv_guest *guest, struct pv_vp_index index);

/* VP index as above, and no reserved bits in the VTL. */
bool pv_hv_target_ok_(const struct pv_vp *vp, struct pv_hv_target target);

/* ---- many VPs at once ---- */

/* How a call names its VPs. */
enum pv_hv_naming {
    PV_HV_NAMING_ALL,   /* a flag of the call */
    PV_HV_NAMING_MASK,  /* VPs 0..63, at least one */
    PV_HV_NAMING_BANKS, /* the Ex form of the call, banks with a member */
};

struct pv_hv_whom {
    enum pv_hv_naming naming;
    uint64_t mask;  /* MASK, else 0 */
    uint16_t banks; /* BANKS, else 0 */
};

/* What the hypervisor advises, as PV_HV_HINT_* also on arm64. */
uint32_t pv_hv_advice_(const struct pv_guest *guest);

/* The shortest way to name a set. PV_EMPTY, or PV_UNSUPPORTED if it is not advised. */
enum pv_status pv_hv_whom_(const struct pv_vp_set *set, uint32_t advice, struct pv_hv_whom *whom);

/*
 * Name the VPs in a call that has been begun with that many banks, issue it and end it. The set is
 * read once more: one that has grown since is found out, not written past its room.
 * @fixed: of the Ex form, inside args->in; not touched otherwise.
 */
enum pv_status pv_hv_send_(struct pv_vp *vp, struct pv_hv_args *args, const struct pv_vp_set *set,
                           const struct pv_hv_whom *whom, struct pv_hv_vp_set *fixed,
                           struct pv_hv_result *result);

/* What a flush sends. */
struct pv_hv_flush_choice {
    enum pv_hv_call call;
    uint64_t space;
    uint64_t flags;
    uint64_t elements; /* of the list; 0: a call without */
    struct pv_hv_whom whom;
};

/* The cheapest call that does what is asked; sends nothing. PV_INVALID, PV_EMPTY, PV_UNSUPPORTED. */
enum pv_status pv_hv_flush_choose_(const struct pv_hv_flush *flush, const struct pv_vp_set *set,
                                   struct pv_vp_index self, uint32_t advice,
                                   struct pv_hv_flush_choice *choice);

/* Hand out a result to a caller who may not want it. */
static inline void pv_hv_give_(struct pv_hv_result *to, struct pv_hv_result result)
{
    if (to != NULL)
        *to = result;
}

#endif
