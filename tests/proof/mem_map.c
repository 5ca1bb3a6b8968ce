/* SPDX-License-Identifier: MIT */
/*
 * Changes of a map, for any places, sizes and ids: from any map of up to two regions each change has the
 * status that it should, and does to each index exactly what it should; a change that fails does
 * nothing. The indexes themselves are kept by their contracts here, as sets of regions.
 *
 * cbmc: --unwind 10 --object-bits 8 --slice-formula --conversion-check
 * timeout: 600
 * sources: libpv/mem/map.c
 * part: -DSTEP=add_one
 * part: -DSTEP=change_one
 * part: -DSTEP=move_one
 * part: -DSTEP=resize_one
 * part: -DSTEP=remove_one
 * part: -DSTEP=set_flags_one
 * bug: end-wraps libpv/mem/map.c s/pages <= PV_MEM_SPACE_PAGES - pv_mem_page_(address)/pv_mem_page_(address) + pages <= PV_MEM_SPACE_PAGES/
 * bug: empty-region libpv/mem/map.c s/region->pages > 0 \&\& //
 * bug: last-page-free libpv/mem/map.c s/pv_mem_first_page_(next) < first + region->pages/pv_mem_first_page_(next) + 1 < first + region->pages/
 * bug: overlaps-itself libpv/mem/map.c s/if (next != NULL \&\& next == but)/if (false)/
 * bug: anothers-id libpv/mem/map.c s/same != NULL \&\& same != but/false/
 * bug: va-unchecked libpv/mem/map.c s/range_ok(region->va, region->pages)/true/
 * bug: size-is-no-place libpv/mem/map.c s/from->region.pages == to->region.pages/true/
 * bug: seen-too-soon libpv/mem/map.c s/if (!map->open)$/if (true)/
 */
#include "mem/version.h"

#include <pv/os.h>

#ifndef STEP
#define STEP change_one
#endif
#define SPACE (1ull << 52)

struct pv_mem_region nondet_region(void);
uint64_t nondet_qword(void);
uint32_t nondet_word(void);
bool nondet_bool(void);

static struct pv_mem_map map;
static struct pv_mem_version first_version;
static struct pv_mem_record old[2], made_record;
static struct pv_mem_version made_version;
static struct pv_mem_bucket ids;
static struct pv_mem_node tree;
static uint32_t count; /* of the old regions */

/* Each index as a set of old regions, and whether the new one is in it. */
struct set {
    bool has[2];
    bool has_new;
};

static struct set by_gpa, by_id, by_va;

/* ---- the pool, the slab, the OS ---- */

static bool out_of_memory, first_make = true;

void pv_mem_pool_init_(struct pv_mem_pool *pool, size_t bytes)
{
    (void)pool;
    (void)bytes;
}

enum pv_status pv_mem_pool_provide_(struct pv_mem_pool *pool, uint32_t wanted)
{
    (void)pool;
    (void)wanted;
    return out_of_memory && nondet_bool() ? PV_NO_MEMORY : PV_OK;
}

/* Outside of a batch a change makes a version, then a record. */
void *pv_mem_pool_make_(struct pv_mem_pool *pool, uint64_t batch)
{
    (void)batch;
    __CPROVER_assert(pool == &map.records, "of these");
    if (first_make && map.draft == NULL) {
        first_make = false;
        return &made_version;
    }
    return &made_record;
}

void pv_mem_pool_drop_(struct pv_mem_pool *pool, struct pv_mem_item *item, uint64_t batch)
{
    (void)pool;
    (void)item;
    (void)batch;
}

void pv_mem_pool_commit_(struct pv_mem_pool *pool, uint64_t wait)
{
    (void)pool;
    (void)wait;
    __CPROVER_assert(!map.open, "not in a batch");
}

void pv_mem_pool_cancel_(struct pv_mem_pool *pool)
{
    (void)pool;
}

void pv_mem_pool_reclaim_(struct pv_mem_pool *pool)
{
    (void)pool;
}

void pv_mem_slab_release(struct pv_mem_slab *slab)
{
    (void)slab;
}

uint64_t pv_os_grace_begin(void)
{
    return nondet_qword();
}

/* ---- the indexes, by their contracts ---- */

static struct set *set_of(const struct pv_mem_trie_edit *edit)
{
    __CPROVER_assert(edit->by_gpa == (edit->trie == &made_version.by_gpa), "which index");
    return edit->by_gpa ? &by_gpa : &by_id;
}

static void enter(struct set *set, const struct pv_mem_record *record)
{
    __CPROVER_assert(record == &made_record && !set->has_new, "a new one");
    set->has_new = true;
}

static void leave(struct set *set, const struct pv_mem_record *record)
{
    const uint32_t i = record == &old[1];

    __CPROVER_assert(record == &old[i] && set->has[i], "one that is there");
    set->has[i] = false;
}

void pv_mem_trie_add_(const struct pv_mem_trie_edit *edit, struct pv_mem_record *record)
{
    enter(set_of(edit), record);
}

void pv_mem_trie_remove_(const struct pv_mem_trie_edit *edit, struct pv_mem_record *record)
{
    leave(set_of(edit), record);
}

void pv_mem_trie_replace_(const struct pv_mem_trie_edit *edit, struct pv_mem_record *from,
                          struct pv_mem_record *to)
{
    leave(set_of(edit), from);
    enter(set_of(edit), to);
    __CPROVER_assert(edit->by_gpa ? from->region.gpa == to->region.gpa &&
                                        from->region.pages == to->region.pages
                                  : from->region.id == to->region.id, "the same numbers");
}

void pv_mem_tree_insert_(const struct pv_mem_edit *edit, struct pv_mem_record *record)
{
    __CPROVER_assert(edit->root == &made_version.by_va, "the tree");
    __CPROVER_assert(record->region.va != PV_MEM_VA_NONE, "mapped");
    enter(&by_va, record);
}

void pv_mem_tree_remove_(const struct pv_mem_edit *edit, struct pv_mem_record *record)
{
    (void)edit;
    leave(&by_va, record);
}

void pv_mem_tree_replace_(const struct pv_mem_edit *edit, const struct pv_mem_record *from,
                          struct pv_mem_record *to)
{
    (void)edit;
    leave(&by_va, from);
    enter(&by_va, to);
    __CPROVER_assert(from->region.va == to->region.va && from->region.gpa == to->region.gpa,
                     "the same place");
}

uint32_t pv_mem_trie_needs_(const struct pv_mem_trie *trie, uint64_t last)
{
    (void)trie;
    (void)last;
    return 0;
}

static uint64_t first_of(const struct pv_mem_region *region)
{
    return region->gpa / 4096;
}

/* old[0] lies before old[1]. */
struct pv_mem_record *pv_mem_trie_next_(const struct pv_mem_trie *trie, uint64_t page)
{
    (void)trie;
    for (uint32_t i = 0; i < count; i++)
        if (first_of(&old[i].region) + (old[i].region.pages - 1) >= page)
            return &old[i];
    return NULL;
}

/* ---- any map ---- */

static bool good(const struct pv_mem_region *region)
{
    return region->pages >= 1 && region->pages <= SPACE && region->gpa % 4096 == 0 &&
           first_of(region) + region->pages <= SPACE &&
           (region->va == PV_MEM_VA_NONE ||
            (region->va % 4096 == 0 && region->va / 4096 + region->pages <= SPACE));
}

static void any_map(void)
{
    count = nondet_word();
    __CPROVER_assume(count <= 2);
    for (uint32_t i = 0; i < count; i++) {
        old[i].region = nondet_region();
        __CPROVER_assume(good(&old[i].region));
        by_gpa.has[i] = by_id.has[i] = true;
        by_va.has[i] = old[i].region.va != PV_MEM_VA_NONE;
    }
    __CPROVER_assume(count < 2 ||
                     (first_of(&old[0].region) + old[0].region.pages <= first_of(&old[1].region) &&
                      old[0].region.id != old[1].region.id));
    ids.count = count;
    for (uint32_t i = 0; i < PV_MEM_BUCKET_MAX; i++)
        ids.first[i] = ~0ull;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = count == 2 && old[i].region.id > old[1 - i].region.id;

        ids.first[at] = old[i].region.id;
        ids.record[at] = &old[i];
    }
    first_version.by_id.bits = 64;
    first_version.by_id.root = (pv_mem_link)&ids + PV_MEM_BUCKET;
    first_version.by_gpa.bits = 52;
    tree.level = nondet_word();
    __CPROVER_assume(tree.level < PV_MEM_LEVELS);
    map.version = count > 0 || nondet_bool() ? &first_version : NULL;
    first_version.by_va = map.version != NULL && nondet_bool() ? &tree : NULL;
    first_version.count = count;
    map.batch = 1;
    map.open = nondet_bool();
    out_of_memory = nondet_bool();
}

/* ---- what a change should do ---- */

static bool overlap(const struct pv_mem_region *a, const struct pv_mem_region *b)
{
    return first_of(a) < first_of(b) + b->pages && first_of(b) < first_of(a) + a->pages;
}

static enum pv_status right(const struct pv_mem_record *from, const struct pv_mem_region *to)
{
    enum pv_status status = PV_OK;

    if (!good(to))
        return PV_INVALID;
    for (uint32_t i = 0; i < count; i++)
        if (&old[i] != from && overlap(&old[i].region, to))
            return PV_OVERLAPS;
    for (uint32_t i = 0; i < count; i++)
        if (&old[i] != from && old[i].region.id == to->id)
            status = PV_EXISTS;
    if (status == PV_OK && first_version.by_va != NULL && tree.level == PV_MEM_LEVELS - 1)
        status = PV_NO_ROOM;
    return status;
}

static bool same(const struct pv_mem_region *a, const struct pv_mem_region *b)
{
    return a->gpa == b->gpa && a->pages == b->pages && a->va == b->va && a->id == b->id &&
           a->flags == b->flags;
}

static void check_set(const struct set *set, const struct pv_mem_record *from, bool was[2], bool in)
{
    for (uint32_t i = 0; i < count; i++)
        __CPROVER_assert(set->has[i] == (was[i] && &old[i] != from), "the others");
    __CPROVER_assert(set->has_new == in, "the new one");
}

/* `from` gone, `to` come; NULL: not. */
static void check_done(const struct pv_mem_record *from, const struct pv_mem_region *to)
{
    bool all[2] = { true, true }, mapped[2];
    const struct pv_mem_version *version = map.open ? map.draft : map.version;

    for (uint32_t i = 0; i < 2; i++)
        mapped[i] = old[i].region.va != PV_MEM_VA_NONE;
    check_set(&by_gpa, from, all, to != NULL);
    check_set(&by_id, from, all, to != NULL);
    check_set(&by_va, from, mapped, to != NULL && to->va != PV_MEM_VA_NONE);
    __CPROVER_assert(to == NULL || same(&made_record.region, to), "as it should be");
    __CPROVER_assert(version == &made_version, "a version of its own");
    __CPROVER_assert(!map.open || map.version != &made_version, "not seen in a batch");
    __CPROVER_assert(version->count == count + (to != NULL) - (from != NULL), "count");
}

static void check_nothing_done(const struct pv_mem_version *before)
{
    __CPROVER_assert(map.version == before && map.draft == NULL, "the map is as before");
    __CPROVER_assert(!by_gpa.has_new && !by_id.has_new && !by_va.has_new, "nothing is new");
    for (uint32_t i = 0; i < count; i++)
        __CPROVER_assert(by_gpa.has[i] && by_id.has[i], "nothing is gone");
}

static void check(enum pv_status status, const struct pv_mem_record *from, bool found,
                  const struct pv_mem_region *to, const struct pv_mem_version *before)
{
    const enum pv_status wanted = !found ? PV_NOT_FOUND : to != NULL ? right(from, to) : PV_OK;

    __CPROVER_assert(status == wanted || (status == PV_NO_MEMORY && wanted == PV_OK && out_of_memory),
                     "status");
    if (status == PV_OK)
        check_done(from, to);
    else
        check_nothing_done(before);
}

static const struct pv_mem_record *of_id(uint64_t id)
{
    for (uint32_t i = 0; i < count; i++)
        if (old[i].region.id == id)
            return &old[i];
    return NULL;
}

/* ---- each change ---- */

static void add_one(void)
{
    const struct pv_mem_version *before = map.version;
    const struct pv_mem_region region = nondet_region();

    check(pv_mem_map_add(&map, &region), NULL, true, &region, before);
}

static void change_one(void)
{
    const struct pv_mem_version *before = map.version;
    const uint64_t id = nondet_qword();
    const struct pv_mem_record *from = of_id(id);
    const struct pv_mem_region to = nondet_region();

    check(pv_mem_map_change(&map, id, &to), from, from != NULL, &to, before);
}

static void move_one(void)
{
    const struct pv_mem_version *before = map.version;
    const uint64_t id = nondet_qword();
    const struct pv_mem_record *from = of_id(id);
    struct pv_mem_region to = from != NULL ? from->region : old[0].region;

    to.gpa = nondet_qword();
    to.va = nondet_qword();
    check(pv_mem_map_move(&map, id, to.gpa, to.va), from, from != NULL, &to, before);
}

static void resize_one(void)
{
    const struct pv_mem_version *before = map.version;
    const uint64_t id = nondet_qword();
    const struct pv_mem_record *from = of_id(id);
    struct pv_mem_region to = from != NULL ? from->region : old[0].region;

    to.pages = nondet_qword();
    check(pv_mem_map_resize(&map, id, to.pages), from, from != NULL, &to, before);
}

static void remove_one(void)
{
    const struct pv_mem_version *before = map.version;
    const uint64_t id = nondet_qword();
    const struct pv_mem_record *from = of_id(id);

    check(pv_mem_map_remove(&map, id), from, from != NULL, NULL, before);
}

static void set_flags_one(void)
{
    const struct pv_mem_version *before = map.version;
    const uint64_t id = nondet_qword();
    const struct pv_mem_record *from = of_id(id);
    const uint32_t flags = nondet_word();
    struct pv_mem_region to = from != NULL ? from->region : old[0].region;
    enum pv_status status;

    to.flags = flags;
    status = pv_mem_map_set_flags(&map, id, flags);
    if (map.open || from == NULL) {
        check(status, from, from != NULL, &to, before);
        return;
    }
    __CPROVER_assert(status == PV_OK && same(&from->region, &to), "in place");
    check_nothing_done(before);
}

int main(void)
{
    any_map();
    STEP();
    return 0;
}
