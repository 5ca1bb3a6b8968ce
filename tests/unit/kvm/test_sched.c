/* SPDX-License-Identifier: MIT */
/* Yield to a VP, and wake one. */
#include "unit/kvm/rig.h"

#define EINVAL_OF_KVM (-22)
#define ENOSYS_OF_KVM (-1000)

static struct pv_hw_id of(uint32_t i)
{
    return vps[i].hw_id;
}

static void assert_called(unsigned long function, unsigned long first, unsigned long second)
{
    assert_int_equal(machine.kvm.function, function);
    assert_int_equal(machine.kvm.arguments[0], first);
    assert_int_equal(machine.kvm.arguments[1], second);
    assert_int_equal(machine.kvm.arguments[2], 0);
    assert_int_equal(machine.kvm.arguments[3], 0);
}

static void a_yield_names_the_vp(void **state)
{
    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    rig_online(2);
    assert_status(pv_kvm_yield_to(vp, of(2)), PV_OK);
    assert_called(11, SIM_HW_ID(2), 0);
    for (uint32_t i = 0; i < RIG_VPS; i++)
        assert_int_equal(machine.kvm.vps[i].yields, i == 2);
}

static void a_kick_has_no_flags_and_names_the_vp(void **state)
{
    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    rig_online(2);
    assert_status(pv_kvm_kick(vp, of(2)), PV_OK);
    assert_called(5, 0, SIM_HW_ID(2));
    for (uint32_t i = 0; i < RIG_VPS; i++) {
        assert_int_equal(machine.kvm.vps[i].kicks, i == 2);
        assert_int_equal(machine.kvm.vps[i].kicked, i == 2);
    }
}

/* KVM says yes to those too. */
static void one_may_name_oneself_and_who_is_not_there(void **state)
{
    const struct pv_hw_id nobody = { 0xFFFFFFFF };

    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    assert_status(pv_kvm_yield_to(vp, of(0)), PV_OK);
    assert_status(pv_kvm_kick(vp, of(0)), PV_OK);
    assert_status(pv_kvm_yield_to(vp, nobody), PV_OK);
    assert_called(11, 0xFFFFFFFF, 0);
    assert_status(pv_kvm_kick(vp, nobody), PV_OK);
    assert_called(5, 0, 0xFFFFFFFF);
}

/* 0 is the only good answer. */
static void every_other_answer_is_a_refusal(void **state)
{
    static const long answers[] = { -1, EINVAL_OF_KVM, ENOSYS_OF_KVM, 1, 2 };

    (void)state;
    rig_up(SIM_KVM_NATIVE_X86);
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        machine.kvm.refuse = answers[i];
        assert_status(pv_kvm_yield_to(vp, of(0)), PV_REFUSED);
        assert_status(pv_kvm_kick(vp, of(0)), PV_REFUSED);
    }
}

static void who_is_offline_or_not_on_kvm_gets_no_call(void **state)
{
    (void)state;
    rig_up(SIM_BARE);
    assert_status(pv_kvm_yield_to(vp, of(0)), PV_UNSUPPORTED);
    assert_status(pv_kvm_kick(vp, of(0)), PV_UNSUPPORTED);
    assert_status(pv_vp_offline(vp), PV_OK);
    assert_status(pv_kvm_yield_to(vp, of(0)), PV_BAD_STATE);
    assert_status(pv_kvm_kick(vp, of(0)), PV_BAD_STATE);
    assert_no_call();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_yield_names_the_vp),
        RIG_TEST(a_kick_has_no_flags_and_names_the_vp),
        RIG_TEST(one_may_name_oneself_and_who_is_not_there),
        RIG_TEST(every_other_answer_is_a_refusal),
        RIG_TEST(who_is_offline_or_not_on_kvm_gets_no_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
