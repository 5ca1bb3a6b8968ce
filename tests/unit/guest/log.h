/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor is told, in order: every MSR write on x86, every register set on arm64. A log
 * taken of a machine passes everything on to it.
 */
#ifndef UNIT_GUEST_LOG_H
#define UNIT_GUEST_LOG_H

#include "sim/sim.h"

#include <string.h>

#define LOG_MAX 32

struct log_line {
    uint32_t number; /* MSR, or name of the VP register */
    uint64_t value;
};

struct log {
    unsigned count;
    struct log_line lines[LOG_MAX];
    void (*msr_write)(struct pv_sim *sim, uint32_t msr, uint64_t value);
};

static struct log journal;

static inline void log_add_(uint32_t number, uint64_t value)
{
    const struct log_line line = { number, value };

    if (journal.count < LOG_MAX)
        journal.lines[journal.count] = line;
    journal.count++;
}

static inline void log_msr_(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    log_add_(msr, value);
    journal.msr_write(sim, msr, value);
}

/* Set calls travel in the register block: header, then one element. */
static inline bool log_call_(void *context, struct sim_machine *machine,
                             struct sim_registers *registers, uint64_t *result)
{
    struct pv_hv_register element;

    (void)context;
    (void)machine;
    (void)result;
    if ((registers->control & PV_HV_CONTROL_CODE_MASK) != PV_HV_CODE_SET_VP_REGISTERS)
        return false;
    memcpy(&element, registers->block + 2, sizeof(element));
    log_add_(element.name, element.value.low);
    return false;
}

/* Forget what was logged. */
static inline void log_clear(void)
{
    journal.count = 0;
}

/* Log all processors of the machine from now on. */
static inline void log_start(struct sim_machine *machine)
{
    memset(&journal, 0, sizeof(journal));
    journal.msr_write = machine->cpus[0].port.msr_write;
    for (unsigned i = 0; i < SIM_VPS_MAX; i++)
        machine->cpus[i].port.msr_write = log_msr_;
    machine->hooks.call = log_call_;
}

#endif
