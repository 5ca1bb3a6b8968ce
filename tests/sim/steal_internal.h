/* SPDX-License-Identifier: MIT */
/* What the calls of the guest do to the host's list of areas. */
#ifndef SIM_STEAL_INTERNAL_H
#define SIM_STEAL_INTERNAL_H

#include "sim/machine_internal.h"

/* A multiple of 64, and guest memory. */
bool sim_steal_area_usable(struct sim_machine *machine, uint64_t gpa);

/* The guest has zeroed it, or it is filled by the host. */
void sim_steal_turn_on(struct sim_machine *machine, uint32_t vp, uint64_t at, bool by_address);
void sim_steal_turn_on_fresh(struct sim_machine *machine, uint32_t vp, uint64_t gpa,
                             const void *content);
/* False if the host keeps it. */
bool sim_steal_turn_off(struct sim_machine *machine, uint32_t vp);

#endif
