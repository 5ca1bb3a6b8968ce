/* SPDX-License-Identifier: MIT */
/* Time before there is a clock: waiting, and measuring the counter without a PIT. */
#include "clock/clock_internal.h"
#include "clock/scale.h"
#include "pv_port.h"

/* A counter stands still if so many readings do not bring it on by so much. */
#define STANDSTILL 1000000u
#define PROGRESS_NS 1000u

/* Where time comes from: a counter with its scale, or Hyper-V's reference counter. */
struct ruler {
    bool reference;
    struct pv_clock_scale scale;
};

static uint64_t look(const struct ruler *ruler)
{
    return ruler->reference ? pv_clock_hv_counter_() : pv_port_counter();
}

static uint64_t ns_since(const struct ruler *ruler, uint64_t start)
{
    const uint64_t passed = look(ruler) - start;

    if (passed >> 63 != 0) /* ran backwards: as if it stood */
        return 0;
    return ruler->reference ? passed : pv_clock_scale_apply_(ruler->scale, passed);
}

/* Until `ns` have passed since `start`; `passed` is how many did. */
static enum pv_status wait_for(const struct ruler *ruler, uint64_t start, uint64_t ns,
                               uint64_t *passed)
{
    uint64_t mark = 0;
    unsigned still = 0;

    for (*passed = 0; *passed < ns; still++) {
        if (still == STANDSTILL)
            return PV_TIMED_OUT;
        *passed = ns_since(ruler, start);
        if (*passed >= mark + PROGRESS_NS) {
            mark = *passed;
            still = 0;
        }
        pv_port_relax();
    }
    return PV_OK;
}

enum pv_status pv_clock_delay(struct pv_guest *guest, uint64_t ns)
{
    const uint64_t hz = pv_clock_counter_hz(guest);
    struct ruler ruler = { hz == 0, { 0, 0 } };
    uint64_t passed;

    if (hz == 0 && !(pv_clock_hv_counter_offered_(guest) && pv_clock_host_trusted_(guest)))
        return PV_UNSUPPORTED;
    if (hz != 0)
        ruler.scale = pv_clock_scale_for_(hz);
    return wait_for(&ruler, look(&ruler), ns, &passed);
}

enum pv_status pv_clock_measure_hz(const struct pv_guest *guest, uint64_t duration_ns, uint64_t *hz)
{
    const struct ruler ruler = { true, { 0, 0 } };
    enum pv_status status;
    uint64_t passed;
    uint64_t counter;
    uint64_t start;

    if (!pv_clock_hv_counter_offered_(guest) || !pv_clock_host_trusted_(guest))
        return PV_UNSUPPORTED;
    if (duration_ns < 1000000u || duration_ns > PV_CLOCK_NS_PER_SECOND)
        return PV_INVALID;
    start = look(&ruler);
    counter = pv_port_counter();
    status = wait_for(&ruler, start, duration_ns, &passed);
    counter = pv_port_counter() - counter;
    if (status != PV_OK)
        return status;
    counter = pv_clock_scale_apply_(pv_clock_scale_for_(passed), counter); /* 10^9 * it / passed */
    if (!pv_clock_plausible_hz_(counter))
        return PV_MALFORMED;
    *hz = counter;
    return PV_OK;
}
