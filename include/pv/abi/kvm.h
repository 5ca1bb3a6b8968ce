/* SPDX-License-Identifier: MIT */
/* KVM on x86: CPUID leaves, MSRs, areas, calls (Linux Documentation/virt/kvm/x86, kvm_para.h). */
#ifndef PV_ABI_KVM_H
#define PV_ABI_KVM_H

#include <pv/types.h>

#define PV_KVM_CPUID_FEATURES 0x1u /* relative to the base; EAX features, EDX hints */

#define PV_KVM_FEATURE_CLOCKSOURCE (1u << 0) /* kvmclock by MSRs 0x11 and 0x12: deprecated */
#define PV_KVM_FEATURE_NOP_IO_DELAY (1u << 1)
#define PV_KVM_FEATURE_MMU_OP (1u << 2) /* deprecated */
#define PV_KVM_FEATURE_CLOCKSOURCE2 (1u << 3)
#define PV_KVM_FEATURE_ASYNC_PF (1u << 4)
#define PV_KVM_FEATURE_STEAL_TIME (1u << 5)
#define PV_KVM_FEATURE_PV_EOI (1u << 6)
#define PV_KVM_FEATURE_PV_UNHALT (1u << 7)    /* PV_KVM_CALL_KICK_CPU */
#define PV_KVM_FEATURE_PV_TLB_FLUSH (1u << 9) /* PV_KVM_FLUSH_ON_ENTRY */
#define PV_KVM_FEATURE_ASYNC_PF_VMEXIT (1u << 10)
#define PV_KVM_FEATURE_PV_SEND_IPI (1u << 11)
#define PV_KVM_FEATURE_POLL_CONTROL (1u << 12)
#define PV_KVM_FEATURE_PV_SCHED_YIELD (1u << 13)
#define PV_KVM_FEATURE_ASYNC_PF_INT (1u << 14)
#define PV_KVM_FEATURE_MSI_EXT_DEST_ID (1u << 15)
#define PV_KVM_FEATURE_MAP_GPA_RANGE (1u << 16)
#define PV_KVM_FEATURE_MIGRATION_CONTROL (1u << 17)
#define PV_KVM_FEATURE_CLOCK_STABLE (1u << 24) /* PV_KVM_TIME_STABLE means something */
#define PV_KVM_HINT_REALTIME (1u << 0) /* VPs are hardly ever preempted */

#define PV_KVM_MSR_WALL_CLOCK 0x4B564D00u  /* GPA of a struct pv_kvm_wall_clock to fill */
#define PV_KVM_MSR_SYSTEM_TIME 0x4B564D01u /* GPA of a struct pv_kvm_time | enable */
#define PV_KVM_MSR_STEAL_TIME 0x4B564D03u  /* GPA of a struct pv_kvm_steal_time | enable */
#define PV_KVM_ENABLE 1u

/* Per VP; odd version: the host is writing. time = system_time + scaled (TSC - tsc_timestamp). */
struct pv_kvm_time {
    uint32_t version;
    uint32_t reserved0;
    uint64_t tsc_timestamp;
    uint64_t system_time;       /* ns */
    uint32_t tsc_to_system_mul; /* 0.32 fixed point */
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t reserved1[2];
};
PV_STATIC_ASSERT(sizeof(struct pv_kvm_time) == 32, "pvclock_vcpu_time_info");
PV_STATIC_ASSERT(offsetof(struct pv_kvm_time, tsc_to_system_mul) == 24, "pvclock_vcpu_time_info");

#define PV_KVM_TIME_STABLE (1u << 0)  /* the same time on every VP */
#define PV_KVM_TIME_STOPPED (1u << 1) /* the guest was paused; cleared by the guest */

/* Wall-clock time when system_time was 0. */
struct pv_kvm_wall_clock {
    uint32_t version;
    uint32_t seconds;
    uint32_t nanoseconds;
};
PV_STATIC_ASSERT(sizeof(struct pv_kvm_wall_clock) == 12, "pvclock_wall_clock");

struct pv_kvm_steal_time {
    uint64_t steal; /* ns */
    uint32_t version;
    uint32_t flags;
    uint8_t preempted; /* PV_KVM_PREEMPTED, PV_KVM_FLUSH_ON_ENTRY */
    uint8_t reserved[47];
};
PV_STATIC_ASSERT(sizeof(struct pv_kvm_steal_time) == 64, "kvm_steal_time");

PV_STATIC_ASSERT(offsetof(struct pv_kvm_steal_time, preempted) == 16, "kvm_steal_time");

#define PV_KVM_PREEMPTED (1u << 0)      /* the host's: this VP does not run, though it could */
#define PV_KVM_FLUSH_ON_ENTRY (1u << 1) /* the guest's: flush all its translations before it runs */

/* Hypercalls. They answer 0 or a count, or a negative number: Linux's errno, or -1000 for a call
 * that is not there. */
#define PV_KVM_CALL_KICK_CPU 5u     /* 0, APIC id */
#define PV_KVM_CALL_SEND_IPI 10u    /* bitmap, its second word, APIC id of bit 0, ICR; a count */
#define PV_KVM_CALL_SCHED_YIELD 11u /* APIC id */
#define PV_KVM_CALL_MAP_GPA_RANGE 12u /* GPA, pages of 4096 bytes, PV_KVM_MAP_* */

#define PV_KVM_MAP_ENCRYPTED 0x10u /* bits 3:0 are a hint of the page size, 0: 4096 bytes */

#define PV_KVM_ICR_VECTOR_MASK 0xFFu
#define PV_KVM_ICR_NMI 0x400u /* instead of a vector */

#endif
