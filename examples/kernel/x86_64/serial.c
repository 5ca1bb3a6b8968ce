/* SPDX-License-Identifier: MIT */
/* COM1 and the way out. */
#include "cpu.h"

#define COM1 0x3f8u
#define EXIT 0x501u /* isa-debug-exit */

enum { DATA = COM1, FIFO = COM1 + 2, LINE = COM1 + 3, STATUS = COM1 + 5 };
enum { DIVISOR_LOW = COM1, DIVISOR_HIGH = COM1 + 1 };

#define FIFO_BYTES 16u
#define FIFO_EMPTY 0x20u
#define BYTE_WAITS 0x01u

void kernel_serial_init(void)
{
    outb(LINE, 0x80); /* divisor visible */
    outb(DIVISOR_LOW, 1);
    outb(DIVISOR_HIGH, 0);
    outb(LINE, 0x03); /* 8 bits, no parity, 1 stop bit */
    outb(FIFO, 0x07); /* on, both cleared */
}

/* A FIFO at a time: under a hypervisor each port access is an exit, a string of them is one. */
void kernel_write_unlocked(const char *text, size_t n)
{
    while (n) {
        size_t now = n < FIFO_BYTES ? n : FIFO_BYTES;

        n -= now;
        while (!(inb(STATUS) & FIFO_EMPTY))
            cpu_relax();
        __asm__ volatile("rep outsb" : "+S"(text), "+c"(now) : "d"((uint16_t)DATA) : "memory");
    }
}

bool kernel_read(char *byte)
{
    if (!(inb(STATUS) & BYTE_WAITS))
        return false;
    *byte = (char)inb(DATA);
    return true;
}

/*
 * QEMU ends with status 2v + 1 for the value v written here. 0 is not used: it would come out as 1,
 * which is also QEMU's status for a machine it could not start. So success is 3, code c is 2c + 3.
 */
_Noreturn void kernel_exit(unsigned code)
{
    outb(EXIT, (uint8_t)(code < 0x7e ? code + 1 : 0x7f));
    halt();
}
