/* SPDX-License-Identifier: MIT */
/* Numbers that C and assembly must agree on. */
#define KERNEL_STACK_SIZE 16384
#define KERNEL_CPU_RECOVER 0 /* offset of recover in struct kernel_cpu */
