/* SPDX-License-Identifier: MIT */
/* How each architecture finds hypervisors; detect.c puts the answers together. */
#ifndef PV_DETECT_DETECT_INTERNAL_H
#define PV_DETECT_DETECT_INTERNAL_H

#include <pv/detect.h>

/* Append an interface. The caller sees to it that there is room. */
struct pv_detect_interface *pv_detect_add_(struct pv_detect *detect, enum pv_detect_kind kind,
                                           uint32_t base, uint32_t max_leaf);

void pv_detect_cpuid_(struct pv_detect *detect);
void pv_detect_smccc_(struct pv_detect *detect, const struct pv_detect_hints *hints);
void pv_detect_sbi_(struct pv_detect *detect);
void pv_detect_loongarch_(struct pv_detect *detect);

/* Leaves 2..0xC of one Hyper-V interface. */
void pv_detect_hyperv_(struct pv_detect_hyperv *hyperv, uint32_t base, uint32_t max_leaf);

#endif
