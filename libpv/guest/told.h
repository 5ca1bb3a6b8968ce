/* SPDX-License-Identifier: MIT */
#ifndef PV_GUEST_TOLD_H
#define PV_GUEST_TOLD_H

#include <pv/guest.h>

/* Write down, before telling it, how to take something back. Room for all there is to tell is
 * reserved (PV_TOLD_MAX), so this cannot fail. */
void pv_told_add_(struct pv_told *told, enum pv_told_kind kind, uint32_t number, uint64_t off);

/* Take everything back, newest first, and forget it. False if the hypervisor kept something: the
 * memory it was told of must then never be used again. */
bool pv_told_take_back_(struct pv_guest *guest, struct pv_told *told);

/* The same for the newest entry for `number`, if there is one. */
bool pv_told_take_back_one_(struct pv_guest *guest, struct pv_told *told, uint32_t number);

#endif
