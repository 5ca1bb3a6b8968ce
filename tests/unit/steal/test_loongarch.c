/* SPDX-License-Identifier: MIT */
/* KVM on LoongArch. A GPA goes into one register, so the tests of calls need 64 bits. */
#include "unit/steal/rig.h"

static const struct variant loongarch = { SIM_KVM_LOONGARCH, PV_STEAL_LOONGARCH, NULL, true, 1 };

static struct {
    unsigned long function, a, b;
    unsigned calls;
} last;

static long (*real)(struct pv_sim *sim, bool vmmcall, unsigned long function,
                    const unsigned long arguments[4]);

static long note(struct pv_sim *sim, bool vmmcall, unsigned long function,
                 const unsigned long arguments[4])
{
    last.function = function;
    last.a = arguments[0];
    last.b = arguments[1];
    last.calls++;
    return real(sim, vmmcall, function, arguments);
}

static void note_calls(void)
{
    memset(&last, 0, sizeof(last));
    real = machine.cpus[0].port.kvm_call;
    machine.cpus[0].port.kvm_call = note;
}

static void needs_64_bits(void)
{
    if (sizeof(long) < 8)
        skip();
}

static void the_call_gets_the_address_and_bit_0_and_0_at_the_end(void **state)
{
    (void)state;
    needs_64_bits();
    rig_up(&loongarch);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_LOONGARCH), PV_OK);
    assert_int_equal(last.calls, 1);
    assert_int_equal(last.function, 2);
    assert_int_equal(last.a, 4);
    assert_int_equal(last.b, vp.steal.gpa | 1);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_int_equal(last.calls, 2);
    assert_int_equal(last.function, 2);
    assert_int_equal(last.a, 4);
    assert_int_equal(last.b, 0);
    rig_down();
}

static void the_value_is_at_0_the_version_at_8_and_the_hint_at_16(void **state)
{
    (void)state;
    needs_64_bits();
    rig_up(&loongarch);
    assert_status(pv_steal_enable(&vp, PV_STEAL_LOONGARCH), PV_OK);
    assert_ptr_equal(vp.steal.value, vp.steal.area);
    assert_ptr_equal(vp.steal.sequence, vp.steal.area + 8);
    assert_ptr_equal(vp.steal.preempted, vp.steal.area + 16);
    rig_down();
}

static void every_error_is_refused_and_kept(void **state)
{
    (void)state;
    needs_64_bits();
    for (int error = -1; error >= -3; error--) {
        rig_up(&loongarch);
        machine.steal.refuse = error;
        assert_status(pv_steal_enable(&vp, PV_STEAL_LOONGARCH), PV_REFUSED);
        assert_int_equal(vp.steal.host_error, error);
        rig_down();
    }
}

static void bits_of_the_hint_that_are_not_preempted_say_nothing(void **state)
{
    (void)state;
    needs_64_bits();
    rig_on(&loongarch);
    sim_steal_hint(&machine, 0, 0xFE);
    assert_false(pv_steal_preempted(&vp));
    sim_steal_hint(&machine, 0, 1);
    assert_true(pv_steal_preempted(&vp));
    rig_down();
}

static void the_feature_bit_decides(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        rig_machine(&loongarch);
        machine.steal.cpucfg_features = 1u << bit;
        rig_init();
        note_calls();
        assert_int_equal(pv_steal_probe(&guest), bit == 2 ? PV_STEAL_LOONGARCH : PV_STEAL_NONE);
        if (bit != 2)
            assert_status(pv_steal_enable(&vp, PV_STEAL_LOONGARCH), PV_UNSUPPORTED);
        assert_int_equal(last.calls, 0);
        rig_down();
    }
}

/* The same bit of KVM on x86 is another feature. */
static void features_of_kvm_on_x86_are_not_taken_for_those_of_loongarch(void **state)
{
    (void)state;
    rig_machine(&variants[0]);
    sim_cpuid_set(&machine, 0x40000001, 1u << 2, 0, 0, 0);
    rig_init();
    assert_int_equal(pv_steal_probe(&guest), PV_STEAL_NONE);
    rig_down();
    rig_machine(&loongarch);
    machine.steal.cpucfg_features = 1u << 5;
    rig_init();
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_UNSUPPORTED);
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call_gets_the_address_and_bit_0_and_0_at_the_end),
        cmocka_unit_test(the_value_is_at_0_the_version_at_8_and_the_hint_at_16),
        cmocka_unit_test(every_error_is_refused_and_kept),
        cmocka_unit_test(bits_of_the_hint_that_are_not_preempted_say_nothing),
        cmocka_unit_test(the_feature_bit_decides),
        cmocka_unit_test(features_of_kvm_on_x86_are_not_taken_for_those_of_loongarch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
