/* SPDX-License-Identifier: MIT */
/* Exception entries, and the call that survives a fault. Position-independent, as UEFI needs it. */

	.text

/* Every stub is 16 bytes long, so that the table needs no addresses in it. */
	.balign 16
	.globl kernel_trap_stubs
kernel_trap_stubs:
	vector = 0
	.rept 32
	.balign 16
	/* These push an error code themselves: #DF #TS #NP #SS #GP #PF, #AC, #CP, #VC #SX. */
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
	      vector == 29 || vector == 30)
	push	$0
	.endif
	push	$vector
	jmp	trap_common
	vector = vector + 1
	.endr

/*
 * No register is saved: the trap either ends the machine or goes on in kernel_recover, which
 * restores what kernel_faults() owes its caller. The CPU aligned RSP before it pushed five words;
 * with error code, vector and one more it is aligned again.
 */
trap_common:
	cld
	mov	%rsp, %rdi
	sub	$8, %rsp
	call	kernel_trap
	add	$24, %rsp
	iretq

/* bool kernel_faults(void (*fn)(void *), void *arg); %gs:0 is struct kernel_cpu's recover. */
	.globl kernel_faults
	.type kernel_faults, @function
kernel_faults:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%gs:0
	mov	%rsp, %gs:0
	mov	%rdi, %rax
	mov	%rsi, %rdi
	call	*%rax
	xor	%eax, %eax
	jmp	1f
	.globl kernel_recover
kernel_recover:
	mov	$1, %eax
1:	pop	%gs:0
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
