/* SPDX-License-Identifier: MIT */
/*
 * What the tests of a guest's whole life share: one simulated machine, one guest, its VPs.
 *
 * Each test starts with `start` or `bring_up` and ends in `finish`, which gives everything back and
 * insists that nothing is left: no page, no mapping, nothing that a correct guest would not have
 * done.
 */
#ifndef UNIT_GUEST_RIG_H
#define UNIT_GUEST_RIG_H

#include "unit/guest/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OS_ID 0xFF00000000010000ull /* unregistered, version 1 */
#define FIRMWARE_ID 0x8100000000000000ull

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vp;
static struct pv_vp others[SIM_VPS_MAX];

static const struct variant {
    enum sim_kind kind;
    enum pv_hv_conduit conduit;
} variants[] = {
    {SIM_HYPERV_X86, PV_HV_CONDUIT_DEFAULT}, {SIM_HYPERV_X86, PV_HV_CONDUIT_PAGE},
    {SIM_KVM_X86, PV_HV_CONDUIT_DEFAULT},    {SIM_HYPERV_ARM64, PV_HV_CONDUIT_DEFAULT},
    {SIM_HYPERV_ARM64, PV_HV_CONDUIT_SMCCC}, {SIM_HYPERV_ARM64, PV_HV_CONDUIT_HVC1},
};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static inline bool is_x86(void)
{
    return pv_sim->has_msr;
}

static inline void start(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    log_start(&machine);
    memset(&guest, 0, sizeof(guest));
    memset(&vp, 0, sizeof(vp));
    memset(others, 0, sizeof(others));
}

static inline struct pv_guest_config config_with(enum pv_hv_conduit conduit)
{
    struct pv_guest_config config;

    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = OS_ID;
    config.hv.conduit = conduit;
    return config;
}

static inline enum pv_status init_with(enum pv_hv_conduit conduit)
{
    const struct pv_guest_config config = config_with(conduit);

    return pv_guest_init(&guest, &config);
}

static inline enum pv_status init(void)
{
    return init_with(PV_HV_CONDUIT_DEFAULT);
}

/* Hypercalls on, VP 0 online. */
static inline void bring_up(const struct variant *variant)
{
    start(variant->kind);
    assert_int_equal(init_with(variant->conduit), PV_OK);
    assert_int_equal(pv_vp_online(&guest, &vp), PV_OK);
    assert_int_not_equal(guest.hv.entry, 0);
}

static inline void bring_up_x86(void)
{
    bring_up(&variants[0]);
}

static inline void finish(void)
{
    machine.model.behaviour = SIM_HONEST;
    if (guest.initialised)
        assert_int_equal(pv_guest_release(&guest, &vp), PV_OK);
    assert_int_equal(pv_vp_release(&vp), PV_OK);
    assert_null(sim_complaint(&machine));
    assert_null(sim_os_leak(&machine));
    assert_false(pv_sim->irqs_off);
}

/* PostMessage travels in memory only. */
struct message {
    uint32_t connection, reserved, type, payload_bytes;
    uint8_t payload[240];
};

static const struct message message = {.connection = 1, .type = 1, .payload_bytes = 8};

/* A hypercall that needs the argument page goes through. */
static inline void assert_hypercalls_work(void)
{
    const uint64_t before = machine.model.seen.messages;

    assert_int_equal(pv_hv_call_simple(&vp, PV_HV_CALL_POST_MESSAGE, &message, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.seen.messages, before + 1);
}

static inline void assert_hypercalls_are_off(void)
{
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(pv_hv_call_fast(&vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL),
                     PV_BAD_STATE);
}

static inline void assert_nothing_was_touched(void)
{
    assert_int_equal(machine.msr_writes + machine.msr_reads, 0);
    assert_int_equal(sim_calls(&machine), 0);
    assert_int_equal(machine.os.allocs + machine.os.maps + machine.os.protects, 0);
}

/* The hypervisor knows of no identity and no page any more, and the kernel has all its memory. */
static inline void assert_nothing_is_left(void)
{
    assert_int_equal(guest.hv.entry, 0);
    assert_int_equal(guest.told.count, 0);
    assert_int_equal(machine.model.os_id[0], 0);
    assert_int_equal(machine.model.hypercall_msr[0] & PV_HV_PAGE_ENABLE, 0);
    assert_null(sim_os_leak(&machine));
    assert_null(sim_complaint(&machine));
}

static inline void assert_logged(unsigned line, uint32_t number, uint64_t value)
{
    assert_true(line < journal.count);
    assert_int_equal(journal.lines[line].number, number);
    assert_int_equal(journal.lines[line].value, value);
}

#endif
