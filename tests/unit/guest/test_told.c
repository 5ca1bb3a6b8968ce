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
    machine.model.os_id[0] = 7;
    memset(&guest, 0, sizeof(guest));
    memset(&told, 0, sizeof(told));
    pv_told_add_(&told, PV_TOLD_NOTHING, PV_TOLD_MSR, OS_ID, 0);
    pv_told_add_(&told, PV_TOLD_HV_PAGE, PV_TOLD_MSR, HYPERCALL, 0x2000);
    pv_told_add_(&told, PV_TOLD_HV_ASSIST, PV_TOLD_MSR, ASSIST, 0x3000);
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
        pv_told_add_(&told, PV_TOLD_HV_ASSIST, PV_TOLD_MSR, ASSIST, told.count);
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
    pv_told_take_back_one_(&guest, &told, PV_TOLD_HV_ASSIST);
    assert_int_equal(journal.count, 1);
    assert_logged(0, ASSIST, 0x3000);
    assert_int_equal(told.count, 2);
    assert_entry(0, OS_ID, 0);
    assert_entry(1, HYPERCALL, 0x2000);
}

static void an_older_one_can_be_taken_back_and_the_rest_keeps_its_order(void **state)
{
    (void)state;
    pv_told_take_back_one_(&guest, &told, PV_TOLD_NOTHING);
    assert_int_equal(journal.count, 1);
    assert_logged(0, OS_ID, 0);
    assert_int_equal(told.count, 2);
    assert_entry(0, HYPERCALL, 0x2000);
    assert_entry(1, ASSIST, 0x3000);
}

static void of_two_entries_for_a_memory_the_newer_is_taken_back(void **state)
{
    (void)state;
    pv_told_add_(&told, PV_TOLD_HV_PAGE, PV_TOLD_MSR, HYPERCALL, 0x4000);
    pv_told_take_back_one_(&guest, &told, PV_TOLD_HV_PAGE);
    assert_int_equal(journal.count, 1);
    assert_logged(0, HYPERCALL, 0x4000);
    assert_int_equal(told.count, 3);
    assert_entry(1, HYPERCALL, 0x2000);
}

static void a_memory_that_was_never_told_changes_nothing(void **state)
{
    (void)state;
    pv_told_take_back_one_(&guest, &told, PV_TOLD_CLOCK);
    assert_int_equal(journal.count, 0);
    assert_int_equal(told.count, 3);
    told.count = 0;
    pv_told_take_back_one_(&guest, &told, PV_TOLD_NOTHING);
    assert_int_equal(journal.count, 0);
}

/* ---- what the hypervisor keeps ---- */

static uint32_t kept_msrs[2];

/* MSRs that read back as enabled whatever was written. */
static uint64_t sticky_read(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    return msr == kept_msrs[0] || msr == kept_msrs[1] ? 1 : 0;
}

static void keep(uint32_t first, uint32_t second)
{
    kept_msrs[0] = first;
    kept_msrs[1] = second;
    machine.cpus[0].port.msr_read = sticky_read;
}

static void the_memory_bits_are_numbers_of_the_interface(void **state)
{
    (void)state;
    assert_int_equal(PV_TOLD_NOTHING, 0);
    assert_int_equal(PV_TOLD_HV_PAGE, 1);
    assert_int_equal(PV_TOLD_HV_ASSIST, 2);
    assert_int_equal(PV_TOLD_STEAL, 4);
    assert_int_equal(PV_TOLD_CLOCK, 8);
}

static void nothing_is_kept_by_a_hypervisor_that_lets_go(void **state)
{
    (void)state;
    assert_int_equal(pv_told_take_back_(&guest, &told), 0);
    assert_int_equal(pv_told_take_back_(&guest, &told), 0);
}

static void what_is_kept_is_told_by_the_bit_of_its_memory(void **state)
{
    (void)state;
    keep(ASSIST, 0);
    assert_int_equal(pv_told_take_back_(&guest, &told), 2);
    assert_int_equal(journal.count, 3);
    assert_int_equal(told.count, 0);
}

static void all_that_is_kept_is_told_together(void **state)
{
    (void)state;
    keep(ASSIST, HYPERCALL);
    assert_int_equal(pv_told_take_back_(&guest, &told), 3);
    assert_int_equal(journal.count, 3);
}

/* A register that gives the hypervisor no memory loses none. */
static void a_register_without_memory_is_never_kept(void **state)
{
    (void)state;
    keep(OS_ID, 0);
    assert_int_equal(pv_told_take_back_(&guest, &told), 0);
}

static void taking_one_back_says_whether_it_was_kept(void **state)
{
    (void)state;
    keep(ASSIST, 0);
    assert_false(pv_told_take_back_one_(&guest, &told, PV_TOLD_HV_ASSIST));
    assert_true(pv_told_take_back_one_(&guest, &told, PV_TOLD_HV_PAGE));
    assert_true(pv_told_take_back_one_(&guest, &told, PV_TOLD_CLOCK)); /* there is none */
    assert_int_equal(told.count, 1);
}

/* ---- stolen-time areas that a call takes back ---- */

static void start_steal(enum sim_kind kind, enum pv_steal_backend backend, uint64_t how)
{
    sim_machine_init(&machine, kind);
    machine.steal.vps[0].on = true;
    machine.steal.vps[0].at = sim_firmware_gpa(0);
    memcpy(machine.steal.vps[0].left, sim_memory_at(&machine, sim_firmware_gpa(0), 64), 64);
    told.count = 0;
    pv_told_add_(&told, PV_TOLD_STEAL, PV_TOLD_STEAL_AREA, backend, how);
}

/* Xen's `how` names the VCPU and that it was by GPA; VMware's is the way in. */
static const struct {
    enum sim_kind kind;
    enum pv_steal_backend backend;
    uint64_t how;
} areas[] = {
    { SIM_RISCV_KVM, PV_STEAL_SBI, 0 },
    { SIM_KVM_LOONGARCH, PV_STEAL_LOONGARCH, 0 },
    { SIM_XEN_X86, PV_STEAL_XEN, SIM_XEN_VCPU(0) << 1 | 1 },
    { SIM_VMWARE_X86, PV_STEAL_VMWARE, 0 },
};

static void an_area_is_taken_back_by_the_call_of_its_backend(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
        start_steal(areas[i].kind, areas[i].backend, areas[i].how);
        assert_int_equal(pv_told_take_back_(&guest, &told), 0);
        sim_assert_clean(&machine);
    }
}

static void an_area_that_is_kept_is_stolen_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
        start_steal(areas[i].kind, areas[i].backend, areas[i].how);
        machine.steal.keeps = true;
        assert_int_equal(pv_told_take_back_(&guest, &told), 4);
        assert_int_equal(told.count, 0);
        sim_assert_fair(&machine);
    }
}

/* ---- arm64 ---- */

static void start_arm64(void)
{
    sim_machine_init(&machine, SIM_HYPERV_ARM64);
    machine.model.os_id[0] = 7;
    log_start(&machine);
    guest.hv.entry = PV_PORT_ENTRY_SMCCC;
    guest.hv.conduit = PV_HV_CONDUIT_SMCCC;
    told.count = 0;
    pv_told_add_(&told, PV_TOLD_NOTHING, PV_TOLD_HV_REGISTER, PV_HV_REGISTER_GUEST_OS_ID, 0);
    pv_told_add_(&told, PV_TOLD_HV_ASSIST, PV_TOLD_HV_REGISTER, PV_HV_REGISTER_VP_ASSIST_PAGE,
                 0x3000);
}

static void registers_are_taken_back_by_hypercall(void **state)
{
    (void)state;
    start_arm64();
    pv_told_take_back_(&guest, &told);
    assert_int_equal(journal.count, 2);
    assert_logged(0, PV_HV_REGISTER_VP_ASSIST_PAGE, 0x3000);
    assert_logged(1, PV_HV_REGISTER_GUEST_OS_ID, 0);
    assert_int_equal(machine.model.os_id[0], 0);
    assert_int_equal(machine.msr_writes, 0);
    sim_assert_fair(&machine);
}

static void a_register_that_is_refused_does_not_hold_up_the_rest(void **state)
{
    (void)state;
    start_arm64();
    machine.model.behaviour = SIM_REGISTERS_DENIED;
    assert_int_equal(pv_told_take_back_(&guest, &told), 2);
    assert_int_equal(journal.count, 2);
    assert_int_equal(told.count, 0);
}

/* ---- a panic in between ---- */

/* Six entries, no two alike: what was taken back is told by the value that the host got. */
static const struct pv_told_entry six[PV_TOLD_MAX] = {
    { PV_TOLD_MSR, PV_TOLD_NOTHING, 0x101, 0x1000 },
    { PV_TOLD_HV_REGISTER, PV_TOLD_HV_PAGE, 0x102, 0x2000 },
    { PV_TOLD_STEAL_AREA, PV_TOLD_STEAL, PV_STEAL_VMWARE, PV_PORT_VMWARE_VMCALL },
    { PV_TOLD_MSR, PV_TOLD_HV_ASSIST, 0x103, 0x4000 },
    { PV_TOLD_HV_REGISTER, PV_TOLD_CLOCK, 0x104, 0x5000 },
    { PV_TOLD_MSR, PV_TOLD_HV_ASSIST, 0x105, 0x6000 },
};

static bool taken[PV_TOLD_MAX];
static uint32_t entries;  /* of the six, in the list at the start */
static unsigned looks;

static bool same(const struct pv_told_entry *a, const struct pv_told_entry *b)
{
    return a->kind == b->kind && a->memory == b->memory && a->number == b->number &&
           a->off == b->off;
}

/* Which of the six it is; PV_TOLD_MAX if none. */
static unsigned which(const struct pv_told_entry *entry)
{
    unsigned i = 0;

    while (i < PV_TOLD_MAX && !same(&six[i], entry))
        i++;
    return i;
}

/* What quiesce would find now: whole entries, and each that is still to be taken back. */
static void look(struct pv_sim *sim)
{
    bool found[PV_TOLD_MAX] = { false };

    (void)sim;
    looks++;
    assert_true(told.count <= entries);
    for (uint32_t i = 0; i < told.count; i++) {
        const unsigned entry = which(&told.entries[i]);

        if (told.entries[i].kind == PV_TOLD_GONE)
            continue;
        assert_true(entry < entries);
        found[entry] = true;
    }
    for (unsigned i = 0; i < entries; i++)
        assert_true(found[i] || taken[i]);
}

/* Also the moment before the host is told is one. */
static void note_taken(uint64_t off)
{
    look(pv_sim);
    for (unsigned i = 0; i < PV_TOLD_MAX; i++)
        taken[i] |= six[i].off == off;
}

static void note_msr(struct pv_sim *sim, uint32_t msr, uint64_t value)
{
    (void)sim;
    (void)msr;
    note_taken(value);
}

static uint64_t zero_msr(struct pv_sim *sim, uint32_t msr)
{
    (void)sim;
    (void)msr;
    return 0;
}

static uint32_t note_call(struct pv_sim *sim, enum pv_port_vmware way, uint32_t command,
                          uint64_t argument)
{
    (void)sim;
    (void)command;
    (void)argument;
    note_taken(way);
    return 0;
}

static void tell_six(uint32_t count)
{
    sim_machine_init(&machine, SIM_HYPERV_X86);
    memset(&told, 0, sizeof(told));
    memset(taken, 0, sizeof(taken));
    entries = looks = 0;
    machine.cpus[0].port.msr_write = note_msr;
    machine.cpus[0].port.msr_read = zero_msr;
    machine.cpus[0].port.vmware_call = note_call;
    machine.cpus[0].port.nmi = look;
    for (; entries < count; entries++)
        pv_told_add_(&told, six[entries].memory, six[entries].kind, six[entries].number,
                     six[entries].off);
    assert_int_equal(looks, count);
    looks = 0;
}

static void a_panic_while_all_is_taken_back_finds_what_is_left(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= PV_TOLD_MAX; count++) {
        tell_six(count);
        assert_int_equal(pv_told_take_back_(&guest, &told), 0);
        assert_int_equal(looks, 2 * count); /* the host told, and a barrier, each */
        for (uint32_t i = 0; i < count; i++)
            assert_true(taken[i]);
    }
}

/* The list is as before without the newest of that memory. */
static void assert_gap_closed(uint32_t count, unsigned gone)
{
    assert_int_equal(told.count, count - 1);
    for (uint32_t i = 0; i < told.count; i++)
        assert_int_equal(which(&told.entries[i]), i < gone ? i : i + 1);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(taken[i], i == gone);
}

static unsigned newest_of(uint32_t count, enum pv_told_memory memory)
{
    unsigned i = count;

    while (six[--i].memory != memory)
        ;
    return i;
}

static void a_panic_while_one_is_taken_back_finds_all_others(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= PV_TOLD_MAX; count++) {
        for (uint32_t i = 0; i < count; i++) {
            const unsigned gone = newest_of(count, six[i].memory);

            tell_six(count);
            assert_true(pv_told_take_back_one_(&guest, &told, six[i].memory));
            assert_int_equal(looks, 2 + 2 * (count - 1 - gone));
            assert_gap_closed(count, gone);
        }
    }
}

/* An entry that was taken back and is still in the list, as a panic may find it. */
static void an_entry_that_is_gone_tells_the_host_nothing(void **state)
{
    (void)state;
    tell_six(3);
    told.entries[1].kind = PV_TOLD_GONE;
    taken[1] = true;
    assert_int_equal(pv_told_take_back_(&guest, &told), 0);
    assert_int_equal(looks, 2 + 3); /* two calls, three barriers */
    assert_true(taken[0] && taken[2]);
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
        TEST(of_two_entries_for_a_memory_the_newer_is_taken_back),
        TEST(a_memory_that_was_never_told_changes_nothing),
        TEST(the_memory_bits_are_numbers_of_the_interface),
        TEST(nothing_is_kept_by_a_hypervisor_that_lets_go),
        TEST(what_is_kept_is_told_by_the_bit_of_its_memory),
        TEST(all_that_is_kept_is_told_together),
        TEST(a_register_without_memory_is_never_kept),
        TEST(taking_one_back_says_whether_it_was_kept),
        TEST(an_area_is_taken_back_by_the_call_of_its_backend),
        TEST(an_area_that_is_kept_is_stolen_times),
        TEST(registers_are_taken_back_by_hypercall),
        TEST(a_register_that_is_refused_does_not_hold_up_the_rest),
        TEST(a_panic_while_all_is_taken_back_finds_what_is_left),
        TEST(a_panic_while_one_is_taken_back_finds_all_others),
        TEST(an_entry_that_is_gone_tells_the_host_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
