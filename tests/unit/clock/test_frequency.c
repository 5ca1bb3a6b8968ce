/* SPDX-License-Identifier: MIT */
/* Who is believed on frequencies, and in which order. */
#include "unit/clock/rig.h"

#define TIMING_LEAF 0x40000010u
#define ISOLATION_SNP 2
#define ISOLATION_VBS 1

static void crystal(uint32_t denominator, uint32_t numerator, uint32_t hz)
{
    sim_cpuid_set(&machine, 0, 0x16, 0, 0, 0);
    sim_cpuid_set(&machine, 0x15, denominator, numerator, hz, 0);
}

static void timing(uint32_t tsc_khz, uint32_t bus_khz)
{
    sim_cpuid_set(&machine, 0x40000000u, TIMING_LEAF, 0x4B4D564B, 0x564B4D56, 0x4D);
    sim_cpuid_set(&machine, TIMING_LEAF, tsc_khz, bus_khz, 0, 0);
}

static uint64_t hz(void)
{
    rig_init();
    return pv_clock_counter_hz(&guest);
}

/* ---- the counter ---- */

static void the_kernel_knows_best(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    crystal(2, 200, 38400000);
    config.clock.counter_hz = 123456789;
    assert_u64(hz(), 123456789);
}

static void the_processor_is_asked_before_the_host(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    crystal(2, 200, 38400000);
    assert_u64(hz(), 3840000000);
    assert_int_equal(machine.msr_reads, 0);
}

/* A crystal of 4 GHz times 2 overflows 32 bits. */
static void the_processors_ratio_is_taken_in_64_bits(void **state)
{
    (void)state;
    rig_machine(SIM_BARE);
    crystal(1, 2, 4000000000u);
    assert_u64(hz(), 8000000000);
}

static void arm64_has_a_register(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_ARM64);
    pv_sim->counter_hz = 62500000;
    assert_u64(hz(), 62500000);
    pv_sim->counter_hz = 0;
    assert_u64(pv_clock_counter_hz(&guest), 0);
}

static void a_processor_that_does_not_tell_is_passed_over(void **state)
{
    static const uint32_t ratios[][3] = {
        { 0, 200, 1 }, { 2, 0, 1 }, { 2, 200, 0 }, { 2, 200, 9 }
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        rig_machine(SIM_HYPERV_X86);
        crystal(ratios[i][0], ratios[i][1], ratios[i][2]);
        machine.model.tsc_hz = 2100000000;
        assert_u64(hz(), 2100000000);
    }
    rig_machine(SIM_HYPERV_X86);
    crystal(2, 200, 38400000);
    sim_cpuid_set(&machine, 0, 0x14, 0, 0, 0); /* the leaf is beyond the last one */
    assert_u64(hz(), SIM_COUNTER_HZ);
}

static void hyperv_tells_by_msr_if_privilege_and_feature_are_there(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.tsc_hz = 1999999999;
    assert_u64(hz(), 1999999999);
    rig_machine(SIM_HYPERV_X86);
    machine.model.features &= ~0x100u;
    assert_u64(hz(), 0);
    rig_machine(SIM_HYPERV_X86);
    machine.model.privileges &= ~0x800ull;
    assert_u64(hz(), 0);
    assert_int_equal(machine.msr_reads, 0);
}

static void kvm_and_vmware_tell_by_the_timing_leaf(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    timing(2500000, 1000000);
    assert_u64(hz(), 2500000000);
    assert_int_equal(machine.msr_writes, 0);
    rig_machine(SIM_VMWARE_X86);
    sim_cpuid_set(&machine, 0x40000000u, TIMING_LEAF, 0x61774D56, 0x4D566572, 0x65726177);
    sim_cpuid_set(&machine, TIMING_LEAF, 4294967, 66000, 0, 0);
    assert_u64(hz(), 4294967000);
    assert_u64(pv_clock_apic_hz(&guest), 66000000);
}

static void a_timing_leaf_beyond_the_last_one_is_not_read(void **state)
{
    (void)state;
    rig_machine(SIM_VMWARE_X86);
    sim_cpuid_set(&machine, 0x40000000u, 0x4000000Fu, 0x61774D56, 0x4D566572, 0x65726177);
    sim_cpuid_set(&machine, TIMING_LEAF, 2500000, 0, 0, 0);
    assert_u64(hz(), 0);
}

static void kvmclock_tells_without_being_the_clock_and_once_is_enough(void **state)
{
    uint64_t writes;

    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    rig_assert_near(hz(), SIM_COUNTER_HZ, 10);
    writes = machine.msr_writes;
    assert_int_equal(writes, 2);
    rig_assert_near(pv_clock_counter_hz(&guest), SIM_COUNTER_HZ, 10);
    assert_int_equal(machine.msr_writes, writes);
}

static void after_quiesce_kvmclock_is_asked_again(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    rig_assert_near(hz(), SIM_COUNTER_HZ, 10);
    assert_status(pv_guest_quiesce(&guest, NULL), PV_OK);
    sim_clock_migrate(&machine, 3100000000, 0);
    assert_status(pv_guest_resume(&guest, NULL), PV_OK);
    rig_assert_near(pv_clock_counter_hz(&guest), 3100000000, 10);
}

static void kvmclock_that_fails_tells_nothing(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    machine.clock.behaviour = SIM_CLOCK_SILENT;
    assert_u64(hz(), 0);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    rig_assert_near(pv_clock_counter_hz(&guest), SIM_COUNTER_HZ, 10);
}

static void garbage_is_passed_over(void **state)
{
    static const uint64_t garbage[] = { 1, 999, 1000000000001ull, ~0ull };

    (void)state;
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        rig_machine(SIM_HYPERV_X86);
        machine.model.tsc_hz = garbage[i];
        machine.model.apic_hz = garbage[i];
        assert_u64(hz(), 0);
        assert_u64(pv_clock_apic_hz(&guest), 0);
    }
}

static void a_host_that_is_not_trusted_is_not_asked(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    config.clock.trust = PV_CLOCK_TRUST_COUNTER;
    assert_u64(hz(), 0);
    assert_u64(pv_clock_apic_hz(&guest), 0);
    assert_int_equal(machine.msr_reads, 0);
    crystal(2, 200, 38400000);
    assert_u64(pv_clock_counter_hz(&guest), 3840000000);
}

static void hardware_isolation_means_that_the_host_is_not_trusted(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    rig_init();
    guest.detect.hyperv.isolation = ISOLATION_VBS;
    assert_u64(pv_clock_counter_hz(&guest), SIM_COUNTER_HZ);
    guest.detect.hyperv.isolation = ISOLATION_SNP;
    assert_u64(pv_clock_counter_hz(&guest), 0);
    guest.config.clock.trust = PV_CLOCK_TRUST_HOST;
    assert_u64(pv_clock_counter_hz(&guest), SIM_COUNTER_HZ);
}

/* ---- the APIC timer ---- */

static void the_apic_timer_is_told_by_hyperv_or_the_timing_leaf(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.apic_hz = 200000000;
    rig_init();
    assert_u64(pv_clock_apic_hz(&guest), 200000000);
    rig_machine(SIM_KVM_NATIVE_X86);
    timing(2500000, 1000000);
    rig_init();
    assert_u64(pv_clock_apic_hz(&guest), 1000000000);
    rig_machine(SIM_BARE);
    rig_init();
    assert_u64(pv_clock_apic_hz(&guest), 0);
    rig_machine(SIM_HYPERV_ARM64);
    rig_init();
    assert_u64(pv_clock_apic_hz(&guest), 0);
}

/* ---- invariance ---- */

static void only_the_processors_word_makes_a_tsc_invariant(void **state)
{
    (void)state;
    rig_machine(SIM_BARE);
    sim_cpuid_set(&machine, 0x80000000u, 0x80000008u, 0, 0, 0);
    sim_cpuid_set(&machine, 0x80000007u, 0, 0, 0, ~0x100u);
    assert_false(pv_clock_counter_invariant_());
    sim_cpuid_set(&machine, 0x80000007u, 0, 0, 0, 0x100);
    assert_true(pv_clock_counter_invariant_());
    sim_cpuid_set(&machine, 0x80000000u, 0x80000006u, 0, 0, 0);
    assert_false(pv_clock_counter_invariant_());
    rig_machine(SIM_HYPERV_ARM64);
    assert_true(pv_clock_counter_invariant_());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(the_kernel_knows_best),
        RIG_TEST(the_processor_is_asked_before_the_host),
        RIG_TEST(the_processors_ratio_is_taken_in_64_bits),
        RIG_TEST(arm64_has_a_register),
        RIG_TEST(a_processor_that_does_not_tell_is_passed_over),
        RIG_TEST(hyperv_tells_by_msr_if_privilege_and_feature_are_there),
        RIG_TEST(kvm_and_vmware_tell_by_the_timing_leaf),
        RIG_TEST(a_timing_leaf_beyond_the_last_one_is_not_read),
        RIG_TEST(kvmclock_tells_without_being_the_clock_and_once_is_enough),
        RIG_TEST(after_quiesce_kvmclock_is_asked_again),
        RIG_TEST(kvmclock_that_fails_tells_nothing),
        RIG_TEST(garbage_is_passed_over),
        RIG_TEST(a_host_that_is_not_trusted_is_not_asked),
        RIG_TEST(hardware_isolation_means_that_the_host_is_not_trusted),
        RIG_TEST(the_apic_timer_is_told_by_hyperv_or_the_timing_leaf),
        RIG_TEST(only_the_processors_word_makes_a_tsc_invariant),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
