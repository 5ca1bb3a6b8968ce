/* SPDX-License-Identifier: MIT */
/* Which pages are encrypted, as KVM is told. */
#include "unit/kvm/rig.h"

#define EINVAL_OF_KVM (-22)
#define ENOSYS_OF_KVM (-1000)
#define GPA 0x180064000ull

static void isolated(enum sim_kind kind)
{
    rig_machine(kind);
    sim_isolate(&machine);
    rig_init(0);
}

static void a_range_goes_in_one_call(void **state)
{
    static const enum sim_kind kinds[] = { SIM_KVM_NATIVE_X86, SIM_KVM_X86 };

    (void)state;
    if (sizeof(long) < 8)
        return; /* the RAM of this machine lies above 4 GiB */
    for (size_t i = 0; i < 2; i++) {
        isolated(kinds[i]);
        assert_status(pv_kvm_map_gpa_range(vp, GPA, 600, false), PV_OK);
        assert_int_equal(machine.kvm.function, 12);
        assert_int_equal(machine.kvm.arguments[0], GPA);
        assert_int_equal(machine.kvm.arguments[1], 600);
        assert_int_equal(machine.kvm.arguments[2], 0);
        assert_int_equal(machine.kvm.arguments[3], 0);
        assert_int_equal(machine.model.visibility.changed, 600);
        assert_int_equal(machine.model.visibility.of[100], 3);
        assert_status(pv_kvm_map_gpa_range(vp, GPA, 599, true), PV_OK);
        assert_int_equal(machine.kvm.arguments[2], 0x10);
        assert_int_equal(machine.model.visibility.of[100], 0);
        assert_int_equal(machine.model.visibility.of[699], 3);
        assert_int_equal(rig_down(NULL), 0);
    }
    rig_up(SIM_BARE);
}

static void every_other_answer_is_a_refusal(void **state)
{
    static const long answers[] = { -1, EINVAL_OF_KVM, ENOSYS_OF_KVM, 1 };

    (void)state;
    isolated(SIM_KVM_NATIVE_X86);
    for (size_t i = 0; i < 4; i++) {
        machine.kvm.refuse = answers[i];
        assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 1, false), PV_REFUSED);
    }
}

static void ranges_that_are_none_are_not_sent(void **state)
{
    const uint64_t end = (uint64_t)~0ul >> 12;

    (void)state;
    isolated(SIM_KVM_NATIVE_X86);
    assert_status(pv_kvm_map_gpa_range(vp, GPA, 0, false), PV_EMPTY);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000 + 1, 1, false), PV_INVALID);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000 + 2048, 1, true), PV_INVALID);
    assert_status(pv_kvm_map_gpa_range(vp, end << 12, 2, true), PV_INVALID);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, ~0ull, true), PV_INVALID);
    if (sizeof(long) < 8) {
        assert_status(pv_kvm_map_gpa_range(vp, 1ull << 32, 1, false), PV_INVALID);
        assert_status(pv_kvm_map_gpa_range(vp, 0xFFFFF000, 2, false), PV_INVALID);
    }
    assert_no_call();
    machine.kvm.refuse = EINVAL_OF_KVM;
    assert_status(pv_kvm_map_gpa_range(vp, end << 12, 1, true), PV_REFUSED);
    assert_int_equal(machine.kvm.arguments[0], (unsigned long)(end << 12));
}

static void who_is_offline_or_not_offered_it_makes_no_call(void **state)
{
    (void)state;
    rig_up(SIM_BARE);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 1, true), PV_UNSUPPORTED);
    assert_int_equal(rig_down(NULL), 0);
    rig_machine(SIM_KVM_NATIVE_X86);
    machine.kvm.features &= ~(1u << 16);
    rig_init(0);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 1, true), PV_UNSUPPORTED);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 0, true), PV_UNSUPPORTED);
    assert_status(pv_vp_offline(vp), PV_OK);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 1, true), PV_BAD_STATE);
    assert_no_call();
    assert_int_equal(rig_down(NULL), 0);
    rig_machine(SIM_KVM_X86);
    rig_init(OS_ID); /* KVM would take it for one of Hyper-V's */
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 1, true), PV_UNSUPPORTED);
}

/* Realtime says that VPs are not preempted, which has nothing to do with it. */
static void a_realtime_guest_may_too(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_NATIVE_X86);
    machine.kvm.hints = 1;
    rig_init(0);
    assert_status(pv_kvm_map_gpa_range(vp, 0x10000, 0, true), PV_EMPTY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_range_goes_in_one_call),
        RIG_TEST(every_other_answer_is_a_refusal),
        RIG_TEST(ranges_that_are_none_are_not_sent),
        RIG_TEST(who_is_offline_or_not_offered_it_makes_no_call),
        RIG_TEST(a_realtime_guest_may_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
