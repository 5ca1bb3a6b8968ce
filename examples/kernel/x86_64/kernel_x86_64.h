/* SPDX-License-Identifier: MIT */
/*
 * What the kernel has on x86-64 only: interrupts from one CPU to another, on the bare machine, and
 * pages that change behind everybody's back.
 */
#ifndef KERNEL_X86_64_H
#define KERNEL_X86_64_H

#include "kernel.h"

#define KERNEL_VECTOR_NMI 2u
#define KERNEL_VECTOR_FIRST 0x20u
#define KERNEL_VECTORS 256u

/*
 * Has the calling CPU's interrupts call handler(vector), for vectors from KERNEL_VECTOR_FIRST on
 * and for NMIs. It runs with interrupts off on the stack of what it interrupts. They stay off until
 * kernel_interrupts(); NMIs come at once. Every CPU calls this with the same handler.
 */
void kernel_interrupts_init(void (*handler)(unsigned vector));

/* Lets interrupts come to the calling CPU from now on, or no more. */
void kernel_interrupts(bool on);

/* Sleeps until an interrupt has come, which may have been pending. They are off afterwards. */
void kernel_interrupt_wait(void);

/* Sends an interrupt, or an NMI, to the CPU whose kernel_hardware_id() this is: 254 at most. */
void kernel_interrupt_send(unsigned hardware_id, unsigned vector);

/*
 * Lets a page of 4 KiB show the memory at a physical address, with the rights it has. No TLB is
 * flushed: a CPU may go on seeing what was there. One CPU at a time may call this.
 * Return: false when one of the two is not aligned or page not mapped, or when page tables ran out.
 */
bool kernel_show_page(void *page, uint64_t physical);

#endif
