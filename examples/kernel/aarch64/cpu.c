/* SPDX-License-Identifier: MIT */
/* A CPU's own state, and what happens when it faults. */
#include "cpu.h"
#include "start.h"

extern const char kernel_vectors[]; /* trap.S */
void *kernel_trap(uint64_t vector, uint64_t syndrome, uint64_t pc, uint64_t address);

static struct kernel_cpu cpus[KERNEL_MAX_CPUS];

_Static_assert(offsetof(struct kernel_cpu, recover) == KERNEL_CPU_RECOVER, "trap.S");

static struct kernel_cpu *this_cpu(void)
{
    return (struct kernel_cpu *)(uintptr_t)READ_SYSTEM(tpidr_el1);
}

void kernel_cpu_init(unsigned cpu)
{
    WRITE_SYSTEM(tpidr_el1, (uintptr_t)&cpus[cpu]);
    WRITE_SYSTEM(vbar_el1, (uintptr_t)kernel_vectors);
    __asm__ volatile("isb" : : : "memory");
}

/* A refused instruction or address, by exception class. */
static bool is_fault(uint64_t syndrome)
{
    enum { UNKNOWN = 0, SYSTEM_REGISTER = 0x18, FETCH = 0x21, MISALIGNED_PC = 0x22, DATA = 0x25 };

    switch (syndrome >> 26) {
    case UNKNOWN:
    case SYSTEM_REGISTER:
    case FETCH:
    case MISALIGNED_PC:
    case DATA:
        return true;
    default:
        return false;
    }
}

/* Called by trap.S. Return: the stack pointer to go on with, in recover. */
void *kernel_trap(uint64_t vector, uint64_t syndrome, uint64_t pc, uint64_t address)
{
    enum { SYNCHRONOUS_OF_OURS = 4 };
    void *recover = this_cpu()->recover;

    if (recover && vector == SYNCHRONOUS_OF_OURS && is_fault(syndrome))
        return recover;
    kernel_write_hex("\nBail out! exception ", vector);
    kernel_write_hex(" syndrome ", syndrome);
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
    return READ_SYSTEM(mpidr_el1) & 0xffffff;
}

uint64_t kernel_ticks(void)
{
    __asm__ volatile("isb" : : : "memory");
    return READ_SYSTEM(cntvct_el0);
}

uint64_t kernel_ticks_per_second(void)
{
    return READ_SYSTEM(cntfrq_el0);
}
