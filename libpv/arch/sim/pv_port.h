/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine: every primitive goes to a table that a test programs at run time. Only
 * here may the seam be a table of function pointers; kernels never pay for it.
 */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "arch/port_types.h"

/* One simulated CPU. A test points pv_sim at the one that its thread runs on. */
struct pv_sim {
    bool has_cpuid;
    bool has_msr;
    bool has_smccc;
    bool has_sbi;
    bool has_hv;
    bool has_xen;
    bool has_vmware;
    bool has_loongarch;
    bool has_kvm;
    bool bare_metal; /* LoongArch: the VM bit is clear */
    unsigned physical_bits; /* 0 = 64 */
    uint64_t counter_hz;
    uint64_t hw_id;
    bool irqs_off;
    void *machine; /* the test's own */
    /* Called where an NMI may come between two steps of the library; NULL = none comes. */
    void (*nmi)(struct pv_sim *sim);
    /* Called at each read barrier and pause, where the host may write; NULL = it does not. */
    void (*host)(struct pv_sim *sim);
    uint64_t (*counter)(struct pv_sim *sim); /* NULL = it stands at 0 */
    struct pv_port_cpuid (*cpuid)(struct pv_sim *sim, uint32_t leaf, uint32_t subleaf);
    uint64_t (*msr_read)(struct pv_sim *sim, uint32_t msr);
    void (*msr_write)(struct pv_sim *sim, uint32_t msr, uint64_t value);
    struct pv_port_smccc (*smccc)(struct pv_sim *sim, int conduit, uint64_t function,
                                  uint64_t argument);
    struct pv_port_sbi (*sbi)(struct pv_sim *sim, unsigned long extension, unsigned long function,
                              const unsigned long arguments[3]);
    long (*xen_call)(struct pv_sim *sim, unsigned long operation,
                     const unsigned long arguments[3]);
    uint32_t (*vmware_call)(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                            uint64_t argument);
    uint32_t (*cpucfg)(struct pv_sim *sim, uint32_t word);
    long (*kvm_call)(struct pv_sim *sim, bool vmmcall, unsigned long function,
                     const unsigned long arguments[4]);
    void (*halt)(struct pv_sim *sim, bool irqs_on);
    uint64_t (*hv_call)(struct pv_sim *sim, uintptr_t entry, uint64_t control, uint64_t in,
                        uint64_t out);
    uint64_t (*hv_call_block)(struct pv_sim *sim, uintptr_t entry, uint64_t control,
                              uint64_t block[PV_PORT_BLOCK_QWORDS]);
    bool (*hv_block_usable)(struct pv_sim *sim);
    void (*vtl_switch)(struct pv_sim *sim, uintptr_t entry, bool to_lower, uint64_t control,
                       uint64_t shared[PV_HV_VTL_SHARED]);
};

extern _Thread_local struct pv_sim *pv_sim;

#define PV_PORT_CPUID (pv_sim->has_cpuid)
#define PV_PORT_MSR (pv_sim->has_msr)
#define PV_PORT_SMCCC (pv_sim->has_smccc)
#define PV_PORT_SBI (pv_sim->has_sbi)
#define PV_PORT_HV (pv_sim->has_hv)
#define PV_PORT_XEN (pv_sim->has_xen)
#define PV_PORT_VMWARE (pv_sim->has_vmware)
#define PV_PORT_LOONGARCH (pv_sim->has_loongarch)
#define PV_PORT_KVM (pv_sim->has_kvm)

static inline struct pv_port_cpuid pv_port_cpuid(uint32_t leaf, uint32_t subleaf)
{
    return pv_sim->cpuid(pv_sim, leaf, subleaf);
}

static inline uint64_t pv_port_msr_read(uint32_t msr)
{
    return pv_sim->msr_read(pv_sim, msr);
}

static inline void pv_port_msr_write(uint32_t msr, uint64_t value)
{
    pv_sim->msr_write(pv_sim, msr, value);
}

static inline void pv_sim_nmi(void)
{
    if (pv_sim->nmi != NULL)
        pv_sim->nmi(pv_sim);
}

static inline uintptr_t pv_port_irq_save(void)
{
    uintptr_t was_off = pv_sim->irqs_off;

    pv_sim->irqs_off = true;
    pv_sim_nmi();
    return was_off;
}

static inline void pv_port_irq_restore(uintptr_t was_off)
{
    pv_sim_nmi();
    pv_sim->irqs_off = was_off != 0;
}

static inline void pv_port_compiler_barrier(void)
{
    __asm__ volatile("" : : : "memory");
    pv_sim_nmi();
}

/* Host memory is ordinary memory here; tests with host threads rely on the fence. */
static inline void pv_port_read_barrier(void)
{
    if (pv_sim->host != NULL)
        pv_sim->host(pv_sim);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void pv_port_relax(void)
{
    if (pv_sim->host != NULL)
        pv_sim->host(pv_sim);
}

static inline uint64_t pv_port_counter(void)
{
    return pv_sim->counter != NULL ? pv_sim->counter(pv_sim) : 0;
}

static inline uint64_t pv_port_counter_hz(void)
{
    return pv_sim->counter_hz;
}

static inline unsigned pv_port_physical_bits(void)
{
    return pv_sim->physical_bits != 0 ? pv_sim->physical_bits : 64;
}

static inline struct pv_port_smccc pv_port_smccc(int conduit, uint64_t function, uint64_t argument)
{
    return pv_sim->smccc(pv_sim, conduit, function, argument);
}

static inline struct pv_port_sbi pv_port_sbi(unsigned long extension, unsigned long function,
                                             unsigned long first, unsigned long second,
                                             unsigned long third)
{
    const unsigned long arguments[3] = { first, second, third };

    return pv_sim->sbi(pv_sim, extension, function, arguments);
}

static inline long pv_port_xen_call(unsigned long operation, unsigned long a, unsigned long b,
                                    unsigned long c)
{
    const unsigned long arguments[3] = { a, b, c };

    return pv_sim->xen_call(pv_sim, operation, arguments);
}

static inline uint32_t pv_port_vmware_call(enum pv_port_vmware way, uint32_t command,
                                           uint64_t argument)
{
    return pv_sim->vmware_call(pv_sim, way, command, argument);
}

static inline uint32_t pv_port_cpucfg(uint32_t word)
{
    return pv_sim->cpucfg(pv_sim, word);
}

static inline bool pv_port_is_vm(void)
{
    return !pv_sim->bare_metal;
}

static inline long pv_port_kvm_call(bool vmmcall, unsigned long function, unsigned long a,
                                    unsigned long b, unsigned long c, unsigned long d)
{
    const unsigned long arguments[4] = { a, b, c, d };

    return pv_sim->kvm_call(pv_sim, vmmcall, function, arguments);
}

static inline void pv_port_halt(uintptr_t was_off)
{
    pv_sim->halt(pv_sim, was_off == 0);
}

static inline uint64_t pv_port_hw_id(void)
{
    return pv_sim->hw_id;
}

static inline uint64_t pv_port_hv_call(uintptr_t entry, uint64_t control, uint64_t in, uint64_t out)
{
    return pv_sim->hv_call(pv_sim, entry, control, in, out);
}

static inline uint64_t pv_port_hv_call_block(uintptr_t entry, uint64_t control,
                                             uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    return pv_sim->hv_call_block(pv_sim, entry, control, block);
}

static inline bool pv_port_hv_block_usable(void)
{
    return pv_sim->hv_block_usable(pv_sim);
}

static inline void pv_port_vtl_switch(uintptr_t entry, bool to_lower, uint64_t control,
                                      uint64_t shared[PV_HV_VTL_SHARED])
{
    pv_sim->vtl_switch(pv_sim, entry, to_lower, control, shared);
}

#endif
