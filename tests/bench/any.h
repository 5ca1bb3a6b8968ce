/* SPDX-License-Identifier: MIT */
/* Random numbers for benches: quick, and the same in every run. */
#ifndef BENCH_ANY_H
#define BENCH_ANY_H

#include <stdint.h>

static inline uint32_t any(uint32_t below)
{
    static uint64_t seed = 88172645463325252ull;

    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

/* 0 .. count - 1 in any order. */
static inline void shuffle(uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = i;
    for (uint32_t i = count - 1; i > 0; i--) {
        const uint32_t other = any(i + 1);
        const uint32_t number = numbers[i];

        numbers[i] = numbers[other];
        numbers[other] = number;
    }
}

#endif
