/* SPDX-License-Identifier: MIT */
/* Xen guest interface: VCPU operations and the runstate area (xen/include/public/vcpu.h). */
#ifndef PV_ABI_XEN_H
#define PV_ABI_XEN_H

#include <pv/types.h>

/* Hypercall numbers */
#define PV_XEN_VERSION 17u
#define PV_XEN_VM_ASSIST 21u
#define PV_XEN_VCPU_OP 24u

/* PV_XEN_VERSION, command 6: features, 32 bits a word */
#define PV_XEN_VERSION_GET_FEATURES 6u
#define PV_XEN_FEATURE_RUNSTATE_PHYS_AREA 18

struct pv_xen_feature_info {
    uint32_t word; /* which 32 features */
    uint32_t bits;
};

/* PV_XEN_VM_ASSIST */
#define PV_XEN_ASSIST_ENABLE 0u
#define PV_XEN_ASSIST_RUNSTATE_UPDATE 5u

/* PV_XEN_VCPU_OP: command, VCPU number, argument */
#define PV_XEN_VCPU_REGISTER_RUNSTATE 5u       /* by virtual address, for good */
#define PV_XEN_VCPU_REGISTER_RUNSTATE_PHYS 14u /* by GPA; ~0: off */

struct pv_xen_area {
    uint64_t address;
};

struct pv_xen_runstate {
    uint32_t state; /* enum below */
    uint32_t reserved;
    uint64_t entry_time; /* ns; bit 63: being written, where the update flag is on */
    uint64_t time[4];    /* ns in each state */
};
PV_STATIC_ASSERT(sizeof(struct pv_xen_runstate) == 48, "vcpu_runstate_info of 64-bit guests");
PV_STATIC_ASSERT(offsetof(struct pv_xen_runstate, time) == 16, "vcpu_runstate_info");

#define PV_XEN_RUNNING 0u
#define PV_XEN_RUNNABLE 1u
#define PV_XEN_BLOCKED 2u
#define PV_XEN_OFFLINE 3u
#define PV_XEN_UPDATING (1ull << 63)

/* Relative to Xen's CPUID base; EBX the MSR whose write with a GPA fills a page with calls. Xen and
 * KVM take a guest for one of 64 bits, with the layouts here, once it did that in 64-bit mode. */
#define PV_XEN_CPUID_PAGES 2u
#define PV_XEN_MSR_FIRST 0x40000000u
#define PV_XEN_MSR_LAST 0x4FFFFFFFu

/* Relative to Xen's CPUID base; EAX flags, EBX the VCPU number if flag 3 is set */
#define PV_XEN_CPUID_HVM 4u
#define PV_XEN_CPUID_HVM_VCPU_ID (1u << 3)

#endif
