/* SPDX-License-Identifier: MIT */
/* Time on whatever hypervisor this is: every source that it offers, waiting, and the date. */
#include "checks.h"
#include "crew.h"

#include <pv/abi/kvm.h>

#define NS_PER_SECOND 1000000000ull
#define READS 100000
#define READS_OF_EACH 1000
#define SPIN_NS 20000000u
#define DELAY_NS 5000000u
#define YEAR_2020 1577836800ull /* in seconds */
#define YEAR_2100 4102444800ull

static bool within_percent(uint64_t a, uint64_t b)
{
    return (a > b ? a - b : b - a) <= b / 100;
}

static uint64_t ticks_to_ns(uint64_t ticks, uint64_t hz)
{
    return ticks / hz * NS_PER_SECOND + ticks % hz * NS_PER_SECOND / hz;
}

static bool never_decreases(struct pv_vp *vp, uint32_t reads)
{
    uint64_t last = pv_clock_ns(vp);
    uint32_t backwards = 0;

    for (uint32_t i = 0; i < reads; i++) {
        const uint64_t now = pv_clock_ns(vp);

        backwards += now < last;
        last = now;
    }
    return backwards == 0;
}

/* ---- without any ---- */

static void check_absent(struct pv_vp *vp)
{
    uint32_t refused = 0;

    for (unsigned source = PV_CLOCK_BEST; source < PV_CLOCK_SOURCES; source++)
        refused += pv_clock_enable(vp, (enum pv_clock_source)source) == PV_UNSUPPORTED;
    tap_equal(refused, PV_CLOCK_SOURCES, "no source is supported");
    tap_equal(pv_clock_ns(vp), 0, "time does not begin");
    tap_equal(pv_clock_counter_hz(vp->guest), 0, "nobody tells the counter's frequency");
    tap_equal(pv_clock_delay(vp->guest, 1000), PV_UNSUPPORTED, "nobody can wait");
}

/* ---- before there is a clock ---- */

static void check_delay(struct pv_guest *guest)
{
    const uint64_t hz = pv_clock_counter_hz(guest);
    const uint64_t start = kernel_ticks();
    const enum pv_status status = pv_clock_delay(guest, DELAY_NS);
    const uint64_t passed = kernel_ticks() - start;

    tap_note("counter, Hz:", hz);
    tap_equal(status, PV_OK, "a delay before there is a clock");
    tap_ok(hz != 0 && ticks_to_ns(passed, hz) + 1 >= DELAY_NS, "is as long as asked at least");
}

static void check_measured_hz(struct pv_guest *guest)
{
    const bool reference = pv_detect_has(&guest->detect, PV_DETECT_HYPERV);
    uint64_t hz = 0;
    const enum pv_status status = pv_clock_measure_hz(guest, SPIN_NS, &hz);

    tap_equal(status, reference ? PV_OK : PV_UNSUPPORTED, "measuring the counter's frequency");
    if (reference)
        tap_ok(within_percent(hz, pv_clock_counter_hz(guest)), "gives what is told within 1 %");
}

static void check_before(struct pv_vp *vp)
{
    tap_equal(pv_clock_ns(vp), 0, "time has not begun");
    tap_equal(pv_clock_enable(vp, PV_CLOCK_SOURCES), PV_INVALID, "there is no such source");
    check_delay(vp->guest);
    check_measured_hz(vp->guest);
}

/* ---- the best ---- */

/* What the counter says that passed lies between the outer and the inner pair of its readings. */
static void check_rate(struct pv_vp *vp, const char *what)
{
    const uint64_t hz = pv_clock_counter_hz(vp->guest);
    const uint64_t outer = kernel_ticks();
    const uint64_t start = pv_clock_ns(vp);
    const uint64_t inner = kernel_ticks();
    uint64_t shortest;
    uint64_t longest;
    uint64_t passed;

    do {
        shortest = kernel_ticks() - inner;
        passed = pv_clock_ns(vp) - start;
        longest = kernel_ticks() - outer;
    } while (passed < SPIN_NS && ticks_to_ns(shortest, hz) < 2 * SPIN_NS);
    shortest = ticks_to_ns(shortest, hz);
    longest = ticks_to_ns(longest, hz);
    if (!tap_ok(passed >= shortest - shortest / 100 && passed <= longest + longest / 100, what)) {
        tap_note("  clock, ns:", passed);
        tap_note("  counter, at least:", shortest);
        tap_note("  and at most:", longest);
    }
}

static void check_on(struct pv_vp *vp, enum pv_clock_source best)
{
    const struct pv_guest *guest = vp->guest;
    uint32_t epoch;

    tap_equal(guest->clock.source, best, "by the source that was probed");
    tap_equal(pv_clock_enable(vp, PV_CLOCK_BEST), PV_BAD_STATE, "enable twice");
    (void)pv_clock_ns(vp);
    epoch = pv_clock_epoch(guest);
    tap_ok(never_decreases(vp, READS), "100,000 readings never decrease");
    tap_equal(pv_clock_epoch(guest), epoch, "the epoch stays, as nothing happened");
    tap_equal(guest->clock.now.rebases, 0, "nor was there a reason for a rebase");
    check_rate(vp, "clock and counter agree within 1 %");
}

static void check_life(struct pv_vp *vp)
{
    struct pv_guest *guest = vp->guest;
    uint64_t last = pv_clock_ns(vp);
    uint32_t epoch;

    tap_equal(pv_vp_offline(vp), PV_OK, "offline");
    tap_equal(pv_clock_ns(vp), last, "the clock stands while offline");
    tap_equal(pv_vp_online(guest, vp), PV_OK, "online");
    tap_equal(vp->clock.status, PV_OK, "the clock is taken up again");
    tap_ok(pv_clock_ns(vp) >= last && never_decreases(vp, READS_OF_EACH), "and goes on");
    last = pv_clock_ns(vp);
    epoch = pv_clock_epoch(guest);
    tap_equal(pv_guest_quiesce(guest, vp), PV_OK, "quiesce");
    tap_equal(pv_guest_resume(guest, vp), PV_OK, "resume");
    tap_equal(vp->clock.status, PV_OK, "the clock is taken up again");
    tap_ok(pv_clock_ns(vp) >= last && never_decreases(vp, READS_OF_EACH), "and goes on");
    tap_ok(pv_clock_epoch(guest) != epoch, "in another epoch");
    check_rate(vp, "at the same rate");
}

static void check_wall(struct pv_vp *vp)
{
    const bool kvm = (vp->guest->detect.kvm.features & PV_KVM_FEATURE_CLOCKSOURCE2) != 0;
    struct pv_clock_wall first = { 0, 0 };
    struct pv_clock_wall second = { 0, 0 };

    if (!kvm) {
        tap_equal(pv_clock_wall(vp, &first), PV_UNSUPPORTED, "nobody tells the date");
        return;
    }
    tap_equal(pv_clock_wall(vp, &first), PV_OK, "the date");
    tap_note("seconds since 1970:", first.seconds);
    tap_ok(first.seconds >= YEAR_2020 && first.seconds < YEAR_2100, "is of this century");
    tap_equal(pv_clock_wall(vp, &second), PV_OK, "and again");
    tap_ok(second.seconds - first.seconds < 60 && second.nanoseconds < NS_PER_SECOND,
           "is not long after");
}

/* ---- two VPs ---- */

#define SEEN_WANTED 20
#define READS_MAX 20000000u

static uint64_t largest; /* of all that both were given */
static uint32_t decreased;
static uint32_t seen[2]; /* readings before which the other one had been at it */
static enum pv_status second_status;

/* Whoever reads the clock after another has, reads no less. */
static void read_against_other(unsigned cpu)
{
    struct pv_vp *vp = pv_freestanding_vp(cpu);
    uint64_t mine = 0;

    for (uint32_t i = 0; i < READS_MAX; i++) {
        uint64_t before = __atomic_load_n(&largest, __ATOMIC_ACQUIRE);
        const uint64_t now = pv_clock_ns(vp);

        if (before != mine)
            __atomic_fetch_add(&seen[cpu], 1, __ATOMIC_RELAXED);
        if (now < before)
            __atomic_fetch_add(&decreased, 1, __ATOMIC_RELAXED);
        while (now > before && !__atomic_compare_exchange_n(&largest, &before, now, false,
                                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            ;
        mine = now;
        if (i >= READS_OF_EACH && __atomic_load_n(&seen[0], __ATOMIC_RELAXED) >= SEEN_WANTED &&
            __atomic_load_n(&seen[1], __ATOMIC_RELAXED) >= SEEN_WANTED)
            return;
    }
}

static void second_enters(unsigned cpu)
{
    struct pv_vp *vp = pv_freestanding_vp(cpu);

    second_status = pv_vp_online(&pv_freestanding_guest, vp);
    if (second_status == PV_OK)
        second_status = pv_clock_enable(vp, PV_CLOCK_BEST);
}

static void second_reads(unsigned cpu)
{
    read_against_other(cpu);
}

static void second_leaves(unsigned cpu)
{
    second_status = pv_vp_offline(pv_freestanding_vp(cpu));
}

static void check_second(void)
{
    if (crew_size() == 0)
        return;
    if (!tap_ok(crew_does(1, second_enters), "the second CPU runs") ||
        !tap_equal(second_status, PV_OK, "and has the clock"))
        tap_done();
    crew_begin(1, second_reads);
    read_against_other(0);
    if (!tap_ok(crew_finish(1), "the second CPU finishes"))
        tap_done();
    tap_ok(seen[0] >= SEEN_WANTED && seen[1] >= SEEN_WANTED, "both read while the other did");
    tap_equal(decreased, 0, "and neither read less than the other had");
    tap_ok(crew_does(1, second_leaves) && second_status == PV_OK, "the second VP goes offline");
    tap_equal(pv_vp_release(pv_freestanding_vp(1)), PV_OK, "release of the second VP");
}

/* ---- each of them ---- */

static void check_source(enum pv_clock_source source, enum pv_clock_source best)
{
    struct pv_vp *vp = checks_start(0);
    const enum pv_status status = pv_clock_enable(vp, source);

    if (status == PV_OK) {
        tap_equal(vp->guest->clock.source, source, pv_clock_name(source));
        tap_ok(never_decreases(vp, READS_OF_EACH), "its readings never decrease");
        check_rate(vp, "it agrees with the counter within 1 %");
    } else {
        tap_ok(source != best && status == PV_UNSUPPORTED, "a source that is not here says so");
    }
    checks_stop(vp, PV_OK);
}

static void check_choice(enum pv_clock_source best)
{
    struct pv_vp *vp = checks_start(1u << best);

    tap_ok(pv_clock_probe(vp->guest) != best, "a source that is switched off is not chosen");
    tap_equal(pv_clock_enable(vp, best), PV_UNSUPPORTED, "nor can it be had");
    checks_stop(vp, PV_OK);
}

static void check_best(struct pv_vp *vp, enum pv_clock_source best)
{
    check_before(vp);
    if (!tap_equal(pv_clock_enable(vp, PV_CLOCK_BEST), PV_OK, "the clock is on"))
        tap_done();
    check_on(vp, best);
    check_life(vp);
    check_wall(vp);
    check_second();
}

void check_clock(void)
{
    struct pv_vp *vp = checks_start(0);
    const enum pv_clock_source best = pv_clock_probe(vp->guest);

    tap_word("clock", pv_clock_name(best));
    if (best == PV_CLOCK_NONE)
        check_absent(vp);
    else
        check_best(vp, best);
    checks_stop(vp, PV_OK);
    if (best == PV_CLOCK_NONE)
        return;
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++)
        check_source((enum pv_clock_source)source, best);
    check_choice(best);
}
