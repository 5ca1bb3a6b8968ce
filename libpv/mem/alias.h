/* SPDX-License-Identifier: MIT */
/*
 * How aliases lie in memory. The slot of a page is 0 when it has none, the alias with bit 0 set if
 * it has one, otherwise the address of the first descriptor of a chain. There all but the first are
 * full, so a chain gets longer and shorter at its first descriptor. It has two aliases at least.
 */
#ifndef PV_MEM_ALIAS_INTERNAL_H
#define PV_MEM_ALIAS_INTERNAL_H

#include <pv/mem/alias.h>

#define PV_MEM_ALIAS_IN_SLOT 1ull

/* The same size on every machine. */
struct pv_mem_alias_descriptor {
    uint64_t next; /* address, 0 at the end */
    uint32_t used; /* entries, from the first on */
    uint32_t reserved;
    uint64_t entries[];
};

PV_STATIC_ASSERT(sizeof(struct pv_mem_alias_descriptor) == 16, "2 entries in 32 bytes, 14 in 128");

/* What a slot or a descriptor leads to; NULL: to none. */
static inline struct pv_mem_alias_descriptor *pv_mem_alias_chain_(uint64_t word)
{
    return (word & PV_MEM_ALIAS_IN_SLOT) != 0 ? NULL : (void *)(uintptr_t)word;
}

/* Slot of a page; NULL: it is not covered. */
uint64_t *pv_mem_alias_slot_(const struct pv_mem_alias_map *map, uint64_t gpa);

#endif
