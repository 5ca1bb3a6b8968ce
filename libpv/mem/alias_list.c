/* SPDX-License-Identifier: MIT */
/*
 * The aliases of one page.
 *
 * A cursor takes the chain from its first descriptor on, and each descriptor from its last entry to
 * its first. The hole that a drop leaves is filled with the last entry of the first descriptor: the
 * cursor was there already, or that is the hole. So what fills it does not come twice, and nothing
 * that is to come has moved.
 */
#include "mem/alias.h"

static void fill_hole(struct pv_mem_alias_map *map, struct pv_mem_cache *cache, uint64_t *slot,
                      uint64_t *hole)
{
    struct pv_mem_alias_descriptor *first = pv_mem_alias_chain_(*slot);

    *hole = first->entries[--first->used];
    if (first->used == 0)
        *slot = first->next;
    else if (first->used == 1 && first->next == 0)
        *slot = first->entries[0] | PV_MEM_ALIAS_IN_SLOT;
    else
        return;
    map->in_use--;
    pv_mem_cache_give(cache, first);
}

struct pv_mem_alias_cursor pv_mem_alias_first(struct pv_mem_alias_map *map, uint64_t gpa)
{
    struct pv_mem_alias_cursor cursor = { .map = map, .slot = pv_mem_alias_slot_(map, gpa) };

    if (cursor.slot != NULL)
        cursor.at = pv_mem_alias_chain_(*cursor.slot);
    if (cursor.at != NULL)
        cursor.left = cursor.at->used;
    else if (cursor.slot != NULL)
        cursor.left = (uint32_t)(*cursor.slot & PV_MEM_ALIAS_IN_SLOT);
    return cursor;
}

bool pv_mem_alias_next(struct pv_mem_alias_cursor *cursor, uint64_t *va)
{
    if (cursor->left == 0 && cursor->at != NULL) {
        cursor->at = pv_mem_alias_chain_(cursor->at->next);
        cursor->left = cursor->at != NULL ? cursor->at->used : 0;
    }
    cursor->given = cursor->left != 0;
    if (!cursor->given)
        return false;
    cursor->left--;
    *va = cursor->at != NULL ? cursor->at->entries[cursor->left]
                             : *cursor->slot & ~PV_MEM_ALIAS_IN_SLOT;
    return true;
}

/* The descriptor that the cursor was at went: what is to come of it is in the slot, or nothing. */
static void find_place(struct pv_mem_alias_cursor *cursor)
{
    cursor->at = pv_mem_alias_chain_(*cursor->slot);
    if (cursor->at != NULL)
        cursor->left = cursor->at->used;
}

enum pv_status pv_mem_alias_drop(struct pv_mem_alias_cursor *cursor, struct pv_mem_cache *cache)
{
    struct pv_mem_alias_descriptor *first;

    if (!cursor->given)
        return PV_BAD_STATE;
    cursor->given = false;
    cursor->map->aliases--;
    first = pv_mem_alias_chain_(*cursor->slot);
    if (first == NULL) {
        *cursor->slot = 0;
        return PV_OK;
    }
    fill_hole(cursor->map, cache, cursor->slot, &cursor->at->entries[cursor->left]);
    if (cursor->at == first && pv_mem_alias_chain_(*cursor->slot) != first)
        find_place(cursor);
    return PV_OK;
}

/* A new first descriptor, with the alias of the slot if that is where it was. */
static struct pv_mem_alias_descriptor *grow(struct pv_mem_alias_map *map,
                                            struct pv_mem_cache *cache, uint64_t *slot)
{
    struct pv_mem_alias_descriptor *first = pv_mem_cache_take(cache);

    if (first == NULL)
        return NULL;
    first->next = 0;
    first->used = 0;
    if ((*slot & PV_MEM_ALIAS_IN_SLOT) != 0)
        first->entries[first->used++] = *slot & ~PV_MEM_ALIAS_IN_SLOT;
    else
        first->next = *slot;
    *slot = (uintptr_t)first;
    map->in_use++;
    return first;
}

static enum pv_status put(struct pv_mem_alias_map *map, struct pv_mem_cache *cache, uint64_t *slot,
                          uint64_t va)
{
    struct pv_mem_alias_descriptor *first = pv_mem_alias_chain_(*slot);

    if (*slot == 0) {
        *slot = va | PV_MEM_ALIAS_IN_SLOT;
        map->aliases++;
        return PV_OK;
    }
    if (first == NULL || first->used == map->entries)
        first = grow(map, cache, slot);
    if (first == NULL)
        return PV_NO_MEMORY;
    first->entries[first->used++] = va;
    map->aliases++;
    return PV_OK;
}

enum pv_status pv_mem_alias_add(struct pv_mem_alias_map *map, struct pv_mem_cache *cache,
                                uint64_t gpa, uint64_t va)
{
    struct pv_mem_alias_cursor at = pv_mem_alias_first(map, gpa);
    uint64_t other;

    if ((va & PV_MEM_ALIAS_IN_SLOT) != 0)
        return PV_INVALID;
    if (at.slot == NULL)
        return PV_NOT_FOUND;
    while (pv_mem_alias_next(&at, &other))
        if (other == va)
            return PV_EXISTS;
    return put(map, cache, at.slot, va);
}

enum pv_status pv_mem_alias_remove(struct pv_mem_alias_map *map, struct pv_mem_cache *cache,
                                   uint64_t gpa, uint64_t va)
{
    struct pv_mem_alias_cursor at = pv_mem_alias_first(map, gpa);
    uint64_t other;

    while (pv_mem_alias_next(&at, &other))
        if (other == va)
            return pv_mem_alias_drop(&at, cache);
    return PV_NOT_FOUND;
}

size_t pv_mem_alias_count(const struct pv_mem_alias_map *map, uint64_t gpa)
{
    const uint64_t *slot = pv_mem_alias_slot_(map, gpa);
    const struct pv_mem_alias_descriptor *at;
    size_t count;

    if (slot == NULL)
        return 0;
    count = (size_t)(*slot & PV_MEM_ALIAS_IN_SLOT);
    for (at = pv_mem_alias_chain_(*slot); at != NULL; at = pv_mem_alias_chain_(at->next))
        count += at->used;
    return count;
}
