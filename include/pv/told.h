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
    PV_TOLD_STEAL_AREA = 2,  /* a call takes a stolen-time area back; number: pv_steal_backend */
    PV_TOLD_GONE = 3,        /* taken back, on its way out of the list */
};

/* Whose memory is lost for good if the hypervisor does not let go; a bit each. */
enum pv_told_memory {
    PV_TOLD_NOTHING = 0x0,
    PV_TOLD_HV_PAGE = 0x1,
    PV_TOLD_HV_ASSIST = 0x2,
    PV_TOLD_STEAL = 0x4,
    PV_TOLD_CLOCK = 0x8,
};

struct pv_told_entry {
    enum pv_told_kind kind;
    enum pv_told_memory memory;
    uint32_t number;
    uint64_t off;
};

#define PV_TOLD_MAX 6

struct pv_told {
    uint32_t count;
    struct pv_told_entry entries[PV_TOLD_MAX]; /* oldest first */
};

#endif
