/* SPDX-License-Identifier: MIT */
#ifndef PV_GUEST_TOLD_H
#define PV_GUEST_TOLD_H

#include <pv/guest.h>

/* Write down, before telling it, how to take something back. Room for all there is to tell is
 * reserved (PV_TOLD_MAX), so this cannot fail. */
void pv_told_add_(struct pv_told *told, enum pv_told_memory memory, enum pv_told_kind kind,
                  uint32_t number, uint64_t off);

/* Take everything back, newest first, and forget it. Gives the PV_TOLD_* bits of the memory that
 * the hypervisor kept: it must never be used again. */
uint32_t pv_told_take_back_(struct pv_guest *guest, struct pv_told *told);

/* The same for the newest entry for `memory`, if there is one. False if the hypervisor kept it. */
bool pv_told_take_back_one_(struct pv_guest *guest, struct pv_told *told,
                            enum pv_told_memory memory);

#endif
