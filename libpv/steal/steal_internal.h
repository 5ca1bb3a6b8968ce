/* SPDX-License-Identifier: MIT */
/* What the files of the steal area share: a backend each, the reader, and the life of it all. */
#ifndef PV_STEAL_STEAL_INTERNAL_H
#define PV_STEAL_STEAL_INTERNAL_H

#include <pv/guest.h>
#include <pv/steal.h>

/* ---- the life, called by guest.c ---- */

/* Take up again what was on; the outcome is vp->steal.status. */
void pv_steal_vp_online_(struct pv_vp *vp);
/* Before the registry takes the area back: readers get the last value from here on. */
void pv_steal_vp_offline_(struct pv_vp *vp);
/* PV_REFUSED: the hypervisor still has the area in struct pv_vp. */
enum pv_status pv_steal_vp_release_(struct pv_vp *vp);
/* Called by the registry. False if the hypervisor keeps the area. */
bool pv_steal_call_off_(enum pv_steal_backend backend, uint64_t how);

/* ---- for backends ---- */

/* The area in struct pv_vp, zeroed; sets shared and gpa. */
enum pv_status pv_steal_provide_(struct pv_vp *vp);
/* The area that somebody else chose; sets shared and gpa. */
enum pv_status pv_steal_map_(struct pv_vp *vp, uint64_t gpa);
/* The area in struct pv_vp is about to be told. */
void pv_steal_register_(struct pv_steal_vp *steal, enum pv_steal_backend backend);
/* ... by a call: write down how to take it back. */
void pv_steal_told_(struct pv_vp *vp, enum pv_steal_backend backend, uint64_t how);
/* Keep the host's answer; PV_OK if it is 0, PV_REFUSED otherwise. */
enum pv_status pv_steal_answer_(struct pv_vp *vp, int64_t error);

/* ---- the reader ---- */

/* Let readers at the area in steal->shared, counting on from the last value. */
enum pv_status pv_steal_publish_(struct pv_steal_vp *steal, enum pv_steal_backend backend);
/* Nobody reads it any more, once the reads that are on their way are done. */
void pv_steal_retract_(struct pv_steal_vp *steal);

/* ---- backends: is it offered; tell the host of this VP's area ---- */

bool pv_steal_kvm_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_kvm_tell_(struct pv_vp *vp);
/* From here on flushes may be left to the host, if it does them; to be called once it has our area. */
void pv_steal_kvm_take_flushes_(struct pv_vp *vp);

bool pv_steal_pv_time_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_pv_time_tell_(struct pv_vp *vp);
/* Revision and attributes of the area are known ones. */
enum pv_status pv_steal_pv_time_check_(struct pv_steal_vp *steal);

bool pv_steal_sbi_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_sbi_tell_(struct pv_vp *vp);
bool pv_steal_sbi_off_(void);

bool pv_steal_loongarch_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_loongarch_tell_(struct pv_vp *vp);
bool pv_steal_loongarch_off_(void);

bool pv_steal_xen_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_xen_tell_(struct pv_vp *vp);
bool pv_steal_xen_off_(uint64_t how);
/* One try; false while the host is writing. */
bool pv_steal_xen_read_(const volatile void *area, uint64_t *stolen_ns);

bool pv_steal_vmware_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_vmware_tell_(struct pv_vp *vp);
bool pv_steal_vmware_off_(uint64_t how);

bool pv_steal_hyperv_offered_(const struct pv_guest *guest);
enum pv_status pv_steal_hyperv_tell_(struct pv_vp *vp);
enum pv_status pv_steal_hyperv_update_(struct pv_vp *vp, uint64_t idle_ns);

#endif
