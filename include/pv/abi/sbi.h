/* SPDX-License-Identifier: MIT */
/* RISC-V SBI base extension numbers (RISC-V SBI specification, chapter 4). */
#ifndef PV_ABI_SBI_H
#define PV_ABI_SBI_H

#define PV_SBI_EXT_BASE 0x10u
#define PV_SBI_BASE_SPEC_VERSION 0u
#define PV_SBI_BASE_IMPL_ID 1u
#define PV_SBI_BASE_IMPL_VERSION 2u
#define PV_SBI_BASE_PROBE 3u

#define PV_SBI_EXT_STA 0x535441u

/* Implementation ids */
#define PV_SBI_IMPL_OPENSBI 1u
#define PV_SBI_IMPL_XVISOR 2u
#define PV_SBI_IMPL_KVM 3u
#define PV_SBI_IMPL_XEN 7u

#endif
