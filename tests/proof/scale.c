/* SPDX-License-Identifier: MIT */
/*
 * The product of 128 bits without a type of 128 bits, for any factors; and the scale of a frequency,
 * which ends with 64 significant bits and is right to less than one unit in its last place: then a
 * nanosecond is right as long as the counter has fewer ticks than 2^shift, which are 292 years.
 *
 * Schoolbook multiplication itself (a product is the sum of the products of its halves) is taken for
 * granted: solvers do not find that for 64 bits. What is proved is that no carry is lost.
 *
 * cbmc: --z3 --unwind 76 --stop-on-fail
 * sources: libpv/clock/scale.c
 * part: -DCHECK=check_product
 * part: -DCHECK=check_shift
 * part: -DCHECK=check_scale -DHZ=1000 -DHZ_BITS=5
 * part: -DCHECK=check_scale -DHZ=24000000 -DHZ_BITS=5
 * part: -DCHECK=check_scale -DHZ=999999990 -DHZ_BITS=5
 * part: -DCHECK=check_scale -DHZ=2400000000 -DHZ_BITS=5
 * part: -DCHECK=check_scale -DHZ=999999999969 -DHZ_BITS=5
 * bug: carry-lost libpv/clock/scale.h s/ + (middle >> 32),/,/
 * bug: half-not-cut libpv/clock/scale.h s/(uint32_t)(a1 \* b0)/(a1 * b0)/
 * bug: shift-by-64 libpv/clock/scale.h s/shift >= 64/shift > 64/
 * bug: rest-kept libpv/clock/scale.c s/rest -= hz;/;/
 * bug: digit-at-more libpv/clock/scale.c s/| (rest >= hz)/| (rest > hz)/
 * bug: too-few-bits libpv/clock/scale.c s/scale.factor >> 63/scale.factor >> 62/
 */
#include "clock/scale.h"

#ifndef HZ
#define HZ 2000000000
#define HZ_BITS 5
#endif

uint64_t nondet_qword(void);
uint32_t nondet_shift(void);

/* The four products of the halves, added with carry. */
static inline void check_product(void)
{
    const uint64_t a = nondet_qword(), b = nondet_qword();
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32;
    const uint64_t b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t low = a0 * b0;
    const uint64_t once = low + (a0 * b1 << 32);
    const uint64_t twice = once + (a1 * b0 << 32);
    const uint64_t high =
        a1 * b1 + (a0 * b1 >> 32) + (a1 * b0 >> 32) + (once < low) + (twice < once);

    __CPROVER_assert(pv_clock_multiply_portable_(a, b).high == high, "high half");
}

static inline void check_shift(void)
{
    const uint64_t a = nondet_qword(), b = nondet_qword();
    const uint32_t shift = nondet_shift();

    __CPROVER_assume(shift >= 1 && shift <= 127);
    __CPROVER_assert(pv_clock_multiply_shift_(a, b, shift) ==
                         (uint64_t)((pv_clock_uint128)a * b >> shift), "shifted");
}

static inline void check_scale(void)
{
    const uint64_t hz = HZ + (nondet_qword() & ((1u << HZ_BITS) - 1));
    const struct pv_clock_scale scale = pv_clock_scale_for_(hz);
    const pv_clock_uint128 product = (pv_clock_uint128)scale.factor * hz;
    const pv_clock_uint128 whole = (pv_clock_uint128)1000000000u << scale.shift;

    __CPROVER_assert(pv_clock_plausible_hz_(hz), "a frequency that can be");
    __CPROVER_assert(scale.factor >> 63 == 1, "64 significant bits");
    __CPROVER_assert(scale.shift >= 44 && scale.shift <= 74, "shift");
    __CPROVER_assert(product <= whole && whole - product < hz, "less than a unit off");
}

/* A seeded bug may be in any. */
static inline void check_all(void)
{
    check_product();
    check_shift();
    check_scale();
}

#ifndef CHECK
#define CHECK check_all
#endif

int main(void)
{
    CHECK();
    return 0;
}
