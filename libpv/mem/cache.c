/* SPDX-License-Identifier: MIT */
/* What one VP has ready. Only this VP comes here, so no lock is needed. */
#include "mem/slab.h"

#include "pv_port.h"

void pv_mem_cache_init(struct pv_mem_cache *cache, struct pv_mem_slab *slab, uint32_t capacity)
{
    memset(cache, 0, sizeof(*cache));
    cache->slab = slab;
    cache->capacity = capacity;
    cache->least = capacity;
}

enum pv_status pv_mem_cache_top_up(struct pv_mem_cache *cache, uint32_t count)
{
    if (count > cache->capacity)
        return PV_INVALID;
    while (cache->count < count)
        if (!pv_mem_slab_take_(cache))
            return PV_NO_MEMORY;
    return PV_OK;
}

void *pv_mem_cache_take(struct pv_mem_cache *cache)
{
    void *object = pv_mem_object_pop_(&cache->ready);

    if (object == NULL)
        return NULL;
    cache->taken++;
    if (--cache->count < cache->least)
        cache->least = cache->count;
    return object;
}

void pv_mem_cache_give(struct pv_mem_cache *cache, void *object)
{
    cache->given++;
    if (cache->count >= cache->capacity) {
        pv_mem_slab_give_(cache->slab, object);
        return;
    }
    pv_mem_object_push_(&cache->ready, object);
    cache->count++;
}

void pv_mem_cache_drain(struct pv_mem_cache *cache)
{
    void *object;

    while ((object = pv_mem_object_pop_(&cache->ready)) != NULL) {
        cache->count--;
        pv_mem_slab_give_(cache->slab, object);
    }
}
