/* SPDX-License-Identifier: MIT */
/*
 * What the tests of KVM's own calls and of waiting share: a machine, a guest, its VPs.
 *
 * A test starts with `rig_up` (or rig_machine, changes, rig_init) and ends in rig_down, the teardown
 * of RIG_TEST: everything is taken back, and the host has nothing to complain about.
 */
#ifndef UNIT_KVM_RIG_H
#define UNIT_KVM_RIG_H

#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OS_ID 0x8100000000010000ull
#define RIG_VPS 4u

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vps[RIG_VPS];
static struct pv_vp *const vp = &vps[0];

#define assert_status(call, status) assert_int_equal((call), (status))

/* A machine after reset; the test changes it before rig_init. */
static inline void rig_machine(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    memset(&guest, 0, sizeof(guest));
    memset(vps, 0, sizeof(vps));
}

static inline void rig_init_without(uint64_t os_id, uint32_t forms_off)
{
    struct pv_guest_config config;

    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = os_id;
    config.hv.forms_off = forms_off;
    assert_status(pv_guest_init(&guest, &config), PV_OK);
    assert_status(pv_vp_online(&guest, vp), PV_OK);
}

static inline void rig_init(uint64_t os_id)
{
    rig_init_without(os_id, 0);
}

/* Without Hyper-V's hypercalls. */
static inline void rig_up(enum sim_kind kind)
{
    rig_machine(kind);
    rig_init(0);
}

/* Another VP comes online; the thread is on VP 0 afterwards. */
static inline void rig_online(uint32_t i)
{
    sim_use(&machine, i);
    assert_status(pv_vp_online(&guest, &vps[i]), PV_OK);
    sim_use(&machine, 0);
}

static inline int rig_down(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < RIG_VPS; i++) {
        sim_use(&machine, i);
        if (vps[i].guest != NULL)
            assert_status(pv_vp_offline(&vps[i]), PV_OK);
        assert_status(pv_vp_release(&vps[i]), PV_OK);
    }
    sim_use(&machine, 0);
    if (guest.initialised)
        assert_status(pv_guest_release(&guest, NULL), PV_OK);
    assert_null(sim_complaint(&machine));
    assert_null(sim_os_leak(&machine));
    assert_null(sim_steal_left(&machine));
    assert_false(pv_sim->irqs_off);
    return 0;
}

#define RIG_TEST(name) cmocka_unit_test_teardown(name, rig_down)

static inline void assert_no_call(void)
{
    assert_int_equal(machine.kvm.calls, 0);
}

#endif
