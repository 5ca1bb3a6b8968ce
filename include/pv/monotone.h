/* SPDX-License-Identifier: MIT */
/* A counter of the host made one that never runs backwards. Part of stolen time and of clocks. */
#ifndef PV_MONOTONE_H
#define PV_MONOTONE_H

#include <pv/types.h>

/* Readable at any time; only the library writes it. */
struct pv_monotone {
    pv_atomic64 last;    /* largest value given out */
    pv_atomic64 offset;  /* value - what the host says, modulo 2^64 */
    uint32_t rebases;    /* times the host ran backwards or jumped absurdly, and counting went on */
};

#endif
