/* SPDX-License-Identifier: MIT */
/* Every source in turn, and its host's time made to jump. */
#ifndef UNIT_CLOCK_JUMP_H
#define UNIT_CLOCK_JUMP_H

#include "unit/clock/rig.h"

static inline bool jump_is_counter_(enum pv_clock_source source)
{
    return source == PV_CLOCK_COUNTER || source == PV_CLOCK_UNSURE_COUNTER;
}

/* The host's time jumps, on all VPs; where it is the counter, that does. */
static inline void jump(int64_t ns)
{
    if (!jump_is_counter_(guest.clock.source)) {
        sim_clock_jump(&machine, ns);
        return;
    }
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++) {
        const uint64_t skew = (uint64_t)machine.clock.skew[vp];

        machine.clock.skew[vp] = (int64_t)(skew + (uint64_t)(ns / 5 * 12));
    }
}

static inline void for_each_source(void (*check)(void))
{
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++) {
        rig_up((enum pv_clock_source)source, 2);
        check();
        rig_release();
        sim_assert_clean(&machine);
    }
}

#endif
