/* SPDX-License-Identifier: MIT */
/*
 * What the tests of clocks share: one simulated machine, one guest, its VPs.
 *
 * A test starts with rig_machine or rig_best and ends in rig_down (the teardown of RIG_TEST), which
 * gives everything back and insists that the host writes to nothing any more.
 */
#ifndef UNIT_CLOCK_RIG_H
#define UNIT_CLOCK_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "clock/clock_internal.h"
#include "sim/sim.h"
#include "sim/wide.h"

#define NS_PER_MS 1000000ull
#define NS_PER_SECOND 1000000000ull
#define NS_PER_HOUR (3600 * NS_PER_SECOND)
#define NS_PER_YEAR (365 * 24 * NS_PER_HOUR)

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_guest_config config;
static struct pv_vp vps[SIM_VPS_MAX];

#define assert_status(call, status) assert_int_equal((call), (status))
#define assert_u64(a, b) assert_true((uint64_t)(a) == (uint64_t)(b))

/* A machine after reset; the test changes it and `config` before rig_init. */
static inline void rig_machine(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    memset(&guest, 0, sizeof(guest));
    memset(&config, 0, sizeof(config));
    memset(vps, 0, sizeof(vps));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
}

static inline void rig_invariant(void)
{
    sim_cpuid_set(&machine, 0x80000000u, 0x80000008u, 0, 0, 0);
    sim_cpuid_set(&machine, 0x80000007u, 0, 0, 0, 0x100);
}

static inline void rig_init(void)
{
    assert_status(pv_guest_init(&guest, &config), PV_OK);
}

static inline void rig_online(uint32_t vp)
{
    sim_use(&machine, vp);
    assert_status(pv_vp_online(&guest, &vps[vp]), PV_OK);
}

static inline void rig_offline(uint32_t vp)
{
    sim_use(&machine, vp);
    assert_status(pv_vp_offline(&vps[vp]), PV_OK);
}

static inline enum pv_status rig_enable(uint32_t vp, enum pv_clock_source source)
{
    sim_use(&machine, vp);
    return pv_clock_enable(&vps[vp], source);
}

static inline uint64_t rig_ns(uint32_t vp)
{
    sim_use(&machine, vp);
    return pv_clock_ns(&vps[vp]);
}

/* A machine on which that source is the best there is. */
static inline void rig_best(enum pv_clock_source source)
{
    static const enum sim_kind kinds[PV_CLOCK_SOURCES] = {
        [PV_CLOCK_COUNTER] = SIM_BARE,           [PV_CLOCK_HV_PAGE] = SIM_HYPERV_X86,
        [PV_CLOCK_KVM] = SIM_KVM_NATIVE_X86,     [PV_CLOCK_HV_COUNTER] = SIM_HYPERV_X86,
        [PV_CLOCK_UNSURE_COUNTER] = SIM_BARE,
    };

    rig_machine(kinds[source]);
    if (source == PV_CLOCK_COUNTER)
        rig_invariant();
    if (kinds[source] == SIM_BARE)
        config.clock.counter_hz = SIM_COUNTER_HZ;
    if (source == PV_CLOCK_HV_COUNTER)
        machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_REFERENCE_TSC);
    sim_clock_advance(&machine, NS_PER_HOUR);
}

/* That clock going on the first `count` VPs; the thread is on VP 0. */
static inline void rig_up(enum pv_clock_source source, uint32_t count)
{
    rig_best(source);
    rig_init();
    for (uint32_t vp = 0; vp < count; vp++) {
        rig_online(vp);
        assert_status(rig_enable(vp, PV_CLOCK_BEST), PV_OK);
    }
    assert_int_equal(guest.clock.source, source);
    sim_use(&machine, 0);
}

static inline void rig_release(void)
{
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++) {
        sim_use(&machine, vp);
        if (vps[vp].guest != NULL)
            assert_status(pv_vp_offline(&vps[vp]), PV_OK);
        assert_status(pv_vp_release(&vps[vp]), PV_OK);
    }
    sim_use(&machine, 0);
    if (guest.initialised)
        assert_status(pv_guest_release(&guest, NULL), PV_OK);
}

/* cmocka teardown. */
static inline int rig_down(void **state)
{
    (void)state;
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    for (uint32_t vp = 0; vp < SIM_VPS_MAX; vp++)
        machine.cpus[vp].port.host = NULL;
    rig_release();
    sim_assert_clean(&machine);
    return 0;
}

#define RIG_TEST(name) cmocka_unit_test_teardown(name, rig_down)

/* `value` is `right`, or off by no more than `by`. */
static inline void rig_assert_near(uint64_t value, uint64_t right, uint64_t by)
{
    if (value - right + by > 2 * by)
        print_error("%llu, expected %llu\n", (unsigned long long)value, (unsigned long long)right);
    assert_true(value - right + by <= 2 * by);
}

/* What the host does at each read barrier and pause of VP 0 from now on. */
static inline void rig_host(void (*host)(struct pv_sim *sim))
{
    machine.cpus[0].port.host = host;
}

#endif
