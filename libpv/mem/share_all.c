/* SPDX-License-Identifier: MIT */
/* What is done to all that is shared: compare it with the host, take it back. */
#include "mem/share.h"

#define CHUNK 64u

static uint64_t lose_strange(struct pv_mem_shares *shares, uint64_t page, const uint8_t *seen,
                             uint64_t pages)
{
    uint64_t lost = 0;

    for (uint64_t i = 0, end; i < pages; i = end) {
        end = i + 1;
        if (seen[i] == PV_HV_VISIBILITY_SHARED)
            continue;
        while (end < pages && seen[end] != PV_HV_VISIBILITY_SHARED)
            end++;
        lost += pv_mem_lose_(shares, page + i, page + end);
    }
    return lost;
}

enum pv_status pv_mem_reconcile(struct pv_vp *vp, struct pv_mem_shares *shares, uint64_t *lost,
                                struct pv_hv_result *result)
{
    enum pv_status status = shares->ended ? PV_BAD_STATE : PV_OK;
    struct pv_mem_walk walk;
    uint8_t seen[CHUNK];

    *lost = 0;
    if (result != NULL)
        *result = (struct pv_hv_result){ 0, 0 };
    pv_mem_walk_(&walk, shares, 0, PV_MEM_PAGES_ALL, PV_MEM_SHARED);
    while (status == PV_OK && pv_mem_walk_more_(&walk)) {
        const uint64_t here = walk.until - walk.page;
        const uint64_t pages = here < CHUNK ? here : CHUNK;

        status = pv_mem_query(vp, walk.page * PV_PAGE_BYTES, pages, seen, result);
        if (status == PV_OK)
            *lost += lose_strange(shares, walk.page, seen, pages);
        walk.page += pages;
    }
    return status;
}

/* The map is only read: its visible version is whole, wherever its writer was stopped. */
enum pv_status pv_mem_unshare_all(struct pv_vp *vp, struct pv_mem_shares *shares, uint64_t *left)
{
    const enum pv_status status = pv_mem_host_(vp);
    struct pv_mem_walk walk;
    struct pv_mem_sent sent;

    shares->ended = true;
    pv_mem_walk_(&walk, shares, 0, PV_MEM_PAGES_ALL,
                 PV_MEM_SHARED | PV_MEM_CHANGING | PV_MEM_UNKNOWN);
    *left = pv_mem_walk_ahead_(&walk, PV_MEM_PAGES_ALL);
    while (status == PV_OK && pv_mem_walk_more_(&walk)) {
        (void)pv_mem_send_(vp, &walk, PV_MEM_PAGES_ALL, false, &sent);
        *left -= sent.sure;
        pv_mem_walk_skip_(&walk, sent.sure + sent.failed);
    }
    return status == PV_OK && *left != 0 ? PV_LEAKED : status;
}
