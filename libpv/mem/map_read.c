/* SPDX-License-Identifier: MIT */
/* Look-ups: everything is read from the one version that was visible at the start. */
#include "mem/version.h"

static const struct pv_mem_version *visible(const struct pv_mem_map *map)
{
    static const struct pv_mem_version empty;
    /* Pairs with publish() in map.c: who sees a version sees all its nodes and records. */
    const struct pv_mem_version *version = __atomic_load_n(&map->version, __ATOMIC_ACQUIRE);

    return version != NULL ? version : &empty;
}

static void give(const struct pv_mem_record *record, struct pv_mem_region *region)
{
    region->gpa = record->region.gpa;
    region->pages = record->region.pages;
    region->va = record->region.va;
    region->id = record->region.id;
    region->flags = __atomic_load_n(&record->region.flags, __ATOMIC_RELAXED);
}

enum pv_status pv_mem_map_find_gpa(const struct pv_mem_map *map, uint64_t gpa,
                                   struct pv_mem_region *region)
{
    const uint64_t page = pv_mem_page_(gpa);
    const struct pv_mem_record *record = pv_mem_trie_find_(&visible(map)->by_gpa, page);

    if (record == NULL || page - pv_mem_first_page_(record) >= record->region.pages)
        return PV_NOT_FOUND;
    give(record, region);
    return PV_OK;
}

enum pv_status pv_mem_map_find_id(const struct pv_mem_map *map, uint64_t id,
                                  struct pv_mem_region *region)
{
    const struct pv_mem_record *record = pv_mem_of_id_(visible(map), id);

    if (record == NULL)
        return PV_NOT_FOUND;
    give(record, region);
    return PV_OK;
}

enum pv_status pv_mem_map_find_va(const struct pv_mem_map *map, uint64_t va,
                                  struct pv_mem_region *region)
{
    struct pv_mem_cursor cursor = pv_mem_map_at_va(map, va);

    return pv_mem_cursor_next(&cursor, region) ? PV_OK : PV_NOT_FOUND;
}

size_t pv_mem_map_count(const struct pv_mem_map *map)
{
    return visible(map)->count;
}

enum pv_status pv_mem_map_hole(const struct pv_mem_map *map, uint64_t gpa, uint64_t *hole_gpa,
                               uint64_t *hole_pages)
{
    const struct pv_mem_trie *trie = &visible(map)->by_gpa;
    const uint64_t first = pv_mem_trie_hole_(trie, pv_mem_page_(gpa));
    const struct pv_mem_record *next = pv_mem_trie_next_(trie, first);

    if (first == PV_MEM_SPACE_PAGES)
        return PV_NOT_FOUND;
    *hole_gpa = first * PV_PAGE_BYTES;
    *hole_pages = (next != NULL ? pv_mem_first_page_(next) : PV_MEM_SPACE_PAGES) - first;
    return PV_OK;
}

/* ---- cursors ---- */

static struct pv_mem_cursor cursor_at(const struct pv_mem_version *version, uint64_t address,
                                      bool by_va)
{
    struct pv_mem_cursor cursor;

    cursor.version = version;
    cursor.page = pv_mem_page_(address);
    cursor.by_va = by_va;
    cursor.levels = by_va ? pv_mem_levels_(cursor.version->by_va) : 0;
    cursor.level = cursor.levels;
    if (cursor.level == 0)
        return cursor;
    cursor.level--;
    cursor.path[cursor.level] = cursor.version->by_va;
    cursor.next[cursor.level] = 0;
    return cursor;
}

struct pv_mem_cursor pv_mem_map_from(const struct pv_mem_map *map, uint64_t gpa)
{
    return cursor_at(visible(map), gpa, false);
}

struct pv_mem_cursor pv_mem_map_at_va(const struct pv_mem_map *map, uint64_t va)
{
    return cursor_at(visible(map), va, true);
}

/* The next region from a page on. */
static const struct pv_mem_record *next_by_gpa(struct pv_mem_cursor *cursor)
{
    const struct pv_mem_record *record =
        pv_mem_trie_next_(&cursor->version->by_gpa, cursor->page);

    cursor->page = record != NULL ? pv_mem_last_page_(record) + 1 : PV_MEM_SPACE_PAGES;
    return record;
}

/* An entry of the node that is looked at may lead to a region with the page; `next` is at it then. */
static bool leads_on(struct pv_mem_cursor *cursor)
{
    const struct pv_mem_node *node = cursor->path[cursor->level];
    uint32_t *next = &cursor->next[cursor->level];

    while (*next < node->count && node->end[*next] <= cursor->page)
        (*next)++;
    return *next < node->count && node->key[*next] <= cursor->page;
}

static const struct pv_mem_record *next_by_va(struct pv_mem_cursor *cursor)
{
    while (cursor->level < cursor->levels) {
        union pv_mem_child child;

        if (!leads_on(cursor)) {
            cursor->level++;
            continue;
        }
        child = cursor->path[cursor->level]->child[cursor->next[cursor->level]++];
        if (cursor->level == 0)
            return child.record;
        cursor->level--;
        cursor->path[cursor->level] = child.node;
        cursor->next[cursor->level] = 0;
    }
    return NULL;
}

bool pv_mem_cursor_next(struct pv_mem_cursor *cursor, struct pv_mem_region *region)
{
    const struct pv_mem_record *record =
        cursor->by_va ? next_by_va(cursor) : next_by_gpa(cursor);

    if (record != NULL)
        give(record, region);
    return record != NULL;
}
