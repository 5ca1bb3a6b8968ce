/* SPDX-License-Identifier: MIT */
/*
 * Regions by a number: the page they start at, or their id.
 *
 * A radix tree of 16 ways whose leaves are as high up as they can be: what is below a link is nothing,
 * one region, a bucket of a few, or a node with a link for each sixteenth of the numbers. So a look-up
 * compares nothing on its way down, and a region that fills many sixteenths is one link in each.
 */
#ifndef PV_MEM_TRIE_INTERNAL_H
#define PV_MEM_TRIE_INTERNAL_H

#include "mem/record.h"

/* NULL, or an address and in its low bits what is there. */
typedef uintptr_t pv_mem_link;

enum pv_mem_kind {
    PV_MEM_RECORD = 0,
    PV_MEM_BUCKET = 1,
    PV_MEM_FORK = 2,
    PV_MEM_KIND = 3, /* the bits */
};

#define PV_MEM_WAY_BITS 4u
#define PV_MEM_WAYS (1u << PV_MEM_WAY_BITS)
#define PV_MEM_BUCKET_MAX 8u

/* Two regions at least, that share numbers with the link's. */
struct pv_mem_bucket {
    struct pv_mem_item item;
    uint32_t count;
    uint64_t first[PV_MEM_BUCKET_MAX]; /* ascending; ~0 beyond `count` */
    struct pv_mem_record *record[PV_MEM_BUCKET_MAX];
};

struct pv_mem_fork {
    struct pv_mem_item item;
    uint32_t count; /* regions that share numbers with the link's */
    uint32_t full;  /* bit i: every number of way i has a region; by GPA only */
    pv_mem_link way[PV_MEM_WAYS];
};

/* A bucket becomes a fork when it would hold more than it can, and again a bucket at half of that. */
#define PV_MEM_FORK_MIN (PV_MEM_BUCKET_MAX / 2)
#define PV_MEM_FORK_FULL ((1u << PV_MEM_WAYS) - 1)

union pv_mem_trie_node {
    struct pv_mem_bucket bucket;
    struct pv_mem_fork fork;
};

/* All numbers below 2^bits. */
struct pv_mem_trie {
    pv_mem_link root;
    uint32_t bits;
};

static inline enum pv_mem_kind pv_mem_kind_(pv_mem_link link)
{
    return (enum pv_mem_kind)(link & PV_MEM_KIND);
}

static inline struct pv_mem_fork *pv_mem_fork_(pv_mem_link link)
{
    return (struct pv_mem_fork *)(link - PV_MEM_FORK);
}

static inline struct pv_mem_bucket *pv_mem_bucket_(pv_mem_link link)
{
    return (struct pv_mem_bucket *)(link - PV_MEM_BUCKET);
}

static inline struct pv_mem_record *pv_mem_record_(pv_mem_link link)
{
    return (struct pv_mem_record *)link;
}

/* Which way a number goes, of numbers of that many bits. */
static inline uint32_t pv_mem_way_(uint64_t number, uint32_t bits)
{
    return (uint32_t)(number >> (bits - PV_MEM_WAY_BITS)) % PV_MEM_WAYS;
}

/* The last of the numbers of that many bits that `number` is one of. */
static inline uint64_t pv_mem_last_of_(uint64_t number, uint32_t bits)
{
    return bits < 64 ? number | ((1ull << bits) - 1) : ~0ull;
}

static inline bool pv_mem_within_(const struct pv_mem_trie *trie, uint64_t number)
{
    return trie->bits >= 64 || number >> trie->bits == 0;
}

/* How many regions of a bucket start at `number` or before. */
static inline uint32_t pv_mem_bucket_at_most_(const struct pv_mem_bucket *bucket, uint64_t number)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < PV_MEM_BUCKET_MAX; i++)
        count += bucket->first[i] <= number;
    return count < bucket->count ? count : bucket->count;
}

/* The one region that can have `number`, if one has; NULL if none can. */
static inline struct pv_mem_record *pv_mem_trie_find_(const struct pv_mem_trie *trie,
                                                      uint64_t number)
{
    pv_mem_link link = pv_mem_within_(trie, number) ? trie->root : 0;
    uint32_t bits = trie->bits;

    while (pv_mem_kind_(link) == PV_MEM_FORK) {
        link = pv_mem_fork_(link)->way[pv_mem_way_(number, bits)];
        bits -= PV_MEM_WAY_BITS;
    }
    if (pv_mem_kind_(link) == PV_MEM_BUCKET) {
        const struct pv_mem_bucket *bucket = pv_mem_bucket_(link);
        const uint32_t count = pv_mem_bucket_at_most_(bucket, number);

        return count > 0 ? bucket->record[count - 1] : NULL;
    }
    return pv_mem_record_(link);
}

/* A trie of a version in preparation, and where its nodes come from. */
struct pv_mem_trie_edit {
    struct pv_mem_pool *nodes;
    uint64_t batch;
    bool by_gpa; /* else by id */
    struct pv_mem_trie *trie;
};

/* Nodes that adding or removing a region makes at most, in a trie that is to hold `last`. */
uint32_t pv_mem_trie_needs_(const struct pv_mem_trie *trie, uint64_t last);

/* Nodes were provided. A record that is added shares no number with another, of its index. */
void pv_mem_trie_add_(const struct pv_mem_trie_edit *edit, struct pv_mem_record *record);
void pv_mem_trie_remove_(const struct pv_mem_trie_edit *edit, const struct pv_mem_record *record);
/* `to` takes the place of `from`, with the same numbers. */
void pv_mem_trie_replace_(const struct pv_mem_trie_edit *edit, const struct pv_mem_record *from,
                          struct pv_mem_record *to);

/* The first region that ends at page `page` or behind it; NULL if there is none. By GPA. */
struct pv_mem_record *pv_mem_trie_next_(const struct pv_mem_trie *trie, uint64_t page);

/* The first page from `page` on that no region has, up to PV_MEM_SPACE_PAGES. By GPA. */
uint64_t pv_mem_trie_hole_(const struct pv_mem_trie *trie, uint64_t page);

#endif
