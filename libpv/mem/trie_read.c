/* SPDX-License-Identifier: MIT */
/* What follows a page: the next region, the next hole. */
#include "mem/trie.h"

/* A link that is no fork, and its last page. */
struct place {
    pv_mem_link link;
    uint64_t last;
};

static struct place place_of(const struct pv_mem_trie *trie, uint64_t page)
{
    struct place place = { .link = trie->root };
    uint32_t bits = trie->bits;

    while (pv_mem_kind_(place.link) == PV_MEM_FORK) {
        place.link = pv_mem_fork_(place.link)->way[pv_mem_way_(page, bits)];
        bits -= PV_MEM_WAY_BITS;
    }
    place.last = pv_mem_last_of_(page, bits);
    return place;
}

/* The first region below a link that ends at a page or behind it; NULL if there is none. */
static struct pv_mem_record *first_behind(pv_mem_link link, uint64_t page)
{
    if (pv_mem_kind_(link) == PV_MEM_RECORD) {
        struct pv_mem_record *record = pv_mem_record_(link);

        return record != NULL && pv_mem_last_page_(record) >= page ? record : NULL;
    }
    for (uint32_t i = 0; i < pv_mem_bucket_(link)->count; i++)
        if (pv_mem_last_page_(pv_mem_bucket_(link)->record[i]) >= page)
            return pv_mem_bucket_(link)->record[i];
    return NULL;
}

struct pv_mem_record *pv_mem_trie_next_(const struct pv_mem_trie *trie, uint64_t page)
{
    struct pv_mem_record *record = NULL;

    while (record == NULL && pv_mem_within_(trie, page)) {
        const struct place place = place_of(trie, page);

        record = first_behind(place.link, page);
        page = place.last + 1;
    }
    return record;
}

/* The first page from `page` on that is not below a way known to be full. */
static uint64_t skip_full(const struct pv_mem_trie *trie, uint64_t page)
{
    pv_mem_link link = trie->root;

    for (uint32_t bits = trie->bits; pv_mem_kind_(link) == PV_MEM_FORK; bits -= PV_MEM_WAY_BITS) {
        const struct pv_mem_fork *fork = pv_mem_fork_(link);
        uint32_t way = pv_mem_way_(page, bits);

        for (; fork->full >> way & 1; way++)
            page = pv_mem_last_of_(page, bits - PV_MEM_WAY_BITS) + 1;
        if (way == PV_MEM_WAYS)
            return page;
        link = fork->way[way];
    }
    return page;
}

uint64_t pv_mem_trie_hole_(const struct pv_mem_trie *trie, uint64_t page)
{
    while (pv_mem_within_(trie, page)) {
        const uint64_t from = skip_full(trie, page);
        const struct pv_mem_record *record;

        if (from != page) {
            page = from;
            continue;
        }
        record = first_behind(place_of(trie, page).link, page);
        if (record == NULL || pv_mem_first_page_(record) > page)
            break;
        page = pv_mem_last_page_(record) + 1;
    }
    return page;
}
