/* SPDX-License-Identifier: MIT */
/*
 * The host's side of stolen time: it is told areas, and writes into them store by store.
 *
 *     sim_steal_set(&machine, vp, ns);            all of an update at once
 *     sim_steal_start(&machine, vp, ns);          ... or one store each time the guest reads
 *     machine.cpus[0].port.host = sim_steal_host;
 *
 * Areas are in the byte order of the machine that runs the test.
 */
#ifndef SIM_STEAL_H
#define SIM_STEAL_H

#include "sim/model.h"

#include "pv_port.h"

#define SIM_STEAL_BYTES 64u
#define SIM_STEAL_FOREVER 0xFFFFFFFFu
#define SIM_XEN_VCPU(vp) (100u + (vp)) /* the number Xen knows a VP by */

struct sim_machine;

/* What the host has of one VP. */
struct sim_steal_vp {
    bool on;
    bool foreign;         /* told by somebody else: not the library's to touch */
    bool by_address;      /* Xen: a virtual address */
    uint64_t at;          /* GPA, or that address */
    uint8_t left[SIM_STEAL_BYTES]; /* as the host last left it */
    unsigned step;        /* of the update on its way; 0 = none */
    uint64_t next_ns;     /* what that update says */
    unsigned stalled;     /* guest reads that the step has been waiting for */
    uint32_t set_ups;
};

struct sim_steal {
    struct sim_steal_vp vps[SIM_VPS_MAX];

    /* What the host offers. */
    bool xen_gpa;           /* knows registration by GPA */
    bool xen_no_flag;       /* does not know the update flag */
    bool xen_flag;          /* the guest has asked for it */
    uint32_t xen_flags;     /* EAX of leaf 4 */
    uint32_t xen_msr;       /* EBX of leaf 2 */
    bool xen_deaf;          /* a write of that MSR changes nothing */
    bool xen_64;            /* the domain has 64 bits; cleared by a test whose domain is new */
    uint32_t xen_pages;     /* writes of that MSR */
    uint32_t vmware_ways;   /* ECX of leaf 0x10 */
    bool vmware_absent;     /* there is no steal clock */
    uint32_t smccc_version;
    bool no_pv_time_features; /* SMCCC_ARCH_FEATURES denies it */
    bool no_stolen_time;      /* PV_TIME_FEATURES denies it */
    uint64_t pv_time_gpa;     /* of VP 0's area; others follow at 64 bytes each */
    uint32_t revision, attributes;
    uint32_t cpucfg_signature, cpucfg_features;

    /* Behaviour. */
    int64_t refuse;       /* what set-up answers instead of success */
    bool ignores;         /* set-up changes nothing (KVM: the MSR does not stick) */
    bool keeps;           /* does not let go */
    unsigned stall;       /* guest reads while half of the new value is there */
    bool restless;        /* an update follows the other */
};

/* Everything is offered, and honest. */
void sim_steal_init(struct sim_machine *machine);

/* An area that somebody else had registered, by the KVM MSR. */
void sim_steal_found(struct sim_machine *machine, uint32_t vp, uint64_t gpa);

/* The update that says `ns`: now, or one store each time sim_steal_host is called. */
void sim_steal_set(struct sim_machine *machine, uint32_t vp, uint64_t ns);
void sim_steal_start(struct sim_machine *machine, uint32_t vp, uint64_t ns);
void sim_steal_host(struct pv_sim *port);
/* So much more, as the host reads its value back from the area. */
void sim_steal_add(struct sim_machine *machine, uint32_t vp, uint64_t ns);
uint64_t sim_steal_value(struct sim_machine *machine, uint32_t vp);
/* The preempted byte; for Xen the state. */
void sim_steal_hint(struct sim_machine *machine, uint32_t vp, uint8_t value);

/* As INIT and RESET do, and as a test does that knows why an area stays. */
void sim_steal_drop(struct sim_machine *machine, uint32_t vp);

/* An area that the host still writes and the guest has left; NULL if there is none. */
const char *sim_steal_left(const struct sim_machine *machine);

#endif
