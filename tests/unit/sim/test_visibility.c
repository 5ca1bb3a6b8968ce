/* SPDX-License-Identifier: MIT */
/* The simulator's checks of page visibility themselves: what a guest must not do is complained
 * of. */
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define GPA (SIM_GPA_BASE + 100 * 4096)
#define PAGE (GPA >> 12)
#define VA 0xFFFF800000000000ull
#define MODIFY PV_HV_CODE_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY
#define QUERY PV_HV_CODE_QUERY_SPARSE_GPA_PAGE_HOST_VISIBILITY

static struct sim_machine machine;

static int up(void **state)
{
    (void)state;
    sim_machine_init(&machine, SIM_HYPERV_X86);
    sim_isolate(&machine);
    return 0;
}

static void expect(const char *complaint)
{
    if (complaint == NULL) {
        assert_null(machine.model.complaint);
        return;
    }
    assert_non_null(machine.model.complaint);
    assert_string_equal(machine.model.complaint, complaint);
    machine.model.complaint = NULL;
}

/* In registers: partition, visibility, two pages. */
static uint64_t call(uint64_t code, const uint64_t *words, size_t count, uint64_t reps,
                     uint64_t block[16])
{
    struct sim_registers registers = { .convention = SIM_X64, .block = block };

    memset(block, 0, 16 * sizeof(*block));
    memcpy(block, words, count * sizeof(*words));
    registers.control = code | PV_HV_CONTROL_FAST | reps << PV_HV_CONTROL_REPS_SHIFT;
    registers.in = block[0];
    registers.out = block[1];
    return sim_model_call(&machine.model, 0, &registers);
}

static uint64_t modify(uint64_t partition, uint64_t visibility, uint64_t first, uint64_t second)
{
    const uint32_t low = 1;
    const bool little = *(const uint8_t *)&low == 1;
    const uint64_t word = little ? visibility : visibility << 32 | visibility >> 32;
    const uint64_t words[4] = { partition, word, first, second };
    uint64_t block[16];

    return call(MODIFY, words, 4, 2, block);
}

#define DONE(status, reps) ((status) | (uint64_t)(reps) << PV_HV_RESULT_REPS_SHIFT)

static void changes_are_kept_page_by_page(void **state)
{
    (void)state;
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 3, PAGE, PAGE + 2), DONE(0, 2));
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE), 3);
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE + 1), 0);
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE + 2), 3);
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 0, PAGE, PAGE + 1), DONE(0, 2));
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE), 0);
    assert_int_equal(machine.model.visibility.changed, 3);
    assert_int_equal(machine.model.visibility.unchanged, 1);
    assert_int_equal(machine.model.visibility.revealed, 0);
    expect(NULL);
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 1, PAGE, PAGE), DONE(5, 0));
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 7, PAGE, PAGE), DONE(5, 0));
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 3 | 1ull << 32, PAGE, PAGE), DONE(5, 0));
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 3, PAGE, SIM_GPA_BASE >> 20), DONE(5, 1));
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 3, PAGE, ~0ull), DONE(5, 1));
    expect(NULL);
    (void)modify(machine.model.partition_id, 3, PAGE, PAGE);
    expect("visibility of a partition other than the caller's");
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_ISOLATION);
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 3, PAGE, PAGE),
                     DONE(PV_HV_STATUS_ACCESS_DENIED, 0));
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE), 3);
}

static void queries_are_answered(void **state)
{
    const uint64_t words[4] = { PV_HV_PARTITION_SELF, PAGE, PAGE + 1, PAGE + 2 };
    const uint64_t nowhere[2] = { PV_HV_PARTITION_SELF, 77 };
    uint64_t block[16];

    (void)state;
    (void)modify(PV_HV_PARTITION_SELF, 3, PAGE, PAGE + 2);
    assert_int_equal(call(QUERY, words, 4, 3, block), DONE(0, 3));
    assert_memory_equal(&block[4], ((const uint8_t[]){ 3, 0, 3 }), 3);
    assert_int_equal(call(QUERY, nowhere, 2, 1, block), DONE(5, 0));
    expect(NULL);
}

static void what_is_seen_before_it_is_zero_is_counted(void **state)
{
    uint8_t *page = (uint8_t *)pv_os_page_alloc(1);
    const uint64_t number = pv_os_virt_to_gpa(page) >> 12;

    (void)state;
    page[4095] = 1;
    (void)modify(PV_HV_PARTITION_SELF, 3, number, PAGE);
    assert_int_equal(machine.model.visibility.revealed, 1);
    assert_ptr_equal(pv_os_map_gpa(number << 12, PV_OS_READ_WRITE), page);
    expect("pv_os_map_gpa of a page that the host sees");
    (void)modify(PV_HV_PARTITION_SELF, 0, number, PAGE);
    assert_non_null(sim_alias_add(&machine, VA, number << 12));
    (void)pv_os_map_gpa(number << 12, PV_OS_READ_WRITE);
    expect("a page is zeroed that others can still write");
}

static void mapped_pages_must_not_change(void **state)
{
    struct sim_alias *alias = sim_alias_add(&machine, VA, GPA);

    (void)state;
    (void)modify(PV_HV_PARTITION_SELF, 3, PAGE, PAGE + 1);
    expect("visibility of a page changed while it was mapped");
    assert_true(pv_os_alias_unmap(VA, GPA));
    assert_false(alias->mapped);
    (void)modify(PV_HV_PARTITION_SELF, 0, PAGE, PAGE + 1);
    expect(NULL);
    assert_true(pv_os_alias_unmap(VA, GPA));
    expect("pv_os_alias_unmap of what is not mapped");
    pv_os_alias_map(VA, GPA, true);
    expect("pv_os_alias_map otherwise than the host sees the page");
    pv_os_alias_map(VA, GPA, false);
    expect("pv_os_alias_map of what is mapped");
    assert_false(pv_os_alias_unmap(VA, GPA + 4096));
    expect("a mapping that the kernel does not have");
    pv_os_alias_map(VA + 4096, GPA, false);
    expect("a mapping that the kernel does not have");
    machine.os.fail.alias = 1;
    assert_false(pv_os_alias_unmap(VA, GPA));
    assert_true(alias->mapped);
    machine.os.aliases.unwatched = true;
    (void)modify(PV_HV_PARTITION_SELF, 3, PAGE, PAGE + 1);
    expect(NULL);
    assert_int_equal(machine.os.aliases.unmaps, 4);
    assert_int_equal(machine.os.aliases.maps, 3);
    machine.os.aliases.count = SIM_ALIASES_MAX;
    assert_null(sim_alias_add(&machine, VA, GPA));
}

static uint16_t never_the_second(void *context, uint64_t page, uint32_t visibility)
{
    (void)context;
    return page == PAGE + 1 && visibility == 3 ? PV_HV_STATUS_OPERATION_DENIED : 0;
}

static void a_test_may_refuse_any_page(void **state)
{
    (void)state;
    machine.model.visibility.refuse = never_the_second;
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 3, PAGE, PAGE + 1),
                     DONE(PV_HV_STATUS_OPERATION_DENIED, 1));
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE), 3);
    assert_int_equal(*sim_visibility_of(&machine.model, PAGE + 1), 0);
    assert_int_equal(modify(PV_HV_PARTITION_SELF, 0, PAGE + 1, PAGE), DONE(0, 2));
}

static long kvm(unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
    const unsigned long arguments[4] = { a, b, c, d };

    return machine.cpus[0].port.kvm_call(&machine.cpus[0].port, false, 12, arguments);
}

static void kvm_is_told_of_ranges(void **state)
{
    static const char *const bad = "arguments that MAP_GPA_RANGE does not take";

    (void)state;
    sim_machine_init(&machine, SIM_KVM_NATIVE_X86);
    sim_isolate(&machine);
    machine.model.visibility.first = 0x1000; /* where registers of 32 bits reach */
    assert_int_equal(kvm(0x1000000, 3, 0, 0), 0);
    assert_int_equal(machine.model.visibility.of[2], 3);
    assert_int_equal(kvm(0x1001000, 1, 0x10, 0), 0);
    assert_int_equal(machine.model.visibility.of[1], 0);
    expect(NULL);
    assert_int_equal(kvm(0x1000000, SIM_VISIBILITY_PAGES + 1, 0, 0), -22); /* beyond memory */
    assert_int_equal(machine.model.visibility.of[SIM_VISIBILITY_PAGES - 1], 3);
    expect(NULL);
    (void)kvm(0x1000800, 1, 0, 0);
    expect(bad);
    (void)kvm(0x1000000, 0, 0, 0);
    expect(bad);
    (void)kvm(0x1000000, 1, 0x20, 0);
    expect(bad);
    (void)kvm(0x1000000, 1, 0, 1);
    expect(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(changes_are_kept_page_by_page, up),
        cmocka_unit_test_setup(bad_input_is_refused, up),
        cmocka_unit_test_setup(queries_are_answered, up),
        cmocka_unit_test_setup(what_is_seen_before_it_is_zero_is_counted, up),
        cmocka_unit_test_setup(mapped_pages_must_not_change, up),
        cmocka_unit_test_setup(a_test_may_refuse_any_page, up),
        cmocka_unit_test_setup(kvm_is_told_of_ranges, up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
