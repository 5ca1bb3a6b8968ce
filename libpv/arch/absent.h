/* SPDX-License-Identifier: MIT */
/* Stand-ins for what an architecture does not have; a pv_port.h includes this file last. */
#ifndef PV_ARCH_ABSENT_H
#define PV_ARCH_ABSENT_H

#include "arch/port_types.h"

#if !PV_PORT_CPUID
static inline struct pv_port_cpuid pv_port_cpuid(uint32_t leaf, uint32_t subleaf)
{
    const struct pv_port_cpuid none = { 0, 0, 0, 0 };

    (void)leaf;
    (void)subleaf;
    return none;
}
#endif

#if !PV_PORT_MSR
static inline uint64_t pv_port_msr_read(uint32_t msr)
{
    (void)msr;
    return 0;
}

static inline void pv_port_msr_write(uint32_t msr, uint64_t value)
{
    (void)msr;
    (void)value;
}
#endif

#if !PV_PORT_SMCCC
static inline struct pv_port_smccc pv_port_smccc(int conduit, uint64_t function, uint64_t argument)
{
    const struct pv_port_smccc none = { ~0ull, 0, 0, 0 };

    (void)conduit;
    (void)function;
    (void)argument;
    return none;
}
#endif

#if !PV_PORT_SBI
static inline struct pv_port_sbi pv_port_sbi(unsigned long extension, unsigned long function,
                                             unsigned long first, unsigned long second,
                                             unsigned long third)
{
    const struct pv_port_sbi none = { -2, 0 };

    (void)extension;
    (void)function;
    (void)first;
    (void)second;
    (void)third;
    return none;
}
#endif

#if !PV_PORT_XEN
static inline long pv_port_xen_call(unsigned long operation, unsigned long a, unsigned long b,
                                    unsigned long c)
{
    (void)operation;
    (void)a;
    (void)b;
    (void)c;
    return -38; /* ENOSYS */
}
#endif

#if !PV_PORT_VMWARE
static inline uint32_t pv_port_vmware_call(enum pv_port_vmware way, uint32_t command,
                                           uint64_t argument)
{
    (void)way;
    (void)command;
    (void)argument;
    return ~0u;
}
#endif

#if !PV_PORT_LOONGARCH
static inline uint32_t pv_port_cpucfg(uint32_t word)
{
    (void)word;
    return 0;
}

static inline bool pv_port_is_vm(void)
{
    return false;
}

#endif

#if !PV_PORT_KVM && !PV_PORT_LOONGARCH
static inline long pv_port_kvm_call(bool vmmcall, unsigned long function, unsigned long a,
                                    unsigned long b, unsigned long c, unsigned long d)
{
    (void)vmmcall;
    (void)function;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return -1;
}
#endif

#if !PV_PORT_KVM
static inline void pv_port_halt(uintptr_t irq)
{
    (void)irq;
}
#endif

#ifndef PV_PORT_HAS_HW_ID
static inline uint64_t pv_port_hw_id(void)
{
    return 0;
}
#endif

#ifndef PV_PORT_HAS_COUNTER_HZ
static inline uint64_t pv_port_counter_hz(void)
{
    return 0;
}
#endif

#ifndef PV_PORT_HAS_PHYSICAL_BITS
static inline unsigned pv_port_physical_bits(void)
{
    return 64;
}
#endif

#if !PV_PORT_HV
static inline uint64_t pv_port_hv_call(uintptr_t entry, uint64_t control, uint64_t in, uint64_t out)
{
    (void)entry;
    (void)control;
    (void)in;
    (void)out;
    return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
}

static inline uint64_t pv_port_hv_call_block(uintptr_t entry, uint64_t control,
                                             uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    (void)entry;
    (void)control;
    (void)block;
    return PV_HV_STATUS_INVALID_HYPERCALL_CODE;
}

static inline bool pv_port_hv_block_usable(void)
{
    return false;
}

static inline void pv_port_vtl_switch(uintptr_t entry, bool to_lower, uint64_t control,
                                      uint64_t shared[PV_HV_VTL_SHARED])
{
    (void)entry;
    (void)to_lower;
    (void)control;
    (void)shared;
}
#endif

#endif
