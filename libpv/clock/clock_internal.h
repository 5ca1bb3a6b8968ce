/* SPDX-License-Identifier: MIT */
/* What the files of the clock area share. */
#ifndef PV_CLOCK_CLOCK_INTERNAL_H
#define PV_CLOCK_CLOCK_INTERNAL_H

#include <pv/abi/kvm.h>
#include <pv/clock.h>
#include <pv/guest.h>

#define PV_CLOCK_NS_PER_SECOND 1000000000u
/* How far the guest's clock may be ahead of its mark in guest->clock.now.last. */
#define PV_CLOCK_GRAIN_NS 1000000u

/* ---- the life, called by guest.c ---- */

enum pv_status pv_clock_config_check_(const struct pv_clock_config *config);
/* Take up again what was on; the outcome is vp->clock.status. */
void pv_clock_vp_online_(struct pv_vp *vp);
void pv_clock_vp_offline_(struct pv_vp *vp);
/* PV_REFUSED: the hypervisor still has the area in struct pv_vp. */
enum pv_status pv_clock_vp_release_(struct pv_vp *vp);
/* The source is chosen anew by whoever enables the clock next. */
void pv_clock_quiesce_(struct pv_guest *guest);
/* PV_REFUSED: the hypervisor still has the page, which is not given back. */
enum pv_status pv_clock_release_(struct pv_guest *guest);

/* The host's word on time is taken. */
bool pv_clock_host_trusted_(const struct pv_guest *guest);

/* ---- reading ---- */

/* One reading of the host's time in ns: what is given out is guarded from it. */
struct pv_clock_reading {
    uint64_t ns;
    bool unstable; /* VPs may disagree */
    bool moved;    /* time may have gone by unseen */
};

/* One try with the guest's source; false while the host is writing. */
bool pv_clock_read_once_(struct pv_vp *vp, struct pv_clock_reading *reading);
/* Bounded tries, as the clock starts. */
bool pv_clock_read_first_(struct pv_vp *vp, struct pv_clock_reading *reading);
void pv_clock_epoch_moved_(struct pv_guest *guest);

/* ---- kvmclock ---- */

bool pv_clock_kvm_offered_(const struct pv_guest *guest);
enum pv_status pv_clock_kvm_tell_(struct pv_vp *vp);
bool pv_clock_kvm_read_(struct pv_vp *vp, struct pv_clock_reading *reading);
/* ns of an area's fields at a TSC. */
uint64_t pv_clock_kvm_time_(const struct pv_kvm_time *time, uint64_t tsc);
/* TSC frequency of an area's fields; 0 if they make no sense. */
uint64_t pv_clock_kvm_hz_(const struct pv_kvm_time *time);
/* A consistent copy of an area; false if the host never finished or never began. */
bool pv_clock_kvm_copy_(const volatile struct pv_kvm_time *area, struct pv_kvm_time *copy);
/* What kvmclock says on this CPU; an area that is registered there is put back. */
enum pv_status pv_clock_kvm_sample_(struct pv_guest *guest, struct pv_kvm_time *time);

/* ---- Hyper-V ---- */

bool pv_clock_hv_counter_offered_(const struct pv_guest *guest);
/* In ns. */
uint64_t pv_clock_hv_counter_(void);
bool pv_clock_hv_page_offered_(const struct pv_guest *guest);
enum pv_status pv_clock_hv_page_enable_(struct pv_guest *guest);
bool pv_clock_hv_page_read_(struct pv_guest *guest, struct pv_clock_reading *reading);
enum pv_status pv_clock_hv_page_release_(struct pv_guest *guest);

/* ---- frequencies ---- */

/* The counter is promised to run at one rate, whatever the processor does. */
bool pv_clock_counter_invariant_(void);

#endif
