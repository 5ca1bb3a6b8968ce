/* SPDX-License-Identifier: MIT */
/* Interrupt entries: the C function sees the vector, what was interrupted sees nothing. */

	.text

/* As in trap.S, every stub is 16 bytes long. */
	.balign 16
	.globl kernel_interrupt_stubs
kernel_interrupt_stubs:
	vector = 0
	.rept 256
	.balign 16
	push	$vector
	jmp	interrupt_common
	vector = vector + 1
	.endr

/*
 * The kernel is compiled without XMM registers, so those that a function may change are these nine.
 * The CPU aligned RSP before it pushed five words; with the vector, nine and one more it is again.
 */
interrupt_common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	72(%rsp), %edi
	cld
	sub	$8, %rsp
	call	kernel_interrupt
	add	$8, %rsp
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$8, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
