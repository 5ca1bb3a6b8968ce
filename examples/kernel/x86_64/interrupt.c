/* SPDX-License-Identifier: MIT */
/* Interrupts through the local APIC, in the mode it has after reset: registers in memory. */
#include "cpu.h"
#include "kernel_x86_64.h"

enum { EOI = 0xb0, SPURIOUS = 0xf0, COMMAND = 0x300, TARGET = 0x310, LINT0 = 0x350 };

extern const char kernel_interrupt_stubs[]; /* interrupt.S: KERNEL_VECTORS of them, 16 bytes each */
void kernel_interrupt(unsigned vector);

static void (*interrupt_handler)(unsigned vector);

static volatile uint32_t *apic(unsigned offset)
{
    return (volatile uint32_t *)(uintptr_t)(0xfee00000u + offset);
}

/* Called by interrupt.S. */
void kernel_interrupt(unsigned vector)
{
    interrupt_handler(vector);
    if (vector != KERNEL_VECTOR_NMI)
        *apic(EOI) = 0;
}

/* Firmware left a timer running, whose interrupts would come as if they were exceptions. */
static void silence_devices(void)
{
    enum { MASKED = 1 << 16, PIC_MASTER_MASK = 0x21, PIC_SLAVE_MASK = 0xa1 };

    outb(PIC_MASTER_MASK, 0xff);
    outb(PIC_SLAVE_MASK, 0xff);
    *apic(LINT0) |= MASKED;
}

static void set_gate(unsigned vector)
{
    kernel_set_gate(vector, (uintptr_t)kernel_interrupt_stubs + 16 * vector);
}

/* Every CPU writes the gates, and the same into them, so it does not matter who was first. */
void kernel_interrupts_init(void (*handler)(unsigned vector))
{
    enum { ENABLED = 0x100, UNUSED_VECTOR = 0x1f };

    __atomic_store_n(&interrupt_handler, handler, __ATOMIC_RELEASE);
    set_gate(KERNEL_VECTOR_NMI);
    for (unsigned v = KERNEL_VECTOR_FIRST; v < KERNEL_VECTORS; v++)
        set_gate(v);
    silence_devices();
    *apic(SPURIOUS) = ENABLED | UNUSED_VECTOR;
}

void kernel_interrupts(bool on)
{
    if (on)
        __asm__ volatile("sti" : : : "memory");
    else
        __asm__ volatile("cli" : : : "memory");
}

/* Between the first two instructions nothing can come, so no interrupt is missed. */
void kernel_interrupt_wait(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* The two registers are one command: an interrupt in between might send another. */
void kernel_interrupt_send(unsigned hardware_id, unsigned vector)
{
    enum { NMI = 0x400, ASSERT = 0x4000, PENDING = 1 << 12 };
    uint64_t flags;

    __asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
    *apic(TARGET) = hardware_id << 24;
    *apic(COMMAND) = (vector == KERNEL_VECTOR_NMI ? NMI : vector) | ASSERT;
    while (*apic(COMMAND) & PENDING)
        cpu_relax();
    __asm__ volatile("push %0; popf" : : "r"(flags) : "memory", "cc");
}
