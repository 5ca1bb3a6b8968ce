/* SPDX-License-Identifier: MIT */
/* Exception entries, and the call that survives a fault. */

#include "start.h"

	.text

/*
 * No register is saved: the exception either ends the machine or goes on in recover, which restores
 * what kernel_faults() owes its caller. There is nothing to return to either, so no ERET: the CPU
 * stays at EL1 with exceptions masked, as it was.
 */
	.balign	2048
	.globl	kernel_vectors
kernel_vectors:
	vector = 0
	.rept	16
	.balign	128
	mov	x0, #vector
	b	trap_common
	vector = vector + 1
	.endr

trap_common:
	mrs	x1, esr_el1
	mrs	x2, elr_el1
	mrs	x3, far_el1
	bl	kernel_trap
	mov	sp, x0
	mov	w0, #1
	b	recover

/* bool kernel_faults(void (*fn)(void *), void *arg); TPIDR_EL1 has the CPU's struct kernel_cpu. */
	.globl	kernel_faults
	.type	kernel_faults, %function
kernel_faults:
	stp	x29, x30, [sp, #-112]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mrs	x9, tpidr_el1
	ldr	x10, [x9, #KERNEL_CPU_RECOVER]
	str	x10, [sp, #96]
	mov	x10, sp
	str	x10, [x9, #KERNEL_CPU_RECOVER]
	mov	x9, x0
	mov	x0, x1
	blr	x9
	mov	w0, #0
recover:
	mrs	x9, tpidr_el1
	ldr	x10, [sp, #96]
	str	x10, [x9, #KERNEL_CPU_RECOVER]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #112
	ret

	.section .note.GNU-stack, "", @progbits
