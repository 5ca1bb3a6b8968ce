/* SPDX-License-Identifier: MIT */
/* A CPU's own state, and what happens when it faults. */
#include "cpu.h"
#include "start.h"

#define SSTATUS_SIE (1ull << 1)
/* Vector and floating-point registers: off, so that use of them shows. */
#define SSTATUS_VS (3ull << 9)
#define SSTATUS_FS (3ull << 13)

extern const char kernel_trap_entry[]; /* trap.S */
void *kernel_trap(uint64_t cause, uint64_t pc, uint64_t address);

static struct kernel_cpu cpus[KERNEL_MAX_CPUS];

_Static_assert(offsetof(struct kernel_cpu, recover) == KERNEL_CPU_RECOVER, "trap.S");

static struct kernel_cpu *this_cpu(void)
{
    struct kernel_cpu *cpu;

    __asm__("mv %0, tp" : "=r"(cpu));
    return cpu;
}

void kernel_cpu_init(unsigned cpu, unsigned hart)
{
    cpus[cpu].hart = hart;
    __asm__ volatile("mv tp, %0" : : "r"(&cpus[cpu]));
    CLEAR_CSR(sstatus, SSTATUS_SIE | SSTATUS_VS | SSTATUS_FS);
    WRITE_CSR(sie, 0ul);
    WRITE_CSR(stvec, kernel_trap_entry);
    kernel_page_use();
}

/* A refused address or instruction: misaligned, access, illegal instruction, page. */
static bool is_fault(uint64_t cause)
{
    const uint64_t faults = 0xb0f7;

    return cause < 16 && (faults >> cause & 1) != 0;
}

/* Called by trap.S. Return: the stack pointer to go on with, in recover. */
void *kernel_trap(uint64_t cause, uint64_t pc, uint64_t address)
{
    void *recover = this_cpu()->recover;

    if (recover && is_fault(cause))
        return recover;
    kernel_write_hex("\nBail out! trap ", cause);
    kernel_write_hex(" pc ", pc);
    kernel_write_hex(" address ", address);
    kernel_write_unlocked("\n", 1);
    kernel_exit(1);
}

void *kernel_this_cpu(void)
{
    return this_cpu()->self;
}

void kernel_set_this_cpu(void *self)
{
    this_cpu()->self = self;
}

unsigned kernel_hardware_id(void)
{
    return this_cpu()->hart;
}

int kernel_conduit(void)
{
    return KERNEL_CONDUIT_NONE;
}
