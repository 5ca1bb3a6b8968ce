/* SPDX-License-Identifier: MIT */
/* What the host is asked for, Hyper-V's and KVM's way. */
#include "mem/share.h"

#include <pv/abi/hv_layout.h>
#include <pv/guest.h>
#include <pv/kvm.h>

bool pv_mem_range_ok_(uint64_t gpa, uint64_t pages)
{
    return gpa % PV_PAGE_BYTES == 0 && pages > 0 &&
           pages <= PV_MEM_PAGES_ALL - gpa / PV_PAGE_BYTES;
}

static bool hyperv_offers(const struct pv_guest *guest)
{
    return guest->hv.entry != 0 &&
           (guest->detect.hyperv.privileges >> PV_HV_PRIVILEGE_ISOLATION & 1) != 0;
}

/* PV_UNSUPPORTED: perhaps KVM does. */
static enum pv_status hyperv(const struct pv_vp *vp)
{
    if (vp->guest == NULL)
        return PV_BAD_STATE;
    if (!hyperv_offers(vp->guest))
        return PV_UNSUPPORTED;
    return vp->hv.way_in != NULL ? PV_OK : PV_BAD_STATE;
}

enum pv_status pv_mem_host_(struct pv_vp *vp)
{
    const enum pv_status status = hyperv(vp);

    if (status != PV_UNSUPPORTED)
        return status;
    return pv_kvm_map_gpa_range(vp, 0, 0, false) == PV_EMPTY ? PV_OK : PV_UNSUPPORTED;
}

/* ---- calls ---- */

/* Any of the two, about the next pages. Ended by the caller, also after an error. */
static enum pv_status call(struct pv_vp *vp, enum pv_hv_call which, struct pv_mem_walk walk,
                           uint64_t most, bool shared, struct pv_hv_args *args)
{
    const uint64_t reps_max = most < PV_HV_REPS_MAX ? most : PV_HV_REPS_MAX;
    const struct pv_hv_shape shape = { .reps = (uint32_t)pv_mem_walk_ahead_(&walk, reps_max) };
    const enum pv_status status = pv_hv_begin(vp, which, &shape, args);
    struct pv_hv_visibility_header *in;
    uint64_t *pages;

    if (status != PV_OK) {
        args->reps = 0;
        memset(&args->result, 0, sizeof(args->result));
        return status;
    }
    in = (struct pv_hv_visibility_header *)args->in;
    pages = (uint64_t *)args->in_list;
    in->partition = PV_HV_PARTITION_SELF; /* all that a query has */
    if (which == PV_HV_CALL_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY)
        in->visibility = shared ? PV_HV_VISIBILITY_SHARED : PV_HV_VISIBILITY_PRIVATE;
    for (uint32_t i = 0; i < args->reps; i++) {
        (void)pv_mem_walk_more_(&walk); /* there are so many */
        pages[i] = walk.page++;
    }
    return pv_hv_issue(vp, args);
}

/* An answer that breaks the rules says nothing of any page. A host that wants more time and does
 * nothing with it has had its tries, and gets no others for each page that comes behind. */
static enum pv_status send_hyperv(struct pv_vp *vp, const struct pv_mem_walk *walk, uint64_t most,
                                  bool shared, struct pv_mem_sent *sent)
{
    struct pv_hv_args args;
    const enum pv_status status =
        call(vp, PV_HV_CALL_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY, *walk, most, shared, &args);
    const bool broken = status == PV_MALFORMED;

    sent->result = args.result;
    sent->sure = broken ? 0 : args.result.reps;
    sent->maybe = broken ? args.reps : sent->sure;
    if (broken || status == PV_TIMED_OUT)
        sent->failed = args.reps - sent->sure;
    else
        sent->failed = args.reps == 0 || sent->sure < args.reps;
    (void)pv_hv_end(vp, &args);
    return status;
}

/* An error leaves open how far it got, unless nothing was sent at all. */
static enum pv_status send_kvm(struct pv_vp *vp, const struct pv_mem_walk *walk, uint64_t most,
                               bool shared, struct pv_mem_sent *sent)
{
    const uint64_t here = walk->until - walk->page;
    const uint64_t pages = here < most ? here : most;
    const enum pv_status status =
        pv_kvm_map_gpa_range(vp, walk->page * PV_PAGE_BYTES, pages, !shared);

    memset(&sent->result, 0, sizeof(sent->result));
    sent->sure = status == PV_OK ? pages : 0;
    sent->maybe = status == PV_REFUSED ? pages : sent->sure;
    sent->failed = pages - sent->sure;
    return status;
}

enum pv_status pv_mem_send_(struct pv_vp *vp, const struct pv_mem_walk *walk, uint64_t most,
                            bool shared, struct pv_mem_sent *sent)
{
    return hyperv(vp) == PV_OK ? send_hyperv(vp, walk, most, shared, sent)
                               : send_kvm(vp, walk, most, shared, sent);
}

/* Copied once, then checked: the host may write there at any time. */
static bool take_answers(uint8_t *to, const void *from, uint32_t count)
{
    bool good = true;

    memcpy(to, from, count);
    for (uint32_t i = 0; i < count; i++)
        good = good && to[i] <= PV_HV_VISIBILITY_SHARED && to[i] != 2;
    return good;
}

enum pv_status pv_mem_query(struct pv_vp *vp, uint64_t gpa, uint64_t pages, uint8_t *visibility,
                            struct pv_hv_result *result)
{
    struct pv_hv_args args = { .result = { 0, 0 } };
    enum pv_status status = hyperv(vp);
    struct pv_mem_walk walk = { .page = gpa / PV_PAGE_BYTES };

    if (!pv_mem_range_ok_(gpa, pages))
        status = PV_INVALID;
    walk.end = walk.page + pages;
    walk.until = walk.end; /* one stretch: no map is looked at */
    for (; status == PV_OK && walk.page < walk.end; walk.page += args.reps) {
        status = call(vp, PV_HV_CALL_QUERY_SPARSE_GPA_PAGE_HOST_VISIBILITY, walk, ~0ull, false,
                      &args);
        if (status == PV_OK && !take_answers(visibility, args.out_list, args.reps))
            status = PV_MALFORMED;
        visibility += args.reps;
        (void)pv_hv_end(vp, &args);
    }
    if (result != NULL)
        *result = args.result;
    return status;
}
