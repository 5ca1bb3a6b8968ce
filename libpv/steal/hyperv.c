/* SPDX-License-Identifier: MIT */
/*
 * Hyper-V tells how long a VP ran (TLFS "Virtual Processor Run Time Register"). Of the time since
 * the start, what was neither run nor idle was stolen. An estimate: the host's work for the guest
 * counts as run, waking up counts as idle.
 */
#include "pv_port.h"
#include "steal/steal_internal.h"

#include <pv/abi/hv.h>
#include <pv/hv.h>

#define NS_PER_UNIT 100u
/* More than run, idle and reference time differ by when they are read. */
#define GLITCH_NS 1000000000ull

bool pv_steal_hyperv_offered_(const struct pv_guest *guest)
{
    const uint64_t needed =
        1ull << PV_HV_PRIVILEGE_VP_RUNTIME | 1ull << PV_HV_PRIVILEGE_TIME_REF_COUNT;

    return (guest->detect.hyperv.privileges & needed) == needed;
}

/* The area is our own: the reader finds the estimate where others have the host's value. */
enum pv_status pv_steal_hyperv_tell_(struct pv_vp *vp)
{
    struct pv_steal_vp *steal = &vp->steal;

    memset(steal->area, 0, sizeof(steal->area));
    steal->estimate_start[0] = 0;
    steal->shared = steal->area;
    return PV_OK;
}

/* In units of 100 ns. */
static enum pv_status read_times(struct pv_vp *vp, uint64_t *reference, uint64_t *run)
{
    enum pv_status status;

    if (PV_PORT_MSR) {
        *reference = pv_port_msr_read(PV_HV_MSR_TIME_REF_COUNT);
        *run = pv_port_msr_read(PV_HV_MSR_VP_RUNTIME);
        return PV_OK;
    }
    status = pv_hv_regs_get64(vp, PV_HV_REGISTER_TIME_REF_COUNT, reference, NULL);
    if (status == PV_OK)
        status = pv_hv_regs_get64(vp, PV_HV_REGISTER_VP_RUNTIME, run, NULL);
    return status;
}

/* Run and idle time are measured apart and may together exceed what went by. */
static uint64_t neither(const uint64_t start[3], const uint64_t now[3])
{
    const uint64_t passed = (now[0] - start[0]) * NS_PER_UNIT;
    const uint64_t run = (now[1] - start[1]) * NS_PER_UNIT;
    const uint64_t idle = now[2] - start[2];

    if (run >= passed || idle >= passed - run)
        return 0;
    return passed - run - idle;
}

/* Another host, after a migration, has other clocks. Centuries are absurd too. */
static bool astray(const uint64_t start[3], const uint64_t now[3])
{
    const uint64_t units = (now[0] - start[0]) | (now[1] - start[1]);

    return units >> 57 != 0 || (now[2] - start[2]) >> 63 != 0;
}

/* As if all that went by so far had been stolen. */
static void start_at(uint64_t start[3], const uint64_t now[3], uint64_t stolen_ns)
{
    start[0] = now[0] - stolen_ns / NS_PER_UNIT;
    start[1] = now[1];
    start[2] = now[2];
}

enum pv_status pv_steal_hyperv_update_(struct pv_vp *vp, uint64_t idle_ns)
{
    struct pv_steal_vp *steal = &vp->steal;
    pv_atomic64 *value = (pv_atomic64 *)(void *)steal->area;
    uint64_t now[3] = { 0, 0, idle_ns };
    enum pv_status status = read_times(vp, &now[0], &now[1]);
    uint64_t stolen;

    if (status != PV_OK)
        return status;
    if (steal->estimate_start[0] == 0 || astray(steal->estimate_start, now))
        start_at(steal->estimate_start, now, *value);
    stolen = neither(steal->estimate_start, now);
    /* Some reading was far out, and has been given out: the count goes on from there. */
    if (*value > stolen + GLITCH_NS)
        start_at(steal->estimate_start, now, *value);
    if (stolen > *value)
        __atomic_store_n(value, stolen, __ATOMIC_RELAXED);
    return PV_OK;
}
