/* SPDX-License-Identifier: MIT */
/* A switch with XMM0-15 loaded just before and stored just after, so that no compiler comes between. */

#define XMM 120 /* in struct trip, behind 15 registers */

.macro each_xmm instruction, load
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.if	\load
	movups	XMM + 16 * \n(\instruction), %xmm\n
	.else
	movups	%xmm\n, XMM + 16 * \n(\instruction)
	.endif
	.endr
.endm

	.text
	.globl	trip_call
	.type	trip_call, @function
trip_call:
	push	%rsi
	each_xmm %rsi, 1
	call	pv_hv_vtl_call
	pop	%rsi
	each_xmm %rsi, 0
	ret

	.globl	trip_return
	.type	trip_return, @function
trip_return:
	push	%rdx
	each_xmm %rdx, 1
	call	pv_hv_vtl_return
	pop	%rdx
	each_xmm %rdx, 0
	ret

	.section .note.GNU-stack, "", @progbits
