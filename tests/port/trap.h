/* SPDX-License-Identifier: MIT */
/*
 * The real arm64 port in user space. HVC and DAIF are privileged there, so each raises SIGILL; the
 * handler does what the processor and the simulated hypervisor would have done and goes on behind
 * the instruction. What is tested is the assembly: which registers it loads, keeps and stores.
 *
 * This side is compiled for the simulated machine, the library and the test for arm64, so nothing
 * here mentions pv_port.h.
 */
#ifndef PORT_TRAP_H
#define PORT_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/* A machine after reset, on VP 0, and the handler in place. */
void trap_machine(void);
/* What the hypervisor or the machine complains of, or what leaked; NULL if nothing. */
const char *trap_complaint(void);
/* IRQs are off on this CPU. */
bool trap_irqs_off(void);
/* HVC instructions since trap_machine. */
uint64_t trap_hvcs(void);

#endif
