/* SPDX-License-Identifier: MIT */
/*
 * Every look-up of a map beside the model: NULL when all agree, else what does not. For the unit
 * tests and the fuzzer: nothing here asserts.
 */
#ifndef UNIT_MEM_MAP_COMPARE_H
#define UNIT_MEM_MAP_COMPARE_H

#include "mem/version.h"
#include "unit/mem/map_model.h"

/* An answer that was not given is left alone. */
#define MODEL_UNTOUCHED ((struct pv_mem_region){ 1, 2, 3, 4, 5 })

static inline bool model_agrees(enum pv_status status, const struct pv_mem_region *given,
                                const struct pv_mem_region *wanted)
{
    const struct pv_mem_region untouched = MODEL_UNTOUCHED;

    if (wanted == NULL)
        return status == PV_NOT_FOUND && model_same(given, &untouched);
    return status == PV_OK && model_same(given, wanted);
}

static inline bool model_agrees_on_id(const struct pv_mem_map *map, const struct model *m, uint64_t id)
{
    struct pv_mem_region given = MODEL_UNTOUCHED;
    const enum pv_status status = pv_mem_map_find_id(map, id, &given);

    return model_agrees(status, &given, model_id(m, id));
}

static inline bool model_agrees_on_hole(const struct pv_mem_map *map, const struct model *m,
                                        uint64_t gpa)
{
    uint64_t first, end, given = 1, pages = 2;
    const enum pv_status status = pv_mem_map_hole(map, gpa, &given, &pages);

    if (!model_hole(m, gpa, &first, &end))
        return status == PV_NOT_FOUND && given == 1 && pages == 2;
    return status == PV_OK && given == first << 12 && pages == end - first;
}

/* As many regions from there as are asked for, or all. */
static inline bool model_agrees_in_order(const struct pv_mem_map *map, const struct model *m,
                                         uint64_t gpa, size_t most)
{
    struct pv_mem_cursor at = pv_mem_map_from(map, gpa);
    size_t i = model_from(m, gpa);
    struct pv_mem_region given;

    for (; most > 0 && i < m->count; most--, i++)
        if (!pv_mem_cursor_next(&at, &given) || !model_same(&given, &m->regions[i]))
            return false;
    /* At the end it stays at the end. */
    return i < m->count || (!pv_mem_cursor_next(&at, &given) && !pv_mem_cursor_next(&at, &given));
}

static inline const char *model_differs_at_gpa(const struct pv_mem_map *map, const struct model *m,
                                               uint64_t gpa)
{
    struct pv_mem_region given = MODEL_UNTOUCHED;
    const enum pv_status status = pv_mem_map_find_gpa(map, gpa, &given);

    if (!model_agrees(status, &given, model_gpa(m, gpa)))
        return "find_gpa";
    if (!model_agrees_on_hole(map, m, gpa))
        return "hole";
    return model_agrees_in_order(map, m, gpa, 2) ? NULL : "from";
}

/* Places in the model by VA, then GPA. */
struct model_by_va {
    size_t count;
    uint32_t at[MODEL_MAX];
};

static inline void model_sort_by_va(const struct model *m, struct model_by_va *order)
{
    order->count = 0;
    for (uint32_t n = 0; n < m->count; n++) {
        size_t i = order->count;

        if (m->regions[n].va == PV_MEM_VA_NONE)
            continue;
        for (; i > 0 && m->regions[order->at[i - 1]].va > m->regions[n].va; i--)
            order->at[i] = order->at[i - 1];
        order->at[i] = n;
        order->count++;
    }
}

static inline const char *model_differs_at_va(const struct pv_mem_map *map, const struct model *m,
                                              const struct model_by_va *order, uint64_t va)
{
    struct pv_mem_cursor at = pv_mem_map_at_va(map, va);
    struct pv_mem_region given = MODEL_UNTOUCHED;
    const enum pv_status status = pv_mem_map_find_va(map, va, &given);
    const struct pv_mem_region *lowest = NULL;

    for (size_t i = 0; i < order->count; i++) {
        const struct pv_mem_region *region = &m->regions[order->at[i]];
        struct pv_mem_region next;

        if (!model_has_va(region, va))
            continue;
        if (lowest == NULL)
            lowest = region;
        if (!pv_mem_cursor_next(&at, &next) || !model_same(&next, region))
            return "at_va";
    }
    if (!model_agrees(status, &given, lowest))
        return "find_va";
    return !pv_mem_cursor_next(&at, &given) && !pv_mem_cursor_next(&at, &given) ? NULL
                                                                                : "at_va goes on";
}

/* At the first and last byte of one region, and at those beside it. */
static inline const char *model_differs_around(const struct pv_mem_map *map, const struct model *m,
                                               const struct model_by_va *order,
                                               const struct pv_mem_region *region)
{
    const uint64_t bytes = region->pages << 12;
    const uint64_t offsets[] = { 0, bytes - 1, ~0ull, bytes };
    const char *differs = model_agrees_on_id(map, m, region->id) ? NULL : "find_id";

    for (unsigned i = 0; i < 4 && differs == NULL; i++) {
        differs = model_differs_at_gpa(map, m, region->gpa + offsets[i]);
        if (differs == NULL && region->va != PV_MEM_VA_NONE)
            differs = model_differs_at_va(map, m, order, region->va + offsets[i]);
    }
    return differs;
}

/* Every region in order; around each `stride`-th, look-ups of each kind. */
static inline const char *model_differs(const struct pv_mem_map *map, const struct model *m,
                                        size_t stride)
{
    static struct model_by_va order;
    const char *differs = NULL;

    if (pv_mem_map_count(map) != m->count)
        return "count";
    if (!model_agrees_in_order(map, m, 0, SIZE_MAX))
        return "order";
    model_sort_by_va(m, &order);
    for (size_t i = 0; i < m->count && differs == NULL; i += stride)
        differs = model_differs_around(map, m, &order, &m->regions[i]);
    if (differs == NULL)
        differs = model_differs_at_gpa(map, m, 0);
    if (differs == NULL)
        differs = model_differs_at_gpa(map, m, ~0ull);
    if (differs == NULL)
        differs = model_differs_at_va(map, m, &order, 0);
    return differs != NULL ? differs : model_differs_at_va(map, m, &order, PV_MEM_VA_NONE);
}

/* ---- memory ---- */

static inline size_t model_nodes_below(const struct pv_mem_node *node)
{
    size_t count = node != NULL;

    for (uint32_t i = 0; node != NULL && node->level > 0 && i < node->count; i++)
        count += model_nodes_below(node->child[i].node);
    return count;
}

static inline size_t model_links_below(pv_mem_link link)
{
    size_t count = 1;

    if (pv_mem_kind_(link) != PV_MEM_FORK)
        return pv_mem_kind_(link) == PV_MEM_BUCKET;
    for (uint32_t way = 0; way < PV_MEM_WAYS; way++)
        count += model_links_below(pv_mem_fork_(link)->way[way]);
    return count;
}

/* Regions, the version itself, and the nodes of its indexes. */
static inline size_t model_live_bytes(const struct pv_mem_map *map)
{
    const struct pv_mem_version *version = map->version;

    if (version == NULL)
        return 0;
    return (model_links_below(version->by_gpa.root) + model_links_below(version->by_id.root)) *
               map->trie_nodes.slab.object_bytes +
           model_nodes_below(version->by_va) * map->tree_nodes.slab.object_bytes +
           (version->count + 1) * map->records.slab.object_bytes;
}

/* Outside of a batch each object is visible, ready or old; pages are those of the slabs. */
static inline const char *model_differs_in_memory(const struct pv_mem_map *map)
{
    const struct pv_mem_pool *pools[] = { &map->trie_nodes, &map->tree_nodes, &map->records };
    const struct pv_mem_map_use use = pv_mem_map_use(map);
    size_t held = 0, used = 0;

    for (unsigned i = 0; i < 3; i++) {
        held += pools[i]->slab.pages;
        used += pools[i]->slab.used * pools[i]->slab.object_bytes;
    }
    if (use.pages != held)
        return "pages";
    if (use.live_bytes + use.ready_bytes + use.old_bytes != used || used > use.pages * 4096)
        return "bytes in all";
    return use.live_bytes == model_live_bytes(map) ? NULL : "live bytes";
}

#endif
