/* SPDX-License-Identifier: MIT */
/*
 * Flush translations (TLB entries) on many VPs with one hypercall, also on those that do not run now,
 * which then are not woken for it.
 *
 *     const struct pv_hv_gva_range freed = { .start = va, .bytes = 65536 };
 *     const struct pv_hv_flush flush = {
 *         .scope = PV_HV_SCOPE_SPACE, .space = cr3, .ranges = &freed, .count = 1,
 *     };
 *     switch (pv_hv_flush(vp, &flush, &set, NULL)) {
 *     case PV_OK:
 *     case PV_EMPTY: return;
 *     default:       flush by IPI, as without libpv
 *     }
 */
#ifndef PV_HV_FLUSH_H
#define PV_HV_FLUSH_H

#include <pv/hv/hypercall.h>
#include <pv/vp/set.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Which translations go. There is no default: a request without a scope is refused, so that none is
 * ever smaller than meant. Entries of global pages (kernel mappings, x86 CR4.PGE) belong to no space.
 * "May stay": they do where every address is flushed; a list of ranges takes them along.
 */
enum pv_hv_scope {
    PV_HV_SCOPE_SPACE = 1,             /* one address space; global entries may stay */
    PV_HV_SCOPE_SPACE_AND_GLOBAL = 2,  /* one address space, and global entries */
    PV_HV_SCOPE_ALL_SPACES = 3,        /* every address space; global entries may stay */
    PV_HV_SCOPE_EVERYTHING = 4,        /* every address space, and global entries */
};

/* Guest virtual addresses start .. start + bytes - 1; every page they touch is flushed. */
struct pv_hv_gva_range {
    uint64_t start;
    uint64_t bytes;
};

#define PV_HV_GVA_RANGES_MAX 0x100000u

/* List elements beyond which a flush of ranges becomes one of the whole scope, unless the request says
 * otherwise. KVM gives up on single pages after 16 elements, Linux without a hypervisor after 33 pages. */
#define PV_HV_FLUSH_ELEMENTS 32u

struct pv_hv_flush {
    enum pv_hv_scope scope;
    uint64_t space;                       /* CR3; ignored for all spaces */
    const struct pv_hv_gva_range *ranges; /* NULL: every address */
    size_t count;                         /* 1..PV_HV_GVA_RANGES_MAX; ignored for every address */
    uint32_t elements_max;                /* 0 = PV_HV_FLUSH_ELEMENTS; may take several calls */
};

/*
 * Flush on every VP of a set.
 * @whom:   may contain the caller. NULL: every VP of the partition, known to a map or not.
 * @result: may be NULL; the hypervisor's answer to the last call, also on error.
 * Context: as pv_hv_begin. The page tables were changed before. When it returns, the translations
 *          are gone.
 * Return:  PV_EMPTY        no VP in the set
 *          PV_UNSUPPORTED  the hypervisor does not offer or not advise it: for a set with VPs above
 *                          63, for others than the caller, or for the caller alone. Always on arm64
 *          PV_INVALID      no scope; no range or too many; an empty range or one that wraps around
 *          otherwise as pv_hv_begin and pv_hv_issue: part may have been flushed. Flush natively
 * Spec:    TLFS "HvCallFlushVirtualAddressSpace", "...List", and their Ex forms. The TLFS has the
 *          calls without lists on arm64 too, but no bit there that advises them, and TLBI reaches
 *          all VPs by itself.
 */
PV_MUST_CHECK enum pv_status pv_hv_flush(struct pv_vp *vp, const struct pv_hv_flush *flush,
                                         const struct pv_vp_set *whom,
                                         struct pv_hv_result *result);

/* ---- the list ---- */

/* Where in a list of ranges an encoder is. All zero: at its start. */
struct pv_hv_gva_cursor {
    size_t range;
    uint64_t page; /* pages of that range done */
};

/*
 * List elements that ranges take: one per 4096 pages or part of it, and not one more.
 * @count:   0 gives 0 elements.
 * Context: any.
 * Return:  PV_INVALID  an empty range or one that wraps around; more than PV_HV_GVA_RANGES_MAX
 */
PV_MUST_CHECK enum pv_status pv_hv_gva_count(const struct pv_hv_gva_range *ranges, size_t count,
                                             uint64_t *elements);

/*
 * Write the next list elements, at most `room`.
 * @ranges: as pv_hv_gva_count found them good.
 * Context: any.
 * Return:  how many were written; less than `room` only at the end.
 */
uint32_t pv_hv_gva_encode(const struct pv_hv_gva_range *ranges, size_t count,
                          struct pv_hv_gva_cursor *cursor, uint64_t *elements, uint32_t room);

#ifdef __cplusplus
}
#endif

#endif
