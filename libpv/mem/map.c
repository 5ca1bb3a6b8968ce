/* SPDX-License-Identifier: MIT */
/* Changes: checked, prepared beside the map that readers see, and made visible with one store. */
#include "mem/version.h"

#include <pv/os.h>

#include "pv_port.h"

/* What the next change starts from. */
static const struct pv_mem_version *latest(const struct pv_mem_map *map)
{
    return map->draft != NULL ? map->draft : map->version;
}

void pv_mem_map_init(struct pv_mem_map *map)
{
    memset(map, 0, sizeof(*map));
    map->batch = 1;
    pv_mem_pool_init_(&map->trie_nodes, sizeof(union pv_mem_trie_node));
    pv_mem_pool_init_(&map->tree_nodes, sizeof(struct pv_mem_node));
    pv_mem_pool_init_(&map->records, PV_MEM_RECORD_BYTES);
}

/* ---- checks ---- */

/* A range of pages that starts at a page and does not go beyond 2^64. */
static bool range_ok(uint64_t address, uint64_t pages)
{
    return address % PV_PAGE_BYTES == 0 && pages <= PV_MEM_SPACE_PAGES - pv_mem_page_(address);
}

static bool region_ok(const struct pv_mem_region *region)
{
    return region->pages > 0 && range_ok(region->gpa, region->pages) &&
           (region->va == PV_MEM_VA_NONE || range_ok(region->va, region->pages));
}

/* Another region than `but`, which may be NULL, has some of that memory. */
static bool overlaps(const struct pv_mem_trie *trie, const struct pv_mem_region *region,
                     const struct pv_mem_record *but)
{
    const uint64_t first = pv_mem_page_(region->gpa);
    const struct pv_mem_record *next = pv_mem_trie_next_(trie, first);

    if (next != NULL && next == but)
        next = pv_mem_trie_next_(trie, pv_mem_last_page_(but) + 1);
    return next != NULL && pv_mem_first_page_(next) < first + region->pages;
}

static enum pv_status check(const struct pv_mem_version *version,
                            const struct pv_mem_region *region, const struct pv_mem_record *but)
{
    const struct pv_mem_record *same;

    if (!region_ok(region))
        return PV_INVALID;
    if (version == NULL)
        return PV_OK;
    if (overlaps(&version->by_gpa, region, but))
        return PV_OVERLAPS;
    same = pv_mem_of_id_(version, region->id);
    if (same != NULL && same != but)
        return PV_EXISTS;
    return pv_mem_levels_(version->by_va) < PV_MEM_LEVELS ? PV_OK : PV_NO_ROOM;
}

/* ---- memory ---- */

/* Have memory to add or remove a number of regions, none beyond `to` in its end or id. */
static enum pv_status provide(struct pv_mem_map *map, uint32_t changes,
                              const struct pv_mem_region *to)
{
    static const struct pv_mem_version empty;
    const struct pv_mem_version *from = latest(map) != NULL ? latest(map) : &empty;
    const uint64_t last_page = to != NULL ? pv_mem_page_(to->gpa) + (to->pages - 1) : 0;
    const uint32_t trie_nodes = pv_mem_trie_needs_(&from->by_gpa, last_page) +
                                pv_mem_trie_needs_(&from->by_id, to != NULL ? to->id : 0);
    enum pv_status status = pv_mem_pool_provide_(&map->trie_nodes, changes * trie_nodes);

    if (status == PV_OK)
        status = pv_mem_pool_provide_(&map->tree_nodes,
                                      changes * pv_mem_tree_needs_(from->by_va));
    /* A record and a version. */
    return status == PV_OK ? pv_mem_pool_provide_(&map->records, 2 * changes) : status;
}

void pv_mem_map_reclaim(struct pv_mem_map *map)
{
    pv_mem_pool_reclaim_(&map->trie_nodes);
    pv_mem_pool_reclaim_(&map->tree_nodes);
    pv_mem_pool_reclaim_(&map->records);
}

enum pv_status pv_mem_map_reserve(struct pv_mem_map *map, uint32_t changes,
                                  const struct pv_mem_region *highest)
{
    if (changes > PV_MEM_RESERVE_MAX)
        return PV_NO_ROOM;
    pv_mem_map_reclaim(map);
    return provide(map, 2 * changes, highest);
}

/* ---- drafts ---- */

/* The version that the change in preparation makes. Records were provided. */
static struct pv_mem_version *draft(struct pv_mem_map *map)
{
    if (map->draft == NULL) {
        struct pv_mem_version *version = pv_mem_pool_make_(&map->records, map->batch);
        const struct pv_mem_item item = version->item;

        if (map->version != NULL)
            *version = *map->version;
        else
            memset(version, 0, sizeof(*version));
        version->item = item;
        map->draft = version;
    }
    return map->draft;
}

static void publish(struct pv_mem_map *map)
{
    struct pv_mem_version *old = map->version;
    uint64_t wait;

    if (map->draft == NULL)
        return;
    /* Pairs with visible() in map_read.c. */
    __atomic_store_n(&map->version, map->draft, __ATOMIC_RELEASE);
    if (old != NULL)
        pv_mem_pool_drop_(&map->records, &old->item, map->batch);
    map->draft = NULL;
    map->batch++;
    wait = pv_os_grace_begin();
    pv_mem_pool_commit_(&map->trie_nodes, wait);
    pv_mem_pool_commit_(&map->tree_nodes, wait);
    pv_mem_pool_commit_(&map->records, wait);
}

static void change_trie(const struct pv_mem_trie_edit *edit, struct pv_mem_record *from,
                        struct pv_mem_record *to, bool same_place)
{
    if (from != NULL && to != NULL && same_place) {
        pv_mem_trie_replace_(edit, from, to);
        return;
    }
    if (from != NULL)
        pv_mem_trie_remove_(edit, from);
    if (to != NULL)
        pv_mem_trie_add_(edit, to);
}

static void change_tree(const struct pv_mem_edit *edit, struct pv_mem_record *from,
                        struct pv_mem_record *to)
{
    const bool out = from != NULL && from->region.va != PV_MEM_VA_NONE;
    const bool in = to != NULL && to->region.va != PV_MEM_VA_NONE;

    if (out && in && from->region.va == to->region.va && from->region.gpa == to->region.gpa) {
        pv_mem_tree_replace_(edit, from, to);
        return;
    }
    if (out)
        pv_mem_tree_remove_(edit, from);
    if (in)
        pv_mem_tree_insert_(edit, to);
}

/* In all three indexes; either may be NULL. */
static void change_indexes(struct pv_mem_map *map, struct pv_mem_version *version,
                           struct pv_mem_record *from, struct pv_mem_record *to)
{
    const bool both = from != NULL && to != NULL;
    const struct pv_mem_trie_edit by_gpa = {
        &map->trie_nodes, map->batch, true, &version->by_gpa,
    };
    const struct pv_mem_trie_edit by_id = {
        &map->trie_nodes, map->batch, false, &version->by_id,
    };
    const struct pv_mem_edit by_va = { &map->tree_nodes, map->batch, &version->by_va };

    change_trie(&by_gpa, from, to,
                both && from->region.gpa == to->region.gpa &&
                    from->region.pages == to->region.pages);
    change_trie(&by_id, from, to, both && from->region.id == to->region.id);
    change_tree(&by_va, from, to);
}

/* `from` goes and `to` comes; either may be NULL. Cannot fail: memory was provided. */
static void apply(struct pv_mem_map *map, struct pv_mem_record *from,
                  const struct pv_mem_region *to)
{
    struct pv_mem_version *version = draft(map);
    struct pv_mem_record *record = NULL;

    if (to != NULL) {
        record = pv_mem_pool_make_(&map->records, map->batch);
        record->region = *to;
    }
    change_indexes(map, version, from, record);
    if (from != NULL)
        pv_mem_pool_drop_(&map->records, &from->item, map->batch);
    version->count += (to != NULL);
    version->count -= (from != NULL);
    if (!map->open)
        publish(map);
}

static enum pv_status change(struct pv_mem_map *map, struct pv_mem_record *from,
                             const struct pv_mem_region *to)
{
    enum pv_status status = to != NULL ? check(latest(map), to, from) : PV_OK;

    if (status != PV_OK)
        return status;
    pv_mem_map_reclaim(map);
    status = provide(map, from != NULL && to != NULL ? 2 : 1, to);
    if (status == PV_OK)
        apply(map, from, to);
    return status;
}

static struct pv_mem_record *of_id(const struct pv_mem_map *map, uint64_t id)
{
    return latest(map) != NULL ? pv_mem_of_id_(latest(map), id) : NULL;
}

/* The region of an id becomes another, or nothing if `to` is NULL. */
static enum pv_status change_of_id(struct pv_mem_map *map, uint64_t id,
                                   const struct pv_mem_region *to)
{
    struct pv_mem_record *record = of_id(map, id);

    return record != NULL ? change(map, record, to) : PV_NOT_FOUND;
}

/* What it is now, to be changed in part; all zero if there is none. */
static struct pv_mem_region now_of_id(const struct pv_mem_map *map, uint64_t id)
{
    static const struct pv_mem_region none = { .id = 0 };
    const struct pv_mem_record *record = of_id(map, id);

    return record != NULL ? record->region : none;
}

/* ---- public ---- */

enum pv_status pv_mem_map_add(struct pv_mem_map *map, const struct pv_mem_region *region)
{
    return change(map, NULL, region);
}

enum pv_status pv_mem_map_remove(struct pv_mem_map *map, uint64_t id)
{
    return change_of_id(map, id, NULL);
}

enum pv_status pv_mem_map_change(struct pv_mem_map *map, uint64_t id,
                                 const struct pv_mem_region *to)
{
    return change_of_id(map, id, to);
}

enum pv_status pv_mem_map_move(struct pv_mem_map *map, uint64_t id, uint64_t gpa, uint64_t va)
{
    struct pv_mem_region to = now_of_id(map, id);

    to.gpa = gpa;
    to.va = va;
    return change_of_id(map, id, &to);
}

enum pv_status pv_mem_map_resize(struct pv_mem_map *map, uint64_t id, uint64_t pages)
{
    struct pv_mem_region to = now_of_id(map, id);

    to.pages = pages;
    return change_of_id(map, id, &to);
}

enum pv_status pv_mem_map_set_flags(struct pv_mem_map *map, uint64_t id, uint32_t flags)
{
    struct pv_mem_record *record = of_id(map, id);
    struct pv_mem_region to = now_of_id(map, id);

    if (record != NULL && !map->open) {
        __atomic_store_n(&record->region.flags, flags, __ATOMIC_RELAXED);
        return PV_OK;
    }
    to.flags = flags;
    return change_of_id(map, id, &to);
}

enum pv_status pv_mem_map_begin(struct pv_mem_map *map)
{
    if (map->open)
        return PV_BAD_STATE;
    map->open = true;
    return PV_OK;
}

enum pv_status pv_mem_map_commit(struct pv_mem_map *map)
{
    if (!map->open)
        return PV_BAD_STATE;
    map->open = false;
    publish(map);
    return PV_OK;
}

enum pv_status pv_mem_map_cancel(struct pv_mem_map *map)
{
    if (!map->open)
        return PV_BAD_STATE;
    map->open = false;
    map->draft = NULL;
    map->batch++;
    pv_mem_pool_cancel_(&map->trie_nodes);
    pv_mem_pool_cancel_(&map->tree_nodes);
    pv_mem_pool_cancel_(&map->records);
    return PV_OK;
}

void pv_mem_map_release(struct pv_mem_map *map)
{
    pv_mem_slab_release(&map->trie_nodes.slab);
    pv_mem_slab_release(&map->tree_nodes.slab);
    pv_mem_slab_release(&map->records.slab);
    pv_mem_map_init(map);
}

static void add_use(struct pv_mem_map_use *use, const struct pv_mem_pool *pool)
{
    const size_t bytes = pool->slab.object_bytes;

    use->pages += pool->slab.pages;
    use->ready_bytes += pool->ready.count * bytes;
    use->old_bytes += pool->old * bytes;
    use->live_bytes += (pool->slab.used - pool->ready.count - pool->old) * bytes;
}

struct pv_mem_map_use pv_mem_map_use(const struct pv_mem_map *map)
{
    struct pv_mem_map_use use = { 0 };

    add_use(&use, &map->trie_nodes);
    add_use(&use, &map->tree_nodes);
    add_use(&use, &map->records);
    return use;
}
