/* SPDX-License-Identifier: MIT */
/*
 * From power-on to C, at EL1 or EL2 with the MMU off: CPU 0 at `start`, the others where PSCI's
 * CPU_ON put them, with their number in X0. No memory is written before caches are on.
 */

#include "start.h"

#define SCTLR_OFF 0x30d00800		/* the bits that are one on every CPU */
#define SCTLR_ON 0x30d0180d		/* and instruction cache, stack alignment, data cache, MMU */
#define MAIR 0xff04			/* 1: normal write-back; 0: device nGnRE */
/* 32-bit addresses in and out, walks through the caches, upper half unused. */
#define TCR (32 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 30)

/* EL1 without traps into EL2, and with the time of the machine. */
.macro leave_el2
	mrs	x1, CurrentEL
	cmp	x1, #(2 << 2)
	b.ne	1f
	mov	x1, #(1 << 31)		/* HCR_EL2.RW: EL1 is 64-bit */
	msr	hcr_el2, x1
	mov	x1, #3			/* counter and timer are EL1's too */
	msr	cnthctl_el2, x1
	msr	cntvoff_el2, xzr
	mov	x1, #0x33ff		/* floating point is not trapped */
	msr	cptr_el2, x1
	mrs	x1, midr_el1
	msr	vpidr_el2, x1
	mrs	x1, mpidr_el1
	msr	vmpidr_el2, x1
	mov	x1, #0x3c5		/* EL1 with its own stack, exceptions masked */
	msr	spsr_el2, x1
	adr	x1, 1f
	msr	elr_el2, x1
	ldr	w1, =SCTLR_OFF
	msr	sctlr_el1, x1
	isb
	eret
1:
.endm

.macro turn_mmu_on
	ldr	w1, =MAIR
	msr	mair_el1, x1
	ldr	w1, =TCR
	msr	tcr_el1, x1
	adrp	x1, kernel_table
	msr	ttbr0_el1, x1
	mov	x1, #(3 << 20)		/* CPACR.FPEN */
	msr	cpacr_el1, x1
	ic	iallu
	tlbi	vmalle1
	dsb	nsh
	isb
	ldr	w1, =SCTLR_ON
	msr	sctlr_el1, x1
	isb
.endm

	.section .boot, "ax", @progbits
	.globl	start
start:
	msr	daifset, #15
	leave_el2
	turn_mmu_on
	ldr	x1, =boot_stack_end
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	b	kernel_start

	.globl	kernel_other_boot
kernel_other_boot:
	msr	daifset, #15
	leave_el2
	turn_mmu_on
	ldr	x1, =kernel_stacks
	mov	x2, #KERNEL_STACK_SIZE
	madd	x1, x0, x2, x1		/* CPU 1 has the first, which ends one size on */
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	b	kernel_other_start

	.bss
	.balign	16
	.skip	KERNEL_STACK_SIZE
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
