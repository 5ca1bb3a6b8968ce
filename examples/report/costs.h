/* SPDX-License-Identifier: MIT */
/*
 * What each way of making a hypercall costs, in ticks of the time stamp counter. Where the CPU is
 * emulated with one tick per instruction (tests/lab), the numbers are instruction counts, the
 * hypervisor's part included; elsewhere they are time, and only their order says something.
 */
#ifndef COSTS_H
#define COSTS_H

#include <pv/pv.h>

/* The cheapest of some rounds. */
uint64_t cost_bare_call(struct pv_vp *vp);  /* registers loaded, call, nothing else */
uint64_t cost_fast_call(struct pv_vp *vp);  /* the same hypercall through pv_hv_call_fast */
uint64_t cost_flush(struct pv_vp *vp);      /* 24 bytes of input in the form the guest allows */

#endif
