/* SPDX-License-Identifier: MIT */
#include "clock/scale.h"

#define NS_PER_SECOND 1000000000u

/* Long division of 10^9 by hz, on until the quotient fills its 64 bits. */
struct pv_clock_scale pv_clock_scale_for_(uint64_t hz)
{
    struct pv_clock_scale scale = { NS_PER_SECOND / hz, 0 };
    uint64_t rest = NS_PER_SECOND % hz;

    while (scale.factor >> 63 == 0) {
        rest <<= 1;
        scale.factor = scale.factor << 1 | (rest >= hz);
        if (rest >= hz)
            rest -= hz;
        scale.shift++;
    }
    return scale;
}
