/* SPDX-License-Identifier: MIT */
/* VMware: steal clock and timing leaf (open-vm-tools, Linux arch/x86/kernel/cpu/vmware.c). */
#ifndef PV_ABI_VMWARE_H
#define PV_ABI_VMWARE_H

#include <pv/types.h>

/* CPUID leaf 0x40000010, of VMware and of others that copy it: EAX TSC kHz, EBX bus kHz */
#define PV_VMWARE_CPUID_TIMING 0x10u /* relative to the base */
/* VMware only, ECX of the same leaf: how hypercalls are made */
#define PV_VMWARE_VMMCALL (1u << 0)
#define PV_VMWARE_VMCALL (1u << 1)

/* Argument: GPA of a struct pv_vmware_steal_time to turn it on, 1 to turn it off */
#define PV_VMWARE_COMMAND_STEAL_CLOCK 91u
#define PV_VMWARE_STEAL_OFF 1u
#define PV_VMWARE_STEAL_ABSENT 0xFFFFFFFFu
#define PV_VMWARE_STEAL_DISABLED 0u
#define PV_VMWARE_STEAL_ENABLED 1u

struct pv_vmware_steal_time {
    uint64_t clock; /* ns */
    uint64_t reserved[7];
};
PV_STATIC_ASSERT(sizeof(struct pv_vmware_steal_time) == 64, "vmware_steal_time");

#endif
