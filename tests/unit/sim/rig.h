/* SPDX-License-Identifier: MIT */
/* A model with two pages of memory and nothing else: calls in the memory form, and what they answer. */
#ifndef UNIT_SIM_RIG_H
#define UNIT_SIM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/model.h"

#define RAM 0x40000ull
#define OUT (RAM + PV_PAGE_BYTES)
#define REPS(n) ((uint64_t)(n) << PV_HV_CONTROL_REPS_SHIFT)
#define VAR(n) ((uint64_t)(n) << PV_HV_CONTROL_VAR_SHIFT)

static uint8_t ram[2 * PV_PAGE_BYTES];
static struct sim_model model;

static inline bool inside(uint64_t gpa, size_t bytes)
{
    return gpa >= RAM && gpa - RAM + bytes <= sizeof(ram);
}

static inline bool read_ram(void *owner, uint64_t gpa, void *to, size_t bytes)
{
    (void)owner;
    if (to != NULL && inside(gpa, bytes))
        memcpy(to, ram + (gpa - RAM), bytes);
    return inside(gpa, bytes);
}

static inline bool write_ram(void *owner, uint64_t gpa, const void *from, size_t bytes)
{
    (void)owner;
    if (inside(gpa, bytes))
        memcpy(ram + (gpa - RAM), from, bytes);
    return inside(gpa, bytes);
}

/* Two VPs, VTLs 0 to 2 to be had, the first VP running in VTL 0; the input names the own partition. */
static inline int rig_up(void **state)
{
    const uint64_t self = PV_HV_PARTITION_SELF;

    (void)state;
    sim_model_init(&model);
    model.memory.read = read_ram;
    model.memory.write = write_ram;
    model.os_id[0] = 1;
    model.vps = 2;
    model.max_vtl = 2;
    memset(ram, 0, sizeof(ram));
    memcpy(ram, &self, sizeof(self));
    return 0;
}

static inline void put8(size_t offset, uint8_t value)
{
    ram[offset] = value;
}

static inline void put32(size_t offset, uint32_t value)
{
    memcpy(ram + offset, &value, sizeof(value));
}

static inline void put64(size_t offset, uint64_t value)
{
    memcpy(ram + offset, &value, sizeof(value));
}

static inline uint32_t out32(size_t offset)
{
    uint32_t value;

    memcpy(&value, ram + (OUT - RAM) + offset, sizeof(value));
    return value;
}

static inline uint64_t out64(size_t offset)
{
    uint64_t value;

    memcpy(&value, ram + (OUT - RAM) + offset, sizeof(value));
    return value;
}

/* The status of a call from VP 0; nothing that it did may be complained of. */
static inline int status_of(uint64_t control)
{
    struct sim_registers registers = { SIM_X64, control, RAM, OUT, NULL };
    const uint64_t result = sim_model_call(&model, 0, &registers);

    assert_null(model.complaint);
    return (int)(result & PV_HV_RESULT_STATUS_MASK);
}

#endif
