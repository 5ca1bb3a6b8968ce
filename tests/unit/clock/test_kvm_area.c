/* SPDX-License-Identifier: MIT */
/* kvmclock: registering an area, finding one registered, and a look without either. */
#include "unit/clock/rig.h"
#include "unit/guest/log.h"

#define SYSTEM_TIME 0x4B564D01u
#define KVM_FEATURES 0x40000001u

static volatile struct pv_kvm_time *area_of(uint32_t vp)
{
    return (volatile struct pv_kvm_time *)(void *)vps[vp].clock.area;
}

static void up(void)
{
    rig_up(PV_CLOCK_KVM, 1);
}

/* VP 0 online, its clock not yet on. */
static void almost_up(void)
{
    rig_best(PV_CLOCK_KVM);
    config.areas_adopt = true;
    rig_init();
    rig_online(0);
}

static void begin(struct pv_sim *sim)
{
    (void)sim;
    sim_clock_begin(&machine);
}

/* ---- registering ---- */

static void an_area_is_registered_for_each_vp_and_taken_back(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 3);
    for (uint32_t vp = 0; vp < 3; vp++) {
        assert_int_equal((uintptr_t)vps[vp].clock.area % 64, 0);
        assert_u64(machine.clock.kvm_msr[vp], vps[vp].clock.gpa | 1);
        assert_u64(vps[vp].clock.gpa, pv_os_virt_to_gpa(vps[vp].clock.area));
        assert_ptr_equal(vps[vp].clock.shared, vps[vp].clock.area);
        assert_int_equal(vps[vp].told.count, 1);
    }
    log_start(&machine);
    rig_offline(1);
    assert_int_equal(journal.count, 1);
    assert_int_equal(journal.lines[0].number, SYSTEM_TIME);
    assert_u64(journal.lines[0].value, 0);
    assert_u64(machine.clock.kvm_msr[1], 0);
    assert_int_not_equal(machine.clock.kvm_msr[2], 0);
}

static void kvm_behind_hyperv_does_as_well(void **state)
{
    (void)state;
    rig_machine(SIM_KVM_X86);
    rig_init();
    rig_online(0);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    rig_assert_near(rig_ns(0), 0, 20);
}

static void without_the_feature_there_is_no_kvmclock(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    sim_cpuid_set(&machine, KVM_FEATURES, ~0x8u, 0, 0, 0);
    rig_init();
    assert_false(pv_clock_kvm_offered_(&guest));
    rig_online(0);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_UNSUPPORTED);
    assert_int_equal(machine.msr_writes, 0);
}

static void an_area_that_is_never_valid_is_taken_back(void **state)
{
    static const enum sim_clock_behaviour behaviours[] = {
        SIM_CLOCK_SILENT,     SIM_CLOCK_ODD,       SIM_CLOCK_MUL_ZERO,
        SIM_CLOCK_SHIFT_HIGH, SIM_CLOCK_SHIFT_LOW,
    };

    (void)state;
    almost_up();
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        machine.clock.behaviour = behaviours[i];
        assert_status(rig_enable(0, PV_CLOCK_KVM), PV_MALFORMED);
        assert_null(sim_clock_left(&machine));
        assert_int_equal(vps[0].told.count, 0);
        assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
    }
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
}

/* The counter is read and found honest, and then the host keeps writing. */
static void an_area_that_cannot_be_read_when_the_clock_starts_is_taken_back(void **state)
{
    (void)state;
    almost_up();
    rig_host(begin);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_MALFORMED);
    assert_null(sim_clock_left(&machine));
}

static void an_area_that_is_refused_is_not_used(void **state)
{
    (void)state;
    almost_up();
    machine.clock.behaviour = SIM_CLOCK_REFUSES;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_REFUSED);
    assert_int_equal(vps[0].told.count, 0);
    assert_false(vps[0].clock.stuck);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
}

static void an_area_without_usable_address_is_not_told(void **state)
{
    (void)state;
    almost_up();
    machine.os.fail.virt_to_gpa = 1;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_BAD_ADDRESS);
    machine.os.gpa_skew = 32;
    machine.os.fail.skew = 1;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_BAD_ADDRESS);
    assert_int_equal(machine.msr_writes, 0);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
}

static void an_area_that_the_host_keeps_stays_with_it(void **state)
{
    (void)state;
    up();
    machine.clock.behaviour = SIM_CLOCK_KEEPS;
    rig_offline(0);
    assert_true(vps[0].clock.stuck);
    assert_status(pv_vp_release(&vps[0]), PV_REFUSED);
    assert_int_equal(machine.os.logs, 1);
    assert_string_equal(machine.os.log,
                        "libpv: the hypervisor keeps the clock area; struct pv_vp must stay");
    machine.clock.kvm_msr[0] = 0;
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    rig_online(0);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    assert_false(vps[0].clock.stuck);
}

static void an_area_that_is_kept_after_a_failure_is_known_to_be(void **state)
{
    (void)state;
    almost_up();
    machine.clock.behaviour = SIM_CLOCK_KEEPS;
    rig_host(begin);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_MALFORMED);
    assert_true(vps[0].clock.stuck);
    rig_host(NULL);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK); /* our own, still on */
    assert_false(vps[0].clock.stuck);
    assert_null(vps[0].clock.mapped);
}

/* ---- found registered ---- */

static volatile struct pv_kvm_time *found(uint32_t page, uint32_t offset)
{
    sim_clock_register(&machine, SYSTEM_TIME, 0, (sim_firmware_gpa(page) + offset) | 1);
    return (volatile struct pv_kvm_time *)(void *)(machine.firmware[page] + offset);
}

static void lose(void)
{
    machine.clock.kvm_msr[0] = 0;
}

static void an_area_that_somebody_else_registered_is_only_read(void **state)
{
    struct pv_clock_reading reading;
    volatile struct pv_kvm_time *area;

    (void)state;
    almost_up();
    memset(machine.firmware, 0, sizeof(machine.firmware));
    area = found(1, 0x40);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_ptr_equal(vps[0].clock.shared, area);
    assert_ptr_equal(vps[0].clock.mapped, machine.firmware[1]);
    sim_clock_stop(&machine);
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(reading.moved);
    assert_int_equal(area->flags, 3); /* the owner's to clear */
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_false(reading.moved);
    area->flags = 1;
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    sim_clock_stop(&machine);
    assert_true(pv_clock_kvm_read_(&vps[0], &reading));
    assert_true(reading.moved);
    rig_offline(0);
    assert_u64(machine.clock.kvm_msr[0], (sim_firmware_gpa(1) + 0x40) | 1);
    assert_int_equal(machine.msr_writes, 0);
    rig_online(0);
    assert_int_equal(machine.os.maps, 1);
    assert_status(vps[0].clock.status, PV_OK);
    lose();
}

static void an_area_is_mapped_where_it_is_now(void **state)
{
    (void)state;
    almost_up();
    memset(machine.firmware, 0, sizeof(machine.firmware));
    found(1, 0);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    rig_offline(0);
    found(2, PV_PAGE_BYTES - 32);
    rig_online(0);
    assert_ptr_equal(vps[0].clock.mapped, machine.firmware[2]);
    assert_int_equal(machine.os.unmaps, 1);
    rig_offline(0);
    lose();
    rig_online(0); /* now it is our own */
    assert_ptr_equal(vps[0].clock.shared, vps[0].clock.area);
    sim_clock_stop(&machine);
    (void)rig_ns(0);
    assert_int_equal(area_of(0)->flags & 2, 0);
}

static void an_area_that_cannot_be_reached_is_not_used(void **state)
{
    (void)state;
    almost_up();
    memset(machine.firmware, 0, sizeof(machine.firmware));
    found(1, PV_PAGE_BYTES - 24);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_BAD_ADDRESS);
    found(1, 0);
    machine.os.fail.map = 1;
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_BAD_ADDRESS);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    lose();
}

static void an_area_that_could_not_be_mapped_is_tried_again(void **state)
{
    (void)state;
    almost_up();
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    rig_offline(0);
    memset(machine.firmware, 0, sizeof(machine.firmware));
    found(1, 0);
    machine.os.fail.map = 1;
    rig_online(0);
    assert_status(vps[0].clock.status, PV_BAD_ADDRESS);
    rig_offline(0);
    rig_online(0);
    assert_status(vps[0].clock.status, PV_OK);
    assert_u64(machine.clock.kvm_msr[0], sim_firmware_gpa(1) | 1);
    lose();
}

/* Firmware's, or an earlier kernel's. */
static void without_an_owner_ours_takes_its_place(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    found(1, 0);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_ptr_equal(vps[0].clock.shared, vps[0].clock.area);
    assert_int_equal(machine.os.maps, 0);
    rig_offline(0);
    assert_u64(machine.clock.kvm_msr[0], 0);
}

/* ---- a look at it without being the clock ---- */

static void a_sample_leaves_nothing_registered(void **state)
{
    struct pv_kvm_time time;

    (void)state;
    almost_up();
    log_start(&machine);
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_OK);
    rig_assert_near(pv_clock_kvm_time_(&time, pv_sim->counter(pv_sim)), NS_PER_HOUR, 20);
    assert_int_equal(journal.count, 2);
    assert_int_equal(journal.lines[0].number, SYSTEM_TIME);
    assert_u64(journal.lines[0].value, pv_os_virt_to_gpa(guest.clock.scratch) | 1);
    assert_u64(journal.lines[1].value, 0);
}

static void a_sample_puts_back_what_was_registered(void **state)
{
    struct pv_kvm_time time;

    (void)state;
    almost_up();
    memset(machine.firmware, 0, sizeof(machine.firmware));
    found(1, 0);
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_OK);
    assert_u64(machine.clock.kvm_msr[0], sim_firmware_gpa(1) | 1);
    assert_int_equal(guest.told.count, 0);
    lose();
}

static void where_kvmclock_is_the_clock_a_sample_puts_its_area_back(void **state)
{
    struct pv_kvm_time time;

    (void)state;
    up();
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_OK);
    assert_u64(machine.clock.kvm_msr[0], vps[0].clock.gpa | 1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    sim_clock_migrate(&machine, 3000000000, 5);
    rig_assert_near(rig_ns(0), NS_PER_SECOND, 20);
}

/* Nobody owns it, and the memory is the kernel's by now. */
static void a_sample_does_not_register_again_what_firmware_left(void **state)
{
    struct pv_kvm_time time;

    (void)state;
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    found(1, 0);
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_OK);
    assert_u64(machine.clock.kvm_msr[0], 0);
    found(1, 0);
    machine.clock.behaviour = SIM_CLOCK_ODD;
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_MALFORMED);
    assert_u64(machine.clock.kvm_msr[0], 0);
}

static void a_sample_may_fail(void **state)
{
    struct pv_kvm_time time;

    (void)state;
    almost_up();
    machine.os.fail.virt_to_gpa = 1;
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_BAD_ADDRESS);
    assert_int_equal(machine.msr_writes, 0);
    machine.clock.behaviour = SIM_CLOCK_ODD;
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_MALFORMED);
    assert_null(sim_clock_left(&machine));
    assert_false(guest.clock.scratch_stuck);
}

static void a_sample_that_the_host_keeps_keeps_the_guest_where_it_is(void **state)
{
    struct pv_kvm_time time;

    (void)state;
    almost_up();
    machine.clock.behaviour = SIM_CLOCK_KEEPS;
    assert_status(pv_clock_kvm_sample_(&guest, &time), PV_OK);
    assert_true(guest.clock.scratch_stuck);
    assert_status(pv_guest_release(&guest, &vps[0]), PV_REFUSED);
    lose();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_area_is_registered_for_each_vp_and_taken_back),
        RIG_TEST(kvm_behind_hyperv_does_as_well),
        RIG_TEST(without_the_feature_there_is_no_kvmclock),
        RIG_TEST(an_area_that_is_never_valid_is_taken_back),
        RIG_TEST(an_area_that_cannot_be_read_when_the_clock_starts_is_taken_back),
        RIG_TEST(an_area_that_is_refused_is_not_used),
        RIG_TEST(an_area_without_usable_address_is_not_told),
        RIG_TEST(an_area_that_the_host_keeps_stays_with_it),
        RIG_TEST(an_area_that_is_kept_after_a_failure_is_known_to_be),
        RIG_TEST(an_area_that_somebody_else_registered_is_only_read),
        RIG_TEST(an_area_is_mapped_where_it_is_now),
        RIG_TEST(an_area_that_cannot_be_reached_is_not_used),
        RIG_TEST(an_area_that_could_not_be_mapped_is_tried_again),
        RIG_TEST(without_an_owner_ours_takes_its_place),
        RIG_TEST(a_sample_leaves_nothing_registered),
        RIG_TEST(a_sample_puts_back_what_was_registered),
        RIG_TEST(where_kvmclock_is_the_clock_a_sample_puts_its_area_back),
        RIG_TEST(a_sample_does_not_register_again_what_firmware_left),
        RIG_TEST(a_sample_may_fail),
        RIG_TEST(a_sample_that_the_host_keeps_keeps_the_guest_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
