/* SPDX-License-Identifier: MIT */
/* The counter: a CSR whose frequency only the device tree knows. */
#include "../fdt.h"
#include "cpu.h"

static uint32_t ticks_per_second;

void kernel_clock_init(const void *fdt)
{
    fdt_cell(fdt, "cpus", "timebase-frequency", &ticks_per_second);
}

/* For FENCE a read of the counter is device input. */
uint64_t kernel_ticks(void)
{
    __asm__ volatile("fence iorw, i" : : : "memory");
    return READ_CSR(time);
}

uint64_t kernel_ticks_per_second(void)
{
    return ticks_per_second;
}
