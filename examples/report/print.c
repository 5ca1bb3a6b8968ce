/* SPDX-License-Identifier: MIT */
#include "print.h"

#define LABEL_WIDTH 16

static void number(uint64_t value, unsigned base, unsigned width)
{
    char text[24];
    size_t at = sizeof(text);

    do {
        text[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    while (sizeof(text) - at < width && at > 0)
        text[--at] = ' ';
    kernel_write(text + at, sizeof(text) - at);
}

void print(const char *text)
{
    kernel_puts(text);
}

void print_hex(uint64_t value)
{
    kernel_puts("0x");
    number(value, 16, 0);
}

void print_decimal(uint64_t value)
{
    number(value, 10, 0);
}

void print_column(uint64_t value, unsigned width)
{
    number(value, 10, width);
}

void print_label(const char *label)
{
    size_t length = 0;

    while (label[length] != '\0')
        length++;
    kernel_write(label, length);
    for (; length < LABEL_WIDTH; length++)
        kernel_write(" ", 1);
}
