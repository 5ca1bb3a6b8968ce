/* SPDX-License-Identifier: MIT */
/* The hosts of stolen time notice what a guest must not do, and write their areas as told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

#define STEAL_TIME 0x4B564D03u

static struct sim_machine machine;
PV_ALIGNED(128) static uint8_t area[128];

static void start(enum sim_kind kind)
{
    sim_machine_init(&machine, kind);
    memset(area, 0, sizeof(area));
}

static void expect(const char *complaint)
{
    if (complaint == NULL)
        assert_null(sim_complaint(&machine));
    else
        assert_string_equal(sim_complaint(&machine), complaint);
    machine.model.complaint = NULL;
}

static void expect_left(const char *text)
{
    if (text == NULL)
        assert_null(sim_steal_left(&machine));
    else
        assert_string_equal(sim_steal_left(&machine), text);
}

static uint64_t gpa(void)
{
    return pv_os_virt_to_gpa(area);
}

static void kvm_complains_of_what_would_be_a_fault(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    for (unsigned bit = 1; bit <= 5; bit++) {
        pv_port_msr_write(STEAL_TIME, gpa() | 1ull << bit | 1);
        expect("#GP: reserved bits of STEAL_TIME");
    }
    pv_port_msr_write(STEAL_TIME, 0x5001);
    expect("a stolen-time area that is not guest memory");
    sim_cpuid_set(&machine, 0x40000001, 0, 0, 0, 0);
    pv_port_msr_write(STEAL_TIME, gpa() | 1);
    expect("#GP: STEAL_TIME is not there");
    start(SIM_HYPERV_X86);
    (void)pv_port_msr_read(STEAL_TIME);
    expect("#GP: STEAL_TIME is not there");
}

static void an_area_that_stays_registered_is_noticed(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    expect_left(NULL);
    pv_port_msr_write(STEAL_TIME, gpa() | 1);
    assert_int_equal(pv_port_msr_read(STEAL_TIME), gpa() | 1);
    expect_left("a stolen-time area is still registered");
    pv_port_msr_write(STEAL_TIME, 0);
    assert_int_equal(pv_port_msr_read(STEAL_TIME), 0);
    expect_left(NULL);
    expect(NULL);
}

static void an_area_that_is_not_zero_is_noticed(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    area[63] = 1;
    pv_port_msr_write(STEAL_TIME, gpa() | 1);
    expect("a stolen-time area that is not zero");
}

static void a_guest_that_writes_into_its_area_is_noticed(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    pv_port_msr_write(STEAL_TIME, gpa() | 1);
    sim_steal_set(&machine, 0, 5);
    expect(NULL);
    area[40] = 1;
    sim_steal_set(&machine, 0, 6);
    expect("the guest wrote into its stolen-time area");
    area[40] = 2;
    pv_port_msr_write(STEAL_TIME, 0);
    expect("the guest wrote into its stolen-time area");
}

static void an_area_of_somebody_else_is_not_to_be_touched(void **state)
{
    (void)state;
    start(SIM_KVM_NATIVE_X86);
    sim_steal_found(&machine, 0, gpa());
    pv_port_msr_write(STEAL_TIME, 0);
    expect("somebody else's stolen-time area was touched");
    pv_port_msr_write(STEAL_TIME, gpa() | 1);
    expect("somebody else's stolen-time area was touched");
    expect_left(NULL);
}

static void an_update_is_odd_then_two_halves_then_even(void **state)
{
    static const uint64_t old = 0x1111111122222222, new = 0x3333333344444444;
    uint64_t value;

    (void)state;
    start(SIM_KVM_NATIVE_X86);
    pv_port_msr_write(STEAL_TIME, gpa() | 1);
    sim_steal_set(&machine, 0, old);
    sim_steal_start(&machine, 0, new);
    for (unsigned store = 0; store < 4; store++) {
        sim_steal_host(pv_sim);
        memcpy(&value, area, 8);
        assert_int_equal(value == old, store == 0);
        assert_int_equal(value == new, store >= 2);
        assert_int_equal(*(const uint32_t *)(const void *)(area + 8) & 1, store < 3);
    }
    assert_int_equal(sim_steal_value(&machine, 0), new);
    sim_steal_add(&machine, 0, 1);
    assert_int_equal(sim_steal_value(&machine, 0), new + 1);
    expect(NULL);
}

static void sbi_takes_what_the_specification_takes(void **state)
{
    const unsigned half = sizeof(long) == 8 ? 63 : 31;
    unsigned long low, high;

    (void)state;
    start(SIM_RISCV_KVM);
    low = (unsigned long)gpa();
    high = (unsigned long)(gpa() >> half >> 1);
    assert_int_equal(pv_port_sbi(0x535441, 0, low + 32, high, 0).error, -3);
    assert_int_equal(pv_port_sbi(0x535441, 0, low, high, 1).error, -3);
    assert_int_equal(pv_port_sbi(0x535441, 0, low, high + 1, 0).error, -5);
    expect("a stolen-time area that SBI does not take");
    assert_int_equal(pv_port_sbi(0x535441, 1, low, high, 0).error, -2);
    memset(area, 0xFF, 64);
    assert_int_equal(pv_port_sbi(0x535441, 0, low, high, 0).error, 0);
    assert_int_equal(area[0] | area[63], 0);
    expect_left("a stolen-time area is still registered");
    assert_int_equal(pv_port_sbi(0x535441, 0, ~0ul, ~0ul, 0).error, 0);
    expect_left(NULL);
    expect(NULL);
}

static void arm64_answers_on_its_conduit_only(void **state)
{
    (void)state;
    start(SIM_KVM_ARM64);
    assert_int_equal(pv_port_smccc(1, 0x80000000, 0).a0, 0x10001);
    assert_int_equal(pv_port_smccc(1, 0xC5000021, 0).a0, sim_firmware_gpa(1));
    assert_int_equal(pv_port_smccc(1, 0xC5000022, 0).a0, ~0ull); /* of early drafts */
    expect(NULL);
    (void)pv_port_smccc(2, 0x80000000, 0);
    expect("#UD: the other conduit");
    machine.steal.smccc_version = 0x10000;
    (void)pv_port_smccc(1, 0x80000001, 0xC5000020);
    expect("a call that SMCCC 1.0 does not have");
    expect_left(NULL); /* the area is the host's */
}

static void loongarch_takes_one_notification(void **state)
{
    (void)state;
    start(SIM_KVM_LOONGARCH);
    assert_int_equal(pv_port_kvm_call(false, 1, 4, 0, 0, 0), -1);
    assert_int_equal(pv_port_kvm_call(false, 2, 2, 0, 0, 0), -2);
    expect(NULL);
    assert_int_equal(pv_port_kvm_call(false, 2, 4, 0x5003, 0, 0), -2);
    expect("a stolen-time area that LoongArch KVM does not take");
    machine.cpus[0].port.bare_metal = true;
    (void)pv_port_cpucfg(0x40000000);
    expect("a CPUCFG word of hypervisors on bare metal");
}

static void xen_knows_who_calls(void **state)
{
    const uint64_t none = ~0ull;

    (void)state;
    start(SIM_XEN_X86);
    assert_int_equal(pv_port_xen_call(24, 14, SIM_XEN_VCPU(0), (uintptr_t)&none), 0);
    assert_int_equal(pv_port_xen_call(24, 4, SIM_XEN_VCPU(0), 0), -38);
    assert_int_equal(pv_port_xen_call(99, 0, 0, 0), -38);
    assert_int_equal(pv_port_xen_call(21, 0, 6, 0), -22);
    expect(NULL);
    (void)pv_port_xen_call(24, 14, SIM_XEN_VCPU(1), (uintptr_t)&none);
    expect("another VCPU's number");
    start(SIM_VMWARE_X86);
    (void)pv_port_xen_call(21, 0, 5, 0);
    expect("a hypercall of Xen elsewhere");
}

static void vmware_is_reached_one_way(void **state)
{
    (void)state;
    start(SIM_VMWARE_X86);
    assert_int_equal(pv_port_vmware_call(PV_PORT_VMWARE_PORT, 91, gpa()), 1);
    assert_int_equal(pv_port_vmware_call(PV_PORT_VMWARE_PORT, 91, 1), 0);
    expect(NULL);
    (void)pv_port_vmware_call(PV_PORT_VMWARE_VMCALL, 91, 1);
    expect("#UD: VMware is not reached this way");
    (void)pv_port_vmware_call(PV_PORT_VMWARE_PORT, 10, 1);
    expect("an unknown command of VMware");
    (void)pv_port_vmware_call(PV_PORT_VMWARE_PORT, 91, gpa() + 8);
    expect("a stolen-time area that VMware does not take");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kvm_complains_of_what_would_be_a_fault),
        cmocka_unit_test(an_area_that_stays_registered_is_noticed),
        cmocka_unit_test(an_area_that_is_not_zero_is_noticed),
        cmocka_unit_test(a_guest_that_writes_into_its_area_is_noticed),
        cmocka_unit_test(an_area_of_somebody_else_is_not_to_be_touched),
        cmocka_unit_test(an_update_is_odd_then_two_halves_then_even),
        cmocka_unit_test(sbi_takes_what_the_specification_takes),
        cmocka_unit_test(arm64_answers_on_its_conduit_only),
        cmocka_unit_test(loongarch_takes_one_notification),
        cmocka_unit_test(xen_knows_who_calls),
        cmocka_unit_test(vmware_is_reached_one_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
