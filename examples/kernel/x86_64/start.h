/* SPDX-License-Identifier: MIT */
/* Numbers that start.c and boot.S must agree on. */
#define KERNEL_STACK_SIZE 16384
#define KERNEL_TRAMPOLINE_PAGE 0x8000 /* below 1 MiB, and no one's once firmware is done */
