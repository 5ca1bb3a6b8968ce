/* SPDX-License-Identifier: MIT */
/* The ground the other guest tests stand on: CPUs, page protection, caught faults. */
#include "insn.h"
#include "tap.h"

static unsigned cpu_seen; /* bit per CPU */
static unsigned cpu_wrong;
static unsigned first_id;
static unsigned other_id; /* CPU 1's */

static unsigned char page[KERNEL_PAGE_SIZE] __attribute__((aligned(KERNEL_PAGE_SIZE)));

static void write_page(void *p)
{
    *(volatile uint32_t *)p = INSN_RETURN;
}

static void run_page(void *p)
{
    ((void (*)(void))(uintptr_t)p)();
}

static void undefined(void *unused)
{
    (void)unused;
    __asm__ volatile(INSN_UNDEFINED);
}

static void store_nowhere(void *unused)
{
    (void)unused;
    *(volatile char *)0x8000000000000000ull = 0;
}

static void nothing(void *unused)
{
    (void)unused;
}

static void nested(void *inner_faulted)
{
    *(bool *)inner_faulted = kernel_faults(undefined, NULL);
    undefined(NULL);
}

static void check_faults(void)
{
    bool inner = false;

    tap_ok(!kernel_faults(nothing, NULL), "a harmless call does not fault");
    tap_ok(kernel_faults(undefined, NULL), "an undefined instruction is caught");
    tap_ok(kernel_faults(store_nowhere, NULL), "a refused address is caught");
    tap_ok(kernel_faults(nested, &inner) && inner, "calls nest");
}

static void check_pages(void)
{
    tap_ok(!kernel_faults(write_page, page), "a data page can be written");
    tap_ok(kernel_faults(run_page, page), "and not run");
    tap_ok(kernel_set_exec(page, true), "it becomes executable");
    tap_ok(!kernel_faults(run_page, page), "and runs");
    tap_ok(kernel_faults(write_page, page), "and cannot be written");
    tap_ok(kernel_set_exec(page, false), "it becomes writable");
    tap_ok(!kernel_faults(write_page, page) && kernel_faults(run_page, page), "as it was at first");
    tap_ok(!kernel_set_exec(page + 1, true), "a misaligned page is refused");
    tap_ok(kernel_map_normal((uintptr_t)page), "memory can be mapped as memory");
    tap_ok(!kernel_faults(write_page, page), "and stays what it was");
    tap_ok(!kernel_map_normal(1ull << 40), "an address beyond the tables cannot");
}

#if defined(__x86_64__)
#include "kernel_x86_64.h"

#define VECTOR 0x40u
#define STOP_VECTOR 0xffu
#define READY 0u /* no vector: the other CPU can be interrupted */

static uint32_t came[KERNEL_VECTORS]; /* interrupts, on any CPU */

static uint32_t so_far(unsigned vector)
{
    return __atomic_load_n(&came[vector], __ATOMIC_ACQUIRE);
}

static void on_interrupt(unsigned vector)
{
    __atomic_fetch_add(&came[vector], 1, __ATOMIC_RELEASE);
}

/* Takes interrupts until it is told to stop by one. */
static void serve_interrupts(void)
{
    kernel_interrupts_init(on_interrupt);
    __atomic_fetch_add(&came[READY], 1, __ATOMIC_RELEASE);
    while (so_far(STOP_VECTOR) == 0)
        kernel_interrupt_wait();
}

static bool comes(unsigned vector, uint32_t wanted)
{
    for (uint32_t i = 0; i < 100000000 && so_far(vector) != wanted; i++)
        __asm__ volatile(INSN_RELAX);
    return so_far(vector) == wanted;
}

/* All registers that C functions may change, over an interrupt. */
static bool interrupt_changes_nothing(void)
{
    uint64_t sum;

    __asm__ volatile("mov $1, %%eax\n\tmov $2, %%ecx\n\tmov $4, %%edx\n\tmov $8, %%esi\n\t"
                     "mov $16, %%edi\n\tmov $32, %%r8d\n\tmov $64, %%r9d\n\tmov $128, %%r10d\n\t"
                     "mov $256, %%r11d\n\tsti\n\tnop\n\tcli\n\t"
                     "add %%rcx, %%rax\n\tadd %%rdx, %%rax\n\tadd %%rsi, %%rax\n\t"
                     "add %%rdi, %%rax\n\tadd %%r8, %%rax\n\tadd %%r9, %%rax\n\t"
                     "add %%r10, %%rax\n\tadd %%r11, %%rax"
                     : "=a"(sum)
                     :
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
    return sum == 511;
}

static void check_own_interrupts(void)
{
    kernel_interrupts_init(on_interrupt);
    kernel_interrupt_send(first_id, VECTOR);
    tap_ok(so_far(VECTOR) == 0, "an interrupt waits while they are off");
    tap_ok(interrupt_changes_nothing() && so_far(VECTOR) == 1, "and then changes no register");
    kernel_interrupt_send(first_id, VECTOR);
    kernel_interrupt_wait();
    tap_ok(so_far(VECTOR) == 2, "one that is pending ends a wait");
    kernel_interrupt_send(first_id, VECTOR);
    tap_ok(so_far(VECTOR) == 2, "they are off after it");
    kernel_interrupts(true);
    tap_ok(comes(VECTOR, 3), "and on again");
    kernel_interrupts(false);
    kernel_interrupt_send(first_id, KERNEL_VECTOR_NMI);
    tap_ok(comes(KERNEL_VECTOR_NMI, 1), "an NMI comes all the same");
}

static void check_interrupts(void)
{
    check_own_interrupts();
    tap_ok(comes(READY, 1), "another CPU waits for interrupts");
    kernel_interrupt_send(other_id, VECTOR);
    tap_ok(comes(VECTOR, 4), "and gets one");
    kernel_interrupt_send(other_id, KERNEL_VECTOR_NMI);
    tap_ok(comes(KERNEL_VECTOR_NMI, 2), "also an NMI");
    kernel_interrupt_send(other_id, STOP_VECTOR);
    tap_ok(comes(STOP_VECTOR, 1), "and the highest vector");
}

static void check_show(void)
{
    static volatile unsigned char under[KERNEL_PAGE_SIZE]
        __attribute__((aligned(KERNEL_PAGE_SIZE)));
    volatile unsigned char *seen = page;

    page[0] = 1;
    under[0] = 2;
    tap_ok(kernel_show_page(page, (uintptr_t)under), "a page shows another");
    __asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
    tap_ok(*seen == 2, "so that one is seen");
    *seen = 3;
    tap_ok(under[0] == 3, "and written");
    tap_ok(!kernel_show_page(page + 1, (uintptr_t)page) && !kernel_show_page(page, 1),
           "misaligned pages are refused");
    tap_ok(kernel_show_page(page, (uintptr_t)page), "it shows itself");
    __asm__ volatile("invlpg (%0)" : : "r"(page) : "memory");
    tap_ok(*seen == 1, "as it was");
}
#else
static void serve_interrupts(void) {}
static void check_interrupts(void) {}
static void check_show(void) {}
#endif

static void on_cpu(unsigned cpu)
{
    unsigned id = kernel_hardware_id();
    bool good = kernel_this_cpu() == NULL && cpu > 0 && cpu < KERNEL_MAX_CPUS && id != first_id;

    kernel_set_this_cpu(&page[cpu]);
    good &= kernel_this_cpu() == &page[cpu];
    good &= kernel_faults(undefined, NULL);
    tap_say("another CPU is here");
    if (!good)
        __atomic_fetch_add(&cpu_wrong, 1, __ATOMIC_RELAXED);
    if (cpu == 1)
        other_id = id;
    __atomic_fetch_or(&cpu_seen, 1u << cpu, __ATOMIC_RELEASE);
    if (cpu == 1)
        serve_interrupts();
}

/* A second, where the machine tells how long that is. */
static uint64_t patience(void)
{
    const uint64_t second = kernel_ticks_per_second();

    return second != 0 ? second : 1000000000;
}

static void check_cpus(void)
{
    unsigned others, all;

    first_id = kernel_hardware_id();
    tap_ok(kernel_this_cpu() == NULL, "no per-CPU pointer at first");
    kernel_set_this_cpu(page);
    others = kernel_start_cpus(on_cpu);
    tap_note("other CPUs:", others);
    all = (2u << others) - 2;
    for (uint64_t start = kernel_ticks(); kernel_ticks() - start < patience();) {
        if (__atomic_load_n(&cpu_seen, __ATOMIC_ACQUIRE) == all)
            break;
        __asm__ volatile(INSN_RELAX);
    }
    tap_ok(others > 0, "other CPUs start");
    tap_ok(cpu_seen == all, "every CPU started ran");
    tap_ok(cpu_wrong == 0, "with a per-CPU pointer and faults of its own");
    tap_ok(kernel_this_cpu() == page, "and CPU 0 kept its pointer");
}

void kernel_main(void)
{
    check_faults();
    check_pages();
    check_cpus();
    check_interrupts();
    check_show();
    tap_done();
}
