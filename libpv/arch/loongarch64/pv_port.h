/* SPDX-License-Identifier: MIT */
/* LoongArch, 64 bits, at privilege level 0, gcc and clang. KVM is the only hypervisor here. */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "arch/port_types.h"

#define PV_PORT_CPUID 0
#define PV_PORT_MSR 0
#define PV_PORT_SMCCC 0
#define PV_PORT_SBI 0
#define PV_PORT_HV 0
#define PV_PORT_KVM 0
#define PV_PORT_XEN 0
#define PV_PORT_VMWARE 0
#define PV_PORT_LOONGARCH 1

/* CRMD bit 2 enables interrupts; CSRXCHG changes the bits that its mask selects,
 * and takes the mask from any register but R0 and R1. */
static inline uintptr_t pv_port_irq_save(void)
{
    register uintptr_t mask __asm__("t0") = 4;
    uintptr_t crmd = 0;

    __asm__ volatile("csrxchg %0, %1, 0x0" : "+r"(crmd) : "r"(mask) : "memory");
    return crmd & 4u;
}

static inline void pv_port_irq_restore(uintptr_t enabled)
{
    register uintptr_t mask __asm__("t0") = 4;

    __asm__ volatile("csrxchg %0, %1, 0x0" : "+r"(enabled) : "r"(mask) : "memory");
}

static inline void pv_port_compiler_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

/* DBAR 0 orders everything; finer hints exist on newer processors only. */
static inline void pv_port_read_barrier(void)
{
    __asm__ volatile("dbar 0" : : : "memory");
}

static inline void pv_port_relax(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline uint64_t pv_port_counter(void)
{
    uint64_t counter;

    __asm__ volatile("dbar 0\n\trdtime.d %0, $zero\n\tdbar 0" : "=r"(counter) : : "memory");
    return counter;
}

static inline uint32_t pv_port_cpucfg(uint32_t word)
{
    uint32_t value;

    __asm__ volatile("cpucfg %0, %1" : "=r"(value) : "r"(word));
    return value;
}

/* IOCSR 0x8, bit 11. */
static inline bool pv_port_is_vm(void)
{
    uint32_t features;

    __asm__ volatile("iocsrrd.w %0, %1" : "=r"(features) : "r"(0x8ul));
    return (features >> 11 & 1) != 0;
}

/* Function in $a0, arguments in $a1 to $a4, result in $a0. */
static inline long pv_port_kvm_call(bool vmmcall, unsigned long function, unsigned long a,
                                    unsigned long b, unsigned long c, unsigned long d)
{
    register unsigned long a0 __asm__("a0") = function;
    register unsigned long a1 __asm__("a1") = a;
    register unsigned long a2 __asm__("a2") = b;
    register unsigned long a3 __asm__("a3") = c;
    register unsigned long a4 __asm__("a4") = d;

    (void)vmmcall;
    __asm__ volatile("hvcl 0x100" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4) : "memory");
    return (long)a0;
}

#include "arch/absent.h"

#endif
