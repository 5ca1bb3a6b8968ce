/* SPDX-License-Identifier: MIT */
/*
 * x86-64 at CPL 0, gcc and clang. Kernels must be built with -mno-red-zone (any kernel that takes
 * interrupts is), because the hypercall page is entered by a CALL from inline assembly.
 */
#ifndef PV_PORT_H
#define PV_PORT_H

#include "arch/port_types.h"
#include <pv/config.h>

#define PV_PORT_CPUID 1
#define PV_PORT_MSR 1
#define PV_PORT_SMCCC 0
#define PV_PORT_SBI 0
#define PV_PORT_HV 1
#define PV_PORT_KVM 1
#define PV_PORT_XEN 1
#define PV_PORT_VMWARE 1
#define PV_PORT_LOONGARCH 0
#define PV_PORT_HAS_HW_ID

static inline struct pv_port_cpuid pv_port_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct pv_port_cpuid r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static inline uint64_t pv_port_msr_read(uint32_t msr)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

/* The "memory" clobber orders it after the stores that prepare a page which the MSR names. */
static inline void pv_port_msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uintptr_t pv_port_irq_save(void)
{
    uintptr_t flags;

    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags;
}

static inline void pv_port_irq_restore(uintptr_t flags)
{
    __asm__ volatile("pushq %0\n\tpopfq" : : "r"(flags) : "memory", "cc");
}

/* STI lets interrupts in behind the instruction that follows it, so none comes between it and HLT.
 * With them off, an NMI or a kick of KVM's ends the halt. */
static inline void pv_port_halt(uintptr_t flags)
{
    if ((flags & 0x200u) != 0)
        __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
    else
        __asm__ volatile("hlt" : : : "memory");
}

static inline void pv_port_compiler_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

/* x86 keeps loads in order; only the compiler must be told. */
static inline void pv_port_read_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

static inline void pv_port_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* RDTSC is not ordered with loads on its own (Intel SDM, RDTSC). */
static inline uint64_t pv_port_counter(void)
{
    uint32_t low;
    uint32_t high;

    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* The x2APIC id; the APIC id of leaf 1 is its lower 8 bits. Leaf 0xB exists if the processor has as
 * many leaves, and means something if it counts logical processors. */
static inline uint64_t pv_port_hw_id(void)
{
    if (pv_port_cpuid(0, 0).eax >= 0xB) {
        const struct pv_port_cpuid topology = pv_port_cpuid(0xB, 0);

        if ((topology.ebx & 0xFFFFu) != 0)
            return topology.edx;
    }
    return pv_port_cpuid(1, 0).ebx >> 24;
}

/* VMMCALL on AMD and Hygon, VMCALL elsewhere: the wrong one raises #UD. */
static inline bool pv_port_has_vmmcall(void)
{
    const uint32_t vendor_end = pv_port_cpuid(0, 0).ecx;

    return vendor_end == 0x444D4163u || vendor_end == 0x656E6975u;
}

static inline long pv_port_xen_call(unsigned long operation, unsigned long a, unsigned long b,
                                    unsigned long c)
{
    unsigned long result = operation;

    if (pv_port_has_vmmcall())
        __asm__ volatile("vmmcall" : "+a"(result), "+D"(a), "+S"(b), "+d"(c) : : "memory");
    else
        __asm__ volatile("vmcall" : "+a"(result), "+D"(a), "+S"(b), "+d"(c) : : "memory");
    return (long)result;
}

/* Number in RAX, arguments in RBX, RCX, RDX and RSI, answer in RAX; nothing else changes. */
static inline long pv_port_kvm_call(bool vmmcall, unsigned long function, unsigned long a,
                                    unsigned long b, unsigned long c, unsigned long d)
{
    unsigned long result = function;

    if (vmmcall)
        __asm__ volatile("vmmcall"
                         : "+a"(result)
                         : "b"(a), "c"(b), "d"(c), "S"(d)
                         : "memory");
    else
        __asm__ volatile("vmcall"
                         : "+a"(result)
                         : "b"(a), "c"(b), "d"(c), "S"(d)
                         : "memory");
    return (long)result;
}

/* Magic number in EAX, command in CX, 64-bit argument in ESI:EDI; answer in EAX. */
static inline uint32_t pv_port_vmware_call(enum pv_port_vmware way, uint32_t command,
                                           uint64_t argument)
{
    uint32_t result = 0x564D5868u;
    uint32_t edx = way == PV_PORT_VMWARE_PORT ? 0x5658u : 0;
    uint32_t ebx = 0;
    uint32_t esi = (uint32_t)(argument >> 32);
    uint32_t edi = (uint32_t)argument;

    if (way == PV_PORT_VMWARE_VMMCALL)
        __asm__ volatile("vmmcall"
                         : "+a"(result), "+b"(ebx), "+c"(command), "+d"(edx), "+S"(esi), "+D"(edi)
                         :
                         : "memory", "cc");
    else if (way == PV_PORT_VMWARE_VMCALL)
        __asm__ volatile("vmcall"
                         : "+a"(result), "+b"(ebx), "+c"(command), "+d"(edx), "+S"(esi), "+D"(edi)
                         :
                         : "memory", "cc");
    else
        __asm__ volatile("inl %%dx, %%eax"
                         : "+a"(result), "+b"(ebx), "+c"(command), "+d"(edx), "+S"(esi), "+D"(edi)
                         :
                         : "memory", "cc");
    return result;
}

#if PV_CONFIG_HV_DIRECT_CALL
extern uint8_t pv_os_hypercall_page[PV_PAGE_BYTES];
#define PV_PORT_HV_CALL_INSN "call pv_os_hypercall_page"
#else
#define PV_PORT_HV_CALL_INSN "call *%[entry]"
#endif

/*
 * TLFS: RCX control, RDX and R8 input and output GPA or fast input, RAX result; RCX changes in rep
 * calls and nothing else does. Linux clobbers R9-R11 and the flags on top to be safe; so do we.
 * All registers are operands of one asm, so that the compiler cannot reuse R8 in between.
 */
static inline uint64_t pv_port_hv_call(uintptr_t entry, uint64_t control, uint64_t in, uint64_t out)
{
    register uint64_t r8 __asm__("r8") = out;
    uint64_t result = 0;

    __asm__ volatile(PV_PORT_HV_CALL_INSN
                     : "+a"(result), "+c"(control), "+d"(in), "+r"(r8)
                     : [entry] "r"(entry)
                     : "r9", "r10", "r11", "memory", "cc");
    return result;
}

/*
 * Block: RDX, R8, then XMM0-XMM5 with 16 bytes each. The kernel's own XMM contents are saved
 * around the call; the caller keeps IRQs off. RBX and RSI hold the two pointers across the call:
 * the TLFS preserves them, and every compiler convention that reached this page does.
 */
static inline uint64_t pv_port_hv_call_block(uintptr_t entry, uint64_t control,
                                             uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    PV_ALIGNED(16) uint8_t saved[6 * 16];
    uint64_t result = 0;
    uint64_t *in_out = block;
    uint8_t *save = saved;
    register uintptr_t target __asm__("r11") = entry;

    __asm__ volatile(
        "movups %%xmm0, 0x00(%[save])\n\t"
        "movups %%xmm1, 0x10(%[save])\n\t"
        "movups %%xmm2, 0x20(%[save])\n\t"
        "movups %%xmm3, 0x30(%[save])\n\t"
        "movups %%xmm4, 0x40(%[save])\n\t"
        "movups %%xmm5, 0x50(%[save])\n\t"
        "movups 0x10(%[block]), %%xmm0\n\t"
        "movups 0x20(%[block]), %%xmm1\n\t"
        "movups 0x30(%[block]), %%xmm2\n\t"
        "movups 0x40(%[block]), %%xmm3\n\t"
        "movups 0x50(%[block]), %%xmm4\n\t"
        "movups 0x60(%[block]), %%xmm5\n\t"
        "movq 0x00(%[block]), %%rdx\n\t"
        "movq 0x08(%[block]), %%r8\n\t" PV_PORT_HV_CALL_INSN "\n\t"
        "movq %%rdx, 0x00(%[block])\n\t"
        "movq %%r8, 0x08(%[block])\n\t"
        "movups %%xmm0, 0x10(%[block])\n\t"
        "movups %%xmm1, 0x20(%[block])\n\t"
        "movups %%xmm2, 0x30(%[block])\n\t"
        "movups %%xmm3, 0x40(%[block])\n\t"
        "movups %%xmm4, 0x50(%[block])\n\t"
        "movups %%xmm5, 0x60(%[block])\n\t"
        "movups 0x00(%[save]), %%xmm0\n\t"
        "movups 0x10(%[save]), %%xmm1\n\t"
        "movups 0x20(%[save]), %%xmm2\n\t"
        "movups 0x30(%[save]), %%xmm3\n\t"
        "movups 0x40(%[save]), %%xmm4\n\t"
        "movups 0x50(%[save]), %%xmm5"
        : "+a"(result), "+c"(control), [entry] "+r"(target)
        : [block] "b"(in_out), [save] "S"(save)
        : "rdx", "r8", "r9", "r10", "memory", "cc");
    return result;
}

/* CR0.EM and CR0.TS clear, CR4.OSFXSR set: SSE instructions do not fault. */
static inline bool pv_port_hv_block_usable(void)
{
    uint64_t cr0;
    uint64_t cr4;

    __asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    return (cr0 & 0xCu) == 0 && (cr4 & 0x200u) != 0;
}

/*
 * VTL call or return: near call to the switch code with the control input in RCX (TLFS
 * "Virtual Trust Levels"). Every general register but RSP is shared with the other VTL, so all are
 * stored after and all but RAX and RCX, which make the call, loaded before; the compiler's own are
 * kept on this VTL's stack.
 */
static inline void pv_port_vtl_switch(uintptr_t entry, bool to_lower, uint64_t control,
                                      uint64_t shared[PV_HV_VTL_SHARED])
{
    (void)to_lower;
    __asm__ volatile(
        "pushq %%rbx\n\t"
        "pushq %%rbp\n\t"
        "pushq %%rdi\n\t"
        "movq 0x00(%%rdi), %%rdx\n\t"
        "movq 0x08(%%rdi), %%rbx\n\t"
        "movq 0x10(%%rdi), %%rsi\n\t"
        "movq 0x20(%%rdi), %%rbp\n\t"
        "movq 0x28(%%rdi), %%r8\n\t"
        "movq 0x30(%%rdi), %%r9\n\t"
        "movq 0x38(%%rdi), %%r10\n\t"
        "movq 0x40(%%rdi), %%r11\n\t"
        "movq 0x48(%%rdi), %%r12\n\t"
        "movq 0x50(%%rdi), %%r13\n\t"
        "movq 0x58(%%rdi), %%r14\n\t"
        "movq 0x60(%%rdi), %%r15\n\t"
        "movq 0x18(%%rdi), %%rdi\n\t"
        "call *%%rax\n\t"
        "xchgq %%rdi, (%%rsp)\n\t"
        "movq %%rdx, 0x00(%%rdi)\n\t"
        "movq %%rbx, 0x08(%%rdi)\n\t"
        "movq %%rsi, 0x10(%%rdi)\n\t"
        "movq %%rbp, 0x20(%%rdi)\n\t"
        "movq %%r8, 0x28(%%rdi)\n\t"
        "movq %%r9, 0x30(%%rdi)\n\t"
        "movq %%r10, 0x38(%%rdi)\n\t"
        "movq %%r11, 0x40(%%rdi)\n\t"
        "movq %%r12, 0x48(%%rdi)\n\t"
        "movq %%r13, 0x50(%%rdi)\n\t"
        "movq %%r14, 0x58(%%rdi)\n\t"
        "movq %%r15, 0x60(%%rdi)\n\t"
        "movq %%rax, 0x68(%%rdi)\n\t"
        "movq %%rcx, 0x70(%%rdi)\n\t"
        "popq %%rdx\n\t"
        "movq %%rdx, 0x18(%%rdi)\n\t"
        "popq %%rbp\n\t"
        "popq %%rbx"
        : "+a"(entry), "+c"(control), "+D"(shared)
        :
        : "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

#include "arch/absent.h"

#endif
