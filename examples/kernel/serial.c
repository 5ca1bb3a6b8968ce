/* SPDX-License-Identifier: MIT */
/* Text on the serial port, whichever port that is. */
#include "serial.h"
#include "cpu.h"

static bool writing;

void kernel_write(const char *text, size_t n)
{
    while (__atomic_test_and_set(&writing, __ATOMIC_ACQUIRE))
        cpu_relax();
    kernel_write_unlocked(text, n);
    __atomic_clear(&writing, __ATOMIC_RELEASE);
}

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

void kernel_puts(const char *text)
{
    kernel_write(text, length(text));
}

void kernel_write_hex(const char *name, uint64_t value)
{
    char text[16];

    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 0xf];
    kernel_write_unlocked(name, length(name));
    kernel_write_unlocked(text, sizeof(text));
}
