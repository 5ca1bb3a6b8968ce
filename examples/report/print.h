/* SPDX-License-Identifier: MIT */
/* Just enough printing for a report on a serial port. */
#ifndef PRINT_H
#define PRINT_H

#include "kernel.h"

void print(const char *text);
void print_hex(uint64_t value);
void print_decimal(uint64_t value);
/* The value right-aligned in `width` columns. */
void print_column(uint64_t value, unsigned width);
/* Start a line: the label, padded to the width that all labels have. */
void print_label(const char *label);

#endif
