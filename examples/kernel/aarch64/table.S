/* SPDX-License-Identifier: MIT */
/*
 * The translation tables that the kernel starts with: 4 GiB mapped 1:1, devices in the first,
 * memory in the others. Part of the image, because a table written while the caches are off has to
 * be kept coherent by hand.
 *
 * What must never be unmapped for a moment is in pages from the start: an entry can only be split
 * when it has been invalid in between. That is the image, and what surrounds the serial port.
 */

#include "start.h"
#include "table.h"

#define LARGE (1 << 21)
#define ENTRIES 512

/* `count` entries for what begins at `first`, `size` apart. */
.macro entries first, size, count, bits
	index = 0
	.rept	\count
	.quad	\first + index * (\size) + (\bits)
	index = index + 1
	.endr
.endm

	.data
	.balign	4096
	.globl	kernel_table
kernel_table:
	.quad	devices + ENTRY_TABLE
	.quad	memory + ENTRY_TABLE
	entries 0x80000000, 1 << 30, 2, DATA + ENTRY_BLOCK

	.balign	4096
devices:
	entries 0, LARGE, KERNEL_SERIAL / LARGE, DEVICE + ENTRY_BLOCK
	.quad	around_serial + ENTRY_TABLE
	entries KERNEL_SERIAL + LARGE, LARGE, ENTRIES - KERNEL_SERIAL / LARGE - 1, DEVICE + ENTRY_BLOCK

around_serial:
	entries KERNEL_SERIAL, 4096, ENTRIES, DEVICE + ENTRY_PAGE

memory:
	entries KERNEL_RAM, LARGE, 1, DATA + ENTRY_BLOCK
	entries image, 4096, KERNEL_IMAGE_BLOCKS, ENTRY_TABLE
	entries KERNEL_IMAGE + KERNEL_IMAGE_BLOCKS * LARGE, LARGE, ENTRIES - KERNEL_IMAGE_BLOCKS - 1, \
		DATA + ENTRY_BLOCK

/* kernel_start() takes the rights away that each part of the image does not need. */
image:
	entries KERNEL_IMAGE, 4096, ENTRIES * KERNEL_IMAGE_BLOCKS, CODE_AND_DATA + ENTRY_PAGE

	.section .note.GNU-stack, "", @progbits
