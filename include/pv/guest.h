/* SPDX-License-Identifier: MIT */
/*
 * The two structures a kernel owns, and their life.
 *
 *     pv_guest_init            once, on the boot CPU
 *     pv_vp_online             on each CPU, boot CPU included
 *       ... hypercalls ...
 *     pv_vp_offline            on each CPU that goes away
 *     pv_guest_quiesce         on the last CPU, before kexec, suspend or panic reboot
 *     pv_guest_resume          after suspend, on the first CPU; then pv_vp_online on the others
 *     pv_vp_release, pv_guest_release   give the memory back to the OS
 *
 * Everything the hypervisor was told is written down in one place (struct pv_told) and taken back
 * from there, newest first.
 */
#ifndef PV_GUEST_H
#define PV_GUEST_H

#include <pv/clock.h>
#include <pv/detect.h>
#include <pv/hv/state.h>
#include <pv/status.h>
#include <pv/steal.h>
#include <pv/told.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the kernel decides once. All zero: detection only, no hypercalls. */
struct pv_guest_config {
    struct pv_detect_hints hints;
    struct pv_hv_config hv;
    struct pv_clock_config clock;
    /* x86: the kernel itself has registered areas of stolen time, kvmclock or Hyper-V's reference
     * TSC: they are read and left alone. Otherwise what is found registered was left behind by
     * firmware (SeaBIOS does) or an earlier kernel, in memory that is used for something else by
     * now, and ours takes its place. */
    bool areas_adopt;
};

/* One per kernel. Zero it (static storage will do) before pv_guest_init. */
struct pv_guest {
    struct pv_detect detect;
    struct pv_guest_config config;
    struct pv_hv_guest hv;
    struct pv_clock_guest clock;
    struct pv_told told; /* of the guest as a whole */
    bool initialised;
};

/* One per CPU. Zero it (static storage will do) before the first pv_vp_online. */
struct pv_vp {
    struct pv_guest *guest; /* NULL while offline */
    struct pv_hw_id hw_id;  /* as the CPU told when it last came online; x86, arm64; else 0 */
    struct pv_hv_vp hv;
    struct pv_steal_vp steal;
    struct pv_clock_vp clock;
    struct pv_told told; /* of this VP */
};

/*
 * Find out who the hypervisor is, and take up hypercalls if it speaks Hyper-V and the kernel has
 * given itself an identity (config->hv.os_id).
 * @config: copied; may be NULL, which means all zero.
 * Context: boot CPU, once, before other CPUs use libpv.
 * Needs:   with an os_id on x86: pv_os_page_alloc/free/protect, pv_os_virt_to_gpa, pv_os_map_gpa,
 *          pv_os_unmap, pv_os_log.
 * Return:  PV_OK also when there is no hypervisor: see guest->detect and guest->hv.entry.
 *          PV_INVALID      config->hv or config->clock is out of range; nothing was done
 *          PV_BAD_STATE    already initialised
 *          PV_NO_MEMORY, PV_BAD_ADDRESS, PV_LOCKED, PV_REFUSED, PV_MALFORMED, and on arm64 whatever
 *                          pv_hv_issue answers: hypercalls could not be set up; everything was
 *                          taken back, guest->detect is valid, pv_guest_resume may try again
 * Spec:    TLFS "Establishing the Hypercall Interface".
 */
PV_MUST_CHECK enum pv_status pv_guest_init(struct pv_guest *guest,
                                           const struct pv_guest_config *config);

/*
 * Tell libpv that this CPU runs, and get its VP index and argument page.
 * Context: on the CPU that `vp` is for, IRQs off or preemption off. The struct must not cross a
 *          page unless it is 256-byte aligned, as its type asks for.
 * Needs:   with hypercalls: pv_os_page_alloc (first time only), pv_os_virt_to_gpa; with a VP assist
 *          page also what pv_hv_assist_enable needs.
 * Owns:    `vp` and `guest` stay the caller's and must outlive pv_vp_offline.
 * Return:  PV_BAD_STATE    guest not initialised, or vp already online
 *          PV_NO_MEMORY    no argument page
 *          PV_BAD_ADDRESS  argument page or reserve has no usable GPA
 *          PV_MALFORMED    VP index not below the advertised maximum
 *          otherwise       arm64: as pv_hv_issue, when the VP index register could not be read; or
 *                          as pv_hv_assist_enable, when the VP assist page of an earlier online could
 *                          not be put in place again: it is given up, and the next pv_vp_online
 *                          goes on without it
 */
PV_MUST_CHECK enum pv_status pv_vp_online(struct pv_guest *guest, struct pv_vp *vp);

/*
 * Take back what this CPU told the hypervisor. Its argument page is kept for the next online.
 * Context: on the CPU that `vp` is for, IRQs off or preemption off, no hypercall open.
 * Return:  PV_BAD_STATE  not online
 *          PV_BUSY       a hypercall is open on this VP; nothing was done
 */
PV_MUST_CHECK enum pv_status pv_vp_offline(struct pv_vp *vp);

/*
 * Give the memory of an offline VP back to the OS.
 * Context: any CPU; the VP is offline.
 * Needs:   pv_os_page_free, pv_os_unmap, pv_os_log.
 * Return:  PV_BAD_STATE  still online
 *          PV_REFUSED    the hypervisor keeps the VP assist page, which is not given back, or an
 *                        area of stolen time or clock: then struct pv_vp must stay where it is
 */
PV_MUST_CHECK enum pv_status pv_vp_release(struct pv_vp *vp);

/*
 * Take back everything the hypervisor was told: this VP's part, then the guest's, newest first,
 * so that the memory can be reused by another kernel. Takes no lock, allocates nothing.
 * @vp: the calling CPU's; may be NULL if it is not online. Hypercalls it had open are abandoned.
 * Context: the last CPU that runs (others are offline or stopped for good), IRQs off; also in a
 *          panic. Idempotent.
 * Return:  PV_BAD_STATE  guest not initialised
 */
PV_MUST_CHECK enum pv_status pv_guest_quiesce(struct pv_guest *guest, struct pv_vp *vp);

/*
 * Set up again after pv_guest_quiesce: detection is repeated, because the host may be another
 * one, and the hypercall page is put where the hypervisor now allows it.
 * @vp: brought online for the calling CPU; may be NULL. If the clock was on, a first VP comes
 *      online alone, here or by pv_vp_online, before the others do: it chooses the source.
 * Context, Needs: as pv_guest_init and pv_vp_online.
 * Return:  as pv_guest_init and pv_vp_online; PV_BAD_STATE if hypercalls are on. If the VP is what
 *          fails, the guest is set up all the same and pv_vp_online may be tried again.
 */
PV_MUST_CHECK enum pv_status pv_guest_resume(struct pv_guest *guest, struct pv_vp *vp);

/*
 * Give the guest's memory back to the OS; implies pv_guest_quiesce.
 * @vp: as for pv_guest_quiesce; its own memory needs pv_vp_release.
 * Context: as pv_guest_quiesce.
 * Needs:   pv_os_page_protect, pv_os_page_free, pv_os_unmap, pv_os_log.
 * Return:  PV_BAD_STATE    guest not initialised
 *          PV_REFUSED      the hypervisor keeps the hypercall or reference TSC page; it is not
 *                          given back. Or kvmclock's area: struct pv_guest must stay where it is
 *          PV_BAD_ADDRESS  it cannot be made writable again; it is not given back
 */
PV_MUST_CHECK enum pv_status pv_guest_release(struct pv_guest *guest, struct pv_vp *vp);

#ifdef __cplusplus
}
#endif

#endif
