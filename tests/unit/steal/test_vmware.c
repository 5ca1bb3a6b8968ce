/* SPDX-License-Identifier: MIT */
/* VMware's steal clock, by any way in. */
#include "unit/steal/rig.h"

static const struct variant vmware = { SIM_VMWARE_X86, PV_STEAL_VMWARE, NULL, false, 0 };

static struct {
    enum pv_port_vmware way;
    uint32_t command;
    uint64_t argument;
    unsigned calls;
} last;

static uint32_t (*real)(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                        uint64_t argument);
static uint32_t answer; /* with strange(): whatever is asked */

static uint32_t note(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                     uint64_t argument)
{
    last.way = way;
    last.command = command;
    last.argument = argument;
    last.calls++;
    return real(sim, way, command, argument);
}

static uint32_t strange(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                        uint64_t argument)
{
    (void)sim;
    (void)way;
    (void)command;
    return argument == 1 ? 0 : answer;
}

static void note_calls(void)
{
    memset(&last, 0, sizeof(last));
    real = machine.cpus[0].port.vmware_call;
    machine.cpus[0].port.vmware_call = note;
}

static void the_call_gets_the_address_and_1_at_the_end(void **state)
{
    (void)state;
    rig_up(&vmware);
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_OK);
    assert_int_equal(last.calls, 1);
    assert_int_equal(last.command, 91);
    assert_int_equal(last.argument, vp.steal.gpa);
    assert_true(last.argument >= 1ull << 32);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_int_equal(last.calls, 2);
    assert_int_equal(last.command, 91);
    assert_int_equal(last.argument, 1);
    rig_down();
}

/* ECX of leaf 0x40000010: bit 0 VMMCALL, bit 1 VMCALL; VMMCALL where both are. */
static void the_way_in_is_the_one_the_leaf_tells(void **state)
{
    static const enum pv_port_vmware ways[] = { PV_PORT_VMWARE_PORT, PV_PORT_VMWARE_VMMCALL,
                                                PV_PORT_VMWARE_VMCALL, PV_PORT_VMWARE_VMMCALL };

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        rig_machine(&vmware);
        machine.steal.vmware_ways = i;
        rig_init();
        note_calls();
        assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_OK);
        assert_int_equal(last.way, ways[i & 3]);
        assert_status(pv_steal_disable(&vp), PV_OK);
        assert_int_equal(last.way, ways[i & 3]);
        rig_down();
    }
}

static void without_the_leaf_it_is_the_port(void **state)
{
    (void)state;
    rig_machine(&vmware);
    sim_cpuid_set(&machine, 0x40000000, 0x4000000F, 0x61774D56, 0x4D566572, 0x65726177);
    sim_cpuid_set(&machine, 0x40000010, 0, 0, 3, 0);
    rig_init();
    note_calls();
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_OK);
    assert_int_equal(last.way, PV_PORT_VMWARE_PORT);
    rig_down();
}

static void the_value_is_at_0_and_there_is_no_hint(void **state)
{
    (void)state;
    rig_up(&vmware);
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_OK);
    assert_ptr_equal(vp.steal.value, vp.steal.area);
    assert_null(vp.steal.preempted);
    rig_down();
}

static void a_host_without_a_steal_clock_is_unsupported(void **state)
{
    (void)state;
    rig_up(&vmware);
    machine.steal.vmware_absent = true;
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_UNSUPPORTED);
    assert_int_equal(vp.steal.host_error, 0);
    assert_int_equal(vp.told.count, 0);
    assert_false(vp.steal.stuck);
    rig_down();
}

static void a_clock_that_stays_disabled_is_refused(void **state)
{
    (void)state;
    rig_up(&vmware);
    machine.steal.ignores = true;
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_REFUSED);
    assert_int_equal(vp.steal.host_error, -1);
    machine.steal.ignores = false;
    assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_OK);
    rig_down();
}

static void any_other_answer_is_refused_and_tells_by_how_much_it_is_off(void **state)
{
    (void)state;
    for (answer = 2; answer < 0xFFFFFFF0; answer = answer * 3 + 1) {
        rig_up(&vmware);
        machine.cpus[0].port.vmware_call = strange;
        assert_status(pv_steal_enable(&vp, PV_STEAL_VMWARE), PV_REFUSED);
        assert_int_equal(vp.steal.host_error, (int64_t)answer - 1);
        rig_down();
        if (answer > 0x50000000)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_call_gets_the_address_and_1_at_the_end),
        cmocka_unit_test(the_way_in_is_the_one_the_leaf_tells),
        cmocka_unit_test(without_the_leaf_it_is_the_port),
        cmocka_unit_test(the_value_is_at_0_and_there_is_no_hint),
        cmocka_unit_test(a_host_without_a_steal_clock_is_unsupported),
        cmocka_unit_test(a_clock_that_stays_disabled_is_refused),
        cmocka_unit_test(any_other_answer_is_refused_and_tells_by_how_much_it_is_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
