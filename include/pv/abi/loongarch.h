/* SPDX-License-Identifier: MIT */
/* KVM on LoongArch (Linux Documentation/virt/kvm/loongarch/hypercalls.rst, asm/kvm_para.h). */
#ifndef PV_ABI_LOONGARCH_H
#define PV_ABI_LOONGARCH_H

#include <pv/types.h>

#define PV_LOONGARCH_CPUCFG_SIGNATURE 0x40000000u
#define PV_LOONGARCH_SIGNATURE_KVM 0x004D564Bu /* "KVM" */
#define PV_LOONGARCH_CPUCFG_FEATURES 0x40000004u
#define PV_LOONGARCH_FEATURE_STEAL_TIME (1u << 2)

/* Hypercall 2: which notification, GPA | enable or 0 */
#define PV_LOONGARCH_CALL_NOTIFY 2u
#define PV_LOONGARCH_NOTIFY_STEAL_TIME (1u << 2)
#define PV_LOONGARCH_ENABLE 1u

struct pv_loongarch_steal_time {
    uint64_t steal; /* ns */
    uint32_t version;
    uint32_t flags;
    uint8_t preempted; /* since Linux 6.17; 0 before */
    uint8_t reserved[47];
};
PV_STATIC_ASSERT(sizeof(struct pv_loongarch_steal_time) == 64, "kvm_steal_time of LoongArch");

#endif
