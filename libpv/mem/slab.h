/* SPDX-License-Identifier: MIT */
/*
 * A slab's pages: 64 bytes of the slab's own, then objects. An object's page is where its address,
 * rounded down to 4096, says. Free objects are linked through their first word.
 */
#ifndef PV_MEM_SLAB_INTERNAL_H
#define PV_MEM_SLAB_INTERNAL_H

#include <pv/mem/cache.h>

/* Lists that a page is in. */
enum pv_mem_list {
    PV_MEM_ALL,
    PV_MEM_FREE,
    PV_MEM_LISTS,
};

struct pv_mem_page {
    struct pv_mem_page *next[PV_MEM_LISTS];
    struct pv_mem_page **from[PV_MEM_LISTS]; /* what points here */
    void *objects;                           /* free ones */
    uint32_t used;                           /* others */
};

#define PV_MEM_PAGE_HEADER 64u
PV_STATIC_ASSERT(sizeof(struct pv_mem_page) <= PV_MEM_PAGE_HEADER, "room for objects is promised");

/* A list of objects that are nobody's. */
static inline void pv_mem_object_push_(void **list, void *object)
{
    *(void **)object = *list;
    *list = object;
}

/* NULL when there is none. */
static inline void *pv_mem_object_pop_(void **list)
{
    void *object = *list;

    if (object != NULL)
        *list = *(void **)object;
    return object;
}

/*
 * One object more for a cache of the slab. IRQs are off when the cache changes.
 * Return: false when the slab and the OS have none.
 */
bool pv_mem_slab_take_(struct pv_mem_cache *to);

/* An object comes home. */
void pv_mem_slab_give_(struct pv_mem_slab *slab, void *object);

#endif
