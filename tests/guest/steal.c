/* SPDX-License-Identifier: MIT */
/* Stolen time on whatever hypervisor this is: its life, and that it never runs backwards. */
#include "checks.h"
#include "crew.h"

#define READS 200000 /* long enough to be preempted, where CPUs are shared */
#define SIDE_BY_SIDE_NS 200000000u
/* How far Hyper-V's estimate may lie from what KVM counts of the same contention, in millionths. */
#define ROUGHLY 150000u

static bool never_decreases(struct pv_vp *vp)
{
    uint64_t last = pv_steal_ns(vp);
    uint32_t backwards = 0;

    for (int i = 0; i < READS; i++) {
        const uint64_t now = pv_steal_ns(vp);

        backwards += now < last;
        last = now;
    }
    return backwards == 0;
}

static void check_off(struct pv_vp *vp)
{
    tap_equal(pv_steal_ns(vp), 0, "nothing is stolen before it is enabled");
    tap_ok(!pv_steal_preempted(vp), "and nobody preempted");
    tap_equal(pv_steal_update(vp, 0), PV_BAD_STATE, "an update is refused");
    tap_equal(pv_steal_disable(vp), PV_BAD_STATE, "disabling is refused");
    tap_equal(pv_steal_enable(vp, PV_STEAL_BACKENDS), PV_INVALID, "there is no such backend");
}

static void check_absent(struct pv_vp *vp)
{
    uint32_t refused = 0;

    for (unsigned backend = PV_STEAL_BEST; backend < PV_STEAL_BACKENDS; backend++)
        refused += pv_steal_enable(vp, (enum pv_steal_backend)backend) == PV_UNSUPPORTED;
    tap_equal(refused, PV_STEAL_BACKENDS, "no backend is supported");
    tap_equal(pv_steal_ns(vp), 0, "and nothing is stolen");
}

static void check_on(struct pv_vp *vp, enum pv_steal_backend best)
{
    tap_equal(vp->steal.backend, best, "by the backend that was probed");
    tap_equal(pv_steal_enable(vp, PV_STEAL_BEST), PV_BAD_STATE, "enable twice");
    tap_ok(!pv_steal_preempted(vp), "who reads is not preempted");
    tap_equal(pv_steal_update(vp, 0), PV_OK, "an update does no harm");
    tap_ok(never_decreases(vp), "stolen time never decreases");
}

/* An area registered by its virtual address cannot be taken back; KVM's Xen knows no other. */
static enum pv_status letting_go(enum pv_steal_backend backend)
{
    return backend == PV_STEAL_XEN ? PV_REFUSED : PV_OK;
}

static void check_again(struct pv_vp *vp, enum pv_steal_backend best)
{
    uint64_t last;

    tap_equal(pv_steal_disable(vp), letting_go(best), "disable");
    last = pv_steal_ns(vp);
    tap_equal(pv_steal_disable(vp), PV_BAD_STATE, "disable twice");
    tap_equal(pv_steal_ns(vp), last, "the last value stays");
    tap_equal(pv_steal_enable(vp, PV_STEAL_BEST), PV_OK, "enable again");
    tap_ok(pv_steal_ns(vp) >= last, "counting goes on");
}

static void check_life(struct pv_vp *vp)
{
    struct pv_guest *guest = vp->guest;
    uint64_t last = pv_steal_ns(vp);

    tap_equal(pv_vp_offline(vp), PV_OK, "offline");
    tap_ok(pv_steal_ns(vp) >= last, "the value stays while offline");
    tap_equal(pv_steal_enable(vp, PV_STEAL_BEST), PV_BAD_STATE, "not enabled while offline");
    tap_equal(pv_vp_online(guest, vp), PV_OK, "online");
    tap_equal(vp->steal.status, PV_OK, "stolen time is taken up again");
    tap_ok(pv_steal_ns(vp) >= last && never_decreases(vp), "and counts on");
    last = pv_steal_ns(vp);
    tap_equal(pv_guest_quiesce(guest, vp), PV_OK, "quiesce");
    tap_equal(vp->steal.backend, PV_STEAL_NONE, "the host has no area");
    tap_equal(pv_guest_resume(guest, vp), PV_OK, "resume");
    tap_equal(vp->steal.status, PV_OK, "stolen time is taken up again");
    tap_ok(pv_steal_ns(vp) >= last && never_decreases(vp), "and counts on");
    tap_equal(vp->steal.stolen.rebases, 0, "the host gave no reason for a rebase");
}

/* ---- a second VP ---- */

static uint32_t leave;
static enum pv_status second_status;

static void second_enters(unsigned cpu)
{
    struct pv_vp *vp = pv_freestanding_vp(cpu);

    second_status = pv_vp_online(&pv_freestanding_guest, vp);
    if (second_status == PV_OK)
        second_status = pv_steal_enable(vp, PV_STEAL_BEST);
}

static void second_reads(unsigned cpu)
{
    while (__atomic_load_n(&leave, __ATOMIC_ACQUIRE) == 0)
        (void)pv_steal_ns(pv_freestanding_vp(cpu));
}

static void second_leaves(unsigned cpu)
{
    second_status = pv_vp_offline(pv_freestanding_vp(cpu));
}

static void check_second(struct pv_vp *vp)
{
    struct pv_vp *second = pv_freestanding_vp(1);
    uint64_t last;

    if (crew_size() == 0)
        return;
    tap_ok(crew_does(1, second_enters) && second_status == PV_OK,
           "stolen time of the second VP is on");
    crew_begin(1, second_reads);
    tap_ok(never_decreases(second), "read from the first CPU, it never decreases");
    tap_ok(never_decreases(vp), "nor does that of the first");
    __atomic_store_n(&leave, 1, __ATOMIC_RELEASE);
    if (!tap_ok(crew_finish(1) && crew_does(1, second_leaves) && second_status == PV_OK,
                "the second VP goes offline"))
        tap_done();
    last = pv_steal_ns(second);
    tap_equal(pv_steal_ns(second), last, "and keeps its value");
    tap_note("stolen from the second VP, ns:", last);
    tap_equal(pv_vp_release(second), PV_OK, "release of the second VP");
}

/* ---- Hyper-V's estimate ---- */

/* Stolen share of this VP over a while, by one backend; the second CPU may be waiting all along. */
static uint32_t share_by(struct pv_vp *vp, enum pv_steal_backend backend)
{
    struct pv_steal_sample from;
    struct pv_steal_sample to;

    if (pv_steal_enable(vp, backend) != PV_OK || pv_steal_update(vp, 0) != PV_OK)
        return UINT32_MAX;
    from.time_ns = pv_clock_ns(vp);
    from.stolen_ns = pv_steal_ns(vp);
    do {
        if (pv_steal_update(vp, 0) != PV_OK)
            return UINT32_MAX;
        to.time_ns = pv_clock_ns(vp);
    } while (to.time_ns - from.time_ns < SIDE_BY_SIDE_NS);
    to.stolen_ns = pv_steal_ns(vp);
    return pv_steal_disable(vp) == PV_OK ? pv_steal_share(&from, &to) : UINT32_MAX;
}

static void check_estimate(void)
{
    struct pv_vp *vp = checks_start(0);
    uint32_t counted;
    uint32_t estimated;

    tap_equal(pv_clock_enable(vp, PV_CLOCK_BEST), PV_OK, "a clock to measure by");
    counted = share_by(vp, PV_STEAL_BEST);
    estimated = share_by(vp, PV_STEAL_HYPERV);
    tap_note("stolen share as the host counts it, millionths:", counted);
    tap_note("as estimated from Hyper-V's run time:", estimated);
    tap_ok(counted <= 1000000 && estimated <= counted + ROUGHLY &&
               estimated + ROUGHLY >= counted,
           "Hyper-V's estimate is roughly what KVM counts");
    checks_stop(vp, PV_OK);
}

static bool can_estimate(const struct pv_guest *guest)
{
    const uint64_t needed =
        1ull << PV_HV_PRIVILEGE_VP_RUNTIME | 1ull << PV_HV_PRIVILEGE_TIME_REF_COUNT;

    return (guest->detect.hyperv.privileges & needed) == needed;
}

void check_steal(void)
{
    struct pv_vp *vp = checks_start(0);
    const enum pv_steal_backend best = pv_steal_probe(vp->guest);

    tap_word("steal", pv_steal_name(best));
    check_off(vp);
    if (best == PV_STEAL_NONE) {
        check_absent(vp);
    } else if (tap_equal(pv_steal_enable(vp, PV_STEAL_BEST), PV_OK, "stolen time is on")) {
        check_on(vp, best);
        check_again(vp, best);
        check_life(vp);
        check_second(vp);
    }
    checks_stop(vp, letting_go(best));
    if (can_estimate(&pv_freestanding_guest))
        check_estimate();
}
