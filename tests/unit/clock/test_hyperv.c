/* SPDX-License-Identifier: MIT */
/* Hyper-V reference time: its numbers, the page's sequence rules, and the life of the page. */
#include "unit/clock/rig.h"
#include "unit/guest/log.h"

#define REFERENCE_TSC 0x40000021u

static uint64_t seed = 0xBEEFull;

static volatile struct pv_hv_reference_tsc *page(void)
{
    return (volatile struct pv_hv_reference_tsc *)guest.clock.page;
}

static void up(void)
{
    rig_up(PV_CLOCK_HV_PAGE, 1);
}

static void almost_up(void)
{
    rig_best(PV_CLOCK_HV_PAGE);
    rig_init();
    rig_online(0);
}

static uint64_t reading(bool *moved)
{
    struct pv_clock_reading now;

    assert_true(pv_clock_hv_page_read_(&guest, &now));
    assert_false(now.unstable);
    *moved = now.moved;
    return now.ns;
}

/* ---- numbers ---- */

static void the_numbers_are_those_of_the_tlfs(void **state)
{
    (void)state;
    assert_int_equal(PV_HV_MSR_TIME_REF_COUNT, 0x40000020);
    assert_int_equal(PV_HV_MSR_REFERENCE_TSC, 0x40000021);
    assert_int_equal(PV_HV_MSR_TSC_FREQUENCY, 0x40000022);
    assert_int_equal(PV_HV_MSR_APIC_FREQUENCY, 0x40000023);
    assert_int_equal(PV_HV_PRIVILEGE_TIME_REF_COUNT, 1);
    assert_int_equal(PV_HV_PRIVILEGE_REFERENCE_TSC, 9);
    assert_int_equal(PV_HV_PRIVILEGE_FREQUENCY, 11);
    assert_int_equal(PV_HV_FEATURE_FREQUENCY, 0x100);
    assert_int_equal(PV_HV_REFERENCE_TSC_INVALID_OLD, 0xFFFFFFFF);
    assert_int_equal(offsetof(struct pv_hv_reference_tsc, sequence), 0);
    assert_int_equal(offsetof(struct pv_hv_reference_tsc, scale), 8);
    assert_int_equal(offsetof(struct pv_hv_reference_tsc, offset), 16);
}

static void the_counter_counts_units_of_100_ns(void **state)
{
    (void)state;
    rig_best(PV_CLOCK_HV_COUNTER);
    assert_u64(pv_clock_hv_counter_(), NS_PER_HOUR);
    sim_clock_advance(&machine, 199);
    assert_u64(pv_clock_hv_counter_(), NS_PER_HOUR + 100);
    machine.clock.told_ns = 0ull - machine.clock.now_ns;
    assert_u64(pv_clock_hv_counter_(), 0);
}

static void what_is_offered_follows_the_privileges(void **state)
{
    static const struct {
        uint64_t privileges;
        bool counter, page;
    } cases[] = {
        { 0x000, false, false }, { 0x002, true, false }, { 0x200, false, false },
        { 0x202, true, true },   { ~0x202ull, false, false },
    };

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        guest.detect.hyperv.privileges = cases[i].privileges;
        assert_int_equal(pv_clock_hv_counter_offered_(&guest), cases[i].counter);
        assert_int_equal(pv_clock_hv_page_offered_(&guest), cases[i].page);
    }
    rig_machine(SIM_HYPERV_ARM64);
    guest.detect.hyperv.privileges = 0x202;
    assert_false(pv_clock_hv_counter_offered_(&guest));
    assert_false(pv_clock_hv_page_offered_(&guest));
}

/* ---- the page ---- */

static void the_page_gives_the_time_of_the_formula(void **state)
{
    bool moved;

    (void)state;
    up();
    for (int i = 0; i < 2000; i++) {
        const uint64_t scale = sim_random(&seed);
        const uint64_t offset = sim_random(&seed);
        uint64_t units;

        machine.clock.skew[0] = (int64_t)sim_random(&seed);
        page()->scale = scale;
        page()->offset = offset;
        units = sim_wide_multiply(pv_sim->counter(pv_sim), scale).high + offset;
        assert_u64(reading(&moved), units * 100);
    }
}

static void the_page_and_the_counter_agree(void **state)
{
    bool moved;

    (void)state;
    up();
    for (int i = 0; i < 100; i++) {
        sim_clock_advance(&machine, sim_random(&seed) % NS_PER_HOUR);
        rig_assert_near(reading(&moved), pv_clock_hv_counter_(), 200);
        rig_assert_near(reading(&moved), sim_clock_told(&machine), 200);
    }
}

/* The sequence is no parity: 1, 2, 3 are all valid. */
static void each_new_sequence_is_valid_and_told_once(void **state)
{
    bool moved;

    (void)state;
    up();
    for (int i = 0; i < 4; i++) {
        (void)reading(&moved);
        assert_false(moved);
        sim_clock_update(&machine);
        rig_assert_near(reading(&moved), sim_clock_told(&machine), 200);
        assert_true(moved);
        assert_int_equal(guest.clock.page_sequence, page()->sequence);
    }
}

static void while_the_page_is_invalid_the_counter_is_read(void **state)
{
    static const struct {
        enum sim_clock_behaviour behaviour;
        uint32_t sequence;
    } cases[] = { { SIM_CLOCK_INVALID, 0 }, { SIM_CLOCK_INVALID_OLD, 0xFFFFFFFFu } };
    bool moved;

    (void)state;
    up();
    for (size_t i = 0; i < 2; i++) {
        machine.clock.behaviour = cases[i].behaviour;
        sim_clock_update(&machine);
        assert_int_equal(page()->sequence, cases[i].sequence);
        page()->scale = page()->offset = 0x5555555555555555ull;
        assert_u64(reading(&moved) / 100, sim_clock_told(&machine) / 100);
        assert_true(moved);
        (void)reading(&moved);
        assert_false(moved);
        machine.clock.behaviour = SIM_CLOCK_HONEST;
        sim_clock_update(&machine);
        rig_assert_near(reading(&moved), sim_clock_told(&machine), 200);
        assert_true(moved);
    }
}

static unsigned barriers;

static void tear(struct pv_sim *sim)
{
    (void)sim;
    barriers++;
    if (barriers == 1)
        sim_clock_begin(&machine);
    if (barriers == 2)
        sim_clock_end(&machine);
}

static void update(struct pv_sim *sim)
{
    (void)sim;
    sim_clock_update(&machine);
}

static void an_update_in_the_middle_of_a_read_is_noticed(void **state)
{
    struct pv_clock_reading now;
    bool moved;

    (void)state;
    up();
    barriers = 0;
    rig_host(tear);
    assert_false(pv_clock_hv_page_read_(&guest, &now));
    rig_assert_near(reading(&moved), sim_clock_told(&machine), 200);
    assert_true(moved);
    rig_host(update);
    for (int i = 0; i < 100; i++)
        assert_false(pv_clock_hv_page_read_(&guest, &now));
}

/* ---- the life of the page ---- */

static void the_page_is_told_and_taken_back(void **state)
{
    uint64_t gpa;

    (void)state;
    almost_up();
    machine.model.reference_reserved = 0xA5Eull & 0xFFE;
    log_start(&machine);
    assert_status(rig_enable(0, PV_CLOCK_BEST), PV_OK);
    gpa = guest.clock.page_gpa;
    assert_u64(gpa, pv_os_virt_to_gpa(guest.clock.page));
    assert_int_equal(gpa % PV_PAGE_BYTES, 0);
    assert_int_equal(journal.count, 1);
    assert_int_equal(journal.lines[0].number, REFERENCE_TSC);
    assert_u64(journal.lines[0].value, gpa | 0xA5E | 1);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    assert_int_equal(journal.count, 2);
    assert_u64(journal.lines[1].value, gpa | 0xA5E);
    assert_int_equal(machine.os.live_pages, 1); /* for the next time */
}

static void the_page_is_zeroed_before_it_is_told(void **state)
{
    (void)state;
    almost_up();
    machine.clock.behaviour = SIM_CLOCK_SILENT;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_OK);
    for (size_t i = 0; i < PV_PAGE_BYTES; i++)
        assert_int_equal(((uint8_t *)guest.clock.page)[i], 0);
    rig_assert_near(rig_ns(0), 0, 100);
}

static void the_page_is_used_again_after_quiesce(void **state)
{
    void *first;

    (void)state;
    up();
    first = guest.clock.page;
    for (int i = 0; i < 3; i++) {
        assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
        assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
        assert_status(vps[0].clock.status, PV_OK);
        assert_ptr_equal(guest.clock.page, first);
    }
    assert_int_equal(machine.os.allocs, 1);
}

static void a_page_may_fail_and_leaves_nothing(void **state)
{
    (void)state;
    almost_up();
    machine.os.fail.alloc = 1;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_NO_MEMORY);
    machine.os.fail.virt_to_gpa = 1;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_BAD_ADDRESS);
    machine.os.gpa_skew = 64;
    machine.os.fail.skew = 1;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_BAD_ADDRESS);
    assert_int_equal(machine.msr_writes, 0);
    machine.clock.behaviour = SIM_CLOCK_REFUSES;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_REFUSED);
    assert_null(guest.clock.page);
    assert_int_equal(guest.told.count, 0);
    assert_int_equal(guest.clock.source, PV_CLOCK_NONE);
    sim_os_assert_clean(&machine);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_OK);
}

/* Another page than ours reads back, and that does not go away either. */
static uint64_t read_other(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    return msr == REFERENCE_TSC && machine.msr_writes > 0 ? 0x7001 : 0;
}

static void a_page_of_unknown_fate_is_never_given_back(void **state)
{
    uint64_t (*msr_read)(struct pv_sim *sim, uint32_t msr);

    (void)state;
    almost_up();
    msr_read = pv_sim->msr_read;
    pv_sim->msr_read = read_other;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_REFUSED);
    pv_sim->msr_read = msr_read;
    assert_int_equal(machine.os.logs, 1);
    assert_int_equal(machine.os.live_pages, 1);
    assert_null(guest.clock.page);
    assert_false(guest.clock.page_stuck);
    machine.os.live_pages = 0;
}

static void a_page_that_the_host_keeps_is_never_given_back(void **state)
{
    (void)state;
    up();
    machine.clock.behaviour = SIM_CLOCK_KEEPS;
    assert_status(pv_guest_release(&guest, &vps[0]), PV_REFUSED);
    assert_string_equal(
        machine.os.log,
        "libpv: the hypervisor keeps the reference TSC page; it is not given back");
    assert_int_equal(machine.os.live_pages, 1);
    assert_null(guest.clock.page);
    machine.os.live_pages = 0;
    machine.model.reference_msr[0] = 0;
    machine.clock.page.on = false;
}

static void check_page_after_a_kept_one(bool adopt)
{
    void *first;

    up();
    guest.config.areas_adopt = adopt;
    first = guest.clock.page;
    machine.clock.behaviour = SIM_CLOCK_KEEPS;
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    assert_true(guest.clock.page_stuck);
    machine.clock.behaviour = SIM_CLOCK_HONEST;
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_ptr_not_equal(guest.clock.page, first);
    assert_false(guest.clock.page_stuck || guest.clock.page_adopted);
    assert_int_equal(machine.os.logs, 1);
    machine.os.live_pages--;
}

static void after_a_page_that_was_kept_comes_a_new_one(void **state)
{
    (void)state;
    check_page_after_a_kept_one(false);
}

static void a_page_that_was_kept_is_not_taken_for_the_kernels(void **state)
{
    (void)state;
    check_page_after_a_kept_one(true);
}

static void found(uint32_t number)
{
    sim_clock_register(&machine, REFERENCE_TSC, 0, sim_firmware_gpa(number) | 1);
}

static void lose(void)
{
    sim_clock_register(&machine, REFERENCE_TSC, 0, 0);
}

static void a_page_that_somebody_else_enabled_is_only_read(void **state)
{
    (void)state;
    almost_up();
    guest.config.areas_adopt = true;
    found(1);
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_OK);
    assert_true(guest.clock.page_adopted);
    assert_ptr_equal(guest.clock.page, machine.firmware[1]);
    assert_u64(guest.clock.page_gpa, sim_firmware_gpa(1));
    assert_int_equal(guest.told.count, 0);
    assert_status(pv_guest_release(&guest, &vps[0]), PV_OK);
    assert_int_equal(machine.msr_writes, 0);
    assert_u64(machine.model.reference_msr[0], sim_firmware_gpa(1) | 1);
    sim_os_assert_clean(&machine);
    lose();
}

static void a_page_that_cannot_be_mapped_is_not_used(void **state)
{
    (void)state;
    almost_up();
    guest.config.areas_adopt = true;
    found(1);
    machine.os.fail.map = 1;
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_BAD_ADDRESS);
    assert_null(guest.clock.page);
    assert_false(guest.clock.page_adopted);
    assert_int_equal(machine.msr_writes, 0);
    lose();
}

static void resume(void)
{
    assert_status(pv_guest_resume(&guest, &vps[0]), PV_OK);
    assert_status(vps[0].clock.status, PV_OK);
}

static void on_resume_the_page_is_where_the_host_has_it_now(void **state)
{
    (void)state;
    up();
    guest.config.areas_adopt = true;
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    found(1); /* ours, then another's */
    resume();
    assert_ptr_equal(guest.clock.page, machine.firmware[1]);
    assert_int_equal(machine.os.live_pages, 0);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    found(2); /* moved */
    resume();
    assert_ptr_equal(guest.clock.page, machine.firmware[2]);
    assert_int_equal(machine.os.unmaps, 1);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    lose(); /* gone: ours again */
    resume();
    assert_false(guest.clock.page_adopted);
    assert_int_equal(machine.os.live_pages, 1);
}

/* Firmware's, an earlier kernel's, or a restored snapshot's. */
static void without_an_owner_ours_takes_its_place(void **state)
{
    void *ours;

    (void)state;
    almost_up();
    found(1);
    assert_status(rig_enable(0, PV_CLOCK_HV_PAGE), PV_OK);
    ours = guest.clock.page;
    assert_false(guest.clock.page_adopted);
    assert_u64(machine.model.reference_msr[0], pv_os_virt_to_gpa(ours) | 1);
    sim_clock_advance(&machine, NS_PER_SECOND);
    rig_assert_near(rig_ns(0), NS_PER_SECOND, 300);
    assert_status(pv_guest_quiesce(&guest, &vps[0]), PV_OK);
    found(2);
    resume();
    assert_ptr_equal(guest.clock.page, ours);
    assert_u64(machine.model.reference_msr[0], pv_os_virt_to_gpa(ours) | 1);
    assert_status(pv_guest_release(&guest, &vps[0]), PV_OK);
    assert_int_equal(machine.model.reference_msr[0] & 1, 0);
    assert_int_equal(machine.os.maps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_numbers_are_those_of_the_tlfs),
        RIG_TEST(the_counter_counts_units_of_100_ns),
        RIG_TEST(what_is_offered_follows_the_privileges),
        RIG_TEST(the_page_gives_the_time_of_the_formula),
        RIG_TEST(the_page_and_the_counter_agree),
        RIG_TEST(each_new_sequence_is_valid_and_told_once),
        RIG_TEST(while_the_page_is_invalid_the_counter_is_read),
        RIG_TEST(an_update_in_the_middle_of_a_read_is_noticed),
        RIG_TEST(the_page_is_told_and_taken_back),
        RIG_TEST(the_page_is_zeroed_before_it_is_told),
        RIG_TEST(the_page_is_used_again_after_quiesce),
        RIG_TEST(a_page_may_fail_and_leaves_nothing),
        RIG_TEST(a_page_of_unknown_fate_is_never_given_back),
        RIG_TEST(a_page_that_the_host_keeps_is_never_given_back),
        RIG_TEST(after_a_page_that_was_kept_comes_a_new_one),
        RIG_TEST(a_page_that_was_kept_is_not_taken_for_the_kernels),
        RIG_TEST(a_page_that_somebody_else_enabled_is_only_read),
        RIG_TEST(a_page_that_cannot_be_mapped_is_not_used),
        RIG_TEST(on_resume_the_page_is_where_the_host_has_it_now),
        RIG_TEST(without_an_owner_ours_takes_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
