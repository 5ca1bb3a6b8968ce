/* SPDX-License-Identifier: MIT */
/* What the architectures' serial ports give to serial.c, and get from it. */
#ifndef KERNEL_SERIAL_H
#define KERNEL_SERIAL_H

#include "kernel.h"

/* The architecture's: sets up the serial port, once. */
void kernel_serial_init(void);

/* The architecture's: as kernel_write(), for a CPU that may have died while writing. */
void kernel_write_unlocked(const char *text, size_t n);

/* A name and a number behind it, unlocked as well: a last report. */
void kernel_write_hex(const char *name, uint64_t value);

/* KERNEL_EXIT_LINE, for machines without a device that reports the code. */
void kernel_write_exit(unsigned code);

#endif
