/* SPDX-License-Identifier: MIT */
/*
 * Memory of one kind of object of a map that readers see in versions.
 *
 * An object is made by a change and belongs to it alone until the change is visible; from then on it
 * is never written again (but for the flags of a region), but replaced by another. What is replaced stays as it is until no reader can
 * have come upon it. So a change that is given up costs nothing but what it made.
 */
#ifndef PV_MEM_POOL_INTERNAL_H
#define PV_MEM_POOL_INTERNAL_H

#include <pv/mem/map.h>

/* How each object begins. Readers do not look at it. */
struct pv_mem_item {
    struct pv_mem_item *next; /* made, replaced or waiting for grace */
    uint64_t mark;            /* batch that made it; once it waits: which wait */
};

void pv_mem_pool_init_(struct pv_mem_pool *pool, size_t object_bytes);

/* Have `count` objects ready to be made. */
enum pv_status pv_mem_pool_provide_(struct pv_mem_pool *pool, uint32_t count);

/* One of those that were provided, made by this batch. */
void *pv_mem_pool_make_(struct pv_mem_pool *pool, uint64_t batch);

/* The batch is done with this one, whoever made it. */
void pv_mem_pool_drop_(struct pv_mem_pool *pool, struct pv_mem_item *item, uint64_t batch);

/* What the batch made is visible; what it dropped is used again when the wait is over. */
void pv_mem_pool_commit_(struct pv_mem_pool *pool, uint64_t wait);

/* The batch has never been. */
void pv_mem_pool_cancel_(struct pv_mem_pool *pool);

/* Take back what no reader can see any more. */
void pv_mem_pool_reclaim_(struct pv_mem_pool *pool);

#endif
