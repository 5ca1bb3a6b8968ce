/* SPDX-License-Identifier: MIT */
#include "text/text.h"

void pv_text_init_(struct pv_text *text, char *buffer, size_t size)
{
    text->at = buffer;
    text->left = size;
    text->cut = size == 0;
    if (size != 0)
        buffer[0] = '\0';
}

void pv_text_char_(struct pv_text *text, char c)
{
    if (text->left < 2) {
        text->cut = true;
        return;
    }
    *text->at++ = c;
    *text->at = '\0';
    text->left--;
}

void pv_text_string_(struct pv_text *text, const char *string)
{
    while (*string != '\0')
        pv_text_char_(text, *string++);
}

void pv_text_hex_(struct pv_text *text, uint64_t value, unsigned digits)
{
    int shift = 60;

    pv_text_string_(text, "0x");
    while (shift > 0 && (value >> shift) == 0 && (unsigned)shift / 4 >= digits)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        pv_text_char_(text, "0123456789abcdef"[(value >> shift) & 0xF]);
}

void pv_text_decimal_(struct pv_text *text, uint32_t value)
{
    char digits[10];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    while (n > 0)
        pv_text_char_(text, digits[--n]);
}

enum pv_status pv_text_end_(const struct pv_text *text)
{
    return text->cut ? PV_NO_ROOM : PV_OK;
}
