/* SPDX-License-Identifier: MIT */
/*
 * The clock that is given out, guarded from the host's:
 *  - exactly, among readings of one VP, and while VPs may disagree among all;
 *  - to a grain, among all VPs always: guest->clock.now.last is at most a grain behind anything
 *    given out, so that after a jump backwards all go on from beyond it. It is written once per
 *    grain.
 */
#include "clock/clock_internal.h"
#include "clock/scale.h"
#include "monotone/monotone.h"
#include "pv_port.h"

#include <pv/config.h>

static bool read_counter(const struct pv_guest *guest, struct pv_clock_reading *reading)
{
    reading->ns = pv_clock_scale_apply_(guest->clock.scale, pv_port_counter());
    reading->unstable = guest->clock.source == PV_CLOCK_UNSURE_COUNTER;
    reading->moved = false;
    return true;
}

static bool read_hv_counter(struct pv_clock_reading *reading)
{
    reading->ns = pv_clock_hv_counter_();
    reading->unstable = false;
    reading->moved = false;
    return true;
}

bool pv_clock_read_once_(struct pv_vp *vp, struct pv_clock_reading *reading)
{
    switch (vp->guest->clock.source) {
    case PV_CLOCK_HV_PAGE:
        return pv_clock_hv_page_read_(vp->guest, reading);
    case PV_CLOCK_KVM:
        return pv_clock_kvm_read_(vp, reading);
    case PV_CLOCK_HV_COUNTER:
        return read_hv_counter(reading);
    default:
        return read_counter(vp->guest, reading);
    }
}

bool pv_clock_read_first_(struct pv_vp *vp, struct pv_clock_reading *reading)
{
    for (unsigned tries = 0; tries < PV_CONFIG_SEQUENCE_RETRIES; tries++) {
        if (pv_clock_read_once_(vp, reading))
            return true;
        pv_port_relax();
    }
    return false;
}

void pv_clock_epoch_moved_(struct pv_guest *guest)
{
    __atomic_fetch_add(&guest->clock.epoch, 1, __ATOMIC_RELAXED);
}

/* One reading in the guest's time, moved to what may be given out; false if it is out of the
 * question. */
static bool place(struct pv_clock_guest *clock, uint64_t last, uint64_t *ns)
{
    if (*ns - last <= PV_CLOCK_GRAIN_NS)
        return true;
    if (*ns - last <= PV_MONOTONE_JUMP_MAX) {
        *ns = pv_monotone_raise_(&clock->now.last, last, *ns);
        return true;
    }
    if (last - *ns <= PV_CLOCK_GRAIN_NS) {
        *ns = last;
        return true;
    }
    return false;
}

static bool is_unstable(const struct pv_clock_guest *clock)
{
    return __atomic_load_n(&clock->unstable, __ATOMIC_ACQUIRE);
}

/* VPs may have disagreed before it was said, so the exact clock starts beyond all of them. */
static void become_unstable(struct pv_clock_guest *clock)
{
    const uint64_t exact = __atomic_load_n(&clock->exact, __ATOMIC_RELAXED);

    pv_monotone_raise_(&clock->exact, exact, pv_monotone_last_(&clock->now) + PV_CLOCK_GRAIN_NS);
    __atomic_store_n(&clock->unstable, true, __ATOMIC_RELEASE);
}

/* Where a VP that ran backwards goes on: beyond everything that was given out. Once the exact guard
 * sees to that, the mark will do, or several VPs would overtake each other in turn. */
static uint64_t resting_point(const struct pv_clock_guest *clock, uint64_t last)
{
    return is_unstable(clock) ? last : last + PV_CLOCK_GRAIN_NS;
}

/* What the host says about itself goes on record before the time is given out. */
static void note(struct pv_guest *guest, const struct pv_clock_reading *reading)
{
    if (reading->unstable && !is_unstable(&guest->clock))
        become_unstable(&guest->clock);
    if (reading->moved)
        pv_clock_epoch_moved_(guest);
}

static uint64_t give(struct pv_vp *vp, uint64_t ns)
{
    struct pv_clock_guest *clock = &vp->guest->clock;
    const uint64_t last = __atomic_load_n(&vp->clock.last, __ATOMIC_RELAXED);

    if (is_unstable(clock))
        ns = pv_monotone_raise_(&clock->exact, __atomic_load_n(&clock->exact, __ATOMIC_RELAXED),
                                ns);
    return pv_monotone_raise_(&vp->clock.last, last, ns);
}

/* The host's clock ran backwards or jumped, or this VP's is behind another's: a step that is made
 * up for on this VP alone, so that clocks which differ are made up for once and not at every
 * reading. */
static void make_up(struct pv_vp *vp, uint64_t offset, uint64_t missing)
{
    if (!__atomic_compare_exchange_n(&vp->clock.offset, &offset, offset + missing, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return;
    if (!is_unstable(&vp->guest->clock))
        become_unstable(&vp->guest->clock);
    __atomic_fetch_add(&vp->guest->clock.now.rebases, 1, __ATOMIC_RELAXED);
    pv_clock_epoch_moved_(vp->guest);
}

static bool attempt(struct pv_vp *vp, uint64_t *ns)
{
    struct pv_clock_guest *clock = &vp->guest->clock;
    const struct pv_monotone_moment before = pv_monotone_before_(&clock->now);
    const uint64_t offset = __atomic_load_n(&vp->clock.offset, __ATOMIC_RELAXED);
    struct pv_clock_reading reading;

    pv_port_read_barrier();
    if (!pv_clock_read_once_(vp, &reading))
        return false;
    note(vp->guest, &reading);
    *ns = reading.ns + before.offset + offset;
    if (place(clock, before.last, ns))
        return true;
    make_up(vp, offset, resting_point(clock, before.last) - *ns);
    return false;
}

uint64_t pv_clock_ns(struct pv_vp *vp)
{
    uint64_t ns;

    if (!vp->clock.on)
        return __atomic_load_n(&vp->clock.last, __ATOMIC_RELAXED);
    for (unsigned tries = 0; tries < PV_CONFIG_SEQUENCE_RETRIES; tries++) {
        if (attempt(vp, &ns))
            return give(vp, ns);
        pv_port_relax();
    }
    __atomic_fetch_add(&vp->guest->clock.given_up, 1, __ATOMIC_RELAXED);
    return give(vp, pv_monotone_last_(&vp->guest->clock.now));
}

uint32_t pv_clock_epoch(const struct pv_guest *guest)
{
    return __atomic_load_n(&guest->clock.epoch, __ATOMIC_RELAXED);
}
