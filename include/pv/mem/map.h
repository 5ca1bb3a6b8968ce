/* SPDX-License-Identifier: MIT */
/*
 * Which guest memory is where: regions, found by GPA, by VA and by a number of the kernel's own.
 *
 *     static struct pv_mem_map map;
 *     const struct pv_mem_region ram = { .gpa = 0x100000, .pages = 256, .va = va, .id = 7 };
 *
 *     pv_mem_map_init(&map);
 *     status = pv_mem_map_add(&map, &ram);                  one writer
 *     status = pv_mem_map_find_gpa(&map, gpa, &region);     any CPU, no lock
 *
 *     for (at = pv_mem_map_from(&map, gpa); pv_mem_cursor_next(&at, &region);)   in order
 *     for (at = pv_mem_map_at_va(&map, va); pv_mem_cursor_next(&at, &region);)   all that map it
 *
 * Regions do not overlap in guest physical memory; their virtual ranges may. Neighbours stay apart:
 * what was added as two regions is two regions.
 *
 * Readers never wait. Each look-up and each cursor sees the map as it was at one moment: before a
 * change or after it, and a batch of changes is one. Memory of an old map is used again only when the
 * kernel says that no reader can be left (pv_os_grace_begin), so a look-up, or a cursor from its
 * making to its last use, is one stretch of what the kernel counts as reading.
 */
#ifndef PV_MEM_MAP_H
#define PV_MEM_MAP_H

#include <pv/mem/cache.h>
#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Mapped nowhere: not found by VA. */
#define PV_MEM_VA_NONE (~0ull)

struct pv_mem_region {
    uint64_t gpa;   /* multiple of 4096 */
    uint64_t pages; /* of 4096 bytes, at least 1 */
    uint64_t va;    /* of its first byte, multiple of 4096, or PV_MEM_VA_NONE */
    uint64_t id;    /* the kernel's; no two regions have the same */
    uint32_t flags; /* the kernel's */
};

/* Memory of one kind of object behind the maps that readers may still see. */
struct pv_mem_pool {
    struct pv_mem_slab slab;
    struct pv_mem_cache ready;
    struct pv_mem_item *made;     /* by changes that are not visible yet */
    bool dead;                    /* some of those were dropped by them */
    struct pv_mem_item *replaced; /* by them */
    struct pv_mem_item *oldest;   /* replaced by visible ones, until grace is over */
    struct pv_mem_item *newest;
    size_t old;                   /* of those that wait */
};

/* Zero it (static storage will do) before pv_mem_map_init. */
struct pv_mem_map {
    struct pv_mem_version *version; /* what readers see; NULL: empty */
    struct pv_mem_version *draft;         /* what the open batch will make of it, or NULL */
    struct pv_mem_pool records;
    struct pv_mem_pool trie_nodes; /* by GPA, by id */
    struct pv_mem_pool tree_nodes; /* by VA */
    uint64_t batch; /* number of the change in preparation */
    bool open;      /* between pv_mem_map_begin and its end */
};

/*
 * An empty map.
 * Context: before anybody reads it. Not while it has memory (pv_mem_map_release).
 */
void pv_mem_map_init(struct pv_mem_map *map);

/* ---- changes ---- */

/*
 * Add a region.
 * Context: one caller of everything that changes a map at a time; readers go on meanwhile. Visible
 *          at once, or with its batch. Takes up to 5 KiB of stack, for the largest of ids and GPAs.
 * Needs:   pv_os_page_alloc, pv_os_page_free, pv_os_grace_begin, pv_os_grace_over.
 * Return:  PV_INVALID    no pages, an address that is no multiple of 4096, or a range that wraps
 *                        around at 2^64
 *          PV_OVERLAPS   a region has some of that guest physical memory
 *          PV_EXISTS     a region has that id
 *          PV_NO_MEMORY  no page
 *          PV_NO_ROOM    the map is PV_MEM_LEVELS levels deep
 *          On error the map, or the batch, is as before.
 */
PV_MUST_CHECK enum pv_status pv_mem_map_add(struct pv_mem_map *map,
                                            const struct pv_mem_region *region);

/*
 * Forget a region.
 * Context, Needs: as pv_mem_map_add.
 * Return:  PV_NOT_FOUND  no region has that id
 *          PV_NO_MEMORY  no page; the map is as before. Not after pv_mem_map_reserve
 */
PV_MUST_CHECK enum pv_status pv_mem_map_remove(struct pv_mem_map *map, uint64_t id);

/*
 * Replace a region by another, which may overlap it: another place, size, id, other flags.
 * Context, Needs: as pv_mem_map_add.
 * Return:  PV_NOT_FOUND  no region has that id
 *          PV_INVALID, PV_OVERLAPS, PV_EXISTS, PV_NO_MEMORY, PV_NO_ROOM: as pv_mem_map_add
 */
PV_MUST_CHECK enum pv_status pv_mem_map_change(struct pv_mem_map *map, uint64_t id,
                                               const struct pv_mem_region *to);

/*
 * Move a region: its memory appears at another GPA, VA or both. Otherwise as pv_mem_map_change.
 * Context, Needs: as pv_mem_map_add.
 * Return:  PV_NOT_FOUND, PV_INVALID, PV_OVERLAPS, PV_NO_MEMORY, PV_NO_ROOM: as pv_mem_map_change
 */
PV_MUST_CHECK enum pv_status pv_mem_map_move(struct pv_mem_map *map, uint64_t id, uint64_t gpa,
                                             uint64_t va);

/*
 * Grow or shrink a region at its end. Otherwise as pv_mem_map_change.
 * Context, Needs: as pv_mem_map_add.
 * Return:  PV_NOT_FOUND, PV_INVALID, PV_OVERLAPS, PV_NO_MEMORY, PV_NO_ROOM: as pv_mem_map_change
 */
PV_MUST_CHECK enum pv_status pv_mem_map_resize(struct pv_mem_map *map, uint64_t id, uint64_t pages);

/*
 * Change the flags of a region. Outside a batch that is one store and takes no memory; cursors that
 * are under way may see it. In a batch it is a change like others.
 * Context, Needs: as pv_mem_map_add.
 * Return:  PV_NOT_FOUND  no region has that id
 *          PV_NO_MEMORY  in a batch: no page
 */
PV_MUST_CHECK enum pv_status pv_mem_map_set_flags(struct pv_mem_map *map, uint64_t id,
                                                  uint32_t flags);

/*
 * Open a batch: the changes that follow become visible together, and meanwhile only to each other.
 * Context: as pv_mem_map_add.
 * Return:  PV_BAD_STATE  one is open
 */
PV_MUST_CHECK enum pv_status pv_mem_map_begin(struct pv_mem_map *map);

/*
 * Make the changes of a batch visible, with one store.
 * Context: as pv_mem_map_add. Takes no memory.
 * Return:  PV_BAD_STATE  no batch is open
 */
PV_MUST_CHECK enum pv_status pv_mem_map_commit(struct pv_mem_map *map);

/*
 * Forget the changes of a batch.
 * Context: as pv_mem_map_add. Takes no memory.
 * Return:  PV_BAD_STATE  no batch is open
 */
PV_MUST_CHECK enum pv_status pv_mem_map_cancel(struct pv_mem_map *map);

/*
 * Have memory ready for `changes` changes, each outside of a batch: they will not fail for want of
 * it, and ask the OS for none.
 * @highest: its gpa, pages and id are the highest that any region of those changes will have; NULL
 *           when none gets a higher end or id: to remove, shrink, set flags.
 * Context, Needs: as pv_mem_map_add.
 * Return:  PV_NO_ROOM    more than PV_MEM_RESERVE_MAX
 *          PV_NO_MEMORY  no page
 */
#define PV_MEM_RESERVE_MAX 8u
PV_MUST_CHECK enum pv_status pv_mem_map_reserve(struct pv_mem_map *map, uint32_t changes,
                                                const struct pv_mem_region *highest);

/*
 * Give memory of old maps back, as far as no reader can be in there. Every change does that too.
 * Context, Needs: as pv_mem_map_add.
 */
void pv_mem_map_reclaim(struct pv_mem_map *map);

/*
 * Empty the map and give all its memory back; an open batch is forgotten.
 * Context: as pv_mem_map_add, and nobody reads it any more.
 * Needs:   pv_os_page_free.
 */
void pv_mem_map_release(struct pv_mem_map *map);

/* ---- look-ups ---- */

/*
 * The region that has a byte of guest physical memory.
 * Context: any CPU, any time, NMI included, also while the map changes. No lock, no OS function.
 * Return:  PV_NOT_FOUND  none has
 */
PV_MUST_CHECK enum pv_status pv_mem_map_find_gpa(const struct pv_mem_map *map, uint64_t gpa,
                                                 struct pv_mem_region *region);

/*
 * The region of an id.
 * Context: as pv_mem_map_find_gpa.
 * Return:  PV_NOT_FOUND  none has it
 */
PV_MUST_CHECK enum pv_status pv_mem_map_find_id(const struct pv_mem_map *map, uint64_t id,
                                                struct pv_mem_region *region);

/*
 * A region that maps a virtual address, of several the one that starts lowest.
 * Context: as pv_mem_map_find_gpa.
 * Return:  PV_NOT_FOUND  none does
 */
PV_MUST_CHECK enum pv_status pv_mem_map_find_va(const struct pv_mem_map *map, uint64_t va,
                                                struct pv_mem_region *region);

/*
 * The first stretch of guest physical memory that no region has, from the page of `gpa` up to the
 * next region or the end of the address space.
 * Context: as pv_mem_map_find_gpa.
 * Return:  PV_NOT_FOUND  there is none up to 2^64
 */
PV_MUST_CHECK enum pv_status pv_mem_map_hole(const struct pv_mem_map *map, uint64_t gpa,
                                             uint64_t *hole_gpa, uint64_t *hole_pages);

/*
 * How many regions there are.
 * Context: as pv_mem_map_find_gpa.
 */
size_t pv_mem_map_count(const struct pv_mem_map *map);

/* Levels that the index by VA can have: enough for more regions than memory has room for. */
#define PV_MEM_LEVELS 16u

/* A way through the regions of one version of the map. On the caller's stack. */
struct pv_mem_cursor {
    const struct pv_mem_version *version;
    uint64_t page; /* by GPA: where the way goes on; by VA: what all of them map */
    bool by_va;
    uint32_t level; /* by VA: where the way goes on; `levels` at its end */
    uint32_t levels;
    uint32_t next[PV_MEM_LEVELS]; /* entry in each level's node that is looked at next */
    const struct pv_mem_node *path[PV_MEM_LEVELS];
};

/*
 * All regions in ascending order of GPA, from the one that has `gpa`, or the next one, on.
 * Context: as pv_mem_map_find_gpa.
 */
struct pv_mem_cursor pv_mem_map_from(const struct pv_mem_map *map, uint64_t gpa);

/*
 * All regions that map a virtual address, in ascending order of their VA, then GPA.
 * Context: as pv_mem_map_find_gpa.
 */
struct pv_mem_cursor pv_mem_map_at_va(const struct pv_mem_map *map, uint64_t va);

/*
 * The next region; false when there is no more.
 * Context: in the stretch of reading in which the cursor was made.
 */
bool pv_mem_cursor_next(struct pv_mem_cursor *cursor, struct pv_mem_region *region);

/* Memory of a map. */
struct pv_mem_map_use {
    size_t pages;       /* held from the OS */
    size_t live_bytes;  /* in regions and index nodes of the visible map */
    size_t ready_bytes; /* for changes to come */
    size_t old_bytes;   /* in old versions, waiting for grace */
};

/*
 * How much memory the map has.
 * Context: as pv_mem_map_add.
 */
struct pv_mem_map_use pv_mem_map_use(const struct pv_mem_map *map);

#ifdef __cplusplus
}
#endif

#endif
