/* SPDX-License-Identifier: MIT */
/* What the files of the kvm area share, and what waiting needs to know. */
#ifndef PV_KVM_KVM_INTERNAL_H
#define PV_KVM_KVM_INTERNAL_H

#include <pv/abi/kvm.h>
#include <pv/guest.h>
#include <pv/kvm.h>

/* KVM has the calls that this PV_KVM_FEATURE_* stands for, and will take them for its own. */
bool pv_kvm_offers_(const struct pv_guest *guest, uint32_t feature);

/* The same where it is about other VPs that are preempted; then KVM must also advise it. */
bool pv_kvm_advises_(const struct pv_guest *guest, uint32_t feature);

/* A call of which 0 is the only good answer. */
enum pv_status pv_kvm_call_(const struct pv_vp *vp, uint32_t feature, unsigned long function,
                            unsigned long first, unsigned long second);

#endif
