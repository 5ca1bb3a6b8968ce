/* SPDX-License-Identifier: MIT */
/* Interrupt many VPs with one hypercall, and tell the hypervisor that one waits for another. */
#ifndef PV_HV_IPI_H
#define PV_HV_IPI_H

#include <pv/hv/hypercall.h>
#include <pv/vp/set.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Send a fixed interrupt to every VP of a set, the caller included if it is a member. Sets within
 * VPs 0..63 take two registers and no memory.
 * @vector: 0x10..0xFF.
 * @result: may be NULL; the hypervisor's answer, also on error.
 * Context: as pv_hv_begin; also in NMI handlers.
 * Return:  PV_EMPTY        no VP in the set
 *          PV_INVALID      vector out of range
 *          PV_UNSUPPORTED  the hypervisor does not offer or not advise it, at all or for VPs above 63
 *          otherwise as pv_hv_begin and pv_hv_issue: use the interrupt controller
 * Spec:    TLFS "HvCallSendSyntheticClusterIpi", "HvCallSendSyntheticClusterIpiEx"; arm64: advised in
 *          register 0x00000201.
 */
PV_MUST_CHECK enum pv_status pv_hv_ipi_send(struct pv_vp *vp, uint32_t vector,
                                            const struct pv_vp_set *whom,
                                            struct pv_hv_result *result);

/*
 * Say that this VP has been spinning for a lock: the hypervisor may let others run. To be said after
 * each guest->detect.hyperv.spin_retries spins; pv_spin_round does all of that.
 * @spins:  so far; told as at most 2^32 - 1.
 * Context: this VP; any IRQ state.
 * Return:  PV_UNSUPPORTED  the hypervisor does not want to be told
 *          otherwise as pv_hv_call_fast
 * Spec:    TLFS "HvCallNotifyLongSpinWait".
 */
PV_MUST_CHECK enum pv_status pv_hv_spin_notify(struct pv_vp *vp, uint64_t spins);

#ifdef __cplusplus
}
#endif

#endif
