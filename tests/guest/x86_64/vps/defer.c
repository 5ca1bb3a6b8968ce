/* SPDX-License-Identifier: MIT */
/* Flushes left to KVM where a VP does not run; where it does, an NMI flushes. */
#include "stale.h"
#include "vps.h"

#include <pv/abi/kvm.h>

#define TRIES 20u
#define PATIENCE 200000000u

static struct {
    uint32_t deferred;
    uint32_t asked; /* of them, those seen before KVM took them */
    uint32_t interrupted;
    uint32_t stale;
    uint32_t late; /* NMIs that did not come */
    uint32_t left; /* requests that KVM did not take */
} tally;

static bool comes(unsigned cpu, uint32_t wanted)
{
    for (uint32_t i = 0; i < PATIENCE && vps_came(cpu, KERNEL_VECTOR_NMI) != wanted; i++)
        __asm__ volatile("pause");
    return vps_came(cpu, KERNEL_VECTOR_NMI) == wanted;
}

static bool is_asked(const struct pv_vp *vp)
{
    return (*vp->steal.preempted & PV_KVM_FLUSH_ON_ENTRY) != 0;
}

static void flush_others(void)
{
    uint32_t wanted[VPS];

    for (unsigned cpu = 1; cpu < VPS; cpu++) {
        struct pv_vp *vp = pv_freestanding_vp(cpu);

        wanted[cpu] = vps_came(cpu, KERNEL_VECTOR_NMI);
        if (pv_kvm_flush_defer(vp)) {
            tally.deferred++;
            tally.asked += is_asked(vp);
            continue;
        }
        tally.interrupted++;
        wanted[cpu]++;
        kernel_interrupt_send((unsigned)vp->hw_id.value, KERNEL_VECTOR_NMI);
    }
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        tally.late += !comes(cpu, wanted[cpu]);
}

/* All of them have run since. */
static void count_requests_left(void)
{
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        tally.left += is_asked(pv_freestanding_vp(cpu));
}

void check_defer(void)
{
    tap_say("flushes that are left to KVM");
    stale_begin(EVERYBODY & ~1u);
    for (uint32_t i = 0; i < TRIES; i++) {
        (void)stale_look();
        count_requests_left();
        (void)stale_change();
        tally.stale += stale_look() != 0;
        flush_others();
        stale_gone();
    }
    (void)stale_look();
    if (!stale_end())
        tap_done();
    tap_note("left to KVM:", tally.deferred);
    tap_note("done by NMIs:", tally.interrupted);
    tap_note("changes before which a stale translation was in use:", tally.stale);
    tap_ok(tally.asked > 0, "some VPs did not run, and KVM is asked to flush");
    tap_ok(tally.interrupted > 0, "some did, and were interrupted");
    tap_equal(tally.late, 0, "those, and no other");
    tap_equal(tally.left, 0, "KVM took every request");
    tap_equal(stale_wrong(), 0, "nobody sees what was there before");
    tap_ok(!pv_kvm_flush_defer(pv_freestanding_vp(0)), "nothing is left undone on this VP");
}
