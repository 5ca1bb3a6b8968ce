/* SPDX-License-Identifier: MIT */
/* A guest that never lets go of its CPU: for others to have their time stolen. */
#include "kernel.h"

void kernel_main(void)
{
    for (volatile unsigned turns = 0;;)
        turns++;
}
