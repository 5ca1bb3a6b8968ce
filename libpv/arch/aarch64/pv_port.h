/* SPDX-License-Identifier: MIT */
/* arm64 at EL1, gcc and clang. */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "arch/port_types.h"

#define PV_PORT_CPUID 0
#define PV_PORT_MSR 0
#define PV_PORT_SMCCC 1
#define PV_PORT_SBI 0
#define PV_PORT_HV 1

static inline uintptr_t pv_port_irq_save(void)
{
    uintptr_t daif;

    __asm__ volatile("mrs %0, daif\n\tmsr daifset, #3" : "=r"(daif) : : "memory");
    return daif;
}

static inline void pv_port_irq_restore(uintptr_t daif)
{
    __asm__ volatile("msr daif, %0" : : "r"(daif) : "memory");
}

static inline void pv_port_compiler_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

/* SMCCC 1.1: X0-X3 carry results, X4-X17 may be clobbered before 1.1's promise is known. */
#define PV_PORT_SMCCC_CLOBBERS                                                                     \
    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",    \
        "memory", "cc"

static inline struct pv_port_smccc pv_port_smccc(int conduit, uint64_t function)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = 0;
    register uint64_t x2 __asm__("x2") = 0;
    register uint64_t x3 __asm__("x3") = 0;
    struct pv_port_smccc r;

    if (conduit == 1)
        __asm__ volatile("hvc #0"
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                         :
                         : PV_PORT_SMCCC_CLOBBERS);
    else
        __asm__ volatile("smc #0"
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                         :
                         : PV_PORT_SMCCC_CLOBBERS);
    r.a0 = x0;
    r.a1 = x1;
    r.a2 = x2;
    r.a3 = x3;
    return r;
}

/*
 * The ABI that the TLFS leaves open, as Linux and openvmm practise it:
 *  HVC #0  X0 = 0x46000001, X1 = control, X2.. = GPAs or block; result in X0
 *  HVC #1  X0 = control, X1.. = GPAs or block; result in X0
 * A block is 16 registers. Results may come back in all of them (SMCCC 1.2), so all are operands
 * of the memory form as well.
 */
static inline uint64_t pv_port_hv_call_block(uintptr_t entry, uint64_t control,
                                             uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    uint64_t *regs = block;
    uint64_t result;

    if (entry == PV_PORT_ENTRY_SMCCC)
        __asm__ volatile("mov x19, %[regs]\n\t"
                         "mov x1, %[control]\n\t"
                         "mov w0, #0x0001\n\t"
                         "movk w0, #0x4600, lsl #16\n\t"
                         "ldp x2, x3, [x19, #0]\n\t"
                         "ldp x4, x5, [x19, #16]\n\t"
                         "ldp x6, x7, [x19, #32]\n\t"
                         "ldp x8, x9, [x19, #48]\n\t"
                         "ldp x10, x11, [x19, #64]\n\t"
                         "ldp x12, x13, [x19, #80]\n\t"
                         "ldp x14, x15, [x19, #96]\n\t"
                         "ldp x16, x17, [x19, #112]\n\t"
                         "hvc #0\n\t"
                         "stp x2, x3, [x19, #0]\n\t"
                         "stp x4, x5, [x19, #16]\n\t"
                         "stp x6, x7, [x19, #32]\n\t"
                         "stp x8, x9, [x19, #48]\n\t"
                         "stp x10, x11, [x19, #64]\n\t"
                         "stp x12, x13, [x19, #80]\n\t"
                         "stp x14, x15, [x19, #96]\n\t"
                         "stp x16, x17, [x19, #112]\n\t"
                         "mov %[result], x0"
                         : [result] "=r"(result)
                         : [regs] "r"(regs), [control] "r"(control)
                         : "x0", "x1", "x2", "x3", PV_PORT_SMCCC_CLOBBERS, "x19");
    else
        __asm__ volatile("mov x19, %[regs]\n\t"
                         "mov x0, %[control]\n\t"
                         "ldp x1, x2, [x19, #0]\n\t"
                         "ldp x3, x4, [x19, #16]\n\t"
                         "ldp x5, x6, [x19, #32]\n\t"
                         "ldp x7, x8, [x19, #48]\n\t"
                         "ldp x9, x10, [x19, #64]\n\t"
                         "ldp x11, x12, [x19, #80]\n\t"
                         "ldp x13, x14, [x19, #96]\n\t"
                         "ldp x15, x16, [x19, #112]\n\t"
                         "hvc #1\n\t"
                         "stp x1, x2, [x19, #0]\n\t"
                         "stp x3, x4, [x19, #16]\n\t"
                         "stp x5, x6, [x19, #32]\n\t"
                         "stp x7, x8, [x19, #48]\n\t"
                         "stp x9, x10, [x19, #64]\n\t"
                         "stp x11, x12, [x19, #80]\n\t"
                         "stp x13, x14, [x19, #96]\n\t"
                         "stp x15, x16, [x19, #112]\n\t"
                         "mov %[result], x0"
                         : [result] "=r"(result)
                         : [regs] "r"(regs), [control] "r"(control)
                         : "x0", "x1", "x2", "x3", PV_PORT_SMCCC_CLOBBERS, "x19");
    return result;
}

static inline uint64_t pv_port_hv_call(uintptr_t entry, uint64_t control, uint64_t in, uint64_t out)
{
    uint64_t block[PV_PORT_BLOCK_QWORDS] = { in, out };

    return pv_port_hv_call_block(entry, control, block);
}

/* General registers only: always. */
static inline bool pv_port_hv_block_usable(void)
{
    return true;
}

/*
 * HVC #2 calls the higher VTL, HVC #3 returns. X0-X17, X19-X28 are shared. The TLFS calls X18, X29
 * and X30 private, working code treats X29 and X30 as shared: they are kept on this VTL's stack.
 */
static inline void pv_port_vtl_switch(uintptr_t entry, bool to_lower, uint64_t control,
                                      uint64_t shared[13])
{
    register uint64_t *regs __asm__("x13") = shared;
    register uint64_t lower __asm__("x14") = to_lower;

    (void)entry;
    (void)control;
    __asm__ volatile("sub sp, sp, #32\n\t"
                     "stp x29, x30, [sp]\n\t"
                     "str x13, [sp, #16]\n\t"
                     "ldp x0, x1, [x13, #0]\n\t"
                     "ldp x2, x3, [x13, #16]\n\t"
                     "ldp x4, x5, [x13, #32]\n\t"
                     "ldp x6, x7, [x13, #48]\n\t"
                     "ldp x8, x9, [x13, #64]\n\t"
                     "ldp x10, x11, [x13, #80]\n\t"
                     "ldr x12, [x13, #96]\n\t"
                     "cbnz x14, 1f\n\t"
                     "hvc #2\n\t"
                     "b 2f\n"
                     "1:\thvc #3\n"
                     "2:\tldr x13, [sp, #16]\n\t"
                     "stp x0, x1, [x13, #0]\n\t"
                     "stp x2, x3, [x13, #16]\n\t"
                     "stp x4, x5, [x13, #32]\n\t"
                     "stp x6, x7, [x13, #48]\n\t"
                     "stp x8, x9, [x13, #64]\n\t"
                     "stp x10, x11, [x13, #80]\n\t"
                     "str x12, [x13, #96]\n\t"
                     "ldp x29, x30, [sp]\n\t"
                     "add sp, sp, #32"
                     : "+r"(regs), "+r"(lower)
                     :
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
                       "x12", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
                       "x26", "x27", "x28", "memory", "cc");
}

#include "arch/absent.h"

#endif
