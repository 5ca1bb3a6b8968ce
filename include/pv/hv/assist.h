/* SPDX-License-Identifier: MIT */
/* The VP assist page: one page per VP that guest and hypervisor share (TLFS "VP Assist Page"). */
#ifndef PV_HV_ASSIST_H
#define PV_HV_ASSIST_H

#include <pv/abi/hv_layout.h>
#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_vp;

/*
 * Give the hypervisor an assist page for this VP, or adopt one that is already enabled. vp->hv.assist
 * points to it afterwards. Stays on over offline and online, quiesce and resume, unless the host then
 * refuses it (pv_vp_online says so).
 * Context: this VP, IRQs off or preemption off.
 * Needs:   pv_os_page_alloc (4096 bytes, first time only), pv_os_virt_to_gpa; pv_os_map_gpa to
 *          adopt.
 * Return:  PV_BAD_STATE    vp is not online, or it is enabled already
 *          PV_UNSUPPORTED  no privilege for it, or hypercalls are off
 *          PV_NO_MEMORY    no page
 *          PV_BAD_ADDRESS  the page has no usable GPA, or the adopted one cannot be mapped
 *          PV_REFUSED      the hypervisor did not take it; nothing is left behind
 */
PV_MUST_CHECK enum pv_status pv_hv_assist_enable(struct pv_vp *vp);

/*
 * Take the page back and give its memory to the OS. An adopted page is only unmapped.
 * Context: this VP, IRQs off or preemption off.
 * Needs:   pv_os_page_free, or pv_os_unmap; pv_os_log.
 * Return:  PV_BAD_STATE    vp is not online, or the page is not enabled
 *          PV_REFUSED      the hypervisor keeps the page; it is off limits and not given back
 */
PV_MUST_CHECK enum pv_status pv_hv_assist_disable(struct pv_vp *vp);

#ifdef __cplusplus
}
#endif

#endif
