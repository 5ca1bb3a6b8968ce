/* SPDX-License-Identifier: MIT */
/* Memory that the host writes while the guest reads it. */
#ifndef PV_AREA_AREA_H
#define PV_AREA_AREA_H

#include "pv_port.h"

static inline uint32_t pv_area_load32_(const volatile uint32_t *at)
{
    return *at;
}

/* Machines of 32 bits need two loads: the low half belongs to the high half that did not change. */
static inline uint64_t pv_area_load_halves_(const volatile uint64_t *at)
{
    const volatile uint32_t *half = (const volatile uint32_t *)at;
    const unsigned low = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 1;
    uint32_t high = half[1 - low];
    uint64_t value;

    for (int tries = 0; tries < 4; tries++) {
        uint32_t again;

        pv_port_read_barrier();
        value = (uint64_t)high << 32 | half[low];
        pv_port_read_barrier();
        again = half[1 - low];
        if (again == high)
            return value;
        high = again;
    }
    return value;
}

/* One access where the machine has one, as Arm DEN0057A asks. */
static inline uint64_t pv_area_load64_(const volatile uint64_t *at)
{
    return sizeof(uintptr_t) == 8 ? *at : pv_area_load_halves_(at);
}

#endif
