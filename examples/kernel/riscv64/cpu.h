/* SPDX-License-Identifier: MIT */
/* What the riscv64 files share: instructions, firmware calls, and the pieces of starting. */
#ifndef KERNEL_RISCV64_CPU_H
#define KERNEL_RISCV64_CPU_H

#include "../kernel.h"
#include "../serial.h"

/* Found through tp, which compilers leave alone in a program without thread-local storage. */
struct kernel_cpu {
    void *recover; /* stack pointer of the innermost kernel_faults(), or NULL */
    void *self;    /* kernel_this_cpu() */
    unsigned hart;
};

#define READ_CSR(name)                                                                             \
    ({                                                                                             \
        uint64_t csr_value;                                                                        \
        __asm__ volatile("csrr %0, " #name : "=r"(csr_value) : : "memory");                        \
        csr_value;                                                                                 \
    })
#define WRITE_CSR(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"(value) : "memory")
#define CLEAR_CSR(name, bits) __asm__ volatile("csrc " #name ", %0" : : "r"(bits) : "memory")

/* PAUSE, by its number: the ISA named to the compiler does not have it, and does not mind it. */
static inline void cpu_relax(void)
{
    __asm__ volatile(".4byte 0x0100000f");
}

_Noreturn static inline void halt(void)
{
    for (;;)
        __asm__ volatile("wfi");
}

#define SBI_EXT_HSM 0x48534dul
#define SBI_EXT_SRST 0x53525354ul

/* A firmware call with up to three arguments. Return: its error, 0 for success. */
static inline long sbi_call(unsigned long extension, unsigned long function, unsigned long x,
                            unsigned long y, unsigned long z)
{
    register unsigned long a0 __asm__("a0") = x;
    register unsigned long a1 __asm__("a1") = y;
    register unsigned long a2 __asm__("a2") = z;
    register unsigned long a6 __asm__("a6") = function;
    register unsigned long a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (long)a0;
}

/* Gives the calling CPU its number, fault handler and page tables: first thing on each CPU. */
void kernel_cpu_init(unsigned cpu, unsigned hart);

/* Maps memory 1:1, writable; paging begins with kernel_page_use(), on the calling CPU. */
void kernel_page_init(void);
void kernel_page_use(void);

/* Reads how fast the counter counts. */
void kernel_clock_init(const void *fdt);

/* Sets what may be done with the pages of [begin, end) besides reading. */
enum page_access { PAGE_READ, PAGE_WRITE, PAGE_EXEC };
bool kernel_protect(uintptr_t begin, uintptr_t end, enum page_access access);

#endif
