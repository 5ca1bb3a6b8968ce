/* SPDX-License-Identifier: MIT */
/*
 * What Hyper-V says of itself, as four words per leaf: CPUID on x86, 128-bit VP registers on arm64
 * with EAX in the lowest word. One decoder for both; the hv area uses it too.
 */
#ifndef PV_DETECT_HYPERV_LEAVES_H
#define PV_DETECT_HYPERV_LEAVES_H

#include <pv/detect.h>

struct pv_detect_words {
    uint32_t eax, ebx, ecx, edx;
};

struct pv_detect_leaves {
    struct pv_detect_words version;
    struct pv_detect_words features;
    struct pv_detect_words hints;
    struct pv_detect_words limits;
    struct pv_detect_words hardware;
    struct pv_detect_words nested;
    struct pv_detect_words isolation; /* looked at only with the isolation privilege */
};

/* `features` is taken from EDX (x86); arm64 has the like in ECX and sets it there itself. */
void pv_detect_decode_(struct pv_detect_hyperv *hyperv, const struct pv_detect_leaves *leaves);

#endif
