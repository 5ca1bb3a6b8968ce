/* SPDX-License-Identifier: MIT */
/* Which pages can have aliases, and the memory for that. */
#include "mem/alias.h"

#include <pv/os.h>

#define GPA_PAGES (1ull << 52)
#define SLOTS_IN_PAGE (PV_PAGE_BYTES / 8u)

static uint64_t slot_pages(uint64_t pages)
{
    return (pages + SLOTS_IN_PAGE - 1) / SLOTS_IN_PAGE;
}

/* NULL also where the machine has fewer addresses than the slots need. */
static uint64_t *alloc_slots(uint64_t count)
{
    return count == (size_t)count ? pv_os_page_alloc((size_t)count) : NULL;
}

/* Not the VA of the region: it maps nothing there, and such a range may not end below 2^64. */
static uint64_t *slots_of(const struct pv_mem_region *range)
{
    return (uint64_t *)(uintptr_t)range->id;
}

static void free_slots(const struct pv_mem_region *range)
{
    pv_os_page_free(slots_of(range), (size_t)slot_pages(range->pages));
}

uint64_t *pv_mem_alias_slot_(const struct pv_mem_alias_map *map, uint64_t gpa)
{
    struct pv_mem_region range;

    if (pv_mem_map_find_gpa(&map->covered, gpa, &range) != PV_OK)
        return NULL;
    return &slots_of(&range)[(gpa - range.gpa) / PV_PAGE_BYTES];
}

/* Nobody has aliases. */
static void start(struct pv_mem_alias_map *map)
{
    map->slot_pages = 0;
    map->aliases = 0;
    map->in_use = 0;
}

enum pv_status pv_mem_alias_init(struct pv_mem_alias_map *map, uint32_t entries)
{
    const size_t bytes =
        sizeof(struct pv_mem_alias_descriptor) + (size_t)entries * sizeof(uint64_t);

    /* A slab refuses the size that an odd number makes. */
    if (entries == 0 || entries > PV_MEM_ALIASES_MAX ||
        pv_mem_slab_init(&map->descriptors, (uint32_t)bytes) != PV_OK)
        return PV_INVALID;
    pv_mem_map_init(&map->covered);
    map->entries = entries;
    start(map);
    return PV_OK;
}

enum pv_status pv_mem_alias_cover(struct pv_mem_alias_map *map, uint64_t gpa, uint64_t pages)
{
    struct pv_mem_region range = { .gpa = gpa, .pages = pages, .va = PV_MEM_VA_NONE };
    uint64_t *slots;
    enum pv_status status;

    /* Before memory is asked for: it may be too much to ask for. */
    if (pages - 1 >= GPA_PAGES - gpa / PV_PAGE_BYTES)
        return PV_INVALID;
    slots = alloc_slots(slot_pages(pages));
    if (slots == NULL)
        return PV_NO_MEMORY;
    range.id = (uintptr_t)slots;
    status = pv_mem_map_add(&map->covered, &range);
    if (status == PV_OK)
        map->slot_pages += (size_t)slot_pages(pages);
    else
        free_slots(&range);
    return status;
}

static void forget(struct pv_mem_alias_map *map, struct pv_mem_cache *cache, uint64_t word)
{
    struct pv_mem_alias_descriptor *first;

    map->aliases -= (size_t)(word & PV_MEM_ALIAS_IN_SLOT);
    while ((first = pv_mem_alias_chain_(word)) != NULL) {
        word = first->next;
        map->aliases -= first->used;
        map->in_use--;
        pv_mem_cache_give(cache, first);
    }
}

enum pv_status pv_mem_alias_uncover(struct pv_mem_alias_map *map, struct pv_mem_cache *cache,
                                    uint64_t gpa)
{
    struct pv_mem_region range;
    enum pv_status status;

    if (pv_mem_map_find_gpa(&map->covered, gpa, &range) != PV_OK || range.gpa != gpa)
        return PV_NOT_FOUND;
    status = pv_mem_map_remove(&map->covered, range.id);
    if (status != PV_OK)
        return status;
    for (uint64_t i = 0; i < range.pages; i++)
        forget(map, cache, slots_of(&range)[i]);
    map->slot_pages -= (size_t)slot_pages(range.pages);
    free_slots(&range);
    return PV_OK;
}

struct pv_mem_alias_use pv_mem_alias_use(const struct pv_mem_alias_map *map)
{
    const struct pv_mem_alias_use use = {
        .aliases = map->aliases,
        .descriptors = map->in_use,
        .descriptor_bytes = map->descriptors.object_bytes,
        .descriptor_pages = map->descriptors.pages,
        .slot_pages = map->slot_pages,
        .index_pages = pv_mem_map_use(&map->covered).pages,
    };

    return use;
}

void pv_mem_alias_release(struct pv_mem_alias_map *map)
{
    struct pv_mem_cursor at = pv_mem_map_from(&map->covered, 0);
    struct pv_mem_region range;

    while (pv_mem_cursor_next(&at, &range))
        free_slots(&range);
    pv_mem_map_release(&map->covered);
    pv_mem_slab_release(&map->descriptors);
    start(map);
}
