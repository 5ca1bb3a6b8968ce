/* SPDX-License-Identifier: MIT */
#include "line.h"
#include "kernel.h"

static void put(struct line *line, char character)
{
    if (line->length < sizeof(line->text) - 1) /* room for the newline */
        line->text[line->length++] = character;
}

void line_text(struct line *line, const char *text)
{
    while (*text != '\0')
        put(line, *text++);
}

void line_fill(struct line *line, char character, size_t count)
{
    while (count-- > 0)
        put(line, character);
}

void line_pad(struct line *line, size_t column)
{
    if (line->length < column)
        line_fill(line, ' ', column - line->length);
}

void line_fixed(struct line *line, uint64_t number, unsigned decimals, unsigned width)
{
    char digits[32];
    size_t at = sizeof(digits) - 1;
    unsigned done = 0;

    digits[at] = '\0';
    while (number != 0 || done <= decimals) {
        if (decimals != 0 && done == decimals)
            digits[--at] = '.';
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
        done++;
    }
    while (at > 0 && sizeof(digits) - 1 - at < width)
        digits[--at] = ' ';
    line_text(line, &digits[at]);
}

void line_number(struct line *line, uint64_t number)
{
    line_fixed(line, number, 0, 0);
}

void line_end(struct line *line)
{
    line->text[line->length++] = '\n';
    kernel_write(line->text, line->length);
    line->length = 0;
}
