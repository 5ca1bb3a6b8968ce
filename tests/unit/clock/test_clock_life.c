/* SPDX-License-Identifier: MIT */
/* The clock over offline and online, quiesce and resume, and release. */
#include "unit/clock/rig.h"

static void for_each_source(void (*check)(enum pv_clock_source source))
{
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++) {
        check((enum pv_clock_source)source);
        rig_release();
        sim_assert_clean(&machine);
    }
}

static void check_offline(enum pv_clock_source source)
{
    uint64_t last;

    rig_up(source, 2);
    sim_clock_advance(&machine, NS_PER_SECOND);
    last = rig_ns(1);
    rig_assert_near(last, NS_PER_SECOND, 300);
    rig_offline(1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    assert_u64(rig_ns(1), last);
    rig_assert_near(rig_ns(0), 2 * NS_PER_SECOND, 300);
    rig_online(1);
    assert_status(vps[1].clock.status, PV_OK);
    rig_assert_near(rig_ns(1), 2 * NS_PER_SECOND, 300);
    assert_true(rig_ns(1) >= rig_ns(0) || rig_ns(0) - rig_ns(1) < 300);
    assert_int_equal(guest.clock.epoch, 1);
}

static void it_goes_on_over_offline_and_online(void **state)
{
    (void)state;
    for_each_source(check_offline);
}

static void check_quiesce(enum pv_clock_source source)
{
    uint64_t last;
    uint32_t epoch;

    rig_up(source, 2);
    sim_clock_advance(&machine, NS_PER_SECOND);
    last = rig_ns(1);
    rig_offline(1);
    epoch = pv_clock_epoch(&guest);
    sim_use(&machine, 0);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    assert_null(sim_clock_left(&machine));
    assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
    sim_clock_advance(&machine, NS_PER_HOUR);
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_status(vps[0].clock.status, PV_OK);
    assert_int_equal(guest.clock.source, source);
    assert_true(rig_ns(0) >= last);
    rig_assert_near(rig_ns(0), last + NS_PER_MS, NS_PER_MS + 300); /* it stood */
    assert_int_equal(pv_clock_epoch(&guest), epoch + 1);
    rig_online(1);
    rig_assert_near(rig_ns(1), rig_ns(0), 300);
    assert_int_equal(pv_clock_epoch(&guest), epoch + 1);
}

static void it_stands_while_the_guest_is_quiesced(void **state)
{
    (void)state;
    for_each_source(check_quiesce);
}

/* As another host: every clock of it starts at another time. */
static void move_to(enum sim_kind kind)
{
    machine.kind = kind;
    machine.page_is_written = kind == SIM_KVM_X86;
    machine.leaf_count = 0;
    machine.clock.told_ns = 0ull - machine.clock.now_ns;
    sim_clock_migrate(&machine, 1700000000, 5);
}

static void the_next_host_may_have_other_clocks(void **state)
{
    uint64_t last;

    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    last = rig_ns(0);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    move_to(SIM_HYPERV_X86);
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_int_equal(guest.clock.source, PV_CLOCK_HV_PAGE);
    assert_true(rig_ns(0) >= last);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_assert_near(rig_ns(0), last + NS_PER_SECOND, 2 * NS_PER_MS);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    move_to(SIM_KVM_NATIVE_X86);
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_int_equal(guest.clock.source, PV_CLOCK_KVM);
    rig_assert_near(rig_ns(0), last + NS_PER_SECOND, 4 * NS_PER_MS);
}

static void a_source_that_was_named_may_be_gone_and_another_be_named(void **state)
{
    uint64_t last;

    (void)state;
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    assert_status(rig_enable(0, PV_CLOCK_KVM), PV_OK);
    sim_clock_advance(&machine, NS_PER_SECOND);
    last = rig_ns(0);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    move_to(SIM_HYPERV_X86);
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK); /* the CPU comes online all the same */
    assert_status(vps[0].clock.status, PV_UNSUPPORTED);
    assert_u64(rig_ns(0), last);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    assert_int_equal(guest.clock.source, PV_CLOCK_HV_PAGE);
    assert_true(rig_ns(0) >= last);
}

static void what_fails_on_the_way_online_is_tried_again_the_next_time(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_offline(0);
    machine.clock.behaviour = SIM_CLOCK_REFUSES;
    rig_online(0);
    assert_status(vps[0].clock.status, PV_REFUSED);
    assert_false(vps[0].clock.on);
    rig_offline(0);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    rig_online(0);
    assert_status(vps[0].clock.status, PV_OK);
    rig_assert_near(rig_ns(0), NS_PER_SECOND, 20);
}

static void a_clock_that_was_never_on_stays_off(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_KVM);
    rig_init();
    rig_online(0);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    assert_u64(guest.clock.now.last, 0);
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_false(vps[0].clock.on);
    assert_int_equal(guest.clock.epoch, 0);
    assert_int_equal(machine.msr_writes, 0);
}

/* No VP has it on, the choice stays. */
static void the_last_vp_that_goes_offline_does_not_end_it(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_HV_PAGE, 2);
    rig_offline(0);
    rig_offline(1);
    assert_int_equal(guest.clock.source, PV_CLOCK_HV_PAGE);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_online(1);
    rig_assert_near(rig_ns(1), NS_PER_SECOND, 300);
    assert_int_equal(guest.clock.epoch, 1);
}

static void release_gives_everything_back_and_a_new_guest_starts_at_0(void **state)
{
    (void)state;
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++) {
        rig_up((enum pv_clock_source)source, 4);
        sim_clock_advance(&machine, NS_PER_SECOND);
        rig_release();
        sim_assert_clean(&machine);
        assert_false(vps[0].clock.on || vps[0].clock.wanted);
        memset(&guest, 0, sizeof(guest));
        memset(vps, 0, sizeof(vps));
        rig_init();
        rig_online(0);
        assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
        rig_assert_near(rig_ns(0), 0, 300);
        rig_release();
    }
}

static void a_vp_that_was_released_is_not_taken_up_again(void **state)
{
    (void)state;
    rig_up(PV_CLOCK_KVM, 1);
    rig_offline(0);
    assert_status(pv_vp_release(&vps[0]), PV_OK);
    rig_online(0);
    assert_false(vps[0].clock.on);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(it_goes_on_over_offline_and_online),
        RIG_TEST(it_stands_while_the_guest_is_quiesced),
        RIG_TEST(the_next_host_may_have_other_clocks),
        RIG_TEST(a_source_that_was_named_may_be_gone_and_another_be_named),
        RIG_TEST(what_fails_on_the_way_online_is_tried_again_the_next_time),
        RIG_TEST(a_clock_that_was_never_on_stays_off),
        RIG_TEST(the_last_vp_that_goes_offline_does_not_end_it),
        RIG_TEST(release_gives_everything_back_and_a_new_guest_starts_at_0),
        RIG_TEST(a_vp_that_was_released_is_not_taken_up_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
