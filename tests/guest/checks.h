/* SPDX-License-Identifier: MIT */
/* What a guest checks of libpv, in groups of TAP. */
#ifndef CHECKS_H
#define CHECKS_H

#include "pv_freestanding.h"
#include "tap.h"

/* libpv on this machine, without the clock's sources whose bits are set. CPU 0 is online. */
struct pv_vp *checks_start(uint32_t sources_off);
/* Everything is given back, and pv_vp_release says `wanted`. */
void checks_stop(struct pv_vp *vp, enum pv_status wanted);

/* The architecture's: every group that makes sense on the hypervisor that was found. */
void check_machine(const struct pv_detect *detect);

void check_without_hyperv(void);

/* A region map of a table, and of what the firmware tells. */
void check_memory(void);

/* Say which backend or source the hypervisor offers, and check it. */
void check_steal(void);
void check_clock(void);

#endif
