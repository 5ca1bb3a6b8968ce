/* SPDX-License-Identifier: MIT */
/* Numbers that C, assembly and the linker script must agree on. */
#define KERNEL_STACK_SIZE 16384
#define KERNEL_CPU_RECOVER 0 /* offset of recover in struct kernel_cpu */

/*
 * QEMU's `virt` machine: the first GiB is devices, RAM begins behind it with the device tree, and
 * the image is linked to the block of 2 MiB after that. It may have KERNEL_IMAGE_BLOCKS of them.
 */
#define KERNEL_RAM 0x40000000
#define KERNEL_IMAGE 0x40200000
#define KERNEL_IMAGE_BLOCKS 2
#define KERNEL_SERIAL 0x09000000
