/* SPDX-License-Identifier: MIT */
/* What libpv does on a hypervisor that speaks Hyper-V; each group is TAP. */
#ifndef HYPERV_H
#define HYPERV_H

#include "pv_freestanding.h"
#include "tap.h"

/* Bring libpv up with the given choices, or fail the test and end the machine. */
struct pv_vp *hyperv_start(uint32_t arg_pages, uint32_t forms_off);
/* Take everything back; the pool must be empty and the MSRs clear afterwards. */
void hyperv_stop(struct pv_vp *vp);

void check_detection(void);
void check_page(struct pv_vp *vp);
void check_calls(struct pv_vp *vp, const char *forms);
void check_lists(struct pv_vp *vp);
void check_xmm_preserved(struct pv_vp *vp);
void check_nesting(struct pv_vp *vp);
void check_refusals(struct pv_vp *vp);
void check_assist(struct pv_vp *vp);
void check_quiesce_resume(struct pv_vp *vp);
void check_two_vps(struct pv_vp *vp);

#endif
