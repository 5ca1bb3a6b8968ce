/* SPDX-License-Identifier: MIT */
/* What a program of fuzz_engine.c has open, and where its arguments come from. */
#ifndef FUZZ_ENGINE_H
#define FUZZ_ENGINE_H

#include "fuzz/machine.h"

#include <pv/config.h>

#define SLOTS 4u
#define TRIES (PV_CONFIG_HV_TIMEOUT_RETRIES + 1u)
#define LIFE_BOUND                                                                                 \
    (32u * TRIES) /* arm64: identity, features, index and assist page are registers */
#define FRESH 0xA5

/* An args of the kernel, with what libpv must make of it. */
struct slot {
    struct pv_hv_args args;
    enum pv_hv_call call;
    bool begun;
    bool memory; /* needs this VP, innermost first */
    bool claims; /* IRQs are off until its end: memory, or the register block */
    uint32_t cpu;
    bool usable; /* its blocks are there */
};

/* The calls with memory or register block that are open on a CPU, outermost first. */
struct nest {
    uint32_t count;
    struct slot *open[SLOTS];
    bool irqs_off[SLOTS]; /* before each */
};

static struct slot slots[SLOTS];
static struct nest nests[CPUS];

/* Every element may take all the tries there are, and so may the end. A list has batches as well,
 * in the worst case one per element. */
static uint64_t bound_of(uint64_t reps)
{
    return (reps + 1) * TRIES;
}

static struct nest *this_nest(void)
{
    return &nests[world.cpu];
}

/* How many of them have memory. */
static uint32_t depth_of(const struct nest *nest)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < nest->count; i++)
        depth += nest->open[i]->memory;
    return depth;
}

static bool is_last(const struct slot *slot)
{
    const struct nest *nest = this_nest();

    return nest->count != 0 && nest->open[nest->count - 1] == slot;
}

/* Hypercalls are on, and were when this VP came online. */
static bool ready(void)
{
    return world.can_call[world.cpu] && world.guest.hv.entry != 0;
}

/* ---- arguments ---- */

/* Mostly a call, now and then none. */
static enum pv_hv_call take_call(void)
{
    const uint8_t which = next8();

    return which < 0xF8 ? (enum pv_hv_call)(which % (PV_HV_CALLS + 1))
                        : (enum pv_hv_call)take32(&world.input);
}

static struct pv_hv_shape take_shape(enum pv_hv_call call)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct pv_hv_shape shape = { 0, 0, 0 };
    const uint8_t flags = next8();

    if (info != NULL && info->kind == PV_HV_KIND_REP)
        shape.reps = 1;
    if ((flags & 1) != 0)
        shape.reps = take16(&world.input);
    if ((flags & 2) != 0)
        shape.var_qwords = next8();
    if ((flags & 4) != 0)
        shape.tail_bytes = take16(&world.input);
    return shape;
}

/* A CPU of its own, another one, or anything. */
static struct pv_hv_target take_target(void)
{
    struct pv_hv_target target = pv_hv_target_self();
    const uint8_t which = next8();

    if ((which & 3) == 1)
        target.index.value = which >> 2;
    if ((which & 3) == 2)
        target.index.value = take32(&world.input);
    if ((which & 3) == 3)
        target.input_vtl = next8();
    return target;
}

/*
 * What a caller may not ask for, because libpv could not know: registers that libpv itself manages
 * (identity, assist page), and debug data longer than the block that was planned for it.
 */
static void tame(enum pv_hv_call call, uint8_t *in, size_t in_bytes)
{
    static const uint32_t harmless = 0x20000;
    uint32_t name;

    if (call == PV_HV_CALL_POST_DEBUG_DATA || call == PV_HV_CALL_RETRIEVE_DEBUG_DATA)
        memset(in, 0, in_bytes < 4 ? in_bytes : 4);
    if (call != PV_HV_CALL_SET_VP_REGISTERS)
        return;
    for (size_t at = 16; at + sizeof(name) <= in_bytes; at += sizeof(struct pv_hv_register)) {
        memcpy(&name, in + at, sizeof(name));
        if (name == PV_HV_REGISTER_GUEST_OS_ID || name == PV_HV_REGISTER_VP_ASSIST_PAGE)
            memcpy(in + at, &harmless, sizeof(harmless));
    }
}

/* The bytes of an input block: the own partition and VP in front if the input says so. */
static void fill(enum pv_hv_call call, uint8_t *in, size_t in_bytes)
{
    static const uint8_t self[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 254, 255, 255, 255 };
    const uint8_t how = next8();

    if (in_bytes == 0)
        return;
    memset(in, 0, in_bytes);
    if ((how & 1) != 0)
        splash(in, in_bytes);
    if ((how & 2) != 0)
        memcpy(in, self, in_bytes < sizeof(self) ? in_bytes : sizeof(self));
    tame(call, in, in_bytes);
}

/* ---- memory of the caller, of exactly its size ---- */

static uint8_t *input_of(enum pv_hv_call call, size_t bytes)
{
    uint8_t *in = (uint8_t *)malloc(bytes + (bytes == 0));

    fill(call, in, bytes);
    return in;
}

static uint8_t *output_of(size_t bytes)
{
    uint8_t *out = (uint8_t *)malloc(bytes + (bytes == 0));

    memset(out, FRESH, bytes + (bytes == 0));
    return out;
}

static void check_fresh(const void *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        INSIST(((const uint8_t *)out)[i] == FRESH, "output written without PV_OK");
}

static void check_output(enum pv_status status, const void *out, size_t bytes)
{
    if (status != PV_OK)
        check_fresh(out, bytes);
}

#endif
