/* SPDX-License-Identifier: MIT */
/* Products and quotients of 128 bits, a bit at a time: slow, and unlike the library's. */
#ifndef SIM_WIDE_H
#define SIM_WIDE_H

#include <stdint.h>

struct sim_wide {
    uint64_t high, low;
};

static inline struct sim_wide sim_wide_shift_left(struct sim_wide a, unsigned bits)
{
    for (; bits > 0; bits--) {
        a.high = a.high << 1 | a.low >> 63;
        a.low <<= 1;
    }
    return a;
}

static inline struct sim_wide sim_wide_shift_right(struct sim_wide a, unsigned bits)
{
    for (; bits > 0; bits--) {
        a.low = a.low >> 1 | a.high << 63;
        a.high >>= 1;
    }
    return a;
}

static inline struct sim_wide sim_wide_add(struct sim_wide a, uint64_t b)
{
    a.low += b;
    a.high += a.low < b;
    return a;
}

static inline struct sim_wide sim_wide_multiply(uint64_t a, uint64_t b)
{
    struct sim_wide product = { 0, 0 };

    for (int bit = 63; bit >= 0; bit--) {
        product = sim_wide_shift_left(product, 1);
        if ((a >> bit & 1) != 0)
            product = sim_wide_add(product, b);
    }
    return product;
}

/* The low 64 bits of a / b; b below 2^63. */
static inline uint64_t sim_wide_divide(struct sim_wide a, uint64_t b)
{
    uint64_t quotient = 0;
    uint64_t rest = 0;

    for (int bit = 127; bit >= 0; bit--) {
        rest = rest << 1 | (bit >= 64 ? a.high >> (bit - 64) : a.low >> bit) % 2;
        quotient = quotient << 1 | (rest >= b);
        if (rest >= b)
            rest -= b;
    }
    return quotient;
}

/* a * b / c, its low 64 bits. */
static inline uint64_t sim_wide_scale(uint64_t a, uint64_t b, uint64_t c)
{
    return sim_wide_divide(sim_wide_multiply(a, b), c);
}

#endif
