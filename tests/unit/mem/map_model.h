/* SPDX-License-Identifier: MIT */
/*
 * The region map as one would do it without a thought for speed: an array in order of GPA, searched
 * from its start. For the unit tests and the fuzzer: nothing here asserts.
 */
#ifndef UNIT_MEM_MAP_MODEL_H
#define UNIT_MEM_MAP_MODEL_H

#include <pv/mem/map.h>
#include <string.h>

#ifndef MODEL_MAX
#define MODEL_MAX 4096u
#endif
#define MODEL_SPACE (1ull << 52) /* pages */

enum model_what { ADD, REMOVE, CHANGE, MOVE, RESIZE, FLAGS };

/* One change. ADD, CHANGE: `region`; MOVE: its gpa and va; RESIZE: its pages; FLAGS: its flags. */
struct model_step {
    enum model_what what;
    uint64_t id; /* of the region that is there; not ADD */
    struct pv_mem_region region;
};

struct model {
    size_t count;
    struct pv_mem_region regions[MODEL_MAX];
};

/* ---- pages ---- */

static inline uint64_t model_first(const struct pv_mem_region *region)
{
    return region->gpa >> 12;
}

static inline uint64_t model_end(const struct pv_mem_region *region)
{
    return model_first(region) + region->pages;
}

static inline bool model_has_gpa(const struct pv_mem_region *region, uint64_t gpa)
{
    return gpa >> 12 >= model_first(region) && gpa >> 12 < model_end(region);
}

static inline bool model_has_va(const struct pv_mem_region *region, uint64_t va)
{
    return region->va != PV_MEM_VA_NONE && va >= region->va &&
           (va >> 12) - (region->va >> 12) < region->pages;
}

static inline bool model_overlap(const struct pv_mem_region *a, const struct pv_mem_region *b)
{
    return model_first(a) < model_end(b) && model_first(b) < model_end(a);
}

static inline bool model_bad_range(uint64_t address, uint64_t pages)
{
    return address % 4096 != 0 || pages > MODEL_SPACE - (address >> 12);
}

static inline bool model_bad(const struct pv_mem_region *region)
{
    return region->pages == 0 || model_bad_range(region->gpa, region->pages) ||
           (region->va != PV_MEM_VA_NONE && model_bad_range(region->va, region->pages));
}

static inline bool model_same(const struct pv_mem_region *a, const struct pv_mem_region *b)
{
    return a->gpa == b->gpa && a->pages == b->pages && a->va == b->va && a->id == b->id &&
           a->flags == b->flags;
}

/* ---- what is there ---- */

static inline const struct pv_mem_region *model_id(const struct model *m, uint64_t id)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->regions[i].id == id)
            return &m->regions[i];
    return NULL;
}

static inline const struct pv_mem_region *model_gpa(const struct model *m, uint64_t gpa)
{
    for (size_t i = 0; i < m->count; i++)
        if (model_has_gpa(&m->regions[i], gpa))
            return &m->regions[i];
    return NULL;
}

/* The first that has the address or lies above it. */
static inline size_t model_from(const struct model *m, uint64_t gpa)
{
    size_t i = 0;

    while (i < m->count && model_end(&m->regions[i]) <= gpa >> 12)
        i++;
    return i;
}

/* Pages first..end that nobody has; false when there are none up to the end. */
static inline bool model_hole(const struct model *m, uint64_t gpa, uint64_t *first, uint64_t *end)
{
    *first = gpa >> 12;
    *end = MODEL_SPACE;
    for (size_t i = 0; i < m->count; i++) {
        if (model_first(&m->regions[i]) <= *first && model_end(&m->regions[i]) > *first)
            *first = model_end(&m->regions[i]);
        else if (model_first(&m->regions[i]) > *first && model_first(&m->regions[i]) < *end)
            *end = model_first(&m->regions[i]);
    }
    return *first < MODEL_SPACE;
}

/* ---- changes ---- */

/* The region as the step wants it. */
static inline struct pv_mem_region model_wanted(const struct model *m, const struct model_step *step)
{
    const struct pv_mem_region *old = model_id(m, step->id);
    struct pv_mem_region to = step->region;

    if (step->what == ADD || step->what == CHANGE || old == NULL)
        return to;
    to = *old;
    if (step->what == MOVE) {
        to.gpa = step->region.gpa;
        to.va = step->region.va;
    } else if (step->what == RESIZE) {
        to.pages = step->region.pages;
    } else if (step->what == FLAGS) {
        to.flags = step->region.flags;
    }
    return to;
}

/*
 * The statuses that are right, as bits 1 << status. Where a step is wrong in two ways, either status
 * is; PV_OK is when no other is.
 */
static inline uint32_t model_right(const struct model *m, const struct model_step *step)
{
    const struct pv_mem_region *old = step->what == ADD ? NULL : model_id(m, step->id);
    const struct pv_mem_region to = model_wanted(m, step);
    uint32_t right = step->what != ADD && old == NULL ? 1u << PV_NOT_FOUND : 0;

    if (step->what == REMOVE || step->what == FLAGS)
        return right != 0 ? right : 1u << PV_OK;
    if ((old != NULL || step->what == ADD || step->what == CHANGE) && model_bad(&to))
        return right | 1u << PV_INVALID;
    if (right != 0)
        return right;
    for (size_t i = 0; i < m->count; i++) {
        if (&m->regions[i] == old)
            continue;
        right |= model_overlap(&m->regions[i], &to) ? 1u << PV_OVERLAPS : 0;
        right |= m->regions[i].id == to.id ? 1u << PV_EXISTS : 0;
    }
    return right != 0 ? right : 1u << PV_OK;
}

static inline void model_take_out(struct model *m, uint64_t id)
{
    size_t i = 0;

    while (m->regions[i].id != id)
        i++;
    m->count--;
    memmove(&m->regions[i], &m->regions[i + 1], (m->count - i) * sizeof(m->regions[0]));
}

static inline void model_put_in(struct model *m, const struct pv_mem_region *region)
{
    size_t i = m->count++;

    for (; i > 0 && m->regions[i - 1].gpa > region->gpa; i--)
        m->regions[i] = m->regions[i - 1];
    m->regions[i] = *region;
}

/* A step that is right, and not one too many. */
static inline void model_do(struct model *m, const struct model_step *step)
{
    const struct pv_mem_region to = model_wanted(m, step);

    if (step->what != ADD)
        model_take_out(m, step->id);
    if (step->what != REMOVE)
        model_put_in(m, &to);
}

static inline void model_copy(struct model *to, const struct model *from)
{
    to->count = from->count;
    memcpy(to->regions, from->regions, from->count * sizeof(from->regions[0]));
}

static inline enum pv_status model_do_to(struct pv_mem_map *map, const struct model_step *step)
{
    const struct pv_mem_region *region = &step->region;

    switch (step->what) {
    case ADD:
        return pv_mem_map_add(map, region);
    case REMOVE:
        return pv_mem_map_remove(map, step->id);
    case CHANGE:
        return pv_mem_map_change(map, step->id, region);
    case MOVE:
        return pv_mem_map_move(map, step->id, region->gpa, region->va);
    case RESIZE:
        return pv_mem_map_resize(map, step->id, region->pages);
    default:
        return pv_mem_map_set_flags(map, step->id, region->flags);
    }
}

#endif
