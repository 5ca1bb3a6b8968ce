/* SPDX-License-Identifier: MIT */
/* The image's own protection, and the other CPUs. */
#include "start.h"
#include "../fdt.h"
#include "cpu.h"

/* link.ld */
extern char image_text[], image_rodata[], image_data[], image_end[];

/* boot.S */
extern const char kernel_other_boot[];
_Noreturn void kernel_start(unsigned long hart, const void *fdt);
_Noreturn void kernel_other_start(unsigned long hart, unsigned long cpu);

char kernel_stacks[KERNEL_MAX_CPUS - 1][KERNEL_STACK_SIZE] __attribute__((aligned(16)));

static const void *device_tree;
static void (*cpu_entry)(unsigned cpu);
static unsigned cpus_up;

_Noreturn void kernel_start(unsigned long hart, const void *fdt)
{
    device_tree = fdt;
    kernel_page_init();
    if (!kernel_protect((uintptr_t)image_text, (uintptr_t)image_rodata, PAGE_EXEC) ||
        !kernel_protect((uintptr_t)image_rodata, (uintptr_t)image_data, PAGE_READ) ||
        !kernel_protect((uintptr_t)image_data, (uintptr_t)image_end, PAGE_WRITE))
        kernel_exit(1);
    kernel_cpu_init(0, (unsigned)hart);
    kernel_serial_init();
    kernel_clock_init(fdt);
    kernel_main();
    kernel_exit(0);
}

_Noreturn void kernel_other_start(unsigned long hart, unsigned long cpu)
{
    kernel_cpu_init((unsigned)cpu, (unsigned)hart);
    __atomic_fetch_add(&cpus_up, 1, __ATOMIC_RELEASE);
    cpu_entry((unsigned)cpu);
    halt();
}

static unsigned up(void)
{
    return __atomic_load_n(&cpus_up, __ATOMIC_ACQUIRE);
}

static bool start_hart(uint32_t hart, unsigned cpu)
{
    enum { HART_START = 0 };

    return sbi_call(SBI_EXT_HSM, HART_START, hart, (uintptr_t)kernel_other_boot, cpu) == 0;
}

unsigned kernel_start_cpus(void (*entry)(unsigned cpu))
{
    const uint64_t begin = kernel_ticks();
    unsigned started = 0;
    uint32_t hart;

    cpu_entry = entry;
    for (unsigned n = 0; fdt_cell_of(device_tree, "cpu", n, "reg", &hart); n++)
        if (hart != kernel_hardware_id() && started < KERNEL_MAX_CPUS - 1)
            started += start_hart(hart, started + 1);
    while (up() < started && kernel_ticks() - begin < kernel_ticks_per_second())
        cpu_relax();
    return up();
}

struct kernel_memory_map kernel_memory_map(void)
{
    return (struct kernel_memory_map){ 0 };
}
