/* SPDX-License-Identifier: MIT */
/* The 16550 of QEMU's `virt` machine, which firmware has set up, and the way out. */
#include "cpu.h"

#define UART 0x10000000u

enum { DATA = UART, FIFO = UART + 2, STATUS = UART + 5 };

#define FIFO_BYTES 16u
#define FIFO_EMPTY 0x20u
#define BYTE_WAITS 0x01u

static volatile uint8_t *at(uintptr_t address)
{
    return (volatile uint8_t *)address;
}

void kernel_serial_init(void)
{
    *at(FIFO) = 0x07; /* on, both cleared */
}

/* A FIFO at a time: under a hypervisor each access is an exit. */
void kernel_write_unlocked(const char *text, size_t n)
{
    while (n) {
        size_t now = n < FIFO_BYTES ? n : FIFO_BYTES;

        n -= now;
        while (!(*at(STATUS) & FIFO_EMPTY))
            cpu_relax();
        while (now--)
            *at(DATA) = (uint8_t)*text++;
    }
}

bool kernel_read(char *byte)
{
    if (!(*at(STATUS) & BYTE_WAITS))
        return false;
    *byte = (char)*at(DATA);
    return true;
}

/* SBI knows a shutdown, which carries no code. KVM passes it on, as firmware would do it. */
_Noreturn void kernel_exit(unsigned code)
{
    enum { SHUTDOWN = 0, NO_REASON = 0 };

    kernel_write_exit(code);
    sbi_call(SBI_EXT_SRST, 0, SHUTDOWN, NO_REASON, 0);
    halt();
}
