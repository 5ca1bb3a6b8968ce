/* SPDX-License-Identifier: MIT */
/*
 * From firmware to C. SBI (chapter HSM) starts a hart in S-mode with paging and interrupts off, its
 * id in a0 and in a1 a value of the starter's: the device tree for the first, the CPU's number for
 * the others.
 */

#include "start.h"

	.section .boot, "ax", @progbits
	.globl	start
start:
	la	sp, boot_stack_end
	li	fp, 0
	tail	kernel_start

	.globl	kernel_other_boot
kernel_other_boot:
	la	sp, kernel_stacks
	li	t0, KERNEL_STACK_SIZE
	mul	t0, t0, a1		/* CPU 1 has the first, which ends one size on */
	add	sp, sp, t0
	li	fp, 0
	tail	kernel_other_start

	.bss
	.balign	16
	.skip	KERNEL_STACK_SIZE
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
