/* SPDX-License-Identifier: MIT */
/*
 * Objects of one size, made in advance: what is allocated under a lock was there before the lock.
 *
 *     static struct pv_mem_slab slab;                      one per kind of object
 *     static struct pv_mem_cache cache[CPUS];              one per VP and kind
 *     pv_mem_slab_init(&slab, 32);
 *     pv_mem_cache_init(&cache[cpu], &slab, 40);
 *
 *     if (pv_mem_cache_top_up(cache, 4) != PV_OK) ...      may fail, nothing is held yet
 *     lock();
 *     object = pv_mem_cache_take(cache);                   four times at least: cannot fail
 *
 * The slab gets pages from the OS and gives a page back when its last object has come home; it keeps
 * one such page, so that an object that goes to and fro is not a page that does.
 */
#ifndef PV_MEM_CACHE_H
#define PV_MEM_CACHE_H

#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Objects of one size, a page at a time. Zero it (static storage will do) before init. */
struct pv_mem_slab {
    uint32_t object_bytes;
    uint32_t per_page;            /* objects that one page holds */
    uint32_t lock;                /* held for a few loads and stores, IRQs off */
    struct pv_mem_page *all;      /* every page */
    struct pv_mem_page *free;     /* those with objects out and a free one */
    struct pv_mem_page *idle;     /* the one that is kept without objects out, or NULL */
    size_t pages;                 /* held from the OS now */
    size_t used;                  /* objects with caches and callers now */
    size_t used_peak;
};

/*
 * Objects of one VP, ready to be taken. Zero it (static storage will do) before init. IRQ handlers of
 * the VP may use it where whoever takes and gives there has IRQs off; those that top up need not.
 */
struct pv_mem_cache {
    struct pv_mem_slab *slab;
    void *ready;        /* linked through their first word */
    uint32_t count;     /* of those */
    uint32_t capacity;  /* what is given back beyond it goes to the slab */
    uint64_t taken;     /* since init */
    uint64_t given;
    uint64_t topped_up; /* objects that came from the slab */
    uint32_t least;     /* smallest count that a take has left; the capacity before the first */
};

#define PV_MEM_OBJECT_BYTES_MIN 16u
#define PV_MEM_OBJECT_BYTES_MAX 4032u /* a page less 64 bytes of its own */

/*
 * A slab without pages.
 * @object_bytes: a multiple of 16. Objects lie at multiples of the largest power of two that divides
 *                it, up to 64.
 * Return:  PV_INVALID  not a multiple of 16, or not PV_MEM_OBJECT_BYTES_MIN..MAX
 * Context: before anybody uses it.
 */
PV_MUST_CHECK enum pv_status pv_mem_slab_init(struct pv_mem_slab *slab, uint32_t object_bytes);

/*
 * Give every page back to the OS, whoever still has objects.
 * Context: nobody uses the slab, its caches or its objects any more.
 * Needs:   pv_os_page_free.
 */
void pv_mem_slab_release(struct pv_mem_slab *slab);

/*
 * An empty cache.
 * @slab:     initialised; outlives the cache.
 * @capacity: most objects it keeps.
 * Context: before anybody uses it.
 */
void pv_mem_cache_init(struct pv_mem_cache *cache, struct pv_mem_slab *slab, uint32_t capacity);

/*
 * Have at least `count` objects ready.
 * Context: this VP, without the lock under which they will be taken: the OS is asked for pages.
 *          Several VPs at once, each for its own cache. Not in an NMI.
 * Needs:   pv_os_page_alloc.
 * Return:  PV_INVALID    count above the capacity
 *          PV_NO_MEMORY  no page; those it got stay ready
 */
PV_MUST_CHECK enum pv_status pv_mem_cache_top_up(struct pv_mem_cache *cache, uint32_t count);

/*
 * Take an object; what is in it is undefined.
 * Context: this VP, any lock held, any IRQ state. No OS function.
 * Owns:    the caller, until pv_mem_cache_give.
 * Return:  NULL when none is ready: never for as many as the last top-up asked for.
 */
void *pv_mem_cache_take(struct pv_mem_cache *cache);

/*
 * Give an object back, from any cache of the same slab.
 * Context: as pv_mem_cache_take; but beyond the capacity a page may go back to the OS.
 * Needs:   pv_os_page_free.
 */
void pv_mem_cache_give(struct pv_mem_cache *cache, void *object);

/*
 * Give what is ready back to the slab.
 * Context: as pv_mem_cache_top_up, and nobody takes or gives meanwhile; when the VP goes away, say.
 * Needs:   pv_os_page_free.
 */
void pv_mem_cache_drain(struct pv_mem_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
