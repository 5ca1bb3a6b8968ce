/* SPDX-License-Identifier: MIT */
/* TAP on the kernel's serial port. */
#ifndef TAP_H
#define TAP_H

#include "kernel.h"

/* "ok N - what" or "not ok N - what"; returns `good`. */
bool tap_ok(bool good, const char *what);
/* Like tap_ok(got == wanted), and shows both numbers when it fails. */
bool tap_equal(uint64_t got, uint64_t wanted, const char *what);
/* "# text" with a number behind it. */
void tap_note(const char *text, uint64_t number);
void tap_say(const char *text);
/* "# what: word", for check.sh to read. */
void tap_word(const char *what, const char *word);
/* The same with numbers. */
void tap_numbers(const char *what, const uint64_t *numbers, size_t count);
/* Print the plan and end the machine, successfully if nothing failed. */
_Noreturn void tap_done(void);

#endif
