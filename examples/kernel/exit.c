/* SPDX-License-Identifier: MIT */
/* The way out for machines without a device that reports a code: the last line says it. */
#include "serial.h"

/* In one piece with what stands before it, as another CPU may be writing. */
void kernel_write_exit(unsigned code)
{
    char line[] = "\n" KERNEL_EXIT_LINE "4294967295\n";
    size_t at = sizeof("\n" KERNEL_EXIT_LINE) - 1;
    unsigned scale = 1;

    while (code / scale >= 10)
        scale *= 10;
    for (; scale; scale /= 10)
        line[at++] = (char)('0' + code / scale % 10);
    line[at++] = '\n';
    kernel_write_unlocked(line, at);
}
