/* SPDX-License-Identifier: MIT */
#include "tap.h"

static unsigned tests, failures;

static void put_number(uint64_t n)
{
    char text[20];
    size_t at = sizeof(text);

    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    kernel_write(text + at, sizeof(text) - at);
}

bool tap_ok(bool good, const char *what)
{
    failures += !good;
    kernel_puts(good ? "ok " : "not ok ");
    put_number(++tests);
    kernel_puts(" - ");
    kernel_puts(what);
    kernel_puts("\n");
    return good;
}

bool tap_equal(uint64_t got, uint64_t wanted, const char *what)
{
    if (tap_ok(got == wanted, what))
        return true;
    tap_note("  got   ", got);
    tap_note("  wanted", wanted);
    return false;
}

void tap_note(const char *text, uint64_t number)
{
    kernel_puts("# ");
    kernel_puts(text);
    kernel_puts(" ");
    put_number(number);
    kernel_puts("\n");
}

void tap_say(const char *text)
{
    kernel_puts("# ");
    kernel_puts(text);
    kernel_puts("\n");
}

void tap_word(const char *what, const char *word)
{
    kernel_puts("# ");
    kernel_puts(what);
    kernel_puts(": ");
    kernel_puts(word);
    kernel_puts("\n");
}

void tap_numbers(const char *what, const uint64_t *numbers, size_t count)
{
    kernel_puts("# ");
    kernel_puts(what);
    kernel_puts(":");
    for (size_t i = 0; i < count; i++) {
        kernel_puts(" ");
        put_number(numbers[i]);
    }
    kernel_puts("\n");
}

_Noreturn void tap_done(void)
{
    kernel_puts("1..");
    put_number(tests);
    kernel_puts("\n");
    kernel_exit(failures != 0);
}
