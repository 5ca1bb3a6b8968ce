/* SPDX-License-Identifier: MIT */
/*
 * Stolen time: how long a virtual processor was ready to run and did not, because the host ran
 * something else. One reader for every hypervisor:
 *
 *     pv_steal_enable(vp, PV_STEAL_BEST);         on each CPU, once
 *     ns = pv_steal_ns(vp);                       from any CPU, any time, no lock
 *
 * The value counts from the first pv_steal_enable, survives offline, suspend and migration, and
 * never decreases, whatever the host does. Reading it needs no OS function.
 */
#ifndef PV_STEAL_H
#define PV_STEAL_H

#include <pv/monotone.h>
#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_guest;
struct pv_vp;

enum pv_steal_backend {
    PV_STEAL_NONE = 0, /* as state: off */
    PV_STEAL_BEST = 0, /* as argument: the first below that the hypervisor offers */
    PV_STEAL_KVM = 1,       /* x86: MSR */
    PV_STEAL_PV_TIME = 2,   /* arm64: Arm DEN0057A */
    PV_STEAL_SBI = 3,       /* riscv64: SBI STA */
    PV_STEAL_LOONGARCH = 4, /* KVM on LoongArch */
    PV_STEAL_XEN = 5,       /* x86: runstate, runnable + offline */
    PV_STEAL_VMWARE = 6,    /* x86: steal clock */
    PV_STEAL_HYPERV = 7,    /* estimated by pv_steal_update */
    PV_STEAL_BACKENDS = 8,
};

/* Bytes of an area that a VP shares with the host. */
#define PV_STEAL_AREA_BYTES 64u

/* The part of struct pv_vp. Readable; only the library writes it. */
struct pv_steal_vp {
    /* What a read touches. */
    const volatile uint64_t *at_a_glance; /* the value, where it is one word; NULL = look closer */
    struct pv_monotone stolen;
    const volatile uint32_t *sequence; /* odd while the host writes; NULL = off */
    const volatile uint64_t *value;
    uint32_t given_up; /* reads that met an update at every try and got the last good value */

    enum pv_steal_backend backend;      /* PV_STEAL_NONE while off */
    enum pv_steal_backend asked;        /* as given to pv_steal_enable or pv_steal_adopt */
    bool wanted;                        /* taken up again by the next pv_vp_online */
    enum pv_status status;              /* of the last enabling, pv_vp_online's included */
    bool adopted;                       /* the kernel registered the area */
    bool stuck;                         /* the hypervisor did not let go of the area below */
    enum pv_steal_backend registered;   /* whom that area was told of last */
    const volatile uint8_t *preempted;  /* hint; NULL where the host has none */
    const volatile void *shared;        /* the area, wherever it lies */
    void *mapped;                       /* pv_os_map_gpa's, where the host chose the area */
    uint64_t gpa;                       /* of the area */
    int64_t host_error;                 /* what the host answered when it refused; else 0 */
    uint32_t revision, attributes;      /* PV_TIME: of the structure, also when unsupported */
    uint64_t estimate_start[3];         /* Hyper-V: reference time, run time, idle time */
    uint32_t flush_epoch;               /* odd while KVM flushes what pv_kvm_flush_defer asks for */

    PV_ALIGNED(PV_STEAL_AREA_BYTES) uint8_t area[PV_STEAL_AREA_BYTES];
};

/*
 * The backend that PV_STEAL_BEST would take; PV_STEAL_NONE when the hypervisor offers none.
 * Context: after pv_guest_init, any CPU.
 */
enum pv_steal_backend pv_steal_probe(const struct pv_guest *guest);

/*
 * Name for people, e.g. "KVM"; "?" for a number that is none.
 * Context: any.
 */
const char *pv_steal_name(enum pv_steal_backend backend);

/*
 * Have the hypervisor count the stolen time of this VP. Goes on over offline and online, quiesce
 * and resume, where the outcome is in vp->steal.status: a CPU comes online also without stolen
 * time. An area that is registered already is replaced, or left alone and read (KVM on x86; see
 * pv_guest_config.areas_adopt).
 * Context: this VP, online, IRQs off or preemption off. But for PV_TIME, the host may write where
 *          struct pv_vp lies until it has let go, which is not for guests that do not trust their
 *          host: what else is in there matters. Where the host moves an
 *          area of its own (arm64, after it moved the guest), the old mapping is undone here or in
 *          pv_vp_online: nobody reads this VP meanwhile.
 * Needs:   pv_os_virt_to_gpa; pv_os_map_gpa and pv_os_unmap for PV_TIME and areas found registered;
 *          pv_os_page_alloc and pv_os_page_free for a moment on Xen.
 * Return:  of the backend that was tried last:
 *          PV_BAD_STATE    VP offline, or stolen time is on already
 *          PV_INVALID      no such backend
 *          PV_UNSUPPORTED  the hypervisor does not offer it, or (PV_TIME) in a revision or with
 *                          attributes this version does not know: see vp->steal.revision
 *          PV_NO_MEMORY    Xen: no page
 *          PV_BAD_ADDRESS  the area has no usable GPA, or the host's area is misaligned, out of
 *                          range, or cannot be mapped
 *          PV_REFUSED      the hypervisor said no; vp->steal.host_error has its answer. Or another
 *                          backend still has the area
 *          PV_MALFORMED    the area cannot be read: the host is updating it without end; or Xen
 *                          names an MSR that cannot be its own
 * Spec:    Linux Documentation/virt/kvm/x86/msr.rst; Arm DEN0057A; RISC-V SBI chapter "STA".
 */
PV_MUST_CHECK enum pv_status pv_steal_enable(struct pv_vp *vp, enum pv_steal_backend backend);

/*
 * Read the area that the kernel itself has registered for this VP; the hypervisor is told nothing.
 * Reading goes on with the next pv_vp_online, by when the kernel has registered it again.
 * @area: mapped until pv_vp_release or pv_steal_disable.
 * Context: this VP, online, IRQs off or preemption off.
 * Return:  as pv_steal_enable; PV_INVALID also for backends without an area (PV_STEAL_BEST,
 *          PV_STEAL_HYPERV), PV_BAD_ADDRESS if `area` is not 8-byte aligned
 */
PV_MUST_CHECK enum pv_status pv_steal_adopt(struct pv_vp *vp, enum pv_steal_backend backend,
                                            const void *area);

/*
 * Have the hypervisor stop, if it can be told so, and do not take it up again on the next online.
 * pv_steal_ns goes on to give the last value.
 * Context: this VP, online, IRQs off or preemption off.
 * Return:  PV_BAD_STATE  VP offline, or stolen time is off
 *          PV_REFUSED    the hypervisor keeps the area: struct pv_vp must stay where it is for good
 */
PV_MUST_CHECK enum pv_status pv_steal_disable(struct pv_vp *vp);

/*
 * Nanoseconds stolen from the VP so far; 0 before the first pv_steal_enable, and the last value
 * while off. Never decreases. If the host updates without end, the last good value is given and
 * vp->steal.given_up counted. A value that has not changed is given without waiting for an update.
 * Context: any CPU, any time, NMI included, from the first pv_vp_online to pv_vp_release.
 */
uint64_t pv_steal_ns(struct pv_vp *vp);

/*
 * True if the host says that the VP is not running now: a lock holder worth not spinning for. A
 * hint that may be stale; false where the hypervisor has none (PV_TIME, VMware, Hyper-V).
 * Context: as pv_steal_ns.
 */
bool pv_steal_preempted(const struct pv_vp *vp);

/*
 * Hyper-V counts the time that a VP runs, not the time stolen from it: what is neither run nor idle
 * was stolen. Without this call, pv_steal_ns stays as it is there. Other backends need no update,
 * so a kernel may call this on each tick wherever it runs.
 * @idle_ns: time this CPU has been idle (halted) since any fixed moment; never decreases.
 * Context: this VP, IRQs off.
 * Return:  PV_BAD_STATE  stolen time is off
 *          otherwise     arm64 Hyper-V: as pv_hv_regs_get64
 */
PV_MUST_CHECK enum pv_status pv_steal_update(struct pv_vp *vp, uint64_t idle_ns);

/* ---- what kernels do with it ---- */

/* A moment: stolen time of a VP, and the time of a clock. */
struct pv_steal_sample {
    uint64_t stolen_ns;
    uint64_t time_ns;
};

/*
 * Stolen share between two moments, in millionths: 0..1,000,000; 0 if no time went by.
 * Context: any.
 */
uint32_t pv_steal_share(const struct pv_steal_sample *from, const struct pv_steal_sample *to);

/*
 * For the scheduler's tick: nanoseconds stolen since the last tick, at most the time that went by;
 * what exceeds it is carried over to the next ticks.
 * @last: as left by the previous tick; the first tick starts from a sample of its own.
 * Context: any; one caller at a time for each @last.
 */
uint64_t pv_steal_account(struct pv_steal_sample *last, struct pv_steal_sample now);

#ifdef __cplusplus
}
#endif

#endif
