/* SPDX-License-Identifier: MIT */
/* The trap entry, and the call that survives a fault. */

#include "start.h"

	.text

/*
 * No register is saved: the trap either ends the machine or goes on in recover, which restores what
 * kernel_faults() owes its caller. There is nothing to return to either, so no SRET: a trap out of
 * S-mode leaves the hart in S-mode with interrupts off, as it was.
 */
	.balign	4
	.globl	kernel_trap_entry
kernel_trap_entry:
	csrr	a0, scause
	csrr	a1, sepc
	csrr	a2, stval
	call	kernel_trap
	mv	sp, a0
	j	recover

/* bool kernel_faults(void (*fn)(void *), void *arg); tp points to the CPU's struct kernel_cpu. */
	.globl	kernel_faults
	.type	kernel_faults, @function
kernel_faults:
	addi	sp, sp, -112
	sd	ra, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	ld	t0, KERNEL_CPU_RECOVER(tp)
	sd	t0, 104(sp)
	sd	sp, KERNEL_CPU_RECOVER(tp)
	mv	t0, a0
	mv	a0, a1
	jalr	t0
	li	a0, 0
	j	1f
recover:
	li	a0, 1
1:	ld	t0, 104(sp)
	sd	t0, KERNEL_CPU_RECOVER(tp)
	ld	s11, 96(sp)
	ld	s10, 88(sp)
	ld	s9, 80(sp)
	ld	s8, 72(sp)
	ld	s7, 64(sp)
	ld	s6, 56(sp)
	ld	s5, 48(sp)
	ld	s4, 40(sp)
	ld	s3, 32(sp)
	ld	s2, 24(sp)
	ld	s1, 16(sp)
	ld	s0, 8(sp)
	ld	ra, 0(sp)
	addi	sp, sp, 112
	ret

	.section .note.GNU-stack, "", @progbits
