/* SPDX-License-Identifier: MIT */
/*
 * The smallest guest: says on the serial port whether PV_TIME_ST is offered (Arm DEN0057), then "+"
 * if floating-point instructions work, and powers off. A KVM without hardware behind it may
 * interpret each instruction and not know these.
 */

#define SERIAL 0x09000000
#define PV_TIME_FEATURES 0xc5000020
#define PV_TIME_ST 0xc5000021
#define PSCI_SYSTEM_OFF 0x84000008

	.text
	.globl	_start
_start:
	ldr	x20, =SERIAL
	ldr	x0, =PV_TIME_FEATURES
	ldr	x1, =PV_TIME_ST
	hvc	#0
	adr	x21, offered
	adr	x22, not_offered
	cmp	x0, #0
	csel	x21, x21, x22, eq
	bl	say
	mov	x0, #(3 << 20)		/* CPACR.FPEN */
	msr	cpacr_el1, x0
	isb
	fmov	d0, #1.0
	adr	x21, works
	bl	say
	ldr	x0, =PSCI_SYSTEM_OFF
	hvc	#0
1:	wfi
	b	1b

say:	ldrb	w0, [x21]
	cbz	w0, 2f
	str	w0, [x20]
	add	x21, x21, #1
	b	say
2:	ret

offered:
	.asciz	"stolen time"
not_offered:
	.asciz	"no stolen time"
works:	.asciz	"+"
	.balign	4

	.section .note.GNU-stack, "", @progbits
