/* SPDX-License-Identifier: MIT */
/* What the arm64 files share: instructions, firmware calls, and the pieces of starting. */
#ifndef KERNEL_AARCH64_CPU_H
#define KERNEL_AARCH64_CPU_H

#include "../kernel.h"
#include "../serial.h"

/* Found through TPIDR_EL1; trap.S knows the offset of `recover`. */
struct kernel_cpu {
    void *recover; /* stack pointer of the innermost kernel_faults(), or NULL */
    void *self;    /* kernel_this_cpu() */
};

#define READ_SYSTEM(name)                                                                          \
    ({                                                                                             \
        uint64_t system_value;                                                                     \
        __asm__ volatile("mrs %0, " #name : "=r"(system_value) : : "memory");                      \
        system_value;                                                                              \
    })
#define WRITE_SYSTEM(name, value)                                                                  \
    __asm__ volatile("msr " #name ", %0" : : "r"((uint64_t)(value)) : "memory")

/*
 * Devices under a hypervisor: it is told the register of a plain load or store, but not of one that
 * also changes its address register, which a compiler may choose.
 */
static inline uint32_t device_read(uintptr_t address)
{
    uint32_t value;

    __asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

static inline void device_write(uintptr_t address, uint32_t value)
{
    __asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("yield");
}

_Noreturn static inline void halt(void)
{
    for (;;)
        __asm__ volatile("wfi");
}

#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_CPU_ON 0xc4000003u

/* A firmware call, if the machine has a way to make one. Return: firmware's, 0 for success. */
int64_t kernel_psci(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3);

/* Gives the calling CPU its number and fault handlers: first thing on each CPU. */
void kernel_cpu_init(unsigned cpu);

/* Sets what may be done with the pages of [begin, end) besides reading. */
enum page_access { PAGE_READ, PAGE_WRITE, PAGE_EXEC };
bool kernel_protect(uintptr_t begin, uintptr_t end, enum page_access access);

#endif
