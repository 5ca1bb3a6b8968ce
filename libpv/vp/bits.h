/* SPDX-License-Identifier: MIT */
/* Bits of 64-bit words. Compilers turn their own builtins into calls of libgcc where a machine has no
 * instruction for it, and a kernel need not link that. */
#ifndef PV_VP_BITS_H
#define PV_VP_BITS_H

#include <pv/types.h>

#define PV_BITS_ALL_ (~0ull)

/* The lowest `count` bits, 0..64 of them. */
static inline uint64_t pv_bits_low_(uint32_t count)
{
    return count < 64 ? (1ull << count) - 1 : PV_BITS_ALL_;
}

/* How many bits are set: sums of 2, 4, then 8 bits, and all bytes added up in the highest. */
static inline uint32_t pv_bits_count_(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555ull;
    word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Full;
    return (uint32_t)(word * 0x0101010101010101ull >> 56);
}

/* The number of the lowest bit that is set; `word` is not 0. */
static inline uint32_t pv_bits_lowest_(uint64_t word)
{
#if defined(__x86_64__) || defined(__aarch64__)
    return (uint32_t)__builtin_ctzll(word);
#else
    return pv_bits_count_((word & (0 - word)) - 1);
#endif
}

#endif
