/* SPDX-License-Identifier: MIT */
/* Changes of the tree by VA, by copies of the nodes on the way. */
#include "mem/tree.h"

#include "pv_port.h"

#define NO_KEY (~0ull)

/* Below this many entries a node looks for a neighbour to merge with. */
#define FEW (PV_MEM_NODE_ENTRIES / 3)

struct entry {
    uint64_t key;
    uint64_t end;
    union pv_mem_child child;
};

/* The nodes from the leaf, [0], up to the root, and the entry taken in each. */
struct path {
    uint32_t levels;
    struct pv_mem_node *node[PV_MEM_LEVELS];
    uint32_t at[PV_MEM_LEVELS]; /* in the leaf: the number of entries up to the place */
};

/* ---- entries of a node ---- */

static void move(struct pv_mem_node *to, uint32_t to_at, const struct pv_mem_node *from,
                 uint32_t from_at, uint32_t count)
{
    memmove(&to->key[to_at], &from->key[from_at], count * sizeof(to->key[0]));
    memmove(&to->end[to_at], &from->end[from_at], count * sizeof(to->end[0]));
    memmove(&to->child[to_at], &from->child[from_at], count * sizeof(to->child[0]));
}

static void set(struct pv_mem_node *node, uint32_t at, const struct entry *entry)
{
    node->key[at] = entry->key;
    node->end[at] = entry->end;
    node->child[at] = entry->child;
}

static void put(struct pv_mem_node *node, uint32_t at, const struct entry *entry)
{
    move(node, at + 1, node, at, node->count - at);
    set(node, at, entry);
    node->count++;
}

/* Keep the first `count` entries. */
static void end_at(struct pv_mem_node *node, uint32_t count)
{
    for (uint32_t i = count; i < node->count; i++)
        node->key[i] = NO_KEY;
    node->count = count;
}

static void cut(struct pv_mem_node *node, uint32_t at)
{
    move(node, at, node, at + 1, node->count - 1 - at);
    end_at(node, node->count - 1);
}

static struct entry entry_of_record(struct pv_mem_record *record)
{
    const uint64_t page = pv_mem_page_(record->region.va);
    const struct entry entry = { page, page + record->region.pages, { .record = record } };

    return entry;
}

static struct entry entry_of_node(struct pv_mem_node *node)
{
    struct entry entry = { node->key[0], node->end[0], { .node = node } };

    for (uint32_t i = 1; i < node->count; i++)
        if (node->end[i] > entry.end)
            entry.end = node->end[i];
    return entry;
}

/* ---- nodes ---- */

static struct pv_mem_node *make(const struct pv_mem_edit *edit, uint32_t level)
{
    struct pv_mem_node *node = pv_mem_pool_make_(edit->nodes, edit->batch);

    node->level = level;
    node->count = PV_MEM_NODE_ENTRIES;
    end_at(node, 0);
    return node;
}

static void drop(const struct pv_mem_edit *edit, struct pv_mem_node *node)
{
    pv_mem_pool_drop_(edit->nodes, &node->item, edit->batch);
}

/* The node itself if this batch made it, else a copy that takes its place. */
static struct pv_mem_node *own(const struct pv_mem_edit *edit, struct pv_mem_node *node)
{
    struct pv_mem_node *copy;

    if (node->item.mark == edit->batch)
        return node;
    copy = pv_mem_pool_make_(edit->nodes, edit->batch);
    memcpy((uint8_t *)copy + sizeof(copy->item), (const uint8_t *)node + sizeof(node->item),
           sizeof(*node) - sizeof(node->item));
    drop(edit, node);
    return copy;
}

/* Give a full node's upper part to a new one at its right. At its end a node stays full: then
 * regions that come in order fill theirs. */
static struct pv_mem_node *split(const struct pv_mem_edit *edit, struct pv_mem_node *node,
                                 uint32_t at)
{
    const uint32_t keep = at == PV_MEM_NODE_ENTRIES ? at : PV_MEM_NODE_ENTRIES / 2;
    struct pv_mem_node *right = make(edit, node->level);

    right->count = node->count - keep;
    move(right, 0, node, keep, right->count);
    end_at(node, keep);
    return right;
}

/* Put an entry into a node. Gives the new right neighbour if that takes one, else NULL. */
static struct pv_mem_node *put_or_split(const struct pv_mem_edit *edit, struct pv_mem_node *node,
                                        uint32_t at, const struct entry *entry)
{
    struct pv_mem_node *right;

    if (node->count < PV_MEM_NODE_ENTRIES) {
        put(node, at, entry);
        return NULL;
    }
    right = split(edit, node, at);
    if (at > node->count || right->count == 0)
        put(right, at - node->count, entry);
    else
        put(node, at, entry);
    return right;
}

/* Make one of two neighbours, if one can hold both; `at` is the left one. */
static void merge(const struct pv_mem_edit *edit, struct pv_mem_node *parent, uint32_t at)
{
    struct pv_mem_node *left = parent->child[at].node;
    struct pv_mem_node *right = parent->child[at + 1].node;
    struct entry entry;

    if (left->count + right->count > PV_MEM_NODE_ENTRIES)
        return;
    left = own(edit, left);
    move(left, left->count, right, 0, right->count);
    left->count += right->count;
    drop(edit, right);
    cut(parent, at + 1);
    entry = entry_of_node(left);
    set(parent, at, &entry);
}

/* ---- the way down ---- */

/* GPA of the first region below an entry. */
static uint64_t first_gpa(const struct pv_mem_node *node, uint32_t at)
{
    for (; node->level > 0; at = 0)
        node = node->child[at].node;
    return node->child[at].record->region.gpa;
}

/* How many entries are at most (key, GPA). Only keys that are the same ask for more than the keys. */
static uint32_t at_most(const struct pv_mem_node *node, uint64_t key, uint64_t gpa)
{
    uint32_t count = pv_mem_at_most_(node, key);

    while (count > 0 && node->key[count - 1] == key && first_gpa(node, count - 1) > gpa)
        count--;
    return count;
}

static void descend(struct path *path, struct pv_mem_node *node, uint64_t key, uint64_t gpa)
{
    path->levels = node->level + 1;
    for (uint32_t level = node->level; level > 0; level--) {
        const uint32_t count = at_most(node, key, gpa);

        path->node[level] = node;
        path->at[level] = count > 0 ? count - 1 : 0;
        node = node->child[path->at[level]].node;
    }
    path->node[0] = node;
    path->at[0] = at_most(node, key, gpa);
}

/* ---- the three changes: down, then up with copies ---- */

static void grow(const struct pv_mem_edit *edit, struct pv_mem_node *left, const struct entry *right)
{
    const struct entry entry = entry_of_node(left);
    struct pv_mem_node *root = make(edit, left->level + 1);

    put(root, 0, &entry);
    put(root, 1, right);
    *edit->root = root;
}

void pv_mem_tree_insert_(const struct pv_mem_edit *edit, struct pv_mem_record *record)
{
    struct entry entry = entry_of_record(record);
    struct pv_mem_node *node, *more;
    struct path path;

    if (*edit->root == NULL)
        *edit->root = make(edit, 0);
    descend(&path, *edit->root, entry.key, record->region.gpa);
    node = own(edit, path.node[0]);
    more = put_or_split(edit, node, path.at[0], &entry);
    for (uint32_t level = 1; level < path.levels; level++) {
        struct pv_mem_node *parent = own(edit, path.node[level]);
        const uint32_t at = path.at[level];

        entry = entry_of_node(node);
        set(parent, at, &entry);
        node = parent;
        if (more == NULL)
            continue;
        entry = entry_of_node(more);
        more = put_or_split(edit, node, at + 1, &entry);
    }
    *edit->root = node;
    if (more != NULL) {
        entry = entry_of_node(more);
        grow(edit, node, &entry);
    }
}

void pv_mem_tree_replace_(const struct pv_mem_edit *edit, const struct pv_mem_record *from,
                          struct pv_mem_record *to)
{
    struct entry entry = entry_of_record(to);
    struct path path;

    descend(&path, *edit->root, entry.key, from->region.gpa);
    path.at[0]--;
    for (uint32_t level = 0; level < path.levels; level++) {
        struct pv_mem_node *node = own(edit, path.node[level]);

        set(node, path.at[level], &entry);
        entry = entry_of_node(node);
    }
    *edit->root = entry.child.node;
}

/* Let a parent know what became of a child from which something was removed. */
static void settle(const struct pv_mem_edit *edit, struct pv_mem_node *parent, uint32_t at,
                   struct pv_mem_node *child)
{
    struct entry entry;

    if (child->count == 0) {
        drop(edit, child);
        cut(parent, at);
        return;
    }
    entry = entry_of_node(child);
    set(parent, at, &entry);
    if (child->count >= FEW)
        return;
    if (at + 1 < parent->count)
        merge(edit, parent, at);
    if (at > 0)
        merge(edit, parent, at - 1);
}

void pv_mem_tree_remove_(const struct pv_mem_edit *edit, struct pv_mem_record *record)
{
    const struct entry entry = entry_of_record(record);
    struct pv_mem_node *node;
    struct path path;

    descend(&path, *edit->root, entry.key, record->region.gpa);
    node = own(edit, path.node[0]);
    cut(node, path.at[0] - 1);
    for (uint32_t level = 1; level < path.levels; level++) {
        struct pv_mem_node *parent = own(edit, path.node[level]);

        settle(edit, parent, path.at[level], node);
        node = parent;
    }
    for (; node->level > 0 && node->count == 1; node = node->child[0].node)
        drop(edit, node);
    if (node->count == 0) {
        drop(edit, node);
        node = NULL;
    }
    *edit->root = node;
}
