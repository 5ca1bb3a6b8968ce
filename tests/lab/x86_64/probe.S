/* SPDX-License-Identifier: MIT */
/* The smallest guest: says the hypervisor's signature on COM1 and reports success. Tells what a KVM
 * really offers, where asking it would only tell what it claims. */

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
	mov	$1, %al
	mov	$0x501, %dx
	out	%al, %dx
1:	hlt
	jmp	1b

	.bss
	.skip	64
stack_end:

	.section .note.GNU-stack, "", @progbits
