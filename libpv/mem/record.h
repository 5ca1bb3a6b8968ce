/* SPDX-License-Identifier: MIT */
/* A region as the indexes of a map have it. */
#ifndef PV_MEM_RECORD_INTERNAL_H
#define PV_MEM_RECORD_INTERNAL_H

#include "mem/pool.h"

#define PV_MEM_SPACE_PAGES (1ull << 52) /* pages of 2^64 bytes */

struct pv_mem_record {
    struct pv_mem_item item;
    struct pv_mem_region region; /* its flags alone may change once it is visible */
};

static inline uint64_t pv_mem_page_(uint64_t address)
{
    return address / PV_PAGE_BYTES;
}

static inline uint64_t pv_mem_first_page_(const struct pv_mem_record *record)
{
    return pv_mem_page_(record->region.gpa);
}

static inline uint64_t pv_mem_last_page_(const struct pv_mem_record *record)
{
    return pv_mem_first_page_(record) + (record->region.pages - 1);
}

#endif
