/* SPDX-License-Identifier: MIT */
/* Changes of a trie, by copies of the nodes on the way. As deep as a number has digits: 16 at most. */
#include "mem/trie.h"

#include "pv_port.h"

/* The numbers of a link, all of `bits` bits from `first` on, or those of a record. */
struct span {
    uint64_t first;
    uint64_t last;
};

static struct span span_of(bool by_gpa, const struct pv_mem_record *record)
{
    struct span span = { record->region.id, record->region.id };

    if (by_gpa) {
        span.first = pv_mem_first_page_(record);
        span.last = pv_mem_last_page_(record);
    }
    return span;
}

/* The ways of a fork, `first` to `last`, that a record shares numbers with. */
static struct span ways(struct span all, struct span record, uint32_t bits)
{
    struct span ways = { 0, PV_MEM_WAYS - 1 };

    if (record.first > all.first)
        ways.first = pv_mem_way_(record.first, bits);
    if (record.last < all.last)
        ways.last = pv_mem_way_(record.last, bits);
    return ways;
}

static struct span span_of_way(struct span all, uint32_t bits, uint64_t way)
{
    struct span span;

    span.first = all.first + (way << (bits - PV_MEM_WAY_BITS));
    span.last = pv_mem_last_of_(span.first, bits - PV_MEM_WAY_BITS);
    return span;
}

/* ---- links ---- */

static void drop(const struct pv_mem_trie_edit *edit, void *node)
{
    pv_mem_pool_drop_(edit->nodes, node, edit->batch);
}

/* A fork that this batch may write, with the ways of the one that it takes the place of. */
static struct pv_mem_fork *own_fork(const struct pv_mem_trie_edit *edit, pv_mem_link link)
{
    struct pv_mem_fork *fork = pv_mem_fork_(link), *copy;

    if (fork->item.mark == edit->batch)
        return fork;
    copy = pv_mem_pool_make_(edit->nodes, edit->batch);
    memcpy((uint8_t *)copy + sizeof(copy->item), (uint8_t *)fork + sizeof(fork->item),
           sizeof(*fork) - sizeof(fork->item));
    drop(edit, fork);
    return copy;
}

static pv_mem_link link_to_fork(struct pv_mem_fork *fork)
{
    return (pv_mem_link)fork + PV_MEM_FORK;
}

static struct pv_mem_fork *make_fork(const struct pv_mem_trie_edit *edit)
{
    struct pv_mem_fork *fork = pv_mem_pool_make_(edit->nodes, edit->batch);

    fork->count = 0;
    fork->full = 0;
    memset(fork->way, 0, sizeof(fork->way));
    return fork;
}

/* A few records, ascending. */
struct few {
    uint32_t count;
    struct pv_mem_record *record[PV_MEM_BUCKET_MAX + 1];
};

static void append(struct few *few, struct pv_mem_record *record)
{
    if (few->count == 0 || few->record[few->count - 1] != record)
        few->record[few->count++] = record;
}

/* What is below a link that is no fork. One that the last link had too is not taken twice. */
static void append_all(struct few *few, pv_mem_link link)
{
    if (pv_mem_kind_(link) == PV_MEM_BUCKET)
        for (uint32_t i = 0; i < pv_mem_bucket_(link)->count; i++)
            append(few, pv_mem_bucket_(link)->record[i]);
    else if (link != 0)
        append(few, pv_mem_record_(link));
}

/* The link for a few, one at least and no more than a bucket holds, in place of one to no fork. */
static pv_mem_link link_to_few(const struct pv_mem_trie_edit *edit, const struct few *few,
                               pv_mem_link old)
{
    struct pv_mem_bucket *bucket =
        pv_mem_kind_(old) == PV_MEM_BUCKET ? pv_mem_bucket_(old) : NULL;

    if (bucket != NULL && (few->count == 1 || bucket->item.mark != edit->batch)) {
        drop(edit, bucket);
        bucket = NULL;
    }
    if (few->count == 1)
        return (pv_mem_link)few->record[0];
    if (bucket == NULL)
        bucket = pv_mem_pool_make_(edit->nodes, edit->batch);
    bucket->count = few->count;
    for (uint32_t i = 0; i < PV_MEM_BUCKET_MAX; i++) {
        bucket->first[i] =
            i < few->count ? span_of(edit->by_gpa, few->record[i]).first : ~0ull;
        bucket->record[i] = i < few->count ? few->record[i] : NULL;
    }
    return (pv_mem_link)bucket + PV_MEM_BUCKET;
}

static bool fills(const struct pv_mem_record *record, struct span all)
{
    return pv_mem_first_page_(record) <= all.first && pv_mem_last_page_(record) >= all.last;
}

static bool bucket_fills(const struct pv_mem_bucket *bucket, struct span all)
{
    for (uint32_t i = 0; i < bucket->count && bucket->first[i] <= all.first; i++) {
        if (fills(bucket->record[i], all))
            return true;
        all.first = pv_mem_last_page_(bucket->record[i]) + 1;
    }
    return false;
}

/* Every number of a link has a region. */
static bool is_full(pv_mem_link link, struct span all)
{
    switch (pv_mem_kind_(link)) {
    case PV_MEM_FORK:
        return pv_mem_fork_(link)->full == PV_MEM_FORK_FULL;
    case PV_MEM_BUCKET:
        return bucket_fills(pv_mem_bucket_(link), all);
    default:
        return link != 0 && fills(pv_mem_record_(link), all);
    }
}

static void set_way(const struct pv_mem_trie_edit *edit, struct pv_mem_fork *fork, uint64_t way,
                    pv_mem_link link, struct span of_way)
{
    fork->way[way] = link;
    if (!edit->by_gpa)
        return;
    fork->full &= ~(1u << way);
    fork->full |= (uint32_t)is_full(link, of_way) << way;
}

/* ---- add ---- */

static pv_mem_link add(const struct pv_mem_trie_edit *edit, pv_mem_link link, struct span all,
                       uint32_t bits, struct pv_mem_record *record);

static void add_to_fork(const struct pv_mem_trie_edit *edit, struct pv_mem_fork *fork,
                        struct span all, uint32_t bits, struct pv_mem_record *record)
{
    const struct span to = ways(all, span_of(edit->by_gpa, record), bits);

    fork->count++;
    for (uint64_t way = to.first; way <= to.last; way++) {
        const struct span of_way = span_of_way(all, bits, way);

        set_way(edit, fork, way,
                add(edit, fork->way[way], of_way, bits - PV_MEM_WAY_BITS, record), of_way);
    }
}

static void insert(const struct pv_mem_trie_edit *edit, struct few *few,
                   struct pv_mem_record *record)
{
    const uint64_t first = span_of(edit->by_gpa, record).first;
    uint32_t i = few->count++;

    for (; i > 0 && span_of(edit->by_gpa, few->record[i - 1]).first > first; i--)
        few->record[i] = few->record[i - 1];
    few->record[i] = record;
}

static pv_mem_link add_to_few(const struct pv_mem_trie_edit *edit, pv_mem_link link,
                              struct span all, uint32_t bits, struct pv_mem_record *record)
{
    struct pv_mem_fork *fork;
    struct few few;

    few.count = 0;
    append_all(&few, link);
    insert(edit, &few, record);
    if (few.count <= PV_MEM_BUCKET_MAX)
        return link_to_few(edit, &few, link);
    drop(edit, pv_mem_bucket_(link));
    fork = make_fork(edit);
    for (uint32_t i = 0; i < few.count; i++)
        add_to_fork(edit, fork, all, bits, few.record[i]);
    return link_to_fork(fork);
}

/* Gives the link that takes the place of `link`, whose numbers are `all`, 2^bits of them. */
static pv_mem_link add(const struct pv_mem_trie_edit *edit, pv_mem_link link, struct span all,
                       uint32_t bits, struct pv_mem_record *record)
{
    struct pv_mem_fork *fork;

    if (link == 0)
        return (pv_mem_link)record;
    if (pv_mem_kind_(link) != PV_MEM_FORK)
        return add_to_few(edit, link, all, bits, record);
    fork = own_fork(edit, link);
    add_to_fork(edit, fork, all, bits, record);
    return link_to_fork(fork);
}

/* Let the root have numbers up to `last`. */
static void raise(const struct pv_mem_trie_edit *edit, uint64_t last)
{
    struct pv_mem_trie *trie = edit->trie;

    for (; !pv_mem_within_(trie, last); trie->bits += PV_MEM_WAY_BITS) {
        struct pv_mem_fork *fork;

        if (pv_mem_kind_(trie->root) != PV_MEM_FORK)
            continue; /* a few may have any numbers */
        fork = make_fork(edit);
        fork->count = pv_mem_fork_(trie->root)->count;
        fork->full = pv_mem_fork_(trie->root)->full == PV_MEM_FORK_FULL;
        fork->way[0] = trie->root;
        trie->root = link_to_fork(fork);
    }
}

static struct span all_of(const struct pv_mem_trie *trie)
{
    const struct span all = { 0, pv_mem_last_of_(0, trie->bits) };

    return all;
}

void pv_mem_trie_add_(const struct pv_mem_trie_edit *edit, struct pv_mem_record *record)
{
    struct pv_mem_trie *trie = edit->trie;

    raise(edit, span_of(edit->by_gpa, record).last);
    trie->root = add(edit, trie->root, all_of(trie), trie->bits, record);
}

/* ---- remove and replace ---- */

/* A fork with few regions below it has no forks below it: they were smaller still. */
static pv_mem_link collapse(const struct pv_mem_trie_edit *edit, struct pv_mem_fork *fork)
{
    struct few few;

    few.count = 0;
    for (uint32_t way = 0; way < PV_MEM_WAYS; way++) {
        append_all(&few, fork->way[way]);
        if (pv_mem_kind_(fork->way[way]) == PV_MEM_BUCKET)
            drop(edit, pv_mem_bucket_(fork->way[way]));
    }
    drop(edit, fork);
    return link_to_few(edit, &few, 0);
}

static pv_mem_link exchange_in_few(const struct pv_mem_trie_edit *edit, pv_mem_link link,
                                   const struct pv_mem_record *from, struct pv_mem_record *to)
{
    struct few few, left;

    few.count = left.count = 0;
    append_all(&few, link);
    for (uint32_t i = 0; i < few.count; i++)
        if (few.record[i] != from)
            append(&left, few.record[i]);
        else if (to != NULL)
            append(&left, to);
    return link_to_few(edit, &left, link);
}

/* `from` goes; `to` takes its place, or nothing does. Gives the link that takes that of `link`. */
static pv_mem_link exchange(const struct pv_mem_trie_edit *edit, pv_mem_link link, struct span all,
                            uint32_t bits, const struct pv_mem_record *from,
                            struct pv_mem_record *to)
{
    struct pv_mem_fork *fork;
    struct span at;

    if (link == (pv_mem_link)from)
        return (pv_mem_link)to;
    if (pv_mem_kind_(link) != PV_MEM_FORK)
        return exchange_in_few(edit, link, from, to);
    fork = own_fork(edit, link);
    at = ways(all, span_of(edit->by_gpa, from), bits);
    for (uint64_t way = at.first; way <= at.last; way++) {
        const struct span of_way = span_of_way(all, bits, way);

        set_way(edit, fork, way,
                exchange(edit, fork->way[way], of_way, bits - PV_MEM_WAY_BITS, from, to), of_way);
    }
    fork->count -= (to == NULL);
    return fork->count > PV_MEM_FORK_MIN ? link_to_fork(fork) : collapse(edit, fork);
}

void pv_mem_trie_remove_(const struct pv_mem_trie_edit *edit, const struct pv_mem_record *record)
{
    pv_mem_trie_replace_(edit, record, NULL);
}

void pv_mem_trie_replace_(const struct pv_mem_trie_edit *edit, const struct pv_mem_record *from,
                          struct pv_mem_record *to)
{
    struct pv_mem_trie *trie = edit->trie;

    trie->root = exchange(edit, trie->root, all_of(trie), trie->bits, from, to);
    if (trie->root == 0)
        trie->bits = 0;
}

/*
 * On each level the first and the last number of a region go ways of their own. Added: a copy of each
 * node, and where a bucket overflows a fork on each level below it and its records in as many buckets
 * as they can fill. Removed: a copy of each node, and a bucket for each that collapses.
 */
uint32_t pv_mem_trie_needs_(const struct pv_mem_trie *trie, uint64_t last)
{
    struct pv_mem_trie grown = *trie;

    while (!pv_mem_within_(&grown, last))
        grown.bits += PV_MEM_WAY_BITS;
    return 4 * (grown.bits / PV_MEM_WAY_BITS + 1) + PV_MEM_BUCKET_MAX;
}
