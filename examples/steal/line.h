/* SPDX-License-Identifier: MIT */
/* A line of text, put together and written at once: each write may be an exit to the hypervisor. */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>
#include <stdint.h>

struct line {
    char text[160];
    size_t length; /* what does not fit is dropped */
};

void line_text(struct line *line, const char *text);
void line_number(struct line *line, uint64_t number);
/* Right-aligned in `width` columns, with `decimals` digits after the point. */
void line_fixed(struct line *line, uint64_t number, unsigned decimals, unsigned width);
/* `count` times the same character. */
void line_fill(struct line *line, char character, size_t count);
/* Fill with spaces up to a column. */
void line_pad(struct line *line, size_t column);
/* Write it with a newline, and empty it. */
void line_end(struct line *line);

#endif
