/* SPDX-License-Identifier: MIT */
/*
 * KVM's own calls on x86 as its host code has them: interrupts, yields and kicks, and what HLT makes
 * of a kick. VPs are known by APIC id.
 *
 * HLT ends by a kick, which is kept if it comes early, or by an interrupt. One that nobody ends is a
 * complaint and not a hang: it is known when no VP is left that runs. Tests with a thread for each VP
 * tell how many there are (sim_kvm_threads), and each says when it ends (sim_kvm_leave).
 */
#ifndef SIM_KVM_H
#define SIM_KVM_H

#include "sim/model.h"

#include "pv_port.h"

#define SIM_HW_ID(vp) (7u + 2u * (vp)) /* APIC id, MPIDR; of the machines whose CPUs tell */

struct sim_machine;

struct sim_kvm_vp {
    uint32_t interrupts, nmis, yields, kicks; /* so many reached it */
    uint32_t vector;                          /* of the last interrupt */
    uint32_t halts;
    bool kicked;  /* kept for the next HLT */
    bool irq;     /* an interrupt is pending */
    bool irqs_on; /* ... and would be taken in HLT */
    bool sleeps;
};

struct sim_kvm {
    uint32_t features, hints; /* of leaf 1 */
    uint32_t calls;
    unsigned long function, arguments[4]; /* of the last one */
    struct sim_kvm_vp vps[SIM_VPS_MAX];
    uint32_t running; /* VPs that do not sleep */
    bool stuck;       /* all of them slept: every HLT ends at once from then on */

    /* Behaviour. */
    long refuse;          /* answered instead of doing what is called for */
    uint32_t refuse_after; /* ... once so many calls were made */
    long lie;             /* so many more processors reached than there were */

    /* The test's own; NULL = not there. */
    void *context;
    void (*reached)(void *context, uint64_t apic_id); /* by an IPI; then all APIC ids exist */
    void (*falling_asleep)(struct sim_machine *machine, uint32_t vp); /* in HLT, awake until then */
    void (*asleep)(struct sim_machine *machine, uint32_t vp); /* there is nothing to wake it */
};

/* Everything is offered, and honest; the thread that calls is the one VP that runs. */
void sim_kvm_init(struct sim_machine *machine);

/* So many threads go on from here, each of them a VP. */
void sim_kvm_threads(struct sim_machine *machine, uint32_t threads);
void sim_kvm_leave(struct sim_machine *machine);
bool sim_kvm_stuck(struct sim_machine *machine);

/* An interrupt for a VP that may sleep. */
void sim_kvm_interrupt(struct sim_machine *machine, uint32_t vp);

/* The host takes a VP with an area off its processor, and lets it run again; true if it was asked for
 * a flush in between. */
void sim_kvm_preempt(struct sim_machine *machine, uint32_t vp);
bool sim_kvm_enter(struct sim_machine *machine, uint32_t vp);

#endif
