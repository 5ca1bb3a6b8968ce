/* SPDX-License-Identifier: MIT */
/* The ground the other guest tests stand on: CPUs, page protection, caught faults. */
#include "insn.h"
#include "tap.h"

static unsigned cpu_seen; /* bit per CPU */
static unsigned cpu_wrong;
static unsigned first_id;

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
    __atomic_fetch_or(&cpu_seen, 1u << cpu, __ATOMIC_RELEASE);
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
    tap_done();
}
