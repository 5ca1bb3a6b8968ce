/* SPDX-License-Identifier: MIT */
/*
 * A map as it is at one moment: three indexes over the same records.
 *
 * Nothing of a visible version changes, but for flags that are set outside of batches. A change copies the nodes on its way, in each index, and shares
 * the rest with the version before; then one store makes it the visible one.
 */
#ifndef PV_MEM_VERSION_INTERNAL_H
#define PV_MEM_VERSION_INTERNAL_H

#include "mem/tree.h"
#include "mem/trie.h"

struct pv_mem_version {
    struct pv_mem_item item;
    struct pv_mem_trie by_gpa;
    struct pv_mem_trie by_id;
    struct pv_mem_node *by_va; /* NULL: no region has a VA */
    size_t count;              /* regions */
};

/* A record or a version. */
#define PV_MEM_RECORD_BYTES 64u
PV_STATIC_ASSERT(sizeof(struct pv_mem_record) <= PV_MEM_RECORD_BYTES, "one line of the cache");
PV_STATIC_ASSERT(sizeof(struct pv_mem_version) <= PV_MEM_RECORD_BYTES, "the same memory");

/* The record of an id; NULL if there is none. */
static inline struct pv_mem_record *pv_mem_of_id_(const struct pv_mem_version *version, uint64_t id)
{
    struct pv_mem_record *record = pv_mem_trie_find_(&version->by_id, id);

    return record != NULL && record->region.id == id ? record : NULL;
}

#endif
