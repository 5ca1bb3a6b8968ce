/* SPDX-License-Identifier: MIT */
/* Products of 128 bits, and the scale from a counter to nanoseconds: exact at any uptime. */
#ifndef PV_CLOCK_SCALE_H
#define PV_CLOCK_SCALE_H

#include <pv/clock.h>

struct pv_clock_product {
    uint64_t high, low;
};

/* In halves of 32 bits, none of whose sums overflows. */
static inline struct pv_clock_product pv_clock_multiply_portable_(uint64_t a, uint64_t b)
{
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32;
    const uint64_t b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t middle = (a0 * b0 >> 32) + (uint32_t)(a0 * b1) + (uint32_t)(a1 * b0);
    const struct pv_clock_product product = {
        a1 * b1 + (a0 * b1 >> 32) + (a1 * b0 >> 32) + (middle >> 32),
        a * b,
    };

    return product;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 pv_clock_uint128;

static inline struct pv_clock_product pv_clock_multiply_(uint64_t a, uint64_t b)
{
    const pv_clock_uint128 whole = (pv_clock_uint128)a * b;
    const struct pv_clock_product product = { (uint64_t)(whole >> 64), (uint64_t)whole };

    return product;
}
#else
static inline struct pv_clock_product pv_clock_multiply_(uint64_t a, uint64_t b)
{
    return pv_clock_multiply_portable_(a, b);
}
#endif

/* a * b >> shift, its low 64 bits; shift 1..127. */
static inline uint64_t pv_clock_multiply_shift_(uint64_t a, uint64_t b, uint32_t shift)
{
    const struct pv_clock_product product = pv_clock_multiply_(a, b);

    if (shift >= 64)
        return product.high >> (shift - 64);
    return product.high << (64 - shift) | product.low >> shift;
}

static inline uint64_t pv_clock_scale_apply_(struct pv_clock_scale scale, uint64_t counter)
{
    return pv_clock_multiply_shift_(counter, scale.factor, scale.shift);
}

/* Frequencies that can be: 1 kHz to 1 THz. */
static inline bool pv_clock_plausible_hz_(uint64_t hz)
{
    return hz >= 1000 && hz <= 1000000000000ull;
}

/* From a plausible frequency to nanoseconds, with a factor of 64 significant bits. */
struct pv_clock_scale pv_clock_scale_for_(uint64_t hz);

#endif
