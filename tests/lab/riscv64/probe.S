/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest: says on the serial port whether there is an SBI that knows stolen time, then
 * "+" if floating-point instructions work, and powers off.
 */

#define UART        0x10000000
#define SSTATUS_FS  0x2000 /* initial */
#define SBI_BASE    0x10
#define SBI_PROBE   3
#define SBI_STA     0x535441
#define SBI_SRST    0x53525354

	.text
	.globl	_start
_start:
	la	t0, 1f
	csrw	stvec, t0
	li	a0, SBI_STA
	li	a6, SBI_PROBE
	li	a7, SBI_BASE
	ecall
	la	s1, absent
	beqz	a1, say
	la	s1, present
say:
	li	s0, UART
next:
	lbu	t0, (s1)
	beqz	t0, float
	sb	t0, (s0)
	addi	s1, s1, 1
	j	next
float:
	li	t0, SSTATUS_FS
	csrs	sstatus, t0
	fmv.d.x	fa0, zero
	fadd.d	fa0, fa0, fa0
	li	t0, '+'
	sb	t0, (s0)
	.balign	4
1:	li	a0, 0
	li	a1, 0
	li	a6, 0
	li	a7, SBI_SRST
	ecall
2:	wfi
	j	2b

	.section .rodata
absent:
	.ascii	"no "
present:
	.asciz	"stolen time"

	.section .note.GNU-stack, "", @progbits
