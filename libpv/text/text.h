/* SPDX-License-Identifier: MIT */
/* Text into a bounded buffer: always terminated, never overrun, and it says when it was cut. */
#ifndef PV_TEXT_TEXT_H
#define PV_TEXT_TEXT_H

#include <pv/status.h>

struct pv_text {
    char *at;    /* next free byte */
    size_t left; /* bytes from there on, the terminating NUL included */
    bool cut;
};

/* Start an empty text; a size of 0 gives one that is cut at once and written nowhere. */
void pv_text_init_(struct pv_text *text, char *buffer, size_t size);
void pv_text_char_(struct pv_text *text, char c);
void pv_text_string_(struct pv_text *text, const char *string);
/* 0x and as many digits as the value needs, at least `digits` of them. */
void pv_text_hex_(struct pv_text *text, uint64_t value, unsigned digits);
void pv_text_decimal_(struct pv_text *text, uint32_t value);
/* PV_OK, or PV_NO_ROOM if anything was cut off. */
enum pv_status pv_text_end_(const struct pv_text *text);

#endif
