/* SPDX-License-Identifier: MIT */
/* Objects that are made, replaced, and used again when nobody can be reading them. */
#include "mem/pool.h"

#include <pv/os.h>

#define DEAD 0u /* mark of what one batch made and dropped; batches count from 1 */

void pv_mem_pool_init_(struct pv_mem_pool *pool, size_t object_bytes)
{
    const enum pv_status status =
        pv_mem_slab_init(&pool->slab, (uint32_t)(object_bytes + 15) & ~15u);

    (void)status; /* sizes of structures of ours are good */
    pv_mem_cache_init(&pool->ready, &pool->slab, 0);
    pool->made = NULL;
    pool->dead = false;
    pool->replaced = NULL;
    pool->oldest = NULL;
    pool->newest = NULL;
    pool->old = 0;
}

enum pv_status pv_mem_pool_provide_(struct pv_mem_pool *pool, uint32_t count)
{
    pool->ready.capacity = 2 * count; /* what a change gives back serves the next one */
    return pv_mem_cache_top_up(&pool->ready, count);
}

void *pv_mem_pool_make_(struct pv_mem_pool *pool, uint64_t batch)
{
    struct pv_mem_item *item = pv_mem_cache_take(&pool->ready);

    item->mark = batch;
    item->next = pool->made;
    pool->made = item;
    return item;
}

void pv_mem_pool_drop_(struct pv_mem_pool *pool, struct pv_mem_item *item, uint64_t batch)
{
    if (item->mark == batch) {
        item->mark = DEAD; /* still in the list of made ones */
        pool->dead = true;
        return;
    }
    item->next = pool->replaced;
    pool->replaced = item;
}

static void let_wait(struct pv_mem_pool *pool, struct pv_mem_item *item, uint64_t wait)
{
    item->mark = wait;
    item->next = NULL;
    if (pool->oldest == NULL)
        pool->oldest = item;
    else
        pool->newest->next = item;
    pool->newest = item;
    pool->old++;
}

/* Take back what the batch made; only what it dropped, or all. */
static void unmake(struct pv_mem_pool *pool, bool all)
{
    struct pv_mem_item *next;

    for (struct pv_mem_item *item = pool->made; item != NULL; item = next) {
        next = item->next;
        if (all || item->mark == DEAD)
            pv_mem_cache_give(&pool->ready, item);
    }
    pool->made = NULL;
    pool->dead = false;
}

void pv_mem_pool_commit_(struct pv_mem_pool *pool, uint64_t wait)
{
    struct pv_mem_item *next;

    if (pool->dead)
        unmake(pool, false);
    pool->made = NULL;
    for (struct pv_mem_item *item = pool->replaced; item != NULL; item = next) {
        next = item->next;
        let_wait(pool, item, wait);
    }
    pool->replaced = NULL;
}

void pv_mem_pool_cancel_(struct pv_mem_pool *pool)
{
    unmake(pool, true);
    pool->replaced = NULL;
}

void pv_mem_pool_reclaim_(struct pv_mem_pool *pool)
{
    uint64_t over = 0;
    bool known = false; /* `over` is the number of a wait that is */

    while (pool->oldest != NULL) {
        struct pv_mem_item *item = pool->oldest;

        if (!known || item->mark != over) {
            if (!pv_os_grace_over(item->mark))
                return;
            over = item->mark;
            known = true;
        }
        pool->oldest = item->next;
        pool->old--;
        pv_mem_cache_give(&pool->ready, item);
    }
}
