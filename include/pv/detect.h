/* SPDX-License-Identifier: MIT */
/*
 * Which hypervisor is this? Needs no OS function, no memory and no prior set-up, so it can be the
 * first thing a kernel does. Nothing is written anywhere but into the caller's struct.
 *
 *     struct pv_detect detect;
 *     pv_detect_probe(&detect, NULL);
 *     print(pv_detect_name(detect.kind));
 *
 * Several interfaces can be active at once (KVM behind its Hyper-V enlightenments); all are found.
 * Absence is a value: on bare metal `kind` is PV_DETECT_NONE and every feature word is 0.
 */
#ifndef PV_DETECT_H
#define PV_DETECT_H

#include <pv/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pv_detect_kind {
    PV_DETECT_NONE = 0,
    PV_DETECT_HYPERV = 1, /* the Hv#1 interface, whoever implements it */
    PV_DETECT_KVM = 2,
    PV_DETECT_XEN = 3,
    PV_DETECT_VMWARE = 4,
    PV_DETECT_BHYVE = 5,
    PV_DETECT_ACRN = 6,
    PV_DETECT_JAILHOUSE = 7,
    PV_DETECT_QEMU_TCG = 8,
    PV_DETECT_UNKNOWN = 9, /* a hypervisor that this version does not know by name */
    PV_DETECT_KINDS = 10,
};

/* One interface that the hypervisor offers. */
struct pv_detect_interface {
    enum pv_detect_kind kind;
    uint32_t base;     /* x86: its first CPUID leaf, 0x40000000 + n * 0x100; elsewhere 0 */
    uint32_t max_leaf; /* x86: its last CPUID leaf, made plausible: base..base + 0xFF */
    char vendor[13];   /* x86: signature as text, unprintable bytes as '.'; elsewhere empty */
};

#define PV_DETECT_INTERFACES_MAX 8

/* Isolation (confidential guest) as told by Hyper-V leaf 0xC. */
enum pv_detect_isolation {
    PV_DETECT_ISOLATION_NONE = 0,
    PV_DETECT_ISOLATION_VBS = 1,
    PV_DETECT_ISOLATION_SNP = 2,
    PV_DETECT_ISOLATION_TDX = 3,
    PV_DETECT_ISOLATION_CCA = 4, /* hvdef only */
};

/*
 * What the Hyper-V interface says of itself. x86: CPUID, here after pv_detect_probe. arm64: VP
 * registers, here only after pv_guest_init, because reading them is a hypercall.
 * Bit names are in pv/abi/hv.h; arm64 numbers `features`, `hints` and `hardware` its own way.
 */
struct pv_detect_hyperv {
    uint64_t privileges; /* PV_HV_PRIVILEGE_* bit numbers */
    uint32_t features;   /* PV_HV_FEATURE_* */
    uint32_t hints;      /* PV_HV_HINT_* */
    uint32_t hardware;
    uint32_t nested; /* x86 leaf 0xA EAX */
    uint32_t spin_retries; /* spins before HvCallNotifyLongSpinWait; 0 = never notify */
    uint32_t max_vps;      /* 0 = not told */
    uint32_t max_lps;      /* 0 = not told */
    uint32_t version_build;
    uint16_t version_major;
    uint16_t version_minor;
    uint8_t physical_address_bits; /* 0 = not told */
    enum pv_detect_isolation isolation; /* others: a type that this version does not know */
    bool paravisor;
    uint8_t shared_gpa_boundary_bits; /* shared memory lies above 1 << this; 0 = no boundary */
};

struct pv_detect_kvm {
    uint32_t features; /* x86: PV_KVM_FEATURE_*; LoongArch: PV_LOONGARCH_FEATURE_* */
    uint32_t hints;    /* PV_KVM_HINT_* */
    bool vmmcall;      /* x86: its calls are made by VMMCALL (AMD, Hygon) */
};

struct pv_detect_sbi {
    uint32_t spec_major;
    uint32_t spec_minor;
    uint64_t implementation; /* PV_SBI_IMPL_* */
    uint64_t version;
    bool steal_time; /* the STA extension is there */
};

struct pv_detect {
    enum pv_detect_kind kind; /* the interface at the lowest base: the one to talk to first */
    uint32_t kinds;           /* bit n: kind n was found */
    uint32_t count;           /* of `interfaces` */
    struct pv_detect_interface interfaces[PV_DETECT_INTERFACES_MAX];
    struct pv_detect_hyperv hyperv;
    struct pv_detect_kvm kvm;
    struct pv_detect_sbi sbi; /* riscv64 */
};

/* How the firmware wants SMCCC calls made (device tree "psci" node, or ACPI FADT boot flags). */
enum pv_detect_conduit {
    PV_DETECT_CONDUIT_NONE = 0, /* no SMCCC call is made */
    PV_DETECT_CONDUIT_HVC = 1,
    PV_DETECT_CONDUIT_SMC = 2,
};

/* What only the kernel can know; all zero is right on x86 and riscv64. */
struct pv_detect_hints {
    enum pv_detect_conduit conduit; /* arm64, and only if SMCCC is 1.1 or later */
    char fadt_hypervisor[8];        /* ACPI FADT bytes 268..275, revision 6 and later; else zero */
};

/*
 * Ask the processor and the firmware who the hypervisor is.
 * @hints: may be NULL, which means all zero.
 * Context: any CPU, any time, also before memory management. x86 guests of TDX or SEV-ES need
 *          their #VE or #VC handler first, because CPUID traps there.
 * Needs:   nothing.
 * Spec:    TLFS "Feature and Interface Discovery"; Linux Documentation/virt/kvm/x86/cpuid.rst;
 *          Arm DEN0028; RISC-V SBI base extension.
 */
void pv_detect_probe(struct pv_detect *detect, const struct pv_detect_hints *hints);

/*
 * True if an interface of that kind was found.
 * Context: any.
 */
bool pv_detect_has(const struct pv_detect *detect, enum pv_detect_kind kind);

/*
 * The lowest interface of that kind; NULL if none was found.
 * Context: any. The answer is good as long as `detect`.
 */
const struct pv_detect_interface *pv_detect_find(const struct pv_detect *detect,
                                                 enum pv_detect_kind kind);

/*
 * Name for people, e.g. "Hyper-V"; "?" for a number that is none.
 * Context: any.
 */
const char *pv_detect_name(enum pv_detect_kind kind);

#ifdef __cplusplus
}
#endif

#endif
