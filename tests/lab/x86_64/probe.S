/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest: says the hypervisor's signature on COM1, then "+" if FPU and SSE instructions
 * work, and reports success. A KVM without hardware behind it may interpret each instruction and
 * not know these.
 */

	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	_start

	.text
	.code32
	.globl	_start
_start:
	mov	$stack_end, %esp
	mov	$0x40000000, %eax
	cpuid
	push	%edx
	push	%ecx
	push	%ebx
	mov	%esp, %esi
	mov	$12, %ecx
	mov	$0x3f8, %dx
	rep outsb
	mov	%cr4, %eax
	or	$0x600, %eax		/* OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	fninit
	xorps	%xmm0, %xmm0
	mov	$'+', %al
	mov	$0x3f8, %dx
	out	%al, %dx
	mov	$1, %al
	mov	$0x501, %dx
	out	%al, %dx
1:	hlt
	jmp	1b

	.bss
	.skip	64
stack_end:

	.section .note.GNU-stack, "", @progbits
