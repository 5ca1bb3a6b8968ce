/* SPDX-License-Identifier: MIT */
/* The PL011 of QEMU's `virt` machine. */
#include "cpu.h"
#include "start.h"

enum {
    DATA = KERNEL_SERIAL,
    FLAGS = KERNEL_SERIAL + 0x18,
    LINE = KERNEL_SERIAL + 0x2c,
    CONTROL = KERNEL_SERIAL + 0x30,
};

#define FIFO_BYTES 16u
#define NOTHING_WAITS 0x10u
#define FIFO_EMPTY 0x80u

void kernel_serial_init(void)
{
    device_write(CONTROL, 0);
    device_write(LINE, 0x70); /* 8 bits, no parity, 1 stop bit, FIFOs on */
    device_write(CONTROL, 0x301);
}

/* A FIFO at a time: under a hypervisor each access is an exit. */
void kernel_write_unlocked(const char *text, size_t n)
{
    while (n) {
        size_t now = n < FIFO_BYTES ? n : FIFO_BYTES;

        n -= now;
        while (!(device_read(FLAGS) & FIFO_EMPTY))
            cpu_relax();
        while (now--)
            device_write(DATA, (uint8_t)*text++);
    }
}

bool kernel_read(char *byte)
{
    if (device_read(FLAGS) & NOTHING_WAITS)
        return false;
    *byte = (char)device_read(DATA);
    return true;
}
