/* SPDX-License-Identifier: MIT */
/*
 * Regions by VA, where they may overlap: a B+ tree in the order of VA, then GPA, each entry of which
 * knows the highest end of what is below it.
 */
#ifndef PV_MEM_TREE_INTERNAL_H
#define PV_MEM_TREE_INTERNAL_H

#include "mem/record.h"

/* Measured: tests/bench/mem.c, docs/DESIGN.md. Whole cache lines, and seven nodes fill a page. */
#ifndef PV_MEM_NODE_BYTES
#define PV_MEM_NODE_BYTES 576u
#endif
#define PV_MEM_NODE_ENTRIES ((PV_MEM_NODE_BYTES - 24) / 24)

union pv_mem_child {
    struct pv_mem_node *node;
    struct pv_mem_record *record;
};

struct pv_mem_node {
    struct pv_mem_item item;
    uint32_t count; /* entries, at least 1 */
    uint32_t level; /* 0: leaf, children are records */
    /* First virtual page, the lowest below each child, ascending; ~0 beyond `count`. */
    uint64_t key[PV_MEM_NODE_ENTRIES];
    /* Of a region below the child, the highest: the page after it. */
    uint64_t end[PV_MEM_NODE_ENTRIES];
    union pv_mem_child child[PV_MEM_NODE_ENTRIES];
};

/* Keys that are compared in a row. */
#define PV_MEM_STRIDE (PV_MEM_NODE_ENTRIES >= 6 ? 6u : 1u)

/*
 * How many keys of a node are at most `key`: first every sixth, then six. Always the same number of
 * steps, and none depends on the outcome of a comparison, which no processor could predict.
 */
static inline uint32_t pv_mem_at_most_(const struct pv_mem_node *node, uint64_t key)
{
    const uint32_t last = PV_MEM_NODE_ENTRIES - PV_MEM_STRIDE;
    uint32_t first = 0, count;

    for (uint32_t i = PV_MEM_STRIDE - 1; i < PV_MEM_NODE_ENTRIES; i += PV_MEM_STRIDE)
        first += (node->key[i] <= key) * PV_MEM_STRIDE;
    if (first > last)
        first = last;
    count = first;
    for (uint32_t i = 0; i < PV_MEM_STRIDE; i++)
        count += node->key[first + i] <= key;
    return count < node->count ? count : node->count;
}

/* A tree of a version in preparation, and where its nodes come from. */
struct pv_mem_edit {
    struct pv_mem_pool *nodes;
    uint64_t batch;
    struct pv_mem_node **root;
};

/* Levels of the tree; 0 if it is empty. */
static inline uint32_t pv_mem_levels_(const struct pv_mem_node *root)
{
    return root != NULL ? root->level + 1 : 0;
}

/* Nodes that one change makes at most: a copy and a split or a merge on each level, and a new root; on
 * one level more than there is now, for changes that others go before. */
static inline uint32_t pv_mem_tree_needs_(const struct pv_mem_node *root)
{
    return 2 * (pv_mem_levels_(root) + 1) + 1;
}

/* Nodes were provided, and the tree stays within PV_MEM_LEVELS. The record is not in the tree; is. */
void pv_mem_tree_insert_(const struct pv_mem_edit *edit, struct pv_mem_record *record);
void pv_mem_tree_remove_(const struct pv_mem_edit *edit, struct pv_mem_record *record);
/* `to` takes the place of `from`, with the same key and GPA. */
void pv_mem_tree_replace_(const struct pv_mem_edit *edit, const struct pv_mem_record *from,
                          struct pv_mem_record *to);

#endif
