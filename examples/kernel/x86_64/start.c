/* SPDX-License-Identifier: MIT */
/* The bare machine: the image's own protection, and the other CPUs. */
#include "start.h"
#include "cpu.h"

/* link.ld */
extern char image_text[], image_rodata[], image_data[], image_end[];

/* boot.S */
extern const char kernel_trampoline[], kernel_trampoline_end[];
_Noreturn void kernel_start(void);
_Noreturn void kernel_other_start(unsigned cpu);

char kernel_stacks[KERNEL_MAX_CPUS - 1][KERNEL_STACK_SIZE] __attribute__((aligned(16)));

static void (*cpu_entry)(unsigned cpu);
static unsigned cpus_up;

_Noreturn void kernel_start(void)
{
    kernel_cpu_init(0);
    kernel_serial_init();
    if (!kernel_protect((uintptr_t)image_text, (uintptr_t)image_rodata, PAGE_EXEC) ||
        !kernel_protect((uintptr_t)image_rodata, (uintptr_t)image_data, PAGE_READ) ||
        !kernel_protect((uintptr_t)image_data, (uintptr_t)image_end, PAGE_WRITE))
        kernel_exit(1);
    kernel_main();
    kernel_exit(0);
}

_Noreturn void kernel_other_start(unsigned cpu)
{
    if (cpu < KERNEL_MAX_CPUS) {
        kernel_cpu_init(cpu);
        __atomic_fetch_add(&cpus_up, 1, __ATOMIC_RELEASE);
        cpu_entry(cpu);
    }
    halt();
}

/* How many CPUs the machine was given: QEMU's fw_cfg knows, and we come no further without it. */
static unsigned cpus_present(void)
{
    enum { SELECT = 0x510, READ = 0x511, NB_CPUS = 5 };

    outw(SELECT, NB_CPUS);
    return inb(READ);
}

static void send_to_others(uint32_t command)
{
    enum { DELIVERY_PENDING = 1 << 12, ALL_BUT_SELF = 3 << 18 };
    volatile uint32_t *icr = (volatile uint32_t *)(uintptr_t)0xfee00300;

    *icr = ALL_BUT_SELF | command;
    while (*icr & DELIVERY_PENDING)
        cpu_relax();
}

static unsigned up(void)
{
    return __atomic_load_n(&cpus_up, __ATOMIC_ACQUIRE);
}

/*
 * A port nobody listens on takes about 1 us on hardware, and longer under a hypervisor. An emulator
 * may run all CPUs on one thread: the pause lets the others have it.
 */
static void delay_until_up(unsigned others, unsigned us)
{
    while (us-- && up() < others) {
        outb(0x80, 0);
        cpu_relax();
    }
}

/* INIT and two start-ups, as the MultiProcessor Specification has it; a CPU ignores the second. */
unsigned kernel_start_cpus(void (*entry)(unsigned cpu))
{
    enum { INIT = 0x4500, START_UP = 0x4600 | KERNEL_TRAMPOLINE_PAGE / KERNEL_PAGE_SIZE };
    unsigned char *page = (void *)KERNEL_TRAMPOLINE_PAGE;
    unsigned others = cpus_present() - 1;

    if (others > KERNEL_MAX_CPUS - 1)
        others = KERNEL_MAX_CPUS - 1;
    cpu_entry = entry;
    memcpy(page, kernel_trampoline, (size_t)(kernel_trampoline_end - kernel_trampoline));
    if (!others || !kernel_set_exec(page, true))
        return 0;
    send_to_others(INIT);
    delay_until_up(others, 200);
    for (unsigned attempt = 0; attempt < 2 && up() < others; attempt++) {
        send_to_others(START_UP);
        delay_until_up(others, 100000);
    }
    return up();
}

struct kernel_memory_map kernel_memory_map(void)
{
    return (struct kernel_memory_map){ 0 };
}
