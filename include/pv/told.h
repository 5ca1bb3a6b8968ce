/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor was told, and how to take it back: one registry for every area, so that
 * quiesce has one list to walk, newest first, without locks or allocation.
 */
#ifndef PV_TOLD_H
#define PV_TOLD_H

#include <pv/types.h>

enum pv_told_kind {
    PV_TOLD_MSR = 0,         /* x86: write `off` to MSR `number` */
    PV_TOLD_HV_REGISTER = 1, /* arm64: set the Hyper-V VP register `number` to `off` */
};

struct pv_told_entry {
    enum pv_told_kind kind;
    uint32_t number;
    uint64_t off;
};

#define PV_TOLD_MAX 6

struct pv_told {
    uint32_t count;
    struct pv_told_entry entries[PV_TOLD_MAX]; /* oldest first */
};

#endif
