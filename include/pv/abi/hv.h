/* SPDX-License-Identifier: MIT */
/*
 * Hyper-V numbers: CPUID leaves, synthetic MSRs, feature bits, control and result words, call
 * codes, status codes. Numbers only; usable without the library.
 *
 * Source: Hypervisor Top-Level Functional Specification (TLFS), cross-checked with hvdef, Linux
 * 6.12 and mu_msvm. Bits count from 0 = least significant.
 */
#ifndef PV_ABI_HV_H
#define PV_ABI_HV_H

#include <pv/types.h>

/*
 * Which of the two parameter layouts this build speaks, where they differ. Follows the compiler's
 * target; the other architecture's layout can be had on purpose with -DPV_HV_ABI_ARM64=0 or 1.
 */
#ifndef PV_HV_ABI_ARM64
#if defined(__aarch64__)
#define PV_HV_ABI_ARM64 1
#else
#define PV_HV_ABI_ARM64 0
#endif
#endif
#define PV_HV_BY_ARCH(x64, arm64) (PV_HV_ABI_ARM64 ? (arm64) : (x64))

/* CPUID leaves, relative to the base of the interface (normally 0x40000000) */
#define PV_HV_CPUID_VENDOR 0x0u
#define PV_HV_CPUID_INTERFACE 0x1u
#define PV_HV_CPUID_VERSION 0x2u
#define PV_HV_CPUID_FEATURES 0x3u
#define PV_HV_CPUID_HINTS 0x4u
#define PV_HV_CPUID_LIMITS 0x5u
#define PV_HV_CPUID_HARDWARE 0x6u
#define PV_HV_CPUID_NESTED 0xAu
#define PV_HV_CPUID_ISOLATION 0xCu

#define PV_HV_INTERFACE_HV1 0x31237648u /* "Hv#1" */

/* Partition privilege mask: leaf 3 EBX:EAX, or the low half of register 0x00000200 */
#define PV_HV_PRIVILEGE_VP_RUNTIME 0
#define PV_HV_PRIVILEGE_TIME_REF_COUNT 1
#define PV_HV_PRIVILEGE_SYNIC 2
#define PV_HV_PRIVILEGE_STIMER 3
#define PV_HV_PRIVILEGE_APIC_ACCESS 4 /* EOI, ICR and TPR MSRs, and the VP assist page */
#define PV_HV_PRIVILEGE_HYPERCALL 5   /* GUEST_OS_ID and HYPERCALL */
#define PV_HV_PRIVILEGE_VP_INDEX 6
#define PV_HV_PRIVILEGE_RESET 7
#define PV_HV_PRIVILEGE_STATS_PAGES 8
#define PV_HV_PRIVILEGE_REFERENCE_TSC 9
#define PV_HV_PRIVILEGE_GUEST_IDLE 10
#define PV_HV_PRIVILEGE_FREQUENCY 11
#define PV_HV_PRIVILEGE_DEBUG_REGISTERS 12
#define PV_HV_PRIVILEGE_REENLIGHTENMENT 13
#define PV_HV_PRIVILEGE_ROOT_SCHEDULER 14
#define PV_HV_PRIVILEGE_TSC_INVARIANT 15
#define PV_HV_PRIVILEGE_CREATE_PARTITIONS 32
#define PV_HV_PRIVILEGE_ACCESS_PARTITION_ID 33
#define PV_HV_PRIVILEGE_ACCESS_MEMORY_POOL 34
#define PV_HV_PRIVILEGE_ADJUST_MESSAGE_BUFFERS 35
#define PV_HV_PRIVILEGE_POST_MESSAGES 36
#define PV_HV_PRIVILEGE_SIGNAL_EVENTS 37
#define PV_HV_PRIVILEGE_CREATE_PORT 38
#define PV_HV_PRIVILEGE_CONNECT_PORT 39
#define PV_HV_PRIVILEGE_ACCESS_STATS 40
#define PV_HV_PRIVILEGE_DEBUGGING 43
#define PV_HV_PRIVILEGE_CPU_MANAGEMENT 44
#define PV_HV_PRIVILEGE_CONFIGURE_PROFILER 45
#define PV_HV_PRIVILEGE_VP_EXIT_TRACING 46
#define PV_HV_PRIVILEGE_EXTENDED_GVA_RANGES 47
#define PV_HV_PRIVILEGE_ACCESS_VSM 48
#define PV_HV_PRIVILEGE_ACCESS_VP_REGISTERS 49
#define PV_HV_PRIVILEGE_FAST_OUTPUT 51
#define PV_HV_PRIVILEGE_EXTENDED_HYPERCALLS 52
#define PV_HV_PRIVILEGE_START_VIRTUAL_PROCESSOR 53
#define PV_HV_PRIVILEGE_ISOLATION 54
#define PV_HV_PRIVILEGE_NONE 63 /* for calls that need none; the bit itself is reserved */

/* HvExtCallQueryCapabilities; bit 8: Linux */
#define PV_HV_EXT_BOOT_ZEROED_MEMORY (1ull << 0)
#define PV_HV_EXT_MEMORY_HEAT_HINT (1ull << 1) /* the call exists */
#define PV_HV_EXT_COLD_DISCARD (1ull << 8)     /* it takes the hint type below */

/* HvExtCallMemoryHeatHint: hint type, and list elements that name pages of 2 MiB (Linux) */
#define PV_HV_HEAT_COLD_DISCARD 2u
#define PV_HV_GPA_LARGE 0x800ull         /* bit 12 clear: of 2 MiB; bits 10:0: more than one */
#define PV_HV_GPA_LARGE_PAGES_MAX 2048u
#define PV_HV_GPA_LARGE_SHIFT 21

/* Leaf 3 EDX (x86-64) */
#define PV_HV_FEATURE_MWAIT (1u << 0) /* deprecated */
#define PV_HV_FEATURE_GUEST_DEBUGGING (1u << 1)
#define PV_HV_FEATURE_PERF_MONITOR (1u << 2)
#define PV_HV_FEATURE_CPU_PARTITIONING (1u << 3)
#define PV_HV_FEATURE_XMM_INPUT (1u << 4)
#define PV_HV_FEATURE_GUEST_IDLE (1u << 5)
#define PV_HV_FEATURE_SLEEP_STATE (1u << 6)
#define PV_HV_FEATURE_NUMA_DISTANCE (1u << 7)
#define PV_HV_FEATURE_FREQUENCY (1u << 8)
#define PV_HV_FEATURE_MACHINE_CHECK (1u << 9)
#define PV_HV_FEATURE_CRASH (1u << 10)
#define PV_HV_FEATURE_DEBUG_REGISTERS (1u << 11)
#define PV_HV_FEATURE_NPIEP (1u << 12)
#define PV_HV_FEATURE_DISABLE_HYPERVISOR (1u << 13)
#define PV_HV_FEATURE_EXTENDED_GVA_RANGES (1u << 14)
#define PV_HV_FEATURE_XMM_OUTPUT (1u << 15)
#define PV_HV_FEATURE_SVM (1u << 16) /* shared virtual memory, PASIDs */
#define PV_HV_FEATURE_SINT_POLLING (1u << 17)
#define PV_HV_FEATURE_HYPERCALL_LOCK (1u << 18)
#define PV_HV_FEATURE_DIRECT_STIMER (1u << 19)
#define PV_HV_FEATURE_VSM_PAT (1u << 20)
#define PV_HV_FEATURE_VSM_BNDCFGS (1u << 21)
#define PV_HV_FEATURE_WATCHDOG (1u << 22)
#define PV_HV_FEATURE_UNHALTED_TIMER (1u << 23)
#define PV_HV_FEATURE_DEVICE_DOMAINS (1u << 24)
#define PV_HV_FEATURE_STAGE1_DEVICE_DOMAINS (1u << 25)
#define PV_HV_FEATURE_LBR (1u << 26)

/* The same of arm64, third word of register 0x00000200, which numbers them its own way. */
#define PV_HV_ARM64_FEATURE_GUEST_DEBUGGING (1u << 0)
#define PV_HV_ARM64_FEATURE_PERF_MONITOR (1u << 1)
#define PV_HV_ARM64_FEATURE_CPU_PARTITIONING (1u << 2)
#define PV_HV_ARM64_FEATURE_GUEST_IDLE (1u << 3)
#define PV_HV_ARM64_FEATURE_SLEEP_STATE (1u << 4)
#define PV_HV_ARM64_FEATURE_NUMA_DISTANCE (1u << 5)
#define PV_HV_ARM64_FEATURE_FREQUENCY (1u << 6)
#define PV_HV_ARM64_FEATURE_MACHINE_CHECK (1u << 7)
#define PV_HV_ARM64_FEATURE_CRASH (1u << 8)
#define PV_HV_ARM64_FEATURE_DISABLE_HYPERVISOR (1u << 10)
#define PV_HV_ARM64_FEATURE_SINT_POLLING (1u << 12)
#define PV_HV_ARM64_FEATURE_DIRECT_STIMER (1u << 13)

/* Leaf 4 EAX (x86-64) */
#define PV_HV_HINT_ADDRESS_SWITCH (1u << 0)
#define PV_HV_HINT_LOCAL_FLUSH (1u << 1)
#define PV_HV_HINT_REMOTE_FLUSH (1u << 2)
#define PV_HV_HINT_APIC_MSRS (1u << 3)
#define PV_HV_HINT_RESET_MSR (1u << 4)
#define PV_HV_HINT_RELAXED_TIMING (1u << 5)
#define PV_HV_HINT_DMA_REMAPPING (1u << 6) /* deprecated */
#define PV_HV_HINT_INTERRUPT_REMAPPING (1u << 7) /* deprecated */
#define PV_HV_HINT_X2APIC_MSRS (1u << 8)
#define PV_HV_HINT_NO_AUTO_EOI (1u << 9)
#define PV_HV_HINT_CLUSTER_IPI (1u << 10)
#define PV_HV_HINT_EX_PROCESSOR_MASKS (1u << 11)
#define PV_HV_HINT_NESTED (1u << 12)
#define PV_HV_HINT_INT_MBEC (1u << 13)
#define PV_HV_HINT_ENLIGHTENED_VMCS (1u << 14)
#define PV_HV_HINT_SYNCED_TIMELINE (1u << 15)
#define PV_HV_HINT_CORE_SCHEDULER (1u << 16)
#define PV_HV_HINT_LOCAL_FLUSH_BY_PGE (1u << 17)
#define PV_HV_HINT_NO_CORE_SHARING (1u << 18)
#define PV_HV_HINT_X2APIC (1u << 19)
#define PV_HV_HINT_RESTORE_TIME (1u << 20)
#define PV_HV_HINT_MMIO_HYPERCALLS (1u << 21)
#define PV_HV_HINT_GPA_PINNING (1u << 22)
#define PV_HV_HINT_WAKE_VPS (1u << 23)

/* The same of arm64, register 0x00000201, which numbers them its own way. None is about flushes. */
#define PV_HV_ARM64_HINT_RESET_REGISTER (1u << 0)
#define PV_HV_ARM64_HINT_RELAXED_TIMING (1u << 1)
#define PV_HV_ARM64_HINT_CLUSTER_IPI (1u << 2)
#define PV_HV_ARM64_HINT_EX_PROCESSOR_MASKS (1u << 3)
#define PV_HV_ARM64_HINT_NESTED (1u << 4)
#define PV_HV_ARM64_HINT_SYNCED_TIMELINE (1u << 5)
#define PV_HV_ARM64_HINT_MMIO_HYPERCALLS (1u << 21)
#define PV_HV_ARM64_HINT_GPA_PINNING (1u << 22)
#define PV_HV_ARM64_HINT_WAKE_VPS (1u << 23)

/* Long spin count of leaf 4 EBX: both mean "never notify" (TLFS says either, KVM denies both) */
#define PV_HV_SPIN_NEVER 0xFFFFFFFFu
#define PV_HV_SPIN_OFF 0u

/* Isolation, leaf 0xC; meaningful only with PV_HV_PRIVILEGE_ISOLATION */
#define PV_HV_ISOLATION_PARAVISOR (1u << 0) /* EAX */
#define PV_HV_ISOLATION_TYPE_MASK 0xFu      /* EBX */
#define PV_HV_ISOLATION_BOUNDARY_ACTIVE (1u << 5)
#define PV_HV_ISOLATION_BOUNDARY_SHIFT 6
#define PV_HV_ISOLATION_BOUNDARY_MASK 0x3Fu

/* Synthetic MSRs (x86-64); the same items are VP registers on arm64 (pv/abi/hv_regs.h) */
#define PV_HV_MSR_GUEST_OS_ID 0x40000000u
#define PV_HV_MSR_HYPERCALL 0x40000001u
#define PV_HV_MSR_VP_INDEX 0x40000002u
#define PV_HV_MSR_RESET 0x40000003u
#define PV_HV_MSR_VP_RUNTIME 0x40000010u
#define PV_HV_MSR_TIME_REF_COUNT 0x40000020u
#define PV_HV_MSR_REFERENCE_TSC 0x40000021u
#define PV_HV_MSR_TSC_FREQUENCY 0x40000022u
#define PV_HV_MSR_APIC_FREQUENCY 0x40000023u
#define PV_HV_MSR_VP_ASSIST_PAGE 0x40000073u

/* The page of REFERENCE_TSC. time in 100 ns = (TSC * scale >> 64) + offset */
struct pv_hv_reference_tsc {
    uint32_t sequence; /* changes with every update; 0: not valid, use TIME_REF_COUNT */
    uint32_t reserved;
    uint64_t scale; /* 0.64 fixed point */
    uint64_t offset; /* signed, modulo 2^64 */
};
PV_STATIC_ASSERT(sizeof(struct pv_hv_reference_tsc) == 24, "HV_REFERENCE_TSC_PAGE, its used part");

#define PV_HV_REFERENCE_TSC_INVALID_OLD 0xFFFFFFFFu /* TLFS before 5.0 */

/* HYPERCALL, VP_ASSIST_PAGE, REFERENCE_TSC: page number | preserved bits | enable */
#define PV_HV_PAGE_ENABLE 1ull
#define PV_HV_PAGE_LOCKED 2ull /* HYPERCALL only */
#define PV_HV_PAGE_NUMBER_MASK 0xFFFFFFFFFFFFF000ull

/* Control word of a hypercall (TLFS "Hypercall Inputs") */
#define PV_HV_CONTROL_CODE_MASK 0xFFFFull
#define PV_HV_CONTROL_FAST (1ull << 16)
#define PV_HV_CONTROL_VAR_SHIFT 17 /* variable header, in qwords */
#define PV_HV_CONTROL_VAR_MASK 0x3FFull
#define PV_HV_CONTROL_NESTED (1ull << 31)
#define PV_HV_CONTROL_REPS_SHIFT 32
#define PV_HV_CONTROL_START_SHIFT 48
#define PV_HV_CONTROL_REP_MASK 0xFFFull
#define PV_HV_CONTROL_RESERVED 0xF000F00078000000ull
#define PV_HV_REPS_MAX 4095u

/* Result word */
#define PV_HV_RESULT_STATUS_MASK 0xFFFFull
#define PV_HV_RESULT_REPS_SHIFT 32

/* Call codes: PV_HV_CODE_GET_VP_REGISTERS = 0x0050, ... */
enum pv_hv_code {
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    PV_HV_CODE_##NAME = (code),
#include <pv/abi/hv_calls.def>
};

/* Status codes: PV_HV_STATUS_SUCCESS = 0, ... */
enum pv_hv_status {
#define PV_HV_STATUS(number, NAME, retry, pv, meaning) PV_HV_STATUS_##NAME = (number),
#include <pv/abi/hv_status.def>
};

/* Names for "the caller's own" */
#define PV_HV_PARTITION_SELF (~0ull)
#define PV_HV_VP_SELF 0xFFFFFFFEu
#define PV_HV_VP_ANY 0xFFFFFFFFu

/* HV_INPUT_VTL: bit 4 = "use bits 3:0", otherwise the caller's own VTL */
#define PV_HV_INPUT_VTL_USE 0x10u
#define PV_HV_VTL_MAX 15u

/* Register block of a fast call: x64 RDX, R8, XMM0-5; arm64 X2-X17 (X1-X16 with HVC #1) */
#define PV_HV_X64_BLOCK_BYTES 112u
#define PV_HV_ARM64_BLOCK_BYTES 128u

/* VP set */
#define PV_HV_SET_SPARSE 0ull
#define PV_HV_SET_ALL 1ull /* no banks; not every hypervisor takes it */
#define PV_HV_SET_BANKS_MAX 64u
#define PV_HV_VPS_MAX 4096u

/* VSM registers (pv/abi/hv_regs.h names them) */
#define PV_HV_VSM_CALL_OFFSET_SHIFT 0 /* VsmCodePageOffsets */
#define PV_HV_VSM_RETURN_OFFSET_SHIFT 12
#define PV_HV_VSM_OFFSET_MASK 0xFFFull
#define PV_HV_VSM_VP_ACTIVE_MASK 0xFull /* VsmVpStatus */
#define PV_HV_VSM_VP_MBEC (1ull << 4)
#define PV_HV_VSM_VP_ENABLED_SHIFT 16
#define PV_HV_VSM_PARTITION_MAX_SHIFT 16 /* VsmPartitionStatus */
#define PV_HV_VSM_PARTITION_MBEC_SHIFT 20
/* VsmCapabilities: hvdef and working code; the TLFS prints the word mirrored */
#define PV_HV_VSM_CAP_DR6_SHARED (1ull << 0)
#define PV_HV_VSM_CAP_MBEC_SHIFT 1
#define PV_HV_VSM_CAP_DENY_LOWER_STARTUP (1ull << 17)
#define PV_HV_VSM_CONFIG_PROTECT (1ull << 0) /* VsmPartitionConfig; write once */
#define PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT 1
#define PV_HV_VSM_CONFIG_ZERO_ON_RESET (1ull << 5)
#define PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP (1ull << 6)
#define PV_HV_VSM_CONFIG_INTERCEPT_STARTUP (1ull << 9)

#define PV_HV_ENABLE_VTL_MBEC 0x1u /* EnablePartitionVtl flags */

/* What the host may do with a page of an isolated guest; no hardware has the one in the middle. */
#define PV_HV_VISIBILITY_PRIVATE 0u
#define PV_HV_VISIBILITY_READ_ONLY 1u
#define PV_HV_VISIBILITY_SHARED 3u

/* HV_MAP_GPA_FLAGS: ModifyVtlProtectionMask, default protection mask */
#define PV_HV_MAP_READ 0x1u
#define PV_HV_MAP_WRITE 0x2u
#define PV_HV_MAP_KERNEL_EXECUTE 0x4u
#define PV_HV_MAP_USER_EXECUTE 0x8u

/* TranslateVirtualAddress control flags */
#define PV_HV_TRANSLATE_READ (1ull << 0)
#define PV_HV_TRANSLATE_WRITE (1ull << 1)
#define PV_HV_TRANSLATE_EXECUTE (1ull << 2)
#define PV_HV_TRANSLATE_PRIVILEGE_EXEMPT (1ull << 3)
#define PV_HV_TRANSLATE_VTL_SHIFT 56

#define PV_HV_VTL_RETURN_FAST 1ull

/* General registers that both VTLs see: x64 RDX, RBX, RSI, RDI, RBP, R8-R15, RAX, RCX; arm64 X0-X17,
 * X19-X30. */
#define PV_HV_VTL_SHARED PV_HV_BY_ARCH(15, 30)
#define PV_HV_VTL_RAX 13u /* x64; these two carry the switch itself */
#define PV_HV_VTL_RCX 14u

/* arm64 */
#define PV_HV_SMCCC_CALL 0x46000001u /* X0 of a hypercall by HVC #0 */

#endif
