/* SPDX-License-Identifier: MIT */
/*
 * KVM's own interface on x86: interrupts, flushes and scheduling of other VPs, encryption of pages.
 *
 * Where somebody in the guest has taken up Hyper-V's hypercalls, or KVM shows Xen's, it takes the
 * instruction for one of those, so its own calls are PV_UNSUPPORTED; pv/hv/ipi.h and pv/hv/flush.h
 * do the same there. KVM on LoongArch has an IPI call of another kind, which libpv does not make.
 */
#ifndef PV_KVM_H
#define PV_KVM_H

#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_guest;
struct pv_vp;

/* Instead of a vector: a non-maskable interrupt. */
#define PV_KVM_IPI_NMI 0x400u

/*
 * Send an interrupt to processors, 128 neighbouring APIC ids with each call.
 * @vector:  0x10..0xFF, or PV_KVM_IPI_NMI.
 * @targets: APIC ids, best in ascending order: out of order they may take more calls. A vp->hw_id
 *           each, say.
 * @sent:    may be NULL; how many targets, from the first on, were named in calls which succeeded,
 *           also on error. KVM leaves out processors that are not there.
 * Context: this VP; any IRQ state; also in NMI handlers. IRQs stay as they are.
 * Return:  PV_EMPTY        no targets
 *          PV_INVALID      vector out of range, or an APIC id not below 2^32; nothing was sent
 *          PV_UNSUPPORTED  KVM does not offer it
 *          PV_BAD_STATE    vp is not online
 *          PV_REFUSED      KVM answered with an error: use the APIC for targets from *sent on
 *          PV_MALFORMED    KVM says that it reached more processors than were named: those from
 *                          *sent on may have been reached or not
 * Spec:    Linux Documentation/virt/kvm/x86/hypercalls.rst, KVM_HC_SEND_IPI.
 */
PV_MUST_CHECK enum pv_status pv_kvm_ipi_send(struct pv_vp *vp, uint32_t vector,
                                             const struct pv_hw_id *targets, size_t count,
                                             size_t *sent);

/*
 * Leave a TLB flush to the host: if the VP is preempted now, KVM flushes all its translations
 * before it runs again, and the VP needs no interrupt. Works beside Hyper-V's hypercalls too. Needs
 * pv_steal_enable with KVM's area in struct pv_vp, not one that was found or adopted.
 * Context: any CPU, any time, NMI included; the page tables were changed before.
 * Return:  false  the VP may be running: interrupt it. Also wherever KVM does not offer or not
 *                 advise this
 */
bool pv_kvm_flush_defer(struct pv_vp *target);

/*
 * Let another VP run in place of this one, if it is ready and does not run.
 * Context: this VP; any IRQ state.
 * Return:  PV_UNSUPPORTED  KVM does not offer or not advise it
 *          PV_BAD_STATE    vp is not online
 *          PV_REFUSED      KVM answered with an error
 */
PV_MUST_CHECK enum pv_status pv_kvm_yield_to(struct pv_vp *vp, struct pv_hw_id target);

/*
 * Wake a VP that has executed HLT, also with IRQs off; one that comes too early is kept for the
 * next HLT, whoever executes it.
 * Context, Return: as pv_kvm_yield_to.
 */
PV_MUST_CHECK enum pv_status pv_kvm_kick(struct pv_vp *vp, struct pv_hw_id target);

/*
 * Tell KVM that pages are encrypted (private) from now on, or are not (shared). Its user-space program
 * does what is to be done, if anything; on SEV the guest's page tables decide, and this is only told.
 * pv_mem_share and pv_mem_unshare (pv/mem/share.h) make use of it.
 * @gpa:    multiple of 4096.
 * @pages:  of 4096 bytes. 0: just find out whether it is offered.
 * Context: this VP; any IRQ state.
 * Return:  PV_BAD_STATE    vp is not online
 *          PV_UNSUPPORTED  KVM does not offer it
 *          PV_EMPTY        no pages
 *          PV_INVALID      an address that is no multiple of 4096, a range beyond 2^64 (beyond what a
 *                          register holds, on machines of 32 bits)
 *          PV_REFUSED      KVM answered with an error: any part may have been changed
 * Spec:    Linux Documentation/virt/kvm/x86/hypercalls.rst, KVM_HC_MAP_GPA_RANGE.
 */
PV_MUST_CHECK enum pv_status pv_kvm_map_gpa_range(struct pv_vp *vp, uint64_t gpa, uint64_t pages,
                                                  bool encrypted);

#ifdef __cplusplus
}
#endif

#endif
