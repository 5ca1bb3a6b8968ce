/* SPDX-License-Identifier: MIT */
/*
 * What a kernel writes by hand: red-black trees (BSD sys/tree.h) over nodes that are there already.
 * One tree by GPA; or three over one node, with the checks that pv_mem_map_add makes: no overlap,
 * no id twice. Readers would need a lock, which is not counted.
 */
#include "mem.h"

/* Its own name for functions that it makes and nobody calls. */
#ifndef __unused
#define __unused __attribute__((unused))
#endif
#include <bsd/sys/tree.h>

/* ---- one tree ---- */

struct node1 {
    uint64_t gpa;
    uint64_t last; /* byte */
    uint64_t va;
    uint64_t id;
    uint32_t flags;
    RB_ENTRY(node1) by_gpa;
};

/* Ranges that overlap are equal, so that an insertion finds them out. */
static inline int compare_gpa1(const struct node1 *a, const struct node1 *b)
{
    return a->last < b->gpa ? -1 : a->gpa > b->last;
}

RB_HEAD(tree1, node1);
RB_GENERATE_STATIC(tree1, node1, by_gpa, compare_gpa1)

static struct tree1 tree1 = RB_INITIALIZER(&tree1);
static struct node1 *nodes1;

static void place1(struct node1 *node, const struct bench_region *region, uint32_t place)
{
    node->gpa = region->place[place].gpa;
    node->last = node->gpa + region->pages * PV_PAGE_BYTES - 1;
    node->va = region->place[place].va;
}

static void clear1(void)
{
    if (nodes1 == NULL)
        nodes1 = os_memory(REGIONS_MAX * sizeof(nodes1[0]));
    RB_INIT(&tree1);
}

static struct node1 *find1(uint64_t gpa)
{
    struct node1 key = { .gpa = gpa, .last = gpa };
    struct node1 *node = RB_FIND(tree1, &tree1, &key);

    if (node == NULL)
        give_up("one tree: not found");
    return node;
}

static PV_NOINLINE void find_gpa1(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        found += find1(wanted[FIND_GPA][i])->id;
}

static PV_NOINLINE void add1(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node1 *node = &nodes1[chosen[i]];

        place1(node, &regions[chosen[i]], 0);
        node->id = regions[chosen[i]].id;
        node->flags = 0;
        if (RB_INSERT(tree1, &tree1, node) != NULL)
            give_up("one tree: overlap");
    }
}

static PV_NOINLINE void remove1(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        RB_REMOVE(tree1, &tree1, find1(regions[chosen[i]].place[0].gpa));
}

/* Nothing is in the way: the check is made, and what to do about it is not needed here. */
static PV_NOINLINE void move1(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node1 *node = find1(regions[chosen[i]].place[1 - move_to].gpa);

        RB_REMOVE(tree1, &tree1, node);
        place1(node, &regions[chosen[i]], move_to);
        if (RB_INSERT(tree1, &tree1, node) != NULL)
            give_up("one tree: overlap");
    }
}

static PV_NOINLINE void flags1(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        __atomic_store_n(&find1(regions[chosen[i]].place[0].gpa)->flags, i, __ATOMIC_RELAXED);
}

static PV_NOINLINE void iterate1(uint32_t count)
{
    struct node1 *node = RB_MIN(tree1, &tree1);

    for (; count > 0; count--, node = RB_NEXT(tree1, &tree1, node))
        found += node->id;
}

static PV_NOINLINE void hole1(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node1 *node = find1(wanted[FIND_GPA][i]);
        struct node1 *next = RB_NEXT(tree1, &tree1, node);

        for (; next != NULL && next->gpa == node->last + 1; next = RB_NEXT(tree1, &tree1, next))
            node = next;
        found += node->last + 1;
        found += ((next != NULL ? next->gpa : 0) - node->last - 1) / PV_PAGE_BYTES;
    }
}

const struct contender one_tree = {
    .name = "tree",
    .node_bytes = sizeof(struct node1),
    .clear = clear1,
    .run = { [FIND_GPA] = find_gpa1, [ADD] = add1, [REMOVE] = remove1, [MOVE] = move1,
             [FLAGS] = flags1, [ITERATE] = iterate1, [HOLE] = hole1 },
};

/* ---- three trees ---- */

struct node3 {
    uint64_t gpa;
    uint64_t last;
    uint64_t va;
    uint64_t va_last;
    uint64_t va_max; /* last byte of any below it in the tree by VA */
    uint64_t id;
    uint32_t flags;
    RB_ENTRY(node3) by_gpa;
    RB_ENTRY(node3) by_va;
    RB_ENTRY(node3) by_id;
};

static inline int compare_gpa3(const struct node3 *a, const struct node3 *b)
{
    return a->last < b->gpa ? -1 : a->gpa > b->last;
}

static inline int compare_id3(const struct node3 *a, const struct node3 *b)
{
    return a->id < b->id ? -1 : a->id > b->id;
}

static inline int compare_va3(const struct node3 *a, const struct node3 *b)
{
    if (a->va != b->va)
        return a->va < b->va ? -1 : 1;
    return a->gpa < b->gpa ? -1 : a->gpa > b->gpa;
}

static inline void augment(struct node3 *node)
{
    const struct node3 *left = RB_LEFT(node, by_va);
    const struct node3 *right = RB_RIGHT(node, by_va);
    uint64_t max = node->va_last;

    max = left != NULL && left->va_max > max ? left->va_max : max;
    node->va_max = right != NULL && right->va_max > max ? right->va_max : max;
}

RB_HEAD(gpas, node3);
RB_HEAD(vas, node3);
RB_HEAD(ids, node3);
RB_GENERATE_STATIC(gpas, node3, by_gpa, compare_gpa3)
RB_GENERATE_STATIC(ids, node3, by_id, compare_id3)
#undef RB_AUGMENT
#define RB_AUGMENT(node) augment(node)
RB_GENERATE_STATIC(vas, node3, by_va, compare_va3)

static struct gpas gpas = RB_INITIALIZER(&gpas);
static struct vas vas = RB_INITIALIZER(&vas);
static struct ids ids = RB_INITIALIZER(&ids);
static struct node3 *nodes3;

static void place3(struct node3 *node, const struct bench_region *region, uint32_t place)
{
    const uint64_t last = region->pages * PV_PAGE_BYTES - 1;

    node->gpa = region->place[place].gpa;
    node->last = node->gpa + last;
    node->va = region->place[place].va;
    node->va_last = node->va + last;
}

/* RB_INSERT with the maxima on its way down; the tree's own looks no further up than the parent. */
static void insert_va(struct node3 *node)
{
    struct node3 *parent = NULL;
    struct node3 **link = &RB_ROOT(&vas);

    while (*link != NULL) {
        parent = *link;
        if (parent->va_max < node->va_last)
            parent->va_max = node->va_last;
        link = compare_va3(node, parent) < 0 ? &RB_LEFT(parent, by_va) : &RB_RIGHT(parent, by_va);
    }
    RB_SET(node, parent, by_va);
    node->va_max = node->va_last;
    *link = node;
    vas_RB_INSERT_COLOR(&vas, node);
}

static void remove_va(struct node3 *node)
{
    struct node3 *up = node;

    bool changed = true;

    node->va_last = 0;
    for (; up != NULL && changed; up = RB_PARENT(up, by_va)) {
        const uint64_t before = up->va_max;

        augment(up);
        changed = up->va_max != before;
    }
    RB_REMOVE(vas, &vas, node);
}

static void clear3(void)
{
    if (nodes3 == NULL)
        nodes3 = os_memory(REGIONS_MAX * sizeof(nodes3[0]));
    RB_INIT(&gpas);
    RB_INIT(&vas);
    RB_INIT(&ids);
}

static struct node3 *find_gpa_one3(uint64_t gpa)
{
    struct node3 key;
    struct node3 *node;

    key.gpa = key.last = gpa;
    node = RB_FIND(gpas, &gpas, &key);
    if (node == NULL)
        give_up("three trees: GPA not found");
    return node;
}

static struct node3 *find_id_one3(uint64_t id)
{
    struct node3 key;
    struct node3 *node;

    key.id = id;
    node = RB_FIND(ids, &ids, &key);
    if (node == NULL)
        give_up("three trees: id not found");
    return node;
}

/* The one that starts lowest: if any in the left half ends late enough, the first of those is it,
 * or nothing is. */
static struct node3 *find_va_one3(uint64_t va)
{
    struct node3 *node = RB_ROOT(&vas);

    while (node != NULL && node->va_max >= va) {
        struct node3 *left = RB_LEFT(node, by_va);

        if (left != NULL && left->va_max >= va)
            node = left;
        else if (node->va > va)
            break;
        else if (node->va_last >= va)
            return node;
        else
            node = RB_RIGHT(node, by_va);
    }
    give_up("three trees: VA not found");
}

static PV_NOINLINE void find_gpa3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        found += find_gpa_one3(wanted[FIND_GPA][i])->id;
}

static PV_NOINLINE void find_id3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        found += find_id_one3(wanted[FIND_ID][i])->gpa;
}

static PV_NOINLINE void find_va3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        found += find_va_one3(wanted[FIND_VA][i])->id;
}

static PV_NOINLINE void add3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node3 *node = &nodes3[chosen[i]];

        place3(node, &regions[chosen[i]], 0);
        node->id = regions[chosen[i]].id;
        node->flags = 0;
        if (RB_INSERT(ids, &ids, node) != NULL)
            give_up("three trees: id is there");
        if (RB_INSERT(gpas, &gpas, node) != NULL)
            give_up("three trees: overlap");
        insert_va(node);
    }
}

static PV_NOINLINE void remove3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node3 *node = find_id_one3(regions[chosen[i]].id);

        RB_REMOVE(ids, &ids, node);
        RB_REMOVE(gpas, &gpas, node);
        remove_va(node);
    }
}

static PV_NOINLINE void move3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node3 *node = find_id_one3(regions[chosen[i]].id);

        RB_REMOVE(gpas, &gpas, node);
        remove_va(node);
        place3(node, &regions[chosen[i]], move_to);
        if (RB_INSERT(gpas, &gpas, node) != NULL)
            give_up("three trees: overlap");
        insert_va(node);
    }
}

static PV_NOINLINE void flags3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        __atomic_store_n(&find_id_one3(regions[chosen[i]].id)->flags, i, __ATOMIC_RELAXED);
}

static PV_NOINLINE void iterate3(uint32_t count)
{
    struct node3 *node = RB_MIN(gpas, &gpas);

    for (; count > 0; count--, node = RB_NEXT(gpas, &gpas, node))
        found += node->id;
}

static PV_NOINLINE void hole3(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct node3 *node = find_gpa_one3(wanted[FIND_GPA][i]);
        struct node3 *next = RB_NEXT(gpas, &gpas, node);

        for (; next != NULL && next->gpa == node->last + 1; next = RB_NEXT(gpas, &gpas, next))
            node = next;
        found += node->last + 1;
        found += ((next != NULL ? next->gpa : 0) - node->last - 1) / PV_PAGE_BYTES;
    }
}

const struct contender three_trees = {
    .name = "trees",
    .node_bytes = sizeof(struct node3),
    .clear = clear3,
    .run = { [FIND_GPA] = find_gpa3, [FIND_ID] = find_id3, [FIND_VA] = find_va3, [ADD] = add3,
             [REMOVE] = remove3, [MOVE] = move3, [FLAGS] = flags3, [ITERATE] = iterate3,
             [HOLE] = hole3 },
};
