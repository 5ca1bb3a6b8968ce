/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the hv area share: one simulated machine, one guest, two of its VPs.
 *
 * A test starts with one of the rig_* functions that bring a machine up and ends in rig_down (the
 * teardown of RIG_TEST), which takes everything back and insists that nothing leaked and that the
 * hypervisor had nothing to complain about.
 */
#ifndef UNIT_HV_RIG_H
#define UNIT_HV_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

#define OS_ID 0x8FEDCBA987654321ull

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vp;
static struct pv_vp vp1; /* of the machine's VP 1 */

#define assert_status(call, status) assert_int_equal((call), (status))

static inline struct pv_guest_config rig_config(void)
{
    struct pv_guest_config config;

    memset(&config, 0, sizeof(config));
    config.hv.os_id = OS_ID;
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    return config;
}

/* A machine after reset; the test changes it before rig_init. */
static inline void rig_machine(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    memset(&guest, 0, sizeof(guest));
    memset(&vp, 0, sizeof(vp));
    memset(&vp1, 0, sizeof(vp1));
}

static inline void rig_up_with(struct pv_guest_config config)
{
    assert_status(pv_guest_init(&guest, &config), PV_OK);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
}

/* Hypercalls on, VP 0 online. */
static inline void rig_up(enum sim_kind kind)
{
    rig_machine(kind);
    rig_up_with(rig_config());
}

/* The same with some PV_HV_FORM_* turned off. */
static inline void rig_up_without(enum sim_kind kind, uint32_t forms_off)
{
    struct pv_guest_config config = rig_config();

    config.hv.forms_off = forms_off;
    rig_machine(kind);
    rig_up_with(config);
}

/* MSR writes are lost from now on: the hypervisor lets go of nothing. */
static inline void rig_lose_write(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    (void)sim;
    (void)msr;
    (void)value;
}

static void (*rig_msr_write)(struct pv_sim *sim, uint32_t msr, uint64_t value);

static inline void rig_lose_msr_writes(void)
{
    rig_msr_write = pv_sim->msr_write;
    pv_sim->msr_write = rig_lose_write;
}

static inline void rig_hear_msr_writes(void)
{
    pv_sim->msr_write = rig_msr_write;
}

/* Everything but memory turned off. */
#define RIG_MEMORY_ONLY (PV_HV_FORMS & ~PV_HV_FORM_MEMORY)

static inline void rig_up_in_memory(void)
{
    rig_up_without(SIM_HYPERV_X86, RIG_MEMORY_ONLY);
}

static inline void rig_up_hvc1(void)
{
    struct pv_guest_config config = rig_config();

    config.hv.conduit = PV_HV_CONDUIT_HVC1;
    rig_machine(SIM_HYPERV_ARM64);
    rig_up_with(config);
}

static inline void rig_up_two_pages(void)
{
    struct pv_guest_config config = rig_config();

    config.hv.forms_off = RIG_MEMORY_ONLY;
    config.hv.arg_pages = 2;
    rig_machine(SIM_HYPERV_X86);
    rig_up_with(config);
}

/* VP 1 as well. The thread is on VP 0 afterwards. */
static inline void rig_up_vp1(void)
{
    sim_use(&machine, 1);
    assert_status(pv_vp_online(&guest, &vp1), PV_OK);
    sim_use(&machine, 0);
}

static inline void rig_release(void)
{
    sim_use(&machine, 0);
    if (vp1.guest != NULL) {
        sim_use(&machine, 1);
        assert_status(pv_vp_offline(&vp1), PV_OK);
        sim_use(&machine, 0);
    }
    if (guest.initialised)
        assert_status(pv_guest_release(&guest, &vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_status(pv_vp_release(&vp1), PV_OK);
}

/* cmocka teardown. */
static inline int rig_down(void **state)
{
    (void)state;
    machine.model.behaviour = SIM_HONEST;
    machine.hooks.call = NULL;
    machine.model.cpus[0].active_vtl = 0; /* the guest's identity and pages are of that VTL */
    rig_release();
    if (sim_complaint(&machine) != NULL)
        print_error("complaint: %s\n", sim_complaint(&machine));
    if (sim_os_leak(&machine) != NULL)
        print_error("leak: %s\n", sim_os_leak(&machine));
    return sim_complaint(&machine) != NULL || sim_os_leak(&machine) != NULL || pv_sim->irqs_off;
}

/* The test provoked this complaint; forget it. */
static inline void rig_expect_complaint(const char *text)
{
    assert_non_null(machine.model.complaint);
    assert_string_equal(machine.model.complaint, text);
    machine.model.complaint = NULL;
}

#define RIG_TEST(name) cmocka_unit_test_teardown(name, rig_down)

static inline uint64_t rig_calls(void)
{
    return sim_calls(&machine);
}

static inline bool rig_last_was_fast(void)
{
    return (machine.model.seen.control & PV_HV_CONTROL_FAST) != 0;
}

/* Eight bytes as the qword that a register would hold. */
static inline uint64_t rig_qword(const void *bytes)
{
    uint64_t qword;

    memcpy(&qword, bytes, sizeof(qword));
    return qword;
}

#endif
