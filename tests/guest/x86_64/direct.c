/* SPDX-License-Identifier: MIT */
/* The hypercall page of kernels that call it directly (PV_CONFIG_HV_DIRECT_CALL). */
#include "pv_freestanding.h"

#if PV_CONFIG_HV_DIRECT_CALL
PV_ALIGNED(PV_PAGE_BYTES) uint8_t pv_os_hypercall_page[PV_PAGE_BYTES];
#endif
