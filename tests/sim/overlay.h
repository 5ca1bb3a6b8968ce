/* SPDX-License-Identifier: MIT */
#ifndef SIM_OVERLAY_H
#define SIM_OVERLAY_H

#include <pv/types.h>

/* A page that the hypervisor lays over guest memory. */
struct sim_overlay {
    bool on;
    uint64_t gpa;
    uint8_t hidden[PV_PAGE_BYTES]; /* the RAM underneath */
    uint8_t shown[PV_PAGE_BYTES];  /* what it showed at first */
    size_t shown_bytes;
};

#endif
