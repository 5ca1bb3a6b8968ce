/* SPDX-License-Identifier: MIT */
/*
 * Which pages the guest shares with its host, where memory is private until it says otherwise
 * (confidential guests).
 *
 *     static struct pv_mem_shares shares;
 *
 *     pv_mem_shares_init(&shares, &aliases);
 *     status = pv_mem_share(vp, &shares, gpa, 16, 0, NULL);     zeroed, then shared
 *     status = pv_mem_unshare(vp, &shares, gpa, 16, NULL);
 *
 *     pv_mem_unshare_all(vp, &shares, &left);                   before kexec, in a panic
 *
 * Hyper-V is asked page by page, KVM range by range. What is shared stands in a region map. A page
 * is written down there before the hypervisor hears of it, so that whoever takes over in the
 * middle of a change finds it, and it goes only when the hypervisor has said that it is private
 * again.
 *
 * A change that fails is undone, and all is as before: pages, map, aliases. A page that cannot be
 * brought back is leaked: it stays in the map as PV_MEM_UNKNOWN, unmapped, and nothing here
 * touches it again but pv_mem_unshare_all. It must never go back to an allocator.
 *
 * An untrusted host decides what it answers. It can make the guest leak pages, or keep them shared.
 * It cannot make one page stand for another, a page be used again whose state is not known, or a
 * loop go on for ever. That a page is private when the host says so must be ensured by somebody
 * else: the hardware, or a hypervisor below the host (VBS).
 */
#ifndef PV_MEM_SHARE_H
#define PV_MEM_SHARE_H

#include <pv/hv/hypercall.h>
#include <pv/mem/alias.h>
#include <pv/mem/map.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of a region in pv_mem_shares.ranges: one of these. */
#define PV_MEM_SHARED 1u
#define PV_MEM_CHANGING 2u /* some of it is being changed, either way; or was, when somebody died */
#define PV_MEM_UNKNOWN 4u  /* leaked */
#define PV_MEM_PRIVATE 8u  /* private again: goes with the next change that gets memory for that */

/* Zero it (static storage will do) before init. */
struct pv_mem_shares {
    struct pv_mem_map ranges;         /* id: GPA / 4096. Readers may look at any time */
    struct pv_mem_alias_map *aliases; /* or NULL */
    uint64_t leaked;                  /* pages that are PV_MEM_UNKNOWN */
    size_t stale;                     /* regions that are PV_MEM_PRIVATE */
    bool ended;                       /* pv_mem_unshare_all was called */
};

/*
 * Nothing is shared. What is already, by firmware say, may be added to shares->ranges by
 * pv_mem_map_add: id its page number, va PV_MEM_VA_NONE, flags PV_MEM_SHARED. Its memory is given
 * back by pv_mem_map_release.
 * @aliases: outlives the shares. May be NULL: pages are not mapped, or the kernel sees to it. A
 *           page that is not covered has no aliases.
 * Context: before anybody uses it.
 */
void pv_mem_shares_init(struct pv_mem_shares *shares, struct pv_mem_alias_map *aliases);

/* The host shall see what is in the pages now. Where hardware encrypts, it sees it encrypted or
 * not at all, and the guest finds something else there. */
#define PV_MEM_KEEP 1u

/*
 * Share pages with the host. Pages that are shared already stay as they are. The others are
 * unmapped at all their aliases, zeroed, changed, and mapped again as shared.
 * @how:    PV_MEM_KEEP: not zeroed. Otherwise 0.
 * @result: may be NULL; Hyper-V's answer to the last call but those that undo, also on error; zero
 *          if there was none.
 * Context: this VP; one caller at a time of everything that changes `shares`; not in an NMI. As
 *          pv_mem_map_add and pv_hv_begin. The alias map does not change meanwhile, and nobody uses
 *          the pages.
 * Needs:   pv_os_map_gpa and pv_os_unmap, unless PV_MEM_KEEP; with aliases pv_os_alias_unmap and
 *          pv_os_alias_map; and what pv_mem_map_add needs.
 * Return:  PV_INVALID      no pages, an address that is no multiple of 4096, a range beyond 2^64,
 *                          or an unknown bit in `how`
 *          PV_UNSUPPORTED  neither Hyper-V nor KVM offers it
 *          PV_BAD_STATE    vp is not online, or pv_mem_unshare_all was called
 *          PV_NO_MEMORY    no page for the map
 *          PV_BAD_ADDRESS  a page cannot be unmapped at an alias, or not be mapped to be zeroed
 *          PV_LEAKED       with shares->leaked as before: some pages are PV_MEM_UNKNOWN, or were
 *                          left PV_MEM_CHANGING. With more than before: so many cannot be brought
 *                          back; or, without memory to cut its range, the whole range of
 *                          one that cannot
 *          otherwise as pv_hv_begin, pv_hv_issue or pv_kvm_map_gpa_range.
 *          On error everything is as before, but for the pages leaked and for contents: pages may
 *          be zero.
 * Spec:    hvdef HvCallModifySparseGpaPageHostVisibility; Linux Documentation/virt/kvm/x86/
 *          hypercalls.rst, KVM_HC_MAP_GPA_RANGE.
 */
PV_MUST_CHECK enum pv_status pv_mem_share(struct pv_vp *vp, struct pv_mem_shares *shares,
                                          uint64_t gpa, uint64_t pages, uint32_t how,
                                          struct pv_hv_result *result);

/*
 * Take pages back; those that are private stay as they are, and of a range that is shared a part
 * may be taken back. What is in the pages then is whatever the host has left there.
 * @result: as pv_mem_share.
 * Context: as pv_mem_share. The host's devices are done with the pages.
 * Needs:   as pv_mem_share with PV_MEM_KEEP.
 * Return:  PV_INVALID, PV_UNSUPPORTED, PV_BAD_STATE, PV_NO_MEMORY, PV_BAD_ADDRESS, PV_LEAKED,
 *          otherwise: as pv_mem_share. A range of which a part was leaked stays cut
 */
PV_MUST_CHECK enum pv_status pv_mem_unshare(struct pv_vp *vp, struct pv_mem_shares *shares,
                                            uint64_t gpa, uint64_t pages,
                                            struct pv_hv_result *result);

/*
 * Ask the host which pages it sees.
 * @visibility: for each page PV_HV_VISIBILITY_*.
 * @result:     as pv_mem_share.
 * Context: as pv_hv_begin. Touches no map.
 * Return:  PV_INVALID      as pv_mem_share
 *          PV_UNSUPPORTED  Hyper-V does not offer it. KVM has no such call
 *          PV_BAD_STATE    vp is not online
 *          PV_MALFORMED    the host answers something else, or as pv_hv_issue
 *          otherwise as pv_hv_begin and pv_hv_issue.
 *          On error some of `visibility` may have been written, and is not to be used.
 * Spec:    hvdef HvCallQuerySparseGpaPageHostVisibility.
 */
PV_MUST_CHECK enum pv_status pv_mem_query(struct pv_vp *vp, uint64_t gpa, uint64_t pages,
                                          uint8_t *visibility, struct pv_hv_result *result);

/*
 * Compare what is written down as shared with what the host says. Pages that it does not call
 * shared become PV_MEM_UNKNOWN; without memory to cut its range the whole range does. Their
 * aliases stay. After resume on another host, say: by lying it can make the guest leak pages, and
 * no more.
 * @lost:   pages that became so, also on error.
 * @result: as pv_mem_share.
 * Context: as pv_mem_share.
 * Needs:   what pv_mem_map_add needs, if the host disagrees.
 * Return:  PV_OK           also when nothing is shared: nobody is asked then
 *          PV_BAD_STATE    pv_mem_unshare_all was called, or vp is not online
 *          PV_UNSUPPORTED, PV_MALFORMED, otherwise: as pv_mem_query; what comes behind was not
 *          compared
 */
PV_MUST_CHECK enum pv_status pv_mem_reconcile(struct pv_vp *vp, struct pv_mem_shares *shares,
                                              uint64_t *lost, struct pv_hv_result *result);

/*
 * Take back all that the host has or may have: shared, half changed, leaked. It goes on behind
 * pages that fail. The map and aliases stay as they were, and `shares` is of no more use: share,
 * unshare and reconcile answer PV_BAD_STATE. May be called again, for pages that were left.
 * @left: pages that may be shared still, also on error; too many rather than too few, since a host
 *        may refuse to make a page private that is.
 * Context: this VP; the others are stopped for good, wherever they were, in a change of `shares`
 *          too. Any IRQ state, any lock held; not in an NMI that came in between pv_hv_begin and
 *          pv_hv_end twice. No lock, no memory, no OS function. Before pv_guest_quiesce.
 * Return:  PV_UNSUPPORTED  neither Hyper-V nor KVM offers it
 *          PV_BAD_STATE    vp is not online
 *          PV_LEAKED       *left is not 0
 */
PV_MUST_CHECK enum pv_status pv_mem_unshare_all(struct pv_vp *vp, struct pv_mem_shares *shares,
                                                uint64_t *left);

#ifdef __cplusplus
}
#endif

#endif
