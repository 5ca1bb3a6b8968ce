/* SPDX-License-Identifier: MIT */
/* riscv64 in S or VS mode, gcc and clang. Hyper-V does not exist here. */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "arch/port_types.h"

#define PV_PORT_CPUID 0
#define PV_PORT_MSR 0
#define PV_PORT_SMCCC 0
#define PV_PORT_SBI 1
#define PV_PORT_HV 0
#define PV_PORT_KVM 0
#define PV_PORT_XEN 0
#define PV_PORT_VMWARE 0
#define PV_PORT_LOONGARCH 0

static inline uintptr_t pv_port_irq_save(void)
{
    uintptr_t sstatus;

    __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(sstatus) : : "memory");
    return sstatus & 2u;
}

static inline void pv_port_irq_restore(uintptr_t sie)
{
    __asm__ volatile("csrs sstatus, %0" : : "r"(sie) : "memory");
}

static inline void pv_port_compiler_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void pv_port_read_barrier(void)
{
    __asm__ volatile("fence r, r" : : : "memory");
}

/* PAUSE of Zihintpause, which older assemblers do not know: a FENCE that orders nothing. */
static inline void pv_port_relax(void)
{
    __asm__ volatile(".4byte 0x0100000F" : : : "memory");
}

/* Reading the time CSR counts as device input (RISC-V Zicsr, "CSR Access Ordering"). */
static inline uint64_t pv_port_counter(void)
{
    uint64_t counter;

    __asm__ volatile("fence r, i\n\trdtime %0\n\tfence i, r" : "=r"(counter) : : "memory");
    return counter;
}

static inline struct pv_port_sbi pv_port_sbi(unsigned long extension, unsigned long function,
                                             unsigned long first, unsigned long second,
                                             unsigned long third)
{
    register unsigned long a0 __asm__("a0") = first;
    register unsigned long a1 __asm__("a1") = second;
    register unsigned long a2 __asm__("a2") = third;
    register unsigned long a6 __asm__("a6") = function;
    register unsigned long a7 __asm__("a7") = extension;
    struct pv_port_sbi r;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    r.error = (long)a0;
    r.value = a1;
    return r;
}

#include "arch/absent.h"

#endif
