/* SPDX-License-Identifier: MIT */
/* The library with its real arm64 port, from detection to teardown, by both HVC conventions. */
#include "trap.h"

#include <pv/pv.h>
#include <stdio.h>
#include <string.h>

static unsigned tests, failures;

static void ok(bool good, const char *conduit, const char *what)
{
    failures += !good;
    printf("%sok %u - %s: %s\n", good ? "" : "not ", ++tests, conduit, what);
}

#define MANY 60 /* more registers than the register block holds */

static void check_registers(struct pv_vp *vp, const char *conduit)
{
    static uint32_t names[MANY];
    static struct pv_hv_register_value values[MANY];
    struct pv_hv_register set = { .name = PV_HV_REGISTER_ARM64_X5, .value = { .low = 0x1234567 } };
    uint64_t value = 0;
    size_t done = 0;
    size_t right = 0;

    ok(pv_hv_regs_set(vp, pv_hv_target_self(), &set, 1, NULL, NULL) == PV_OK, conduit,
       "a register is set");
    ok(pv_hv_regs_get64(vp, set.name, &value, NULL) == PV_OK && value == set.value.low, conduit,
       "and read back through registers");
    for (size_t i = 0; i < MANY; i++)
        names[i] = set.name;
    ok(pv_hv_regs_get(vp, pv_hv_target_self(), names, values, MANY, &done, NULL) == PV_OK &&
           done == MANY,
       conduit, "many are read through memory");
    for (size_t i = 0; i < MANY; i++)
        right += values[i].low == set.value.low;
    ok(right == MANY, conduit, "all with the value set");
    ok(!trap_irqs_off(), conduit, "IRQs are on again");
}

static void check_vtl(struct pv_vp *vp, const char *conduit)
{
    struct pv_hv_vtl_regs regs;
    size_t right = 0;
    uint8_t vtl = 9;

    ok(pv_hv_vtl_current(vp, &vtl, NULL) == PV_OK && vtl == 0, conduit, "VTL 0 is current");
    for (size_t i = 0; i < PV_HV_VTL_SHARED; i++)
        regs.shared[i] = 100 + i;
    ok(pv_hv_vtl_enable_partition(vp, 1, 0, NULL) == PV_OK, conduit, "VTL 1 is enabled");
    {
        static const union pv_hv_context context;

        ok(pv_hv_vtl_enable_vp(vp, pv_hv_target_self().index, 1, &context, NULL) == PV_OK, conduit,
           "on this VP too");
    }
    ok(pv_hv_vtl_switch_init(vp, NULL) == PV_OK && pv_hv_vtl_call(vp, &regs) == PV_OK, conduit,
       "VTL call");
    for (size_t i = 0; i < PV_HV_VTL_SHARED; i++)
        right += regs.shared[i] == 100 + i + 1;
    ok(right == PV_HV_VTL_SHARED, conduit, "all shared registers went there and came back");
}

static void check(enum pv_hv_conduit choice, const char *conduit)
{
    static struct pv_guest guest;
    static struct pv_vp vp;
    const struct pv_guest_config config = {
        .hints.conduit = PV_DETECT_CONDUIT_HVC,
        .hv = { .os_id = pv_hv_os_id_open(PV_HV_OS_UNREGISTERED, 0, 1, 0), .conduit = choice },
    };

    trap_machine();
    ok(pv_guest_init(&guest, &config) == PV_OK && guest.hv.entry != 0, conduit, "guest init");
    ok(guest.detect.kind == PV_DETECT_HYPERV, conduit, "Hyper-V was found by its UID");
    ok(guest.hv.os_id == config.hv.os_id && !guest.hv.os_id_adopted, conduit, "identity is set");
    ok(guest.detect.hyperv.privileges != 0, conduit, "features were read");
    ok(pv_vp_online(&guest, &vp) == PV_OK, conduit, "VP online");
    check_registers(&vp, conduit);
    check_vtl(&vp, conduit);
    ok(pv_guest_release(&guest, &vp) == PV_OK && pv_vp_release(&vp) == PV_OK, conduit, "release");
    ok(trap_hvcs() > 10, conduit, "it went through HVC instructions");
    ok(trap_complaint() == NULL, conduit, "the hypervisor has no complaint");
    if (trap_complaint() != NULL)
        printf("# %s\n", trap_complaint());
}

int main(void)
{
    check(PV_HV_CONDUIT_SMCCC, "HVC #0");
    check(PV_HV_CONDUIT_HVC1, "HVC #1");
    printf("1..%u\n", tests);
    return failures != 0;
}
