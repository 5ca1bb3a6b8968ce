/* SPDX-License-Identifier: MIT */
/*
 * Time of a machine, and the clocks that the host shows of it: counter, kvmclock, Hyper-V's
 * reference counter and page. Two times, so that a test can tell true from told: `now_ns` is what really goes
 * by and drives the counter; `told_ns` ahead of it is what the host's clocks say.
 */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include "sim/model.h"
#include "sim/overlay.h"

struct sim_machine;
struct pv_sim;

#define SIM_COUNTER_HZ 2400000000ull
#define SIM_WALL_SECONDS 1700000000u
#define SIM_WALL_NANOSECONDS 987654321u

enum sim_clock_behaviour {
    SIM_CLOCK_HONEST,
    SIM_CLOCK_SILENT,        /* takes the MSR, never writes an area */
    SIM_CLOCK_REFUSES,       /* MSR writes that enable are lost */
    SIM_CLOCK_KEEPS,         /* MSR writes that disable are lost */
    SIM_CLOCK_ODD,           /* kvmclock: version odd for ever; wall clock too */
    SIM_CLOCK_MUL_ZERO,      /* kvmclock */
    SIM_CLOCK_SHIFT_HIGH,    /* kvmclock: 32 */
    SIM_CLOCK_SHIFT_LOW,     /* kvmclock: -32 */
    SIM_CLOCK_INVALID,       /* page: sequence 0 */
    SIM_CLOCK_INVALID_OLD,   /* page: sequence 0xFFFFFFFF */
    SIM_CLOCK_STANDS,        /* reference counter */
    SIM_CLOCK_NANOSECONDS,   /* wall clock: 10^9 of them */
};

struct sim_clock {
    pv_atomic64 now_ns; /* since power on */
    uint64_t step_ns;  /* goes by with each look at a counter */
    pv_atomic64 told_ns;/* how far the host's clocks are ahead of now_ns, modulo 2^64 */
    uint64_t hz;       /* of the counter; change it with sim_clock_migrate */
    uint64_t hz_since; /* now_ns when it was set */
    uint64_t ticks;    /* the counter then */
    int64_t skew[SIM_VPS_MAX]; /* ticks a VP's counter is ahead */
    bool counter_stands;
    bool unstable;     /* kvmclock: VPs may disagree */
    enum sim_clock_behaviour behaviour;

    uint64_t kvm_msr[SIM_VPS_MAX];
    uint64_t wall_msr; /* 0: forgotten */
    struct sim_overlay page; /* the reference TSC page; its MSR is the model's */
    uint32_t sequence;
};

/* Time goes by. */
void sim_clock_advance(struct sim_machine *machine, uint64_t ns);

/* The host's clocks go on from `ns` later, or earlier if negative, and everything that is
 * registered is told so. */
void sim_clock_jump(struct sim_machine *machine, int64_t ns);

/* The guest wakes up on a host whose counter runs at `hz` and reads `ticks`: time goes on.
 * It writes the wall clock once more where that is still registered. */
void sim_clock_migrate(struct sim_machine *machine, uint64_t hz, uint64_t ticks);

/* The host brings everything that is registered up to date. */
void sim_clock_update(struct sim_machine *machine);

/* The guest was stopped: kvmclock's flag on every VP. */
void sim_clock_stop(struct sim_machine *machine);

/* The host begins to write the registered areas, and ends; between them they are torn. */
void sim_clock_begin(struct sim_machine *machine);
void sim_clock_end(struct sim_machine *machine);

/* The host's clock now, in ns. */
uint64_t sim_clock_told(const struct sim_machine *machine);

/* As if somebody else had registered an area for a VP, or the page. */
void sim_clock_register(struct sim_machine *machine, uint32_t msr, uint32_t vp, uint64_t gpa);

/* What the host still writes to, as text; NULL if nothing. */
const char *sim_clock_left(const struct sim_machine *machine);

#endif
