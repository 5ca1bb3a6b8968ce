/* SPDX-License-Identifier: MIT */
/* RISC-V SBI base extension numbers (RISC-V SBI specification, chapter 4). */
#ifndef PV_ABI_SBI_H
#define PV_ABI_SBI_H

#include <pv/types.h>

#define PV_SBI_EXT_BASE 0x10u
#define PV_SBI_BASE_SPEC_VERSION 0u
#define PV_SBI_BASE_IMPL_ID 1u
#define PV_SBI_BASE_IMPL_VERSION 2u
#define PV_SBI_BASE_PROBE 3u

/* Steal-time accounting (SBI 2.0, chapter "Steal-time Accounting Extension") */
#define PV_SBI_EXT_STA 0x535441u
#define PV_SBI_STA_SET_SHMEM 0u /* physical address low, high, flags; low = high = -1: off */

struct pv_sbi_steal_time {
    uint32_t sequence; /* odd: being written */
    uint32_t flags;
    uint64_t steal;    /* ns */
    uint8_t preempted; /* not 0: not running now */
    uint8_t reserved[47];
};
PV_STATIC_ASSERT(sizeof(struct pv_sbi_steal_time) == 64, "sbi_sta_struct");

/* Implementation ids */
#define PV_SBI_IMPL_OPENSBI 1u
#define PV_SBI_IMPL_XVISOR 2u
#define PV_SBI_IMPL_KVM 3u
#define PV_SBI_IMPL_XEN 7u

#endif
