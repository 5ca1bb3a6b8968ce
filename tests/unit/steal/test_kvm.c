/* SPDX-License-Identifier: MIT */
/* KVM on x86: MSR 0x4B564D03. */
#include "unit/steal/rig.h"

#include "unit/guest/log.h"

#define MSR 0x4B564D03u

static const struct variant *const kvm = &variants[0];

/* An area in memory that the kernel before this one had. */
static uint8_t *register_theirs(uint32_t offset)
{
    const uint64_t gpa = sim_firmware_gpa(2) + offset;
    uint8_t *area = (uint8_t *)sim_memory_at(&machine, gpa, 64);

    memset(area, 0, 64);
    sim_steal_found(&machine, 0, gpa);
    guest.config.areas_adopt = true;
    return area;
}

static void the_msr_gets_the_gpa_and_bit_0_and_is_written_0_at_the_end(void **state)
{
    (void)state;
    rig_up(kvm);
    log_start(&machine);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_int_equal(journal.count, 1);
    assert_int_equal(journal.lines[0].number, MSR);
    assert_int_equal(journal.lines[0].value, machine.steal.vps[0].at | 1);
    assert_int_equal(journal.lines[0].value & 0x3F, 1);
    assert_int_equal(vp.steal.gpa, machine.steal.vps[0].at);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_int_equal(journal.count, 2);
    assert_int_equal(journal.lines[1].number, MSR);
    assert_int_equal(journal.lines[1].value, 0);
    rig_down();
}

/* Writing it where the bit is off is #GP, or is ignored: the sim complains. */
static void the_feature_bit_decides_and_the_msr_is_not_touched_without_it(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        rig_machine(kvm);
        sim_cpuid_set(&machine, 0x40000001, 1u << bit, 0, 0, 0);
        rig_init();
        machine.msr_reads = machine.msr_writes = 0;
        assert_int_equal(pv_steal_probe(&guest), bit == 5 ? PV_STEAL_KVM : PV_STEAL_NONE);
        assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), bit == 5 ? PV_OK : PV_UNSUPPORTED);
        assert_int_equal(machine.msr_reads + machine.msr_writes != 0, bit == 5);
        rig_down();
    }
}

static void the_value_is_at_0_the_version_at_8_and_the_hint_at_16(void **state)
{
    uint8_t *area;

    (void)state;
    rig_up(kvm);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    area = vp.steal.area;
    assert_ptr_equal(vp.steal.value, area);
    assert_ptr_equal(vp.steal.sequence, area + 8);
    assert_ptr_equal(vp.steal.preempted, area + 16);
    rig_down();
}

static void an_msr_that_does_not_stick_is_refused(void **state)
{
    (void)state;
    rig_up(kvm);
    machine.steal.ignores = true;
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_REFUSED);
    assert_int_equal(vp.steal.host_error, vp.steal.gpa | 1);
    assert_int_equal(vp.told.count, 0);
    assert_false(vp.steal.stuck);
    rig_down();
}

/* ---- an area that is registered already ---- */

static void an_area_found_registered_is_read_and_left_alone(void **state)
{
    (void)state;
    rig_up(kvm);
    (void)register_theirs(64);
    sim_steal_set(&machine, 0, 5000);
    machine.msr_writes = 0;
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_int_equal(pv_steal_ns(&vp), 0);
    sim_steal_set(&machine, 0, 5600);
    assert_int_equal(pv_steal_ns(&vp), 600);
    assert_int_equal(machine.os.maps, 1);
    assert_status(pv_vp_offline(&vp), PV_OK);
    come_back();
    sim_steal_set(&machine, 0, 5700);
    assert_int_equal(pv_steal_ns(&vp), 700);
    assert_int_equal(machine.os.maps, 1);
    assert_status(pv_steal_disable(&vp), PV_OK);
    assert_int_equal(machine.msr_writes, 0);
    assert_true(machine.steal.vps[0].on);
    rig_down();
    assert_true(machine.steal.vps[0].on);
}

/* As a kernel leaves it that was not quiesced before kexec. */
static void an_area_left_behind_is_replaced_by_ours(void **state)
{
    (void)state;
    rig_up(kvm);
    (void)register_theirs(64);
    guest.config.areas_adopt = false;
    machine.steal.vps[0].foreign = false; /* nobody's any more */
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_int_equal(machine.steal.vps[0].at, vp.steal.gpa);
    assert_ptr_equal(vp.steal.shared, vp.steal.area);
    steal(700);
    assert_int_equal(pv_steal_ns(&vp), 700);
    assert_int_equal(machine.os.maps, 0);
    rig_down();
    assert_false(machine.steal.vps[0].on);
}

/* What is still on may be ours, which is put in place again, or by then somebody else's. */
static void an_area_of_ours_that_the_host_kept_is_no_found_one(void **state)
{
    (void)state;
    rig_up(kvm);
    guest.config.areas_adopt = true;
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    machine.steal.keeps = true;
    assert_status(pv_vp_offline(&vp), PV_OK);
    machine.steal.keeps = false;
    come_back();
    assert_ptr_equal(vp.steal.shared, vp.steal.area);
    assert_int_equal(machine.os.maps, 0);
    assert_status(pv_vp_offline(&vp), PV_OK);
    (void)register_theirs(64);
    come_back();
    assert_ptr_not_equal(vp.steal.shared, vp.steal.area);
    assert_int_equal(machine.os.maps, 1);
    rig_down();
}

static void a_found_area_that_cannot_be_mapped_is_a_bad_address(void **state)
{
    (void)state;
    rig_up(kvm);
    (void)register_theirs(0);
    machine.os.fail.map = 1;
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_BAD_ADDRESS);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    rig_down();
}

/* Reading 64 bytes of it might leave the page that was mapped. */
static void a_found_area_that_is_misaligned_is_a_bad_address(void **state)
{
    static const uint32_t offsets[] = { 2, 8, 32, 4090, 4094 };

    (void)state;
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        rig_up(kvm);
        (void)register_theirs(0);
        machine.steal.vps[0].at += offsets[i];
        assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_BAD_ADDRESS);
        assert_int_equal(machine.os.maps, 0);
        rig_down();
    }
}

static void a_found_area_that_moves_is_mapped_anew(void **state)
{
    (void)state;
    rig_up(kvm);
    (void)register_theirs(0);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    sim_steal_set(&machine, 0, 100);
    assert_int_equal(pv_steal_ns(&vp), 100);
    assert_status(pv_vp_offline(&vp), PV_OK);
    (void)register_theirs(128);
    come_back();
    assert_int_equal(vp.steal.status, PV_OK);
    sim_steal_set(&machine, 0, 7);
    assert_int_equal(pv_steal_ns(&vp), 107);
    assert_int_equal(machine.os.maps, 2);
    assert_int_equal(machine.os.unmaps, 1);
    rig_down();
}

static void a_found_area_that_is_odd_for_ever_is_malformed_and_stays_registered(void **state)
{
    const uint32_t odd = 1;

    (void)state;
    rig_up(kvm);
    memcpy(register_theirs(0) + 8, &odd, sizeof(odd));
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_MALFORMED);
    assert_true(machine.steal.vps[0].on);
    rig_down();
}

static void an_area_that_somebody_puts_in_the_place_of_ours_is_read(void **state)
{
    (void)state;
    rig_on(kvm);
    steal(40);
    assert_int_equal(pv_steal_ns(&vp), 40);
    assert_status(pv_steal_disable(&vp), PV_OK);
    (void)register_theirs(0);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_int_equal(machine.os.maps, 1);
    sim_steal_set(&machine, 0, 2);
    assert_int_equal(pv_steal_ns(&vp), 42);
    rig_down();
}

/* Once the one before has let go, the area is ours like any other. */
static void a_found_area_that_is_gone_by_the_next_online_is_replaced_by_ours(void **state)
{
    (void)state;
    rig_up(kvm);
    (void)register_theirs(0);
    assert_status(pv_steal_enable(&vp, PV_STEAL_KVM), PV_OK);
    assert_status(pv_vp_offline(&vp), PV_OK);
    sim_steal_drop(&machine, 0);
    come_back();
    assert_ptr_equal(vp.steal.shared, vp.steal.area);
    assert_true(machine.steal.vps[0].on);
    steal(40);
    assert_int_equal(pv_steal_ns(&vp), 40);
    rig_down();
}

/* ---- reset and memory ---- */

/* INIT clears the registration; the CPU comes online again and everything goes on. */
static void an_area_lost_by_init_is_told_again(void **state)
{
    (void)state;
    rig_on(kvm);
    steal(40);
    assert_int_equal(pv_steal_ns(&vp), 40);
    assert_status(pv_vp_offline(&vp), PV_OK);
    sim_steal_drop(&machine, 0);
    come_back();
    steal(2);
    assert_int_equal(pv_steal_ns(&vp), 42);
    rig_down();
}

static void bits_of_the_hint_that_are_not_preempted_say_nothing(void **state)
{
    (void)state;
    rig_on(kvm);
    sim_steal_hint(&machine, 0, 0xFE);
    assert_false(pv_steal_preempted(&vp));
    sim_steal_hint(&machine, 0, 0xFF);
    assert_true(pv_steal_preempted(&vp));
    sim_steal_hint(&machine, 0, 0);
    assert_false(pv_steal_preempted(&vp));
    rig_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_msr_gets_the_gpa_and_bit_0_and_is_written_0_at_the_end),
        cmocka_unit_test(the_feature_bit_decides_and_the_msr_is_not_touched_without_it),
        cmocka_unit_test(the_value_is_at_0_the_version_at_8_and_the_hint_at_16),
        cmocka_unit_test(an_msr_that_does_not_stick_is_refused),
        cmocka_unit_test(an_area_found_registered_is_read_and_left_alone),
        cmocka_unit_test(an_area_left_behind_is_replaced_by_ours),
        cmocka_unit_test(an_area_of_ours_that_the_host_kept_is_no_found_one),
        cmocka_unit_test(a_found_area_that_cannot_be_mapped_is_a_bad_address),
        cmocka_unit_test(a_found_area_that_is_misaligned_is_a_bad_address),
        cmocka_unit_test(a_found_area_that_moves_is_mapped_anew),
        cmocka_unit_test(a_found_area_that_is_odd_for_ever_is_malformed_and_stays_registered),
        cmocka_unit_test(an_area_that_somebody_puts_in_the_place_of_ours_is_read),
        cmocka_unit_test(a_found_area_that_is_gone_by_the_next_online_is_replaced_by_ours),
        cmocka_unit_test(an_area_lost_by_init_is_told_again),
        cmocka_unit_test(bits_of_the_hint_that_are_not_preempted_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
