/* SPDX-License-Identifier: MIT */
/* When KVM's own calls may be made, and by which instruction. */
#include "unit/kvm/rig.h"

#include "kvm/kvm_internal.h"

#define FEATURES 0x40000001u
#define UNHALT 0x80u
#define SEND_IPI 0x800u
#define SCHED_YIELD 0x2000u

static const uint32_t features[] = { UNHALT, SEND_IPI, SCHED_YIELD };

#define EACH_FEATURE(f) const uint32_t *f = features; f < features + 3; f++

static enum pv_status call(uint32_t feature)
{
    static const struct pv_hw_id target = { SIM_HW_ID(1) };

    if (feature == SEND_IPI)
        return pv_kvm_ipi_send(vp, 0x20, &target, 1, NULL);
    return feature == UNHALT ? pv_kvm_kick(vp, target) : pv_kvm_yield_to(vp, target);
}

static void assert_all_refused(void)
{
    for (EACH_FEATURE(feature))
        assert_status(call(*feature), PV_UNSUPPORTED);
    assert_no_call();
}

static void assert_all_done(void)
{
    for (EACH_FEATURE(feature))
        assert_status(call(*feature), PV_OK);
    assert_int_equal(machine.kvm.calls, 3);
}

static void each_call_has_a_feature_bit_of_its_own(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        rig_machine(SIM_KVM_NATIVE_X86);
        sim_cpuid_set(&machine, FEATURES, 1u << bit, 0, 0, 0);
        rig_init(0);
        for (EACH_FEATURE(feature))
            assert_status(call(*feature), *feature == 1u << bit ? PV_OK : PV_UNSUPPORTED);
        assert_int_equal(machine.kvm.calls, bit == 7 || bit == 11 || bit == 13);
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void beside_hyperv_they_work_as_long_as_nobody_has_an_identity(void **state)
{
    (void)state;
    rig_up(SIM_KVM_X86);
    assert_all_done();
}

static void once_hypercalls_are_on_the_instruction_is_hyperv_s(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_X86);
    rig_init(OS_ID);
    assert_int_not_equal(guest.hv.entry, 0);
    machine.msr_reads = 0;
    assert_all_refused();
    assert_int_equal(machine.msr_reads, 0);
    assert_status(pv_vp_offline(vp), PV_OK);
    assert_status(pv_guest_quiesce(&guest, NULL), PV_OK);
    for (EACH_FEATURE(feature))
        assert_true(pv_kvm_offers_(&guest, *feature));
}

/* The kernel or its firmware, with code of its own: the answer to a bitmap would look like a count. */
static void so_it_is_when_somebody_else_has_set_an_identity(void **state)
{
    (void)state;
    rig_up(SIM_KVM_X86);
    pv_port_msr_write(PV_HV_MSR_GUEST_OS_ID, OS_ID);
    assert_all_refused();
    pv_port_msr_write(PV_HV_MSR_GUEST_OS_ID, 0);
    assert_all_done();
}

static void the_identity_is_not_read_where_there_is_none(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_X86);
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_HYPERCALL);
    rig_init(0);
    machine.msr_reads = 0;
    assert_all_done();
    assert_int_equal(machine.msr_reads, 0);
}

static void where_kvm_shows_xen_the_instruction_is_xen_s(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    sim_cpuid_set(&machine, 0x40000000, 0x40000001, 0x566E6558, 0x65584D4D, 0x4D4D566E);
    sim_cpuid_set(&machine, 0x40000100, 0x40000101, 0x4B4D564B, 0x564B4D56, 0x4D);
    sim_cpuid_set(&machine, 0x40000101, 0xFFFFFFFF, 0, 0, 0);
    rig_init(0);
    assert_true(pv_detect_has(&guest.detect, PV_DETECT_XEN));
    assert_int_equal(guest.detect.kvm.features, 0xFFFFFFFF);
    assert_all_refused();
}

static void with_the_realtime_hint_only_interrupts_are_advised(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    machine.kvm.hints = 1;
    rig_init(0);
    assert_status(call(UNHALT), PV_UNSUPPORTED);
    assert_status(call(SCHED_YIELD), PV_UNSUPPORTED);
    assert_no_call();
    assert_status(call(SEND_IPI), PV_OK);
    for (EACH_FEATURE(feature)) {
        assert_true(pv_kvm_offers_(&guest, *feature));
        assert_false(pv_kvm_advises_(&guest, *feature));
    }
}

static void other_hints_say_nothing(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    machine.kvm.hints = 0xFFFFFFFE;
    rig_init(0);
    assert_all_done();
}

/* Also with every bit set: LoongArch has other features in the same word. */
static void no_other_machine_has_them(void **state)
{
    static const enum sim_kind kinds[] = { SIM_HYPERV_X86, SIM_BARE,          SIM_XEN_X86,
                                           SIM_VMWARE_X86, SIM_HYPERV_ARM64,  SIM_KVM_ARM64,
                                           SIM_RISCV_KVM,  SIM_KVM_LOONGARCH, SIM_KVM_NATIVE_X86 };
    const size_t count = sizeof(kinds) / sizeof(kinds[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const bool known = kinds[i] == SIM_KVM_LOONGARCH;

        rig_machine(kinds[i]);
        machine.steal.cpucfg_features = 0xFFFFFFFF;
        pv_sim->has_kvm = pv_sim->has_kvm && kinds[i] != SIM_KVM_NATIVE_X86;
        rig_init(0);
        assert_int_equal(guest.detect.kvm.features == 0xFFFFFFFF, known);
        assert_all_refused();
        assert_int_equal(rig_down(NULL), 0);
    }
}

/* "AuthenticAMD", "HygonGenuine", "GenuineIntel", "CentaurHauls" */
static void the_instruction_is_the_vendor_s(void **state)
{
    static const struct {
        uint32_t ebx, ecx, edx;
        bool vmmcall;
    } vendors[] = { { 0x68747541, 0x444D4163, 0x69746E65, true },
                    { 0x6F677948, 0x656E6975, 0x6E65476E, true },
                    { 0x756E6547, 0x6C65746E, 0x49656E69, false },
                    { 0x746E6543, 0x736C7561, 0x48727561, false } };

    (void)state;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        rig_machine(SIM_KVM_NATIVE_X86);
        sim_cpuid_set(&machine, 0, 0x16, vendors[i].ebx, vendors[i].ecx, vendors[i].edx);
        rig_init(0);
        assert_int_equal(guest.detect.kvm.vmmcall, vendors[i].vmmcall);
        assert_all_done(); /* the machine complains of the wrong one */
        assert_int_equal(rig_down(NULL), 0);
    }
}

static void a_vp_that_is_offline_calls_nobody(void **state)
{
    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    assert_status(pv_vp_offline(vp), PV_OK);
    for (EACH_FEATURE(feature))
        assert_status(call(*feature), PV_BAD_STATE);
    assert_no_call();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(each_call_has_a_feature_bit_of_its_own),
        RIG_TEST(beside_hyperv_they_work_as_long_as_nobody_has_an_identity),
        RIG_TEST(once_hypercalls_are_on_the_instruction_is_hyperv_s),
        RIG_TEST(so_it_is_when_somebody_else_has_set_an_identity),
        RIG_TEST(the_identity_is_not_read_where_there_is_none),
        RIG_TEST(where_kvm_shows_xen_the_instruction_is_xen_s),
        RIG_TEST(with_the_realtime_hint_only_interrupts_are_advised),
        RIG_TEST(other_hints_say_nothing),
        RIG_TEST(no_other_machine_has_them),
        RIG_TEST(the_instruction_is_the_vendor_s),
        RIG_TEST(a_vp_that_is_offline_calls_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
