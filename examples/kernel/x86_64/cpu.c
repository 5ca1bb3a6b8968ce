/* SPDX-License-Identifier: MIT */
/* A CPU's own state, and what happens when it faults. */
#include "cpu.h"

#define EXCEPTIONS 32u
#define VECTORS 256u /* those of interrupts have no gate until kernel_interrupts_init() */

struct gate {
    uint16_t offset_low, selector, type, offset_middle;
    uint32_t offset_high, reserved;
};

/* As trap.S leaves it on the stack. */
struct trap_frame {
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

extern const char kernel_trap_stubs[]; /* trap.S: EXCEPTIONS of them, 16 bytes each */
extern const char kernel_recover[];
void kernel_trap(struct trap_frame *frame);

static struct kernel_cpu cpus[KERNEL_MAX_CPUS];

static struct gate idt[VECTORS]; /* shared: CPU 0 fills it before the others start */

void kernel_set_gate(unsigned vector, uint64_t handler)
{
    struct gate *gate = &idt[vector];

    __asm__("mov %%cs, %0" : "=r"(gate->selector));
    gate->offset_low = (uint16_t)handler;
    gate->offset_middle = (uint16_t)(handler >> 16);
    gate->offset_high = (uint32_t)(handler >> 32);
    gate->type = 0x8e00; /* present, ring 0, interrupt gate */
}

void kernel_cpu_init(unsigned cpu)
{
    struct descriptor_table idtr = {sizeof(idt) - 1, (uintptr_t)idt};

    for (unsigned v = 0; cpu == 0 && v < EXCEPTIONS; v++)
        kernel_set_gate(v, (uintptr_t)kernel_trap_stubs + 16 * v);
    __asm__ volatile("lidt %0" : : "m"(idtr));
    write_msr(MSR_GS_BASE, (uintptr_t)&cpus[cpu]);
    write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
    write_cr0(read_cr0() | CR0_WP);
}

/* Called by trap.S; what it leaves in *frame is what the CPU goes on with. */
void kernel_trap(struct trap_frame *frame)
{
    enum { UD = 6, GP = 13, PF = 14 };
    void *recover;

    __asm__ volatile("mov %%gs:0, %0" : "=r"(recover));
    if (recover && (frame->vector == UD || frame->vector == GP || frame->vector == PF)) {
        frame->rip = (uintptr_t)kernel_recover;
        frame->rsp = (uintptr_t)recover;
        return;
    }
    kernel_write_hex("\nBail out! exception ", frame->vector);
    kernel_write_hex(" rip ", frame->rip);
    kernel_write_hex(" cr2 ", read_cr2());
    kernel_write_hex(" error ", frame->error);
    kernel_write_unlocked("\n", 1);
    kernel_exit(1);
}

void *kernel_this_cpu(void)
{
    void *self;

    __asm__ volatile("mov %%gs:8, %0" : "=r"(self));
    return self;
}

void kernel_set_this_cpu(void *self)
{
    __asm__ volatile("mov %0, %%gs:8" : : "r"(self) : "memory");
}

unsigned kernel_hardware_id(void)
{
    enum { BASIC = 1, TOPOLOGY = 0xb };
    uint32_t a = 0, b, c = 0, d;

    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a >= TOPOLOGY) {
        a = TOPOLOGY;
        c = 0;
        __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
        if (b) /* zero where the leaf exists but is not filled in */
            return d;
    }
    a = BASIC;
    c = 0;
    __asm__("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b >> 24;
}

uint64_t kernel_ticks(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

uint64_t kernel_ticks_per_second(void)
{
    return 0;
}

int kernel_conduit(void)
{
    return KERNEL_CONDUIT_NONE;
}
