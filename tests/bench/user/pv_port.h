/* SPDX-License-Identifier: MIT */
/* The port of this processor for a program that may not turn IRQs off, and has none. */
#ifndef BENCH_USER_PV_PORT_H
#define BENCH_USER_PV_PORT_H

#define pv_port_irq_save pv_port_privileged_irq_save
#define pv_port_irq_restore pv_port_privileged_irq_restore
#include <arch/x86_64/pv_port.h>
#undef pv_port_irq_save
#undef pv_port_irq_restore

static inline uintptr_t pv_port_irq_save(void)
{
    __asm__ volatile("" : : : "memory");
    return 0;
}

static inline void pv_port_irq_restore(uintptr_t state)
{
    (void)state;
    __asm__ volatile("" : : : "memory");
}

#endif
