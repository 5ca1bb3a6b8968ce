/* SPDX-License-Identifier: MIT */
/* What the files of page visibility share. Pages go by their number. */
#ifndef PV_MEM_SHARE_INTERNAL_H
#define PV_MEM_SHARE_INTERNAL_H

#include <pv/mem/share.h>

#include "pv_port.h"

#define PV_MEM_PAGES_ALL (1ull << 52)

/* ---- pages in some state ---- */

/* All pages of a range whose regions are in one of some states, in ascending order. The map may
 * change behind the page that comes next; it stays the next one. */
struct pv_mem_walk {
    const struct pv_mem_map *map;
    uint64_t page;  /* the next one, if it is below `until` */
    uint64_t until; /* end of its region, or of the range */
    uint64_t end;   /* of the range */
    uint32_t states;
    struct pv_mem_region region; /* as it was when the walk came there */
};

/* At the start of a range. */
void pv_mem_walk_(struct pv_mem_walk *walk, const struct pv_mem_shares *shares, uint64_t first,
                  uint64_t end, uint32_t states);
/* There is a next page; it is below `until` then. */
bool pv_mem_walk_more_(struct pv_mem_walk *walk);
void pv_mem_walk_skip_(struct pv_mem_walk *walk, uint64_t pages);
/* How many there are to come, up to `most`. */
uint64_t pv_mem_walk_ahead_(const struct pv_mem_walk *walk, uint64_t most);

/* Add a region, unless it would have no pages. */
enum pv_status pv_mem_note_(struct pv_mem_map *map, uint64_t first, uint64_t end, uint32_t flags);

/* A region gets another state. Not while a batch is open. */
void pv_mem_state_(struct pv_mem_shares *shares, const struct pv_mem_region *region,
                   uint32_t state);

/* In the open batch: the pages that a walk has before it in a region become a region of their
 * own. */
enum pv_status pv_mem_cut_(struct pv_mem_map *map, const struct pv_mem_walk *walk, uint32_t inside,
                           uint32_t outside);

/* End the open batch, if there is one. */
void pv_mem_close_(struct pv_mem_map *map, bool keep);

/* Pages that are in the map become unknown; without memory to cut them out, their regions. Gives
 * how many did. */
uint64_t pv_mem_lose_(struct pv_mem_shares *shares, uint64_t first, uint64_t end);

/* ---- the host ---- */

/* No pages, an address in a page, a range beyond 2^64: false. */
bool pv_mem_range_ok_(uint64_t gpa, uint64_t pages);

/* PV_OK, PV_UNSUPPORTED, PV_BAD_STATE. */
enum pv_status pv_mem_host_(struct pv_vp *vp);

/* What came of a call that names the next pages of a walk. sure + failed > 0. */
struct pv_mem_sent {
    uint64_t sure;   /* pages that it has changed */
    uint64_t maybe;  /* that it may have changed, `sure` ones included */
    uint64_t failed; /* those that failed together, behind the sure ones */
    struct pv_hv_result result;
};

/* One call, for some of the next pages, `most` at most. There is a next page. */
enum pv_status pv_mem_send_(struct pv_vp *vp, const struct pv_mem_walk *walk, uint64_t most,
                            bool shared, struct pv_mem_sent *sent);

#endif
