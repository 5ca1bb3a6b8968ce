/* SPDX-License-Identifier: MIT */
/*
 * Where a page of guest memory is mapped: GPA to all its VAs, for a kernel that must unmap a page
 * everywhere before its host may see it.
 *
 *     pv_mem_alias_init(&map, PV_MEM_ALIASES_RARE);
 *     pv_mem_alias_cover(&map, gpa, pages);                once, for memory that will have aliases
 *     pv_mem_cache_init(&cache[cpu], &map.descriptors, 40);
 *
 *     status = pv_mem_cache_top_up(cache, 1);              may fail
 *     lock();
 *     status = pv_mem_alias_add(&map, cache, gpa, va);     cannot fail for want of memory
 *     for (at = pv_mem_alias_first(&map, gpa); pv_mem_alias_next(&at, &va);)
 *         ...
 *
 * A page has a slot of 8 bytes. One alias lies in the slot itself; more go to descriptors, whose size
 * is chosen at the start: 2 aliases in 32 bytes where a page seldom has more than one, 14 in 128 where
 * many have.
 */
#ifndef PV_MEM_ALIAS_H
#define PV_MEM_ALIAS_H

#include <pv/mem/cache.h>
#include <pv/mem/map.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PV_MEM_ALIASES_RARE 2u    /* descriptors of 32 bytes */
#define PV_MEM_ALIASES_COMMON 14u /* of 128 bytes */
#define PV_MEM_ALIASES_MAX 62u    /* of 512 bytes */

/* Zero it (static storage will do) before init. */
struct pv_mem_alias_map {
    struct pv_mem_map covered;      /* region: pages covered, id: address of their slots */
    struct pv_mem_slab descriptors;
    uint32_t entries;               /* aliases in one descriptor */
    size_t slot_pages;              /* held from the OS for slots */
    size_t aliases;                 /* in all */
    size_t in_use;                  /* descriptors in use */
};

/*
 * A map that covers nothing.
 * @entries: aliases in one descriptor: PV_MEM_ALIASES_RARE, _COMMON, or another even number.
 * Context: before anybody uses it. Not while it has memory.
 * Return:  PV_INVALID  entries odd, 0 or above PV_MEM_ALIASES_MAX
 */
PV_MUST_CHECK enum pv_status pv_mem_alias_init(struct pv_mem_alias_map *map, uint32_t entries);

/*
 * Let pages have aliases.
 * Context: the caller keeps everything that changes or reads this map apart, by a lock. This one asks
 *          the OS for memory: 8 contiguous bytes for each page.
 * Needs:   pv_os_page_alloc, pv_os_page_free, pv_os_grace_begin, pv_os_grace_over.
 * Return:  PV_INVALID    no pages, gpa no multiple of 4096, or a range that wraps around at 2^64
 *          PV_OVERLAPS   some of that memory is covered
 *          PV_NO_MEMORY  no pages from the OS
 *          Otherwise as pv_mem_map_add. On error nothing was changed.
 */
PV_MUST_CHECK enum pv_status pv_mem_alias_cover(struct pv_mem_alias_map *map, uint64_t gpa,
                                                uint64_t pages);

/*
 * Forget a range that was covered, and its aliases.
 * @cache: takes the descriptors.
 * @gpa:   as it was covered.
 * Context, Needs: as pv_mem_alias_cover.
 * Return:  PV_NOT_FOUND  no range starts there
 *          PV_NO_MEMORY  no page; nothing was changed
 */
PV_MUST_CHECK enum pv_status pv_mem_alias_uncover(struct pv_mem_alias_map *map,
                                                  struct pv_mem_cache *cache, uint64_t gpa);

/*
 * Add an alias of a page.
 * @cache: of this VP, on map->descriptors; one object ready is always enough.
 * @gpa:   any byte of the page.
 * @va:    where the page is mapped: a multiple of 4096. Bits 11..1 are the caller's, an address space
 *         say; with other bits it is another alias.
 * Context: as pv_mem_alias_cover, but any lock may be held: no OS function. Takes time by the number
 *          of aliases of the page.
 * Return:  PV_INVALID    bit 0 of va is set
 *          PV_NOT_FOUND  the page is not covered
 *          PV_EXISTS     it has that alias
 *          PV_NO_MEMORY  a descriptor is needed, and the cache is empty
 *          On error nothing was changed.
 */
PV_MUST_CHECK enum pv_status pv_mem_alias_add(struct pv_mem_alias_map *map,
                                              struct pv_mem_cache *cache, uint64_t gpa,
                                              uint64_t va);

/*
 * Remove an alias of a page.
 * Context: as pv_mem_alias_add; but as pv_mem_cache_give when the cache is full.
 * Return:  PV_NOT_FOUND  the page is not covered, or has no such alias
 */
PV_MUST_CHECK enum pv_status pv_mem_alias_remove(struct pv_mem_alias_map *map,
                                                 struct pv_mem_cache *cache, uint64_t gpa,
                                                 uint64_t va);

/*
 * How many aliases a page has; 0 if it is not covered.
 * Context: as pv_mem_alias_add.
 */
size_t pv_mem_alias_count(const struct pv_mem_alias_map *map, uint64_t gpa);

/* A way through the aliases of a page. On the caller's stack. */
struct pv_mem_alias_cursor {
    struct pv_mem_alias_map *map;
    uint64_t *slot; /* NULL: the page is not covered */
    struct pv_mem_alias_descriptor *at;
    uint32_t left; /* entries of it, or of the slot, to come */
    bool given;    /* the one after those was given, and is there still */
};

/*
 * All aliases of a page, in no order.
 * Context: as pv_mem_alias_add. Nothing but pv_mem_alias_drop may change the page's aliases meanwhile.
 */
struct pv_mem_alias_cursor pv_mem_alias_first(struct pv_mem_alias_map *map, uint64_t gpa);

/*
 * The next alias; false when there is no more.
 * Context: as pv_mem_alias_first.
 */
bool pv_mem_alias_next(struct pv_mem_alias_cursor *cursor, uint64_t *va);

/*
 * Remove the alias that pv_mem_alias_next gave last; the others still come, each once.
 * @cache: as for pv_mem_alias_remove.
 * Context: as pv_mem_alias_remove.
 * Return:  PV_BAD_STATE  none was given, or it is removed already
 */
PV_MUST_CHECK enum pv_status pv_mem_alias_drop(struct pv_mem_alias_cursor *cursor,
                                               struct pv_mem_cache *cache);

/* Memory of an alias map. */
struct pv_mem_alias_use {
    size_t aliases;
    size_t descriptors;       /* in use */
    size_t descriptor_bytes;  /* size of one */
    size_t descriptor_pages;  /* held from the OS for descriptors, those ready in caches included */
    size_t slot_pages;        /* held for slots */
    size_t index_pages;       /* held to find the slots */
};

/*
 * How much memory the map has.
 * Context: as pv_mem_alias_add.
 */
struct pv_mem_alias_use pv_mem_alias_use(const struct pv_mem_alias_map *map);

/*
 * Give all memory back.
 * Context: nobody uses the map or caches of its descriptors any more.
 * Needs:   pv_os_page_free.
 */
void pv_mem_alias_release(struct pv_mem_alias_map *map);

#ifdef __cplusplus
}
#endif

#endif
