/* SPDX-License-Identifier: MIT */
/*
 * Bounded text: from any state a text can be in, each step writes inside the buffer and leaves it
 * terminated. decode.c builds on this. The buffer ends where its array ends, so cbmc itself finds a
 * byte written past it. A number has 20 characters at most, so a longer buffer shows nothing new.
 *
 * cbmc: --unwind 22 --conversion-check
 * sources: libpv/text/text.c
 * part: -DSTEP=add_char
 * part: -DSTEP=add_string
 * part: -DSTEP=add_hex
 * part: -DSTEP=add_decimal
 * timeout: 60
 * bug: missing-bound libpv/text/text.c s/text->left < 2/text->left < 1/
 * bug: not-terminated libpv/text/text.c s/\*text->at = '\\0';//
 * bug: cut-not-told libpv/text/text.c s/text->cut = true;//
 * bug: too-many-digits libpv/text/text.c s/char digits.10./char digits[9]/
 */
#include "text/text.h"

#define ROOM 24u

size_t nondet_size(void);
bool nondet_bool(void);
char nondet_char(void);
uint64_t nondet_value(void);
unsigned nondet_digits(void);

/* A text in a buffer of `size` bytes is in order: `at` is its end and NUL, `left` leads to the end
 * of the buffer. */
static bool in_order(const struct pv_text *text, const char *buffer, size_t size)
{
    if (size == 0)
        return text->left == 0 && text->cut;
    return text->left >= 1 && text->left <= size && text->at == buffer + (size - text->left) &&
           *text->at == '\0';
}

/* Any text in order. */
static void any_text(struct pv_text *text, char *buffer, size_t size)
{
    text->left = nondet_size();
    text->cut = nondet_bool();
    __CPROVER_assume(size == 0 ? text->left == 0 && text->cut
                               : text->left >= 1 && text->left <= size);
    text->at = buffer + (size - text->left);
    if (size != 0)
        *text->at = '\0';
}

/* The steps; a longer string only repeats the step. */
static inline void add_char(struct pv_text *text)
{
    pv_text_char_(text, nondet_char());
}

static inline void add_string(struct pv_text *text)
{
    const char string[4] = { 'x', nondet_char(), nondet_char(), '\0' };

    pv_text_string_(text, string);
}

static inline void add_hex(struct pv_text *text)
{
    pv_text_hex_(text, nondet_value(), nondet_digits());
}

static inline void add_decimal(struct pv_text *text)
{
    pv_text_decimal_(text, nondet_digits());
}

#ifndef STEP
#define STEP add_decimal
#endif

static void check_end(const struct pv_text *text)
{
    __CPROVER_assert(pv_text_end_(text) == (text->cut ? PV_NO_ROOM : PV_OK), "end");
}

static size_t size_up_to_room(void)
{
    const size_t size = nondet_size();

    __CPROVER_assume(size <= ROOM);
    return size;
}

int main(void)
{
    const size_t size = size_up_to_room();
    char array[ROOM];
    char *const buffer = array + (ROOM - size);
    struct pv_text text;
    size_t left; /* before the step */

    pv_text_init_(&text, buffer, size);
    __CPROVER_assert(in_order(&text, buffer, size), "init");
    any_text(&text, buffer, size);
    left = text.left;
    STEP(&text);
    __CPROVER_assert(in_order(&text, buffer, size), "step");
    __CPROVER_assert(text.left < left || text.cut, "written or cut");
    check_end(&text);
    return 0;
}
