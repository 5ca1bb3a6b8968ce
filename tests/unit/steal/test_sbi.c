/* SPDX-License-Identifier: MIT */
/* riscv64: SBI extension STA. */
#include "unit/steal/rig.h"

static const struct variant riscv = { SIM_RISCV_KVM, PV_STEAL_SBI, NULL, true, 1 };

static struct {
    unsigned long extension, function, arguments[3];
    unsigned calls;
} last;

static struct pv_port_sbi (*real)(struct pv_sim *sim, unsigned long extension,
                                  unsigned long function, const unsigned long arguments[3]);

static struct pv_port_sbi note(struct pv_sim *sim, unsigned long extension,
                               unsigned long function, const unsigned long arguments[3])
{
    last.extension = extension;
    last.function = function;
    memcpy(last.arguments, arguments, sizeof(last.arguments));
    last.calls++;
    return real(sim, extension, function, arguments);
}

static void note_calls(void)
{
    memset(&last, 0, sizeof(last));
    real = machine.cpus[0].port.sbi;
    machine.cpus[0].port.sbi = note;
}

static void assert_told(unsigned long low, unsigned long high)
{
    assert_int_equal(last.calls, 1);
    assert_int_equal(last.extension, 0x535441);
    assert_int_equal(last.function, 0);
    assert_int_equal(last.arguments[0], low);
    assert_int_equal(last.arguments[1], high);
    assert_int_equal(last.arguments[2], 0);
    last.calls = 0;
}

static void the_call_gets_the_address_and_all_ones_at_the_end(void **state)
{
    const unsigned half = sizeof(long) == 8 ? 63 : 31; /* shifted twice: by XLEN */

    (void)state;
    rig_up(&riscv);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_SBI), PV_OK);
    assert_true(vp.steal.gpa >= 1ull << 32);
    assert_told((unsigned long)vp.steal.gpa, (unsigned long)(vp.steal.gpa >> half >> 1));
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_told(~0ul, ~0ul);
    rig_down();
}

static void the_sequence_is_at_0_the_value_at_8_and_the_hint_at_16(void **state)
{
    (void)state;
    rig_up(&riscv);
    assert_status(pv_steal_enable(&vp, PV_STEAL_SBI), PV_OK);
    assert_ptr_equal(vp.steal.sequence, vp.steal.area);
    assert_ptr_equal(vp.steal.value, vp.steal.area + 8);
    assert_ptr_equal(vp.steal.preempted, vp.steal.area + 16);
    rig_down();
}

static void firmware_without_the_extension_is_unsupported(void **state)
{
    (void)state;
    rig_machine(&riscv);
    machine.sbi_no_sta = true;
    rig_init();
    note_calls();
    assert_int_equal(pv_steal_probe(&guest), PV_STEAL_NONE);
    assert_status(pv_steal_enable(&vp, PV_STEAL_SBI), PV_UNSUPPORTED);
    assert_int_equal(last.calls, 0);
    rig_down();
}

static void every_error_is_refused_and_kept(void **state)
{
    (void)state;
    for (int error = -1; error >= -9; error--) {
        rig_up(&riscv);
        machine.steal.refuse = error;
        assert_status(pv_steal_enable(&vp, PV_STEAL_SBI), PV_REFUSED);
        assert_int_equal(vp.steal.host_error, error);
        assert_false(vp.steal.stuck);
        rig_down();
    }
}

/* Firmware that knows nothing of it after a migration keeps nothing either. */
static void an_extension_that_is_gone_has_let_go(void **state)
{
    (void)state;
    rig_on(&riscv);
    machine.sbi_no_sta = true;
    sim_steal_drop(&machine, 0);
    assert_status(pv_steal_disable(&vp), PV_OK);
    rig_down();
}

static void any_hint_but_0_says_preempted(void **state)
{
    (void)state;
    rig_on(&riscv);
    for (unsigned hint = 0; hint < 256; hint++) {
        sim_steal_hint(&machine, 0, (uint8_t)hint);
        assert_int_equal(pv_steal_preempted(&vp), hint != 0);
    }
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call_gets_the_address_and_all_ones_at_the_end),
        cmocka_unit_test(the_sequence_is_at_0_the_value_at_8_and_the_hint_at_16),
        cmocka_unit_test(firmware_without_the_extension_is_unsupported),
        cmocka_unit_test(every_error_is_refused_and_kept),
        cmocka_unit_test(an_extension_that_is_gone_has_let_go),
        cmocka_unit_test(any_hint_but_0_says_preempted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
