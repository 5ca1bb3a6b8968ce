/* SPDX-License-Identifier: MIT */
#include "guest/told.h"
#include "unit/guest/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ASSIST PV_HV_MSR_VP_ASSIST_PAGE
#define OS_ID PV_HV_MSR_GUEST_OS_ID
#define HYPERCALL PV_HV_MSR_HYPERCALL

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_told told;

/* An x86 machine on which three things were told. */
static int start(void **state)
{
    (void)state;
    sim_machine_init(&machine, SIM_HYPERV_X86);
    machine.model.os_id = 7;
    memset(&guest, 0, sizeof(guest));
    memset(&told, 0, sizeof(told));
    pv_told_add_(&told, PV_TOLD_MSR, OS_ID, 0);
    pv_told_add_(&told, PV_TOLD_MSR, HYPERCALL, 0x2000);
    pv_told_add_(&told, PV_TOLD_MSR, ASSIST, 0x3000);
    log_start(&machine);
    return 0;
}

static void assert_logged(unsigned line, uint32_t number, uint64_t value)
{
    assert_true(line < journal.count);
    assert_int_equal(journal.lines[line].number, number);
    assert_int_equal(journal.lines[line].value, value);
}

static void assert_entry(unsigned i, uint32_t number, uint64_t off)
{
    assert_true(i < told.count);
    assert_int_equal(told.entries[i].kind, PV_TOLD_MSR);
    assert_int_equal(told.entries[i].number, number);
    assert_int_equal(told.entries[i].off, off);
}

static void adding_tells_nothing_and_keeps_the_order(void **state)
{
    (void)state;
    assert_int_equal(told.count, 3);
    assert_entry(0, OS_ID, 0);
    assert_entry(1, HYPERCALL, 0x2000);
    assert_entry(2, ASSIST, 0x3000);
    assert_int_equal(machine.msr_writes, 0);
}

static void there_is_room_for_all_there_is_to_tell(void **state)
{
    (void)state;
    while (told.count < PV_TOLD_MAX)
        pv_told_add_(&told, PV_TOLD_MSR, ASSIST, told.count);
    assert_entry(PV_TOLD_MAX - 1, ASSIST, PV_TOLD_MAX - 1);
    assert_entry(0, OS_ID, 0);
}

static void everything_is_taken_back_newest_first(void **state)
{
    (void)state;
    pv_told_take_back_(&guest, &told);
    assert_int_equal(journal.count, 3);
    assert_logged(0, ASSIST, 0x3000);
    assert_logged(1, HYPERCALL, 0x2000);
    assert_logged(2, OS_ID, 0);
    assert_int_equal(told.count, 0);
}

static void what_was_taken_back_is_forgotten(void **state)
{
    (void)state;
    pv_told_take_back_(&guest, &told);
    log_clear();
    pv_told_take_back_(&guest, &told);
    assert_int_equal(journal.count, 0);
}

static void the_newest_can_be_taken_back_alone(void **state)
{
    (void)state;
    pv_told_take_back_one_(&guest, &told, ASSIST);
    assert_int_equal(journal.count, 1);
    assert_logged(0, ASSIST, 0x3000);
    assert_int_equal(told.count, 2);
    assert_entry(0, OS_ID, 0);
    assert_entry(1, HYPERCALL, 0x2000);
}

static void an_older_one_can_be_taken_back_and_the_rest_keeps_its_order(void **state)
{
    (void)state;
    pv_told_take_back_one_(&guest, &told, OS_ID);
    assert_int_equal(journal.count, 1);
    assert_logged(0, OS_ID, 0);
    assert_int_equal(told.count, 2);
    assert_entry(0, HYPERCALL, 0x2000);
    assert_entry(1, ASSIST, 0x3000);
}

static void of_two_entries_for_a_number_the_newer_is_taken_back(void **state)
{
    (void)state;
    pv_told_add_(&told, PV_TOLD_MSR, HYPERCALL, 0x4000);
    pv_told_take_back_one_(&guest, &told, HYPERCALL);
    assert_int_equal(journal.count, 1);
    assert_logged(0, HYPERCALL, 0x4000);
    assert_int_equal(told.count, 3);
    assert_entry(1, HYPERCALL, 0x2000);
}

static void a_number_that_was_never_told_changes_nothing(void **state)
{
    (void)state;
    pv_told_take_back_one_(&guest, &told, PV_HV_MSR_REFERENCE_TSC);
    assert_int_equal(journal.count, 0);
    assert_int_equal(told.count, 3);
    told.count = 0;
    pv_told_take_back_one_(&guest, &told, OS_ID);
    assert_int_equal(journal.count, 0);
}

/* ---- arm64 ---- */

static void start_arm64(void)
{
    sim_machine_init(&machine, SIM_HYPERV_ARM64);
    machine.model.os_id = 7;
    log_start(&machine);
    guest.hv.entry = PV_PORT_ENTRY_SMCCC;
    guest.hv.conduit = PV_HV_CONDUIT_SMCCC;
    told.count = 0;
    pv_told_add_(&told, PV_TOLD_HV_REGISTER, PV_HV_REGISTER_GUEST_OS_ID, 0);
    pv_told_add_(&told, PV_TOLD_HV_REGISTER, PV_HV_REGISTER_VP_ASSIST_PAGE, 0x3000);
}

static void registers_are_taken_back_by_hypercall(void **state)
{
    (void)state;
    start_arm64();
    pv_told_take_back_(&guest, &told);
    assert_int_equal(journal.count, 2);
    assert_logged(0, PV_HV_REGISTER_VP_ASSIST_PAGE, 0x3000);
    assert_logged(1, PV_HV_REGISTER_GUEST_OS_ID, 0);
    assert_int_equal(machine.model.os_id, 0);
    assert_int_equal(machine.msr_writes, 0);
    sim_assert_fair(&machine);
}

static void a_register_that_is_refused_does_not_hold_up_the_rest(void **state)
{
    (void)state;
    start_arm64();
    machine.model.behaviour = SIM_REGISTERS_DENIED;
    pv_told_take_back_(&guest, &told);
    assert_int_equal(journal.count, 2);
    assert_int_equal(told.count, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(adding_tells_nothing_and_keeps_the_order),
        TEST(there_is_room_for_all_there_is_to_tell),
        TEST(everything_is_taken_back_newest_first),
        TEST(what_was_taken_back_is_forgotten),
        TEST(the_newest_can_be_taken_back_alone),
        TEST(an_older_one_can_be_taken_back_and_the_rest_keeps_its_order),
        TEST(of_two_entries_for_a_number_the_newer_is_taken_back),
        TEST(a_number_that_was_never_told_changes_nothing),
        TEST(registers_are_taken_back_by_hypercall),
        TEST(a_register_that_is_refused_does_not_hold_up_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
