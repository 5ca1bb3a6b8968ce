/* SPDX-License-Identifier: MIT */
/*
 * What the tests of stolen time share: every host that counts it, one guest, two of its VPs.
 *
 * A test starts with `rig_up` or `rig_on` and ends in `rig_down`, which gives everything back and
 * insists that nothing is left with the host or the kernel, and that the host had nothing to
 * complain about.
 */
#ifndef UNIT_STEAL_RIG_H
#define UNIT_STEAL_RIG_H

#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define OS_ID 0x8100000000010000ull

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vp;
static struct pv_vp vp1; /* of the machine's VP 1 */

#define assert_status(call, status) assert_int_equal((call), (status))

static inline void use_smc(void)
{
    machine.uid_conduit = 2;
}

static inline void use_address(void)
{
    machine.steal.xen_gpa = false;
}

static inline void use_vmmcall(void)
{
    machine.steal.vmware_ways = 1;
}

static inline void use_vmcall(void)
{
    machine.steal.vmware_ways = 2;
}

struct variant {
    enum sim_kind kind;
    enum pv_steal_backend backend;
    void (*prepare)(void);
    bool sequence;   /* the area tells when it is being written */
    uint8_t hint;    /* says "not running"; 0: the area has none */
};

static const struct variant variants[] = {
    { SIM_KVM_NATIVE_X86, PV_STEAL_KVM, NULL, true, 1 },
    { SIM_KVM_X86, PV_STEAL_KVM, NULL, true, 1 },
    { SIM_KVM_ARM64, PV_STEAL_PV_TIME, NULL, false, 0 },
    { SIM_KVM_ARM64, PV_STEAL_PV_TIME, use_smc, false, 0 },
    { SIM_RISCV_KVM, PV_STEAL_SBI, NULL, true, 1 },
    { SIM_XEN_X86, PV_STEAL_XEN, NULL, true, 1 },
    { SIM_XEN_X86, PV_STEAL_XEN, use_address, true, 1 },
    { SIM_VMWARE_X86, PV_STEAL_VMWARE, NULL, false, 0 },
    { SIM_VMWARE_X86, PV_STEAL_VMWARE, use_vmmcall, false, 0 },
    { SIM_VMWARE_X86, PV_STEAL_VMWARE, use_vmcall, false, 0 },
    { SIM_HYPERV_X86, PV_STEAL_HYPERV, NULL, false, 0 },
    { SIM_HYPERV_ARM64, PV_STEAL_HYPERV, NULL, false, 0 },
    { SIM_KVM_LOONGARCH, PV_STEAL_LOONGARCH, NULL, true, 1 },
};

/* KVM on LoongArch takes a GPA in one register, so it needs registers of 64 bits; it comes last. */
#define VARIANTS (sizeof(variants) / sizeof(variants[0]) - (sizeof(long) == 8 ? 0 : 1))

#define EACH_VARIANT(v) const struct variant *v = variants; v < variants + VARIANTS; v++

static inline bool is_estimate(const struct variant *variant)
{
    return variant->backend == PV_STEAL_HYPERV;
}

/* Xen cannot be told to forget an address. */
static inline bool is_for_good(const struct variant *variant)
{
    return variant->prepare == use_address;
}

static inline struct pv_guest_config config_of(enum sim_kind kind)
{
    struct pv_guest_config config;

    memset(&config, 0, sizeof(config));
    config.hints.conduit =
        machine.uid_conduit == 2 ? PV_DETECT_CONDUIT_SMC : PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = kind == SIM_HYPERV_X86 || kind == SIM_HYPERV_ARM64 ? OS_ID : 0;
    return config;
}

/* A machine after reset; the test changes it before rig_init. */
static inline void rig_machine(const struct variant *variant)
{
    sim_machine_init(&machine, variant->kind);
    machine.clock.step_ns = 0;
    memset(&guest, 0, sizeof(guest));
    memset(&vp, 0, sizeof(vp));
    memset(&vp1, 0, sizeof(vp1));
    if (variant->prepare != NULL)
        variant->prepare();
}

static inline void rig_init(void)
{
    const struct pv_guest_config config = config_of(machine.kind);

    assert_status(pv_guest_init(&guest, &config), PV_OK);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
}

/* VP 0 online. */
static inline void rig_up(const struct variant *variant)
{
    rig_machine(variant);
    rig_init();
}

/* Time goes by in which the VP neither runs nor idles, as Hyper-V measures it. */
static inline void pass(uint64_t ns)
{
    sim_clock_advance(&machine, ns);
    machine.model.reference_100ns += ns / 100;
}

/* ... and its stolen time counted from 0. */
static inline void rig_on(const struct variant *variant)
{
    rig_up(variant);
    assert_status(pv_steal_enable(&vp, variant->backend), PV_OK);
    pass(1000000);
    assert_status(pv_steal_update(&vp, 0), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 0);
}

/* The host says that so much more was stolen from VP 0. */
static inline void steal(uint64_t ns)
{
    pass(ns);
    if (vp.steal.backend != PV_STEAL_HYPERV)
        sim_steal_add(&machine, 0, ns);
    assert_status(pv_steal_update(&vp, 0), PV_OK);
}

static inline void come_back(void)
{
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
}

static inline void assert_fair(void)
{
    assert_null(sim_complaint(&machine));
}

static inline void assert_all_is_given_back(void)
{
    assert_fair();
    assert_null(sim_os_leak(&machine));
    assert_null(sim_steal_left(&machine));
    assert_false(pv_sim->irqs_off);
}

/* The area that Xen has for good is left to it. */
static inline void rig_down(void)
{
    const bool for_good = machine.kind == SIM_XEN_X86 && !machine.steal.xen_gpa;

    machine.cpus[0].port.host = NULL;
    if (guest.initialised)
        assert_status(pv_guest_release(&guest, &vp), PV_OK);
    assert_status(pv_vp_release(&vp),
                  for_good && machine.steal.vps[0].on ? PV_REFUSED : PV_OK);
    if (for_good)
        sim_steal_drop(&machine, 0);
    assert_all_is_given_back();
}

#endif
