/* SPDX-License-Identifier: MIT */
/* What the x86-64 files share: instructions, and the pieces that starting code puts together. */
#ifndef KERNEL_X86_64_CPU_H
#define KERNEL_X86_64_CPU_H

#include "../kernel.h"
#include "../serial.h"

#define MSR_EFER 0xc0000080u
#define MSR_GS_BASE 0xc0000101u
#define EFER_NXE (1ull << 11)
#define CR0_WP (1ull << 16)
#define CR4_LA57 (1ull << 12)

/* Found through GS; trap.S knows the offset of `recover`. */
struct kernel_cpu {
    void *recover; /* stack pointer of the innermost kernel_faults(), or NULL */
    void *self;    /* kernel_this_cpu() */
};

struct descriptor_table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr"
                     :
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

#define CONTROL_REGISTER(name)                                                                     \
    static inline uint64_t read_##name(void)                                                       \
    {                                                                                              \
        uint64_t value;                                                                            \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value));                                     \
        return value;                                                                              \
    }                                                                                              \
    static inline void write_##name(uint64_t value)                                                \
    {                                                                                              \
        __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory");                            \
    }

CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
#undef CONTROL_REGISTER

static inline void cpu_relax(void)
{
    __asm__ volatile("pause");
}

_Noreturn static inline void halt(void)
{
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* Gives the calling CPU its number, fault handlers and page protection: first thing on each CPU. */
void kernel_cpu_init(unsigned cpu);

/* Where all CPUs go at an exception or interrupt, from now on. */
void kernel_set_gate(unsigned vector, uint64_t handler);

/* Sets what may be done with the pages of [begin, end) besides reading. */
enum page_access { PAGE_READ, PAGE_WRITE, PAGE_EXEC };
bool kernel_protect(uintptr_t begin, uintptr_t end, enum page_access access);

#endif
