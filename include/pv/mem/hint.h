/* SPDX-License-Identifier: MIT */
/*
 * What Hyper-V wants to know of memory, and knows: pages whose content is of no use any more, and
 * memory that was zero when the guest began.
 *
 *     static uint64_t can;                                      asked once, kept by the kernel
 *     status = pv_mem_hint_query(vp, &can, NULL);
 *
 *     status = pv_mem_hint_discard(vp, can, free_ranges, count, &done, NULL);
 *     status = pv_mem_hint_zeroed(vp, can, ranges, 64, &count, NULL);
 */
#ifndef PV_MEM_HINT_H
#define PV_MEM_HINT_H

#include <pv/hv/hypercall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Guest physical memory. */
struct pv_mem_range {
    uint64_t gpa;   /* multiple of 4096 */
    uint64_t pages; /* of 4096 bytes */
};

/*
 * Ask which extended calls there are.
 * @capabilities: PV_HV_EXT_* (pv/abi/hv.h); for the other functions here. They stay the same until the
 *                guest is resumed elsewhere.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context: as pv_hv_begin.
 * Return:  PV_BAD_STATE    no Hyper-V, hypercalls are off, or vp is not online
 *          PV_UNSUPPORTED  the guest may not make extended calls
 *          otherwise as pv_hv_begin and pv_hv_issue; no capability is set
 * Spec:    TLFS "HvExtCallQueryCapabilities".
 */
PV_MUST_CHECK enum pv_status pv_mem_hint_query(struct pv_vp *vp, uint64_t *capabilities,
                                               struct pv_hv_result *result);

/* Every Hyper-V that has the call takes these, older ones no less (Linux's balloon driver); what does not
 * fill such a page is left out. */
#define PV_MEM_DISCARD_PAGES 512u
#define PV_MEM_DISCARD_RANGES_MAX 0x100000u

/*
 * Let the host take back what is behind free pages. Their content is lost; they stay the guest's, and
 * come back when they are touched.
 * @ranges: memory that nobody uses until this returns. The 2 MiB pages that lie in a range as a whole
 *          are discarded.
 * @count:  1..PV_MEM_DISCARD_RANGES_MAX
 * @pages:  answer: so many pages of 4096 bytes were discarded, from the first range on, whatever is
 *          returned.
 * @result: may be NULL; the hypervisor's answer to the last call, also on error.
 * Context: as pv_hv_begin; IRQs are off for one call at a time, 511 times 4 GiB at most.
 * Return:  PV_INVALID      no range or too many; an address that is no multiple of 4096, no pages, or a
 *                          range beyond 2^64
 *          PV_UNSUPPORTED  not among the capabilities
 *          PV_EMPTY        no whole 2 MiB page in any range
 *          otherwise as pv_hv_begin and pv_hv_issue
 * Spec:    the TLFS has the number of the call only; hint type, elements and the capability (bit 8)
 *          are Linux's. The TLFS's own bit, 1, says that the call exists, which is not enough to
 *          throw memory away.
 */
PV_MUST_CHECK enum pv_status pv_mem_hint_discard(struct pv_vp *vp, uint64_t capabilities,
                                                 const struct pv_mem_range *ranges, size_t count,
                                                 uint64_t *pages, struct pv_hv_result *result);

#define PV_MEM_ZEROED_MAX 255u

/*
 * Memory that was zero when the guest began; what has been written since is the kernel's to know.
 * Ranges may overlap, and may name memory that the guest does not have. The host says so: a kernel
 * that does not trust it zeroes its memory itself.
 * @ranges: written up to `room`; of no use unless PV_OK or PV_NO_ROOM.
 * @room:   PV_MEM_ZEROED_MAX is always enough.
 * @count:  answer: how many ranges there are; 0 unless PV_OK or PV_NO_ROOM.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context: as pv_hv_begin; not nested: it takes a whole page.
 * Return:  PV_UNSUPPORTED  not among the capabilities
 *          PV_MALFORMED    more than 255 ranges, or one beyond 2^64
 *          PV_NO_ROOM      there are more than `room`: the first ones were given
 *          otherwise as pv_hv_begin and pv_hv_issue
 * Spec:    TLFS "HvExtCallGetBootZeroedMemory".
 */
PV_MUST_CHECK enum pv_status pv_mem_hint_zeroed(struct pv_vp *vp, uint64_t capabilities,
                                                struct pv_mem_range *ranges, size_t room,
                                                size_t *count, struct pv_hv_result *result);

#ifdef __cplusplus
}
#endif

#endif
