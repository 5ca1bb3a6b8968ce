/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine: processors, firmware, memory, kernel services and a hypervisor, for tests
 * on any host. libpv is built for libpv/arch/sim and runs on it unchanged.
 *
 *     static struct sim_machine machine;        (large: static, not on the stack)
 *     static struct pv_guest guest;
 *     static struct pv_vp vp;
 *
 *     sim_machine_init(&machine, SIM_HYPERV_X86);
 *     machine.model.behaviour = SIM_NO_PROGRESS;      whatever the test wants to be different
 *     pv_guest_init(&guest, &config); pv_vp_online(&guest, &vp); ...
 *     pv_guest_release(&guest, &vp); pv_vp_release(&vp);
 *     sim_assert_clean(&machine);
 *
 * Parts:  model.h   the hypervisor: hypercalls, VPs, VTLs, registers; can be made hostile
 *         cpu       CPUID, MSRs, SMCCC, SBI, the hypercall page, VTL switch: struct pv_sim
 *         clock.h   time, and the clocks that the hypervisor shows of it
 *         kvm.h     KVM's own calls, and HLT
 *         os        pv_os_*: pages with canaries, GPAs that are not the VA, failure on demand
 *
 * Nothing here knows cmocka; sim_assert_* print to stderr and abort.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "sim/clock.h"
#include "sim/kvm.h"
#include "sim/model.h"
#include "sim/steal.h"

#include "pv_port.h"
#include <pv/pv.h>

enum sim_kind {
    SIM_HYPERV_X86,   /* Hyper-V, all features */
    SIM_KVM_X86,      /* KVM's Hyper-V interface at 0x40000000, its own at 0x40000100 */
    SIM_HYPERV_ARM64, /* SMCCC UID, HVC #0 and HVC #1 */
    SIM_RISCV_KVM,    /* SBI implemented by KVM, with steal time */
    SIM_BARE,         /* x86 without hypervisor */
    SIM_KVM_NATIVE_X86, /* KVM's own interface at 0x40000000 and nothing else */
    SIM_XEN_X86,
    SIM_VMWARE_X86,
    SIM_KVM_ARM64,     /* SMCCC UID of KVM, PV_TIME */
    SIM_KVM_LOONGARCH,
};

/* ---- memory and the pv_os_* services ---- */

#define SIM_PAGES 64u
#define SIM_GPA_BASE 0x180000000ull    /* pages from pv_os_page_alloc */
#define SIM_STRAY_BASE 0x200000000ull  /* other kernel memory, given out page by page */
#define SIM_FIRMWARE_BASE 0x0FED0000ull /* pages that only the firmware owns */
#define SIM_STRAY_MAX 64u
#define SIM_FIRMWARE_PAGES 4u

enum sim_page_use {
    SIM_PAGE_FREE = 0,
    SIM_PAGE_CANARY,
    SIM_PAGE_GIVEN,  /* first page of an allocation */
    SIM_PAGE_FOLLOW, /* further ones */
};

struct sim_page {
    enum sim_page_use use;
    uint32_t pages;           /* of the allocation, at its first page */
    enum pv_os_access access; /* as pv_os_page_protect left it */
};

/* The n-th next call of a service fails; 1 = the next one, 0 = none. Counts down by itself. */
struct sim_failures {
    uint32_t alloc, protect, virt_to_gpa, map;
    uint32_t skew; /* pv_os_virt_to_gpa answers gpa_skew too much */
    uint32_t alias; /* pv_os_alias_unmap */
};

/* Waits for readers, numbered from 1. */
struct sim_grace {
    uint64_t begun;
    uint64_t over; /* those up to this one are; ignored unless held */
    bool held;
};

/* One mapping of a page that the kernel has (sim_alias_add). */
struct sim_alias {
    uint64_t va, gpa;
    bool mapped;
    bool shared; /* as pv_os_alias_map made it */
};

#define SIM_ALIASES_MAX 2048u

struct sim_aliases {
    struct sim_alias of[SIM_ALIASES_MAX];
    uint32_t count;
    uint32_t unmaps, maps; /* calls */
    bool unwatched;        /* pages may change while they are mapped: nobody looks any more */
};

struct sim_os {
    struct sim_failures fail;
    uint64_t gpa_skew;
    uint32_t allocs, frees;  /* calls */
    uint32_t live_pages;     /* given and not taken back */
    uint32_t kept_pages;     /* of these: not taken back, as the hypervisor still used them */
    uint32_t maps, unmaps;
    uint32_t protects;
    uint32_t logs;
    char log[160];           /* the last line */
    struct sim_page pages[SIM_PAGES];
    uintptr_t stray[SIM_STRAY_MAX]; /* VA of other kernel pages; index gives the GPA */
    uint32_t strays;
    uint32_t mapped[SIM_FIRMWARE_PAGES]; /* times */
    struct sim_grace grace;
    struct sim_aliases aliases;
};

/* ---- the machine ---- */

#define SIM_LEAVES_MAX 48u

struct sim_leaf {
    uint32_t leaf;
    struct pv_port_cpuid value;
};

struct sim_machine;

struct sim_cpu {
    struct pv_sim port; /* what libpv sees */
    uint32_t index;     /* VP index */
};

/* One VTL switch, shown to a test that plays the other VTL. */
struct sim_switch {
    bool to_lower;
    uint64_t control;
    uintptr_t offset; /* in the code page */
    uint64_t *shared; /* PV_HV_VTL_SHARED registers; may be changed */
};

struct sim_hooks {
    void *context;
    /* Before each hypercall. Returns true if it has answered itself, in *result. */
    bool (*call)(void *context, struct sim_machine *machine, struct sim_registers *registers,
                 uint64_t *result);
    /* In the other VTL, between leaving and coming back. */
    void (*vtl)(void *context, struct sim_machine *machine, struct sim_switch *what);
};

struct sim_machine {
    PV_ALIGNED(4096) uint8_t ram[SIM_PAGES][PV_PAGE_BYTES];
    PV_ALIGNED(4096) uint8_t firmware[SIM_FIRMWARE_PAGES][PV_PAGE_BYTES];
    enum sim_kind kind;
    struct sim_model model; /* set privileges, features, behaviour, ... here */
    struct sim_cpu cpus[SIM_VPS_MAX];
    struct sim_os os;
    struct sim_hooks hooks;
    struct sim_clock clock;

    /* x86 */
    struct sim_leaf leaves[SIM_LEAVES_MAX]; /* override what the machine would answer */
    uint32_t leaf_count;
    bool page_is_written;     /* as KVM: code is written into RAM and stays there */
    struct sim_overlay hypercall_page;
    struct sim_overlay assist_pages[SIM_VPS_MAX];
    bool sse_off;             /* the register block may not be used */

    /* arm64 */
    bool no_uid;
    int uid_conduit; /* which conduit answers: 1 HVC, 2 SMC */

    /* riscv64 */
    unsigned long sbi_spec, sbi_implementation, sbi_version;
    bool sbi_no_sta;

    struct sim_steal steal;
    struct sim_kvm kvm;

    /* What happened. */
    uint64_t msr_writes;
    pv_atomic64 msr_reads;     /* by several threads */
    uint64_t irqs_on;          /* memory-form hypercalls issued with IRQs on */
    uint64_t block_irqs_on;    /* register-block hypercalls issued with IRQs on */
    uint64_t vtl_switches;
};

/* A machine after reset, with 4 VPs; the calling thread is on VP 0. */
void sim_machine_init(struct sim_machine *machine, enum sim_kind kind);

/* The calling thread goes on, on VP `index`. */
void sim_use(struct sim_machine *machine, uint32_t index);

/* CPUID answers that from now on. */
void sim_cpuid_set(struct sim_machine *machine, uint32_t leaf, uint32_t eax, uint32_t ebx,
                   uint32_t ecx, uint32_t edx);

/* As firmware left it: OS id set, hypercall page on at firmware page `page`, locked or not. */
void sim_firmware_enable(struct sim_machine *machine, uint64_t os_id, uint32_t page, bool locked);

/* Memory is private until the guest shares it: RAM, and GPAs behind it that have no bytes. */
void sim_isolate(struct sim_machine *machine);

/* A mapping that pv_os_alias_unmap and pv_os_alias_map are asked about; mapped as private. */
struct sim_alias *sim_alias_add(struct sim_machine *machine, uint64_t va, uint64_t gpa);

/* GPA of a page that belongs to the firmware, and its bytes. */
uint64_t sim_firmware_gpa(uint32_t page);

/* VA of guest memory at a GPA; NULL if [gpa, gpa + bytes) is not all guest memory. */
void *sim_memory_at(struct sim_machine *machine, uint64_t gpa, size_t bytes);

/* Hypercall instructions so far, and the result of the last control word. */
uint64_t sim_calls(const struct sim_machine *machine);

/* What is wrong, as text; NULL if nothing is: complaints of model and machine, damaged canaries,
 * code pages that somebody wrote. */
const char *sim_complaint(struct sim_machine *machine);

/* What the kernel has not been given back: pages, mappings, protections; NULL if nothing. */
const char *sim_os_leak(const struct sim_machine *machine);

/* Abort, with the text, unless the above are NULL. */
void sim_assert_fair(struct sim_machine *machine);            /* sim_complaint */
void sim_os_assert_clean(const struct sim_machine *machine);  /* sim_os_leak */
void sim_assert_clean(struct sim_machine *machine);           /* both, and nothing left enabled */

#endif
