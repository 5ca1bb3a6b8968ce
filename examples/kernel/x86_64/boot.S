/* SPDX-License-Identifier: MIT */
/*
 * From power-on to C, on the bare machine: CPU 0 enters in 32-bit mode through the PVH note, the
 * others in 16-bit mode through the trampoline. Both load the same page tables and land in long
 * mode. The first 4 GiB are mapped 1:1 with pages of 2 MiB; C splits and protects them later.
 */

#include "start.h"

#define CODE64 0x08
#define DATA   0x10

#define PAGE_TABLE 0x003 /* present, writable */
#define PAGE_LARGE 0x083

/* Works in 16-bit and in 32-bit code. SSE on, write protection on, no-execute on. */
.macro enter_long_mode
	mov	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER: NXE, LME */
	mov	$0x900, %eax
	xor	%edx, %edx
	wrmsr
	mov	$0x80010033, %eax	/* PG, WP, NE, ET, MP, PE; EM and TS clear */
	mov	%eax, %cr0
.endm

.macro load_segments
	mov	$DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
.endm

/* XEN_ELFNOTE_PHYS32_ENTRY: where a loader that knows PVH starts a 64-bit ELF, in 32-bit mode. */
	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 4, 18
	.asciz	"Xen"
	.long	start

	.section .boot, "ax", @progbits
	.code32
	.globl	start
start:
	cli
	cld
	mov	$(pdpt + PAGE_TABLE), %eax
	mov	%eax, pml4
	mov	$(page_directories + PAGE_TABLE), %eax
	xor	%ecx, %ecx
1:	mov	%eax, pdpt(, %ecx, 8)
	add	$4096, %eax
	inc	%ecx
	cmp	$4, %ecx
	jb	1b

	mov	$PAGE_LARGE, %eax
	xor	%ecx, %ecx
2:	mov	%eax, page_directories(, %ecx, 8)
	add	$0x200000, %eax
	inc	%ecx
	cmp	$2048, %ecx
	jb	2b

	lgdt	gdt_pointer
	enter_long_mode
	ljmp	$CODE64, $start64

	.code64
start64:
	load_segments
	mov	$boot_stack_end, %esp
	xor	%ebp, %ebp
	call	kernel_start

/* Copied to KERNEL_TRAMPOLINE_PAGE, whose number the start-up interrupt carries. */
	.section .rodata.trampoline, "a", @progbits
	.code16
	.globl kernel_trampoline, kernel_trampoline_end
kernel_trampoline:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	gdt_pointer16 - kernel_trampoline
	enter_long_mode
	ljmpl	$CODE64, $other_start64
	.balign 8
gdt_pointer16:
	.word	gdt_end - gdt - 1
	.long	gdt
kernel_trampoline_end:

	.section .boot, "ax", @progbits
	.code64
other_start64:
	load_segments
	mov	$1, %edi
	lock xadd %edi, next_cpu
	mov	%edi, %eax
	imul	$KERNEL_STACK_SIZE, %eax
	lea	kernel_stacks(%rax), %rsp	/* CPU 1 has the first */
	xor	%ebp, %ebp
	call	kernel_other_start

	.section .rodata, "a", @progbits
	.balign 8
gdt:	.quad	0
	.quad	0x00af9a000000ffff	/* CODE64 */
	.quad	0x00cf92000000ffff	/* DATA */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	.data
	.balign 4
next_cpu:
	.long	1

	.bss
	.balign 4096
pml4:	.skip	4096
pdpt:	.skip	4096
page_directories:
	.skip	4 * 4096
	.skip	16384
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
