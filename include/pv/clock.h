/* SPDX-License-Identifier: MIT */
/*
 * Time: one monotonic clock in nanoseconds from whatever is best here, the frequencies the
 * hypervisor tells, a delay for the time before there is a clock, and KVM's wall clock.
 *
 *     pv_clock_enable(vp, PV_CLOCK_BEST);         on each CPU, the boot CPU first
 *     ns = pv_clock_ns(vp);                       on that CPU, any time, no lock
 *
 * The clock starts at 0 with the first pv_clock_enable and never runs backwards, whatever the host
 * does. It stands while the guest is quiesced. Reading it needs no OS function.
 */
#ifndef PV_CLOCK_H
#define PV_CLOCK_H

#include <pv/monotone.h>
#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_guest;
struct pv_vp;

/* In the order of their rank. */
enum pv_clock_source {
    PV_CLOCK_NONE = 0,          /* as state: off */
    PV_CLOCK_BEST = 0,          /* as argument: the first below that there is */
    PV_CLOCK_COUNTER = 1,       /* invariant TSC, CNTVCT_EL0, time: of known frequency */
    PV_CLOCK_HV_PAGE = 2,       /* Hyper-V reference TSC page; its counter while that is invalid */
    PV_CLOCK_KVM = 3,           /* kvmclock */
    PV_CLOCK_HV_COUNTER = 4,    /* Hyper-V reference counter: each reading goes to the hypervisor */
    PV_CLOCK_UNSURE_COUNTER = 5, /* TSC that nobody promises to be invariant, of known frequency */
    PV_CLOCK_SOURCES = 6,
};

/* Whose word on time is taken. */
enum pv_clock_trust {
    /* COUNTER where Hyper-V says that hardware isolates the guest, else HOST. A host may leave that
     * unsaid: a confidential kernel asks for COUNTER itself. */
    PV_CLOCK_TRUST_AUTO = 0,
    PV_CLOCK_TRUST_HOST = 1,
    /* Only the processor's counter, with a frequency that the kernel or the processor tells (CPUID,
     * as good as the kernel's #VE or #VC handler). */
    PV_CLOCK_TRUST_COUNTER = 2,
};

/* The kernel's choices. */
struct pv_clock_config {
    enum pv_clock_trust trust;
    uint32_t sources_off; /* bit n: never use source n */
    uint64_t counter_hz;  /* if the kernel knows: riscv64 "timebase-frequency"; 0 = find out */
};

/* ns = counter * factor >> shift */
struct pv_clock_scale {
    uint64_t factor;
    uint32_t shift;
};

/* The part of struct pv_guest. Readable; only the library writes it. */
struct pv_clock_guest {
    enum pv_clock_source source; /* PV_CLOCK_NONE while off */
    uint32_t epoch;              /* pv_clock_epoch() */
    struct pv_monotone now;      /* for all VPs; `last` to a millisecond; `rebases` on any VP */
    pv_atomic64 exact;           /* the largest value given out, while VPs may disagree */
    bool unstable;               /* they may: kvmclock said so, or one ran backwards */
    uint32_t given_up;           /* reads that met an update at every try and got the last value */
    struct pv_clock_scale scale; /* of the counter */
    uint64_t counter_hz;         /* as kvmclock told; else 0 */
    void *page;                  /* Hyper-V reference TSC page, ours or the mapping of another's */
    uint64_t page_gpa;
    uint32_t page_sequence; /* as last seen */
    bool page_adopted;
    bool page_stuck; /* the hypervisor did not let go of our page: never freed */
    bool scratch_stuck; /* nor of the next: struct pv_guest must stay where it is */
    PV_ALIGNED(64) uint8_t scratch[64]; /* areas that KVM fills once */
};

/* The part of struct pv_vp. Readable; only the library writes it. */
struct pv_clock_vp {
    bool on;
    bool wanted;                        /* taken up again by the next pv_vp_online */
    bool stuck;                         /* the hypervisor did not let go of the area below */
    bool stopped;                       /* areas_adopt: the flag that it was is still set */
    enum pv_clock_source asked;         /* as given to pv_clock_enable */
    enum pv_status status;              /* of the last enabling, pv_vp_online's included */
    pv_atomic64 last;                   /* given out on this VP */
    pv_atomic64 offset;                 /* made up for, of what the host's clock lost on this VP */
    volatile void *shared;              /* kvmclock's area, wherever it lies */
    void *mapped;                       /* pv_os_map_gpa's, where somebody else registered it */
    uint64_t gpa;
    PV_ALIGNED(64) uint8_t area[64];
};

/* Time since 1970-01-01 00:00 UTC. */
struct pv_clock_wall {
    uint64_t seconds;
    uint32_t nanoseconds;
};

/*
 * The source that PV_CLOCK_BEST would take; PV_CLOCK_NONE when there is none.
 * Context: after pv_guest_init, IRQs off or preemption off, one CPU at a time.
 * Needs:   on KVM: pv_os_virt_to_gpa.
 */
enum pv_clock_source pv_clock_probe(struct pv_guest *guest);

/*
 * Name for people, e.g. "kvmclock"; "?" for a number that is none.
 * Context: any.
 */
const char *pv_clock_name(enum pv_clock_source source);

/*
 * Start the clock on this VP. The first call chooses the source for the guest; later ones name the
 * same source or PV_CLOCK_BEST. Goes on over offline and online, quiesce and resume, where the
 * outcome is in vp->clock.status and the source is chosen anew.
 * Context: this VP, online, IRQs off or preemption off; the first call before other CPUs make
 *          theirs. With kvmclock the host may write where struct pv_vp lies until it has let go, which is
 *          not for guests that do not trust their host: what else is in there matters.
 * Needs:   kvmclock: pv_os_virt_to_gpa; Hyper-V page: also pv_os_page_alloc, pv_os_page_free; both
 *          pv_os_map_gpa and pv_os_unmap where somebody else has registered an area.
 * Return:  of the source that was tried last:
 *          PV_BAD_STATE    VP offline, clock on already, or another source chosen for the guest
 *          PV_INVALID      no such source
 *          PV_UNSUPPORTED  not here, switched off, or not trusted
 *          PV_NO_MEMORY    no page
 *          PV_BAD_ADDRESS  page or area has no usable GPA, or cannot be mapped
 *          PV_REFUSED      the hypervisor did not take the page or area
 *          PV_MALFORMED    the area is never valid
 * Spec:    TLFS "Partition Reference Time Enlightenment"; Linux Documentation/virt/kvm/x86/msr.rst.
 */
PV_MUST_CHECK enum pv_status pv_clock_enable(struct pv_vp *vp, enum pv_clock_source source);

/*
 * Nanoseconds since the first pv_clock_enable; 0 before it, and the VP's last value while off.
 * Never less than this VP was given before, nor than any other VP was, unless a host that promises
 * one time for all VPs lets them differ all the same, and by less than a millisecond.
 * Context: this VP, any time, NMI included.
 */
uint64_t pv_clock_ns(struct pv_vp *vp);

/*
 * Changes whenever time may have gone by unseen: after resume, when the host moved, stopped or
 * restored the guest and lets it know, and when the clock was rebased. A kernel re-reads its wall
 * clock and forgives its watchdogs then.
 * Context: any.
 */
uint32_t pv_clock_epoch(const struct pv_guest *guest);

/*
 * Frequency of the processor's counter (pv_port_counter) in Hz; 0 when nobody tells: from the
 * kernel (config.clock.counter_hz), the processor (CNTFRQ_EL0, CPUID 0x15), and if the host is
 * trusted, from Hyper-V's MSR, the timing leaf 0x40000010 or kvmclock.
 * Context: after pv_guest_init, IRQs off or preemption off, one CPU at a time.
 * Needs:   on KVM: pv_os_virt_to_gpa.
 */
uint64_t pv_clock_counter_hz(struct pv_guest *guest);

/*
 * Frequency of the local APIC timer in Hz, before its divider; 0 when nobody tells.
 * Context: after pv_guest_init.
 */
uint64_t pv_clock_apic_hz(const struct pv_guest *guest);

/*
 * Measure the counter's frequency against Hyper-V's reference counter, where nobody tells it: no
 * PIT is needed, which newer virtual machines lack.
 * @duration_ns: 1 ms to 1 s; the longer the better.
 * Context: after pv_guest_init, IRQs off.
 * Return:  PV_UNSUPPORTED  no reference counter, or it is not trusted
 *          PV_INVALID      duration out of range
 *          PV_TIMED_OUT    the reference counter stands still
 *          PV_MALFORMED    no frequency that can be: below 1 kHz or above 1 THz
 */
PV_MUST_CHECK enum pv_status pv_clock_measure_hz(const struct pv_guest *guest, uint64_t duration_ns,
                                                 uint64_t *hz);

/*
 * Wait, before there is a clock and without one.
 * Context: after pv_guest_init, IRQs off or preemption off, one CPU at a time.
 * Needs:   as pv_clock_counter_hz.
 * Return:  PV_UNSUPPORTED  neither a counter of known frequency nor a reference counter
 *          PV_TIMED_OUT    the counter stands still
 */
PV_MUST_CHECK enum pv_status pv_clock_delay(struct pv_guest *guest, uint64_t ns);

/*
 * What time it is, by KVM.
 * Context: this VP, online, IRQs off or preemption off, one CPU at a time.
 * Needs:   pv_os_virt_to_gpa.
 * Return:  PV_BAD_STATE    VP offline
 *          PV_UNSUPPORTED  no kvmclock, or not trusted
 *          PV_BAD_ADDRESS  the area has no usable GPA
 *          PV_MALFORMED    the host never finished writing
 */
PV_MUST_CHECK enum pv_status pv_clock_wall(struct pv_vp *vp, struct pv_clock_wall *wall);

#ifdef __cplusplus
}
#endif

#endif
