/* SPDX-License-Identifier: MIT */
/* arm64 at EL1, gcc and clang. */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "arch/port_types.h"
#include <pv/detect.h>

#define PV_PORT_CPUID 0
#define PV_PORT_MSR 0
#define PV_PORT_SMCCC 1
#define PV_PORT_SBI 0
#define PV_PORT_HV 1
#define PV_PORT_KVM 0
#define PV_PORT_XEN 0
#define PV_PORT_VMWARE 0
#define PV_PORT_LOONGARCH 0
#define PV_PORT_HAS_COUNTER_HZ
#define PV_PORT_HAS_PHYSICAL_BITS
#define PV_PORT_HAS_HW_ID

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

static inline void pv_port_read_barrier(void)
{
    __asm__ volatile("dmb ishld" : : : "memory");
}

static inline void pv_port_relax(void)
{
    __asm__ volatile("yield" : : : "memory");
}

/* A counter may be read early. The first ISB keeps that behind what was executed before, as in
 * Linux, and the DMB has earlier loads done by then; the second ISB keeps later loads behind it. */
static inline uint64_t pv_port_counter(void)
{
    uint64_t counter;

    __asm__ volatile("dmb ishld\n\tisb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(counter) : : "memory");
    return counter;
}

static inline uint64_t pv_port_counter_hz(void)
{
    uint64_t hz;

    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
    return hz;
}

/* ID_AA64MMFR0_EL1.PARange; 56 bits is the most that is defined. */
static inline unsigned pv_port_physical_bits(void)
{
    static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 56 };
    uint64_t features;

    __asm__ volatile("mrs %0, id_aa64mmfr0_el1" : "=r"(features));
    return bits[features & 7];
}

/* The affinity fields of MPIDR_EL1: Aff3 in bits 39:32, the others in 23:0. */
static inline uint64_t pv_port_hw_id(void)
{
    uint64_t mpidr;

    __asm__ volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
    return mpidr & 0xFF00FFFFFFull;
}

/* SMCCC 1.1: X0-X3 carry results, X4-X17 may be clobbered before 1.1's promise is known. */
#define PV_PORT_SMCCC_CLOBBERS                                                                     \
    "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",    \
        "memory", "cc"

static inline struct pv_port_smccc pv_port_smccc(int conduit, uint64_t function,
                                                uint64_t argument)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = argument;
    register uint64_t x2 __asm__("x2") = 0;
    register uint64_t x3 __asm__("x3") = 0;
    struct pv_port_smccc r;

    if (conduit == PV_DETECT_CONDUIT_HVC)
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
 * HVC #2 calls the higher VTL, HVC #3 returns. All general registers but X18 and SP go there and
 * come back, so nothing but this VTL's stack can hold what is needed afterwards.
 */
#define PV_PORT_VTL_SWITCH(hvc)                                                                    \
    "ldp x2, x3, [x0, #16]\n\t"                                                                    \
    "ldp x4, x5, [x0, #32]\n\t"                                                                    \
    "ldp x6, x7, [x0, #48]\n\t"                                                                    \
    "ldp x8, x9, [x0, #64]\n\t"                                                                    \
    "ldp x10, x11, [x0, #80]\n\t"                                                                  \
    "ldp x12, x13, [x0, #96]\n\t"                                                                  \
    "ldp x14, x15, [x0, #112]\n\t"                                                                 \
    "ldp x16, x17, [x0, #128]\n\t"                                                                 \
    "ldp x19, x20, [x0, #144]\n\t"                                                                 \
    "ldp x21, x22, [x0, #160]\n\t"                                                                 \
    "ldp x23, x24, [x0, #176]\n\t"                                                                 \
    "ldp x25, x26, [x0, #192]\n\t"                                                                 \
    "ldp x27, x28, [x0, #208]\n\t"                                                                 \
    "ldp x29, x30, [x0, #224]\n\t"                                                                 \
    "ldp x0, x1, [x0]\n\t" hvc "\n\t"

static inline void pv_port_vtl_switch(uintptr_t entry, bool to_lower, uint64_t control,
                                      uint64_t shared[PV_HV_VTL_SHARED])
{
    register uint64_t *regs __asm__("x0") = shared;
    register uint64_t lower __asm__("x1") = to_lower;

    (void)entry;
    (void)control;
    __asm__ volatile("stp x29, x30, [sp, #-32]!\n\t"
                     "str x0, [sp, #16]\n\t"
                     "cbnz x1, 1f\n\t" PV_PORT_VTL_SWITCH("hvc #2") "b 2f\n"
                     "1:\t" PV_PORT_VTL_SWITCH("hvc #3") "2:\tstr x0, [sp, #24]\n\t"
                     "ldr x0, [sp, #16]\n\t"
                     "str x1, [x0, #8]\n\t"
                     "ldr x1, [sp, #24]\n\t"
                     "str x1, [x0]\n\t"
                     "stp x2, x3, [x0, #16]\n\t"
                     "stp x4, x5, [x0, #32]\n\t"
                     "stp x6, x7, [x0, #48]\n\t"
                     "stp x8, x9, [x0, #64]\n\t"
                     "stp x10, x11, [x0, #80]\n\t"
                     "stp x12, x13, [x0, #96]\n\t"
                     "stp x14, x15, [x0, #112]\n\t"
                     "stp x16, x17, [x0, #128]\n\t"
                     "stp x19, x20, [x0, #144]\n\t"
                     "stp x21, x22, [x0, #160]\n\t"
                     "stp x23, x24, [x0, #176]\n\t"
                     "stp x25, x26, [x0, #192]\n\t"
                     "stp x27, x28, [x0, #208]\n\t"
                     "stp x29, x30, [x0, #224]\n\t"
                     "ldp x29, x30, [sp], #32"
                     : "+r"(regs), "+r"(lower)
                     :
                     : "x2", "x3", PV_PORT_SMCCC_CLOBBERS, "x19", "x20", "x21", "x22", "x23", "x24",
                       "x25", "x26", "x27", "x28");
}

#include "arch/absent.h"

#endif
