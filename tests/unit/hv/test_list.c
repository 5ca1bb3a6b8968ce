/* SPDX-License-Identifier: MIT */
/* Lists of any length: batches, exact call counts, partial failure. */
#include "rig.h"

#define COUNT 5000u

static uint32_t names[COUNT];
static struct pv_hv_register_value values[COUNT + 1];
static struct pv_hv_register registers[COUNT];
static uint64_t ranges[COUNT];

static const struct pv_hv_vp_registers_header self = {
    .partition = PV_HV_PARTITION_SELF,
    .vp_index = PV_HV_VP_SELF,
};

static struct pv_hv_list get_list(size_t count)
{
    const struct pv_hv_list list = {
        .call = PV_HV_CALL_GET_VP_REGISTERS,
        .header = &self,
        .in = names,
        .out = values,
        .count = count,
        .done = 0xEEEE,
    };

    for (uint32_t i = 0; i < COUNT; i++)
        names[i] = i % 3 == 0 ? PV_HV_REGISTER_VSM_CAPABILITIES : PV_HV_REGISTER_GUEST_OS_ID;
    memset(values, 0x5C, sizeof(values));
    return list;
}

static struct pv_hv_list set_list(size_t count)
{
    const struct pv_hv_list list = {
        .call = PV_HV_CALL_SET_VP_REGISTERS,
        .header = &self,
        .in = registers,
        .count = count,
        .done = 0xEEEE,
    };

    memset(registers, 0, sizeof(registers));
    for (uint32_t i = 0; i < COUNT; i++) {
        registers[i].name = PV_HV_REGISTER_X64_RAX + i % 16;
        registers[i].value.low = i;
    }
    return list;
}

static void expect_values(size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(values[i].low, i % 3 == 0 ? machine.model.vsm_capabilities
                                                   : machine.model.os_id[0]);
    assert_int_equal(values[count].low, 0x5C5C5C5C5C5C5C5C);
}

/* As few calls as there can be: ceil(n / optimum). */
static void expect_get(size_t count, uint64_t calls)
{
    const uint64_t before = rig_calls();
    struct pv_hv_list list = get_list(count);
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_call_list(&vp, &list, &result), PV_OK);
    assert_int_equal(list.done, count);
    assert_int_equal(rig_calls() - before, calls);
    assert_int_equal(result.status, 0);
    expect_values(count);
    assert_false(pv_sim->irqs_off);
}

/* Shared page: 16 + 20 n <= 4096, n = 204. */
static void test_shared_page(void **state)
{
    (void)state;
    rig_up_in_memory();
    expect_get(1, 1);
    expect_get(203, 1);
    expect_get(204, 1);
    expect_get(205, 2);
    expect_get(408, 2);
    expect_get(409, 3);
    expect_get(COUNT, 25);
}

/* Two pages: 4096 / 16 = 256. */
static void test_two_pages(void **state)
{
    (void)state;
    rig_up_two_pages();
    expect_get(256, 1);
    expect_get(257, 2);
    expect_get(COUNT, 20);
}

/* What is left over at the end goes into registers. */
static void test_rest_in_registers(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_get(204 + 4, 2);
    assert_true(rig_last_was_fast());
    expect_get(204 + 5, 2);
    assert_false(rig_last_was_fast());
}

static void test_arm64(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    expect_get(5, 1);
    expect_get(500, 3);
    rig_release();
    rig_up_hvc1();
    expect_get(5, 1);
    expect_get(500, 3);
}

/* 16 + 32 n <= 4096: 127. */
static void test_input_only(void **state)
{
    struct pv_hv_list list = set_list(COUNT);

    (void)state;
    rig_up_in_memory();
    assert_status(pv_hv_call_list(&vp, &list, NULL), PV_OK);
    assert_int_equal(list.done, COUNT);
    assert_int_equal(rig_calls(), (COUNT + 126) / 127);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(machine.model.cpus[0].vtls[0].registers[i].value.low,
                         i < COUNT % 16 ? COUNT - COUNT % 16 + i : COUNT - COUNT % 16 - 16 + i);
}

/* Inside another call the reserve serves: 12 elements at a time. */
static void test_nested(void **state)
{
    struct pv_hv_args outer;

    (void)state;
    rig_up_in_memory();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &outer), PV_OK);
    {
        const uint64_t before = rig_calls();
        struct pv_hv_list list = get_list(100);

        assert_status(pv_hv_call_list(&vp, &list, NULL), PV_OK);
        assert_int_equal(rig_calls() - before, 9);
        expect_values(100);
    }
    assert_status(pv_hv_end(&vp, &outer), PV_OK);
}

/* No list elements at all, only a count from a place in the header: one call, or none. */
static void test_count_only(void **state)
{
    static const uint64_t header[3] = { PV_HV_PARTITION_SELF, 0, 0 };
    struct pv_hv_list list = { .call = PV_HV_CALL_ACCEPT_GPA_PAGES, .header = header };

    (void)state;
    rig_up_in_memory();
    list.count = 4096;
    assert_status(pv_hv_call_list(&vp, &list, NULL), PV_INVALID);
    assert_int_equal(list.done, 0);
    assert_int_equal(rig_calls(), 0);
    list.count = 4095;
    assert_status(pv_hv_call_list(&vp, &list, NULL), PV_OK);
    assert_int_equal(list.done, 4095);
    assert_int_equal(rig_calls(), 1);
    assert_int_equal(machine.model.seen.elements, 4095);
}

/* Every rep call of the table without a variable header; output is the pattern where it is. */
static void every_rep_call(void)
{
    static const uint64_t header[8] = { PV_HV_PARTITION_SELF };

    memset(ranges, 0, sizeof(ranges));
    machine.model.any_target = true;
    for (unsigned i = 0; i < PV_HV_CALLS; i++) {
        const struct pv_hv_call_info *info = pv_hv_call_info((enum pv_hv_call)i);
        struct pv_hv_list list = { .call = (enum pv_hv_call)i, .header = header, .in = ranges,
                                   .out = values, .count = 700 };

        if (info->kind == PV_HV_KIND_REP)
            (void)!pv_hv_call_list(&vp, &list, NULL);
    }
    assert_null(sim_complaint(&machine));
    assert_int_equal(machine.irqs_on, 0);
}

static void test_every_call(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    every_rep_call();
    rig_release();
    rig_up_two_pages();
    every_rep_call();
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    every_rep_call();
}

static void test_pattern_across_batches(void **state)
{
    static const uint64_t header[1] = { PV_HV_PARTITION_SELF };
    static uint8_t bytes[1000];
    struct pv_hv_list list = { .call = PV_HV_CALL_QUERY_SPARSE_GPA_PAGE_HOST_VISIBILITY,
                               .header = header, .in = ranges, .out = bytes, .count = 1000 };
    const uint32_t batch = (4096 - 8) / 9;

    (void)state;
    rig_up_in_memory();
    machine.model.step = 10;
    assert_status(pv_hv_call_list(&vp, &list, NULL), PV_OK);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(bytes[i], sim_pattern(i % batch, 0));
}

/* ---- partial failure ---- */

static void test_set_fails_in_the_third_batch(void **state)
{
    struct pv_hv_list list = set_list(1000);
    struct pv_hv_result result;

    (void)state;
    rig_up_in_memory();
    registers[2 * 127 + 31].name = 0xDEAD;
    assert_status(pv_hv_call_list(&vp, &list, &result), PV_UNSUPPORTED);
    assert_int_equal(result.status, PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
    assert_int_equal(result.reps, 31);
    assert_int_equal(list.done, 2 * 127 + 31);
    assert_int_equal(rig_calls(), 3);
}

/* Output of a batch that fails is not believed: `done` stays at the batch before. */
static void test_get_fails_in_the_second_batch(void **state)
{
    struct pv_hv_list list = get_list(1000);
    struct pv_hv_result result;

    (void)state;
    rig_up_in_memory();
    names[204 + 50] = 0xDEAD;
    assert_status(pv_hv_call_list(&vp, &list, &result), PV_UNSUPPORTED);
    assert_int_equal(result.reps, 50);
    assert_int_equal(list.done, 204);
    expect_values(204);
}

static void expect_malformed(enum sim_behaviour behaviour, size_t done)
{
    struct pv_hv_list list = set_list(20);
    struct pv_hv_result result;

    machine.model.behaviour = behaviour;
    assert_status(pv_hv_call_list(&vp, &list, &result), PV_MALFORMED);
    assert_int_equal(list.done, done);
    assert_false(pv_sim->irqs_off);
    assert_int_equal(vp.hv.depth, 0);
}

static void test_hostile(void **state)
{
    (void)state;
    rig_up_in_memory();
    expect_malformed(SIM_REPS_ABOVE, 0);
    expect_malformed(SIM_NO_PROGRESS, 0);
    expect_malformed(SIM_REPS_BACKWARDS, 2);
}

static void test_timed_out(void **state)
{
    struct pv_hv_list list = set_list(300);

    (void)state;
    rig_up_in_memory();
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    machine.model.behave_after = 1;
    assert_status(pv_hv_call_list(&vp, &list, NULL), PV_TIMED_OUT);
    assert_int_equal(list.done, 127);
}

static void test_random(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.behaviour = SIM_RANDOM;
    for (uint32_t i = 0; i < 500; i++) {
        struct pv_hv_list list = get_list(1 + i);
        const enum pv_status status = pv_hv_call_list(&vp, &list, NULL);

        assert_true(list.done <= list.count);
        assert_true((status == PV_OK) == (list.done == list.count));
        assert_int_equal(values[list.count].low, 0x5C5C5C5C5C5C5C5C);
        assert_false(pv_sim->irqs_off);
    }
}

/* ---- bad input ---- */

static void expect_not_issued(struct pv_hv_list list, enum pv_status status)
{
    const uint64_t calls = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_call_list(&vp, &list, &result), status);
    assert_int_equal(list.done, 0);
    assert_int_equal(rig_calls(), calls);
    assert_int_equal(result.status, 0xEE);
}

static void test_invalid(void **state)
{
    struct pv_hv_list list = get_list(3);

    (void)state;
    rig_up(SIM_HYPERV_X86);
    list.count = 0;
    expect_not_issued(list, PV_INVALID);
    list = get_list(3);
    list.header = NULL;
    expect_not_issued(list, PV_INVALID);
    list = get_list(3);
    list.in = NULL;
    expect_not_issued(list, PV_INVALID);
    list = get_list(3);
    list.out = NULL;
    expect_not_issued(list, PV_INVALID);
    list.call = PV_HV_CALLS;
    expect_not_issued(list, PV_INVALID);
    list.call = PV_HV_CALL_GET_PARTITION_ID;
    expect_not_issued(list, PV_INVALID);
    list.call = PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX;
    expect_not_issued(list, PV_INVALID);
}

static void test_bad_state(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_not_issued(get_list(3), PV_BAD_STATE);
}

static void test_busy(void **state)
{
    struct pv_hv_args args[2];

    (void)state;
    rig_up_in_memory();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args[0]), PV_OK);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args[1]), PV_OK);
    expect_not_issued(get_list(3), PV_BUSY);
    assert_status(pv_hv_end(&vp, &args[1]), PV_OK);
    assert_status(pv_hv_end(&vp, &args[0]), PV_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_shared_page),
        RIG_TEST(test_two_pages),
        RIG_TEST(test_rest_in_registers),
        RIG_TEST(test_arm64),
        RIG_TEST(test_input_only),
        RIG_TEST(test_nested),
        RIG_TEST(test_count_only),
        RIG_TEST(test_every_call),
        RIG_TEST(test_pattern_across_batches),
        RIG_TEST(test_set_fails_in_the_third_batch),
        RIG_TEST(test_get_fails_in_the_second_batch),
        RIG_TEST(test_hostile),
        RIG_TEST(test_timed_out),
        RIG_TEST(test_random),
        RIG_TEST(test_invalid),
        RIG_TEST(test_bad_state),
        RIG_TEST(test_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
