/* SPDX-License-Identifier: MIT */
/* Continuation and its bounds, on honest and on lying hypervisors. */
#include "rig.h"

#include <pv/abi/hv_regs.h>

#define ROUNDS_MAX (1u + PV_CONFIG_HV_TIMEOUT_RETRIES)

/* A SetVpRegisters of `count` registers, in memory or in registers as the rig is set up. */
static enum pv_status set_registers(uint32_t count, struct pv_hv_result *result)
{
    const struct pv_hv_shape shape = { .reps = count };
    struct pv_hv_args args;
    struct pv_hv_vp_registers_header *in;
    enum pv_status status;

    assert_status(pv_hv_begin(&vp, PV_HV_CALL_SET_VP_REGISTERS, &shape, &args), PV_OK);
    in = args.in;
    in->partition = PV_HV_PARTITION_SELF;
    in->vp_index = PV_HV_VP_SELF;
    memset(args.in_list, 0, (size_t)count * sizeof(struct pv_hv_register));
    for (uint32_t i = 0; i < count; i++) {
        ((struct pv_hv_register *)args.in_list)[i].name = PV_HV_REGISTER_X64_RAX + i % 16;
        ((struct pv_hv_register *)args.in_list)[i].value.low = 0x100 + i;
    }
    status = pv_hv_issue(&vp, &args);
    *result = args.result;
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    return status;
}

static void expect(uint32_t count, enum pv_status status, uint16_t raw, uint32_t done,
                   uint64_t calls)
{
    const uint64_t before = rig_calls();
    struct pv_hv_result result = { 0xEEEE, 0xEEEE };

    assert_status(set_registers(count, &result), status);
    assert_int_equal(result.status, raw);
    assert_int_equal(result.reps, done);
    assert_int_equal(rig_calls() - before, calls);
}

static void test_one_go(void **state)
{
    (void)state;
    rig_up_in_memory();
    expect(100, PV_OK, 0, 100, 1);
    assert_int_equal(machine.model.seen.control,
                     0x0051ull | 100ull << PV_HV_CONTROL_REPS_SHIFT);
}

static void test_partial_progress(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.step = 1;
    expect(1, PV_OK, 0, 1, 1);
    expect(20, PV_OK, 0, 20, 20);
    machine.model.step = 7;
    expect(20, PV_OK, 0, 20, 3);
    assert_int_equal(machine.model.seen.elements, 41);
    assert_int_equal(machine.model.seen.control >> PV_HV_CONTROL_START_SHIFT, 14);
    assert_int_equal(machine.model.cpus[0].vtls[0].registers[3].value.low, 0x100 + 19);
}

static void test_partial_progress_in_registers(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.step = 1;
    expect(3, PV_OK, 0, 3, 3); /* 16 + 3 * 32 = 112 bytes: the whole block */
    assert_true(rig_last_was_fast());
    assert_int_equal(machine.model.seen.control >> PV_HV_CONTROL_START_SHIFT, 2);
}

static void test_partial_output_in_registers(void **state)
{
    const struct pv_hv_shape shape = { .reps = 4 };
    const struct pv_hv_register_value *values;
    struct pv_hv_args args;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.step = 1;
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_VP_REGISTERS, &shape, &args), PV_OK);
    ((struct pv_hv_vp_registers_header *)args.in)->partition = PV_HV_PARTITION_SELF;
    ((struct pv_hv_vp_registers_header *)args.in)->vp_index = PV_HV_VP_SELF;
    for (uint32_t i = 0; i < 4; i++)
        ((uint32_t *)args.in_list)[i] = PV_HV_REGISTER_VSM_CAPABILITIES;
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    values = args.out_list;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(values[i].low, machine.model.vsm_capabilities);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

/* As isolated guests see it: 0x78 with progress, reissued from there. */
static void test_timeout_with_progress(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.behaviour = SIM_TIMEOUT_ONCE;
    expect(20, PV_OK, 0, 20, 2);
    assert_int_equal(machine.model.seen.elements, 20);
    assert_int_equal(machine.model.seen.control >> PV_HV_CONTROL_START_SHIFT, 10);
    expect(1, PV_OK, 0, 1, 2); /* no progress the first time */
}

static void test_error_in_the_middle(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.fail_status = PV_HV_STATUS_INSUFFICIENT_MEMORY;
    machine.model.fail_element = 13;
    machine.model.step = 4;
    expect(20, PV_HOST_NO_MEMORY, PV_HV_STATUS_INSUFFICIENT_MEMORY, 13, 4);
    expect(20, PV_OK, 0, 20, 5);
}

static void test_hostile_counts(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.behaviour = SIM_REPS_ABOVE;
    expect(5, PV_MALFORMED, 0, 0, 1);
    machine.model.behaviour = SIM_REPS_BACKWARDS;
    expect(5, PV_MALFORMED, 0, 2, 2);
    expect(1, PV_MALFORMED, 0, 0, 1);
    machine.model.behaviour = SIM_NO_PROGRESS;
    expect(5, PV_MALFORMED, 0, 0, 1);
    machine.model.step = 2;
    machine.model.behave_after = (uint32_t)rig_calls() + 2; /* some, then none */
    expect(9, PV_MALFORMED, 0, 4, 3);
}

static void test_count_that_overflows_its_field(void **state)
{
    const struct pv_hv_shape shape = { .reps = 4095 };
    struct pv_hv_args args;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_REPS_ABOVE; /* 4096 reads as 0 */
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_ACCEPT_GPA_PAGES, &shape, &args), PV_OK);
    assert_status(pv_hv_issue(&vp, &args), PV_MALFORMED);
    assert_int_equal(args.result.reps, 0);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_timeouts_are_bounded(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    expect(5, PV_TIMED_OUT, PV_HV_STATUS_TIME_OUT, 0, ROUNDS_MAX);
    machine.model.behaviour = SIM_TIMEOUT_CRAWLING;
    /* Progress each time: no bound but the count is reached. */
    expect(100, PV_MALFORMED, PV_HV_STATUS_TIME_OUT, 100, 100);
    expect(5, PV_MALFORMED, PV_HV_STATUS_TIME_OUT, 5, 5); /* all done, yet timed out */
    machine.model.behaviour = SIM_TIMEOUT_ALL_DONE;
    expect(5, PV_MALFORMED, PV_HV_STATUS_TIME_OUT, 5, 1);
}

/* An isolated guest sees each continuation as a time-out. However many there are, they get it done. */
static bool time_out_every_20(void *context, struct sim_machine *on,
                              struct sim_registers *registers, uint64_t *result)
{
    const uint64_t start = registers->control >> PV_HV_CONTROL_START_SHIFT & PV_HV_CONTROL_REP_MASK;
    const uint64_t reps = registers->control >> PV_HV_CONTROL_REPS_SHIFT & PV_HV_CONTROL_REP_MASK;
    const uint64_t done = start + 20 < reps ? start + 20 : reps;

    (void)context;
    (void)on;
    *result = done << PV_HV_RESULT_REPS_SHIFT |
              (done < reps ? PV_HV_STATUS_TIME_OUT : PV_HV_STATUS_SUCCESS);
    return true;
}

static void test_timeouts_with_progress_get_it_done(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up_in_memory();
    machine.hooks.call = time_out_every_20;
    assert_status(set_registers(120, &result), PV_OK);
    assert_int_equal(result.reps, 120);
    machine.hooks.call = NULL;
}

/* The first answer damages every register and asks for more time. */
static bool damage_once(void *context, struct sim_machine *on, struct sim_registers *registers,
                        uint64_t *result)
{
    unsigned *round = context;

    (void)on;
    if ((*round)++ != 0)
        return false;
    memset(registers->block, 0xDA, PV_HV_X64_BLOCK_BYTES);
    *result = PV_HV_STATUS_TIME_OUT;
    return true;
}

static void test_input_registers_are_put_back_before_a_reissue(void **state)
{
    const struct pv_hv_translate_input in = { .partition = PV_HV_PARTITION_SELF,
                                              .vp_index = PV_HV_VP_SELF };
    struct pv_hv_translate_output out;
    unsigned round = 0;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.hooks.call = damage_once;
    machine.hooks.context = &round;
    assert_status(pv_hv_call_simple(&vp, PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS, &in, &out, NULL),
                  PV_OK); /* a damaged partition would be refused */
    assert_int_equal(round, 2);
    machine.hooks.call = NULL;
}

static enum pv_status partition_id(struct pv_hv_result *result)
{
    struct pv_hv_args args;
    enum pv_status status;

    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args), PV_OK);
    status = pv_hv_issue(&vp, &args);
    *result = args.result;
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    return status;
}

static void expect_simple(enum pv_status status, uint16_t raw, uint64_t calls)
{
    const uint64_t before = rig_calls();
    struct pv_hv_result result;

    assert_status(partition_id(&result), status);
    assert_int_equal(result.status, raw);
    assert_int_equal(result.reps, 0);
    assert_int_equal(rig_calls() - before, calls);
}

/* The count bits of a simple call's answer mean nothing. */
static void test_simple_calls(void **state)
{
    (void)state;
    rig_up_in_memory();
    expect_simple(PV_OK, 0, 1);
    machine.model.behaviour = SIM_TIMEOUT_ONCE;
    expect_simple(PV_OK, 0, 2);
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    expect_simple(PV_TIMED_OUT, PV_HV_STATUS_TIME_OUT, ROUNDS_MAX);
    machine.model.behaviour = SIM_TIMEOUT_CRAWLING;
    expect_simple(PV_TIMED_OUT, PV_HV_STATUS_TIME_OUT, ROUNDS_MAX);
    machine.model.behaviour = SIM_REPS_ABOVE;
    expect_simple(PV_OK, 0, 1);
}

static bool all_bits(void *context, struct sim_machine *from, struct sim_registers *registers,
                     uint64_t *result)
{
    (void)from;
    (void)registers;
    *result = ~0xFFFFull | *(const uint16_t *)context;
    return true;
}

static void test_ignored_bits_of_the_answer(void **state)
{
    uint16_t status = PV_HV_STATUS_SUCCESS;
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.hooks.call = all_bits;
    machine.hooks.context = &status;
    assert_status(partition_id(&result), PV_OK);
    status = PV_HV_STATUS_TIME_OUT;
    assert_status(partition_id(&result), PV_TIMED_OUT);
    status = 0xFFFF;
    assert_status(partition_id(&result), PV_REFUSED);
    assert_int_equal(result.status, 0xFFFF);
}

static void test_garbage_status(void **state)
{
    (void)state;
    rig_up_in_memory();
    machine.model.behaviour = SIM_GARBAGE_STATUS;
    expect(5, PV_REFUSED, 0xABCD, 0, 1);
    expect_simple(PV_REFUSED, 0xABCD, 1);
    machine.model.step = 2;
    machine.model.behave_after = (uint32_t)rig_calls() + 1;
    expect(5, PV_MALFORMED, 0xABCD, 2, 2); /* an error that forgets what was done */
}

/* Every status of the table comes out as the table says, unchanged in the result. */
static void test_every_status(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    for (uint16_t number = 1; number < 0x100; number++) {
        struct pv_hv_result result;

        if (number == PV_HV_STATUS_TIME_OUT)
            continue;
        machine.model.refuse = number;
        assert_status(partition_id(&result), pv_hv_status_pv(number));
        assert_int_equal(result.status, number);
    }
    machine.model.refuse = 0;
}

static void scribbled(enum sim_behaviour behaviour)
{
    struct pv_hv_args args;

    machine.model.behaviour = behaviour;
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args), PV_OK);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_null(sim_complaint(&machine));
}

/* Garbage in the output area, or all over the page, does no harm to what lies around. */
static void test_output_garbage(void **state)
{
    (void)state;
    rig_up_in_memory();
    scribbled(SIM_GARBAGE_OUTPUT);
    scribbled(SIM_ONES_OUTPUT);
    scribbled(SIM_SCRIBBLE);
    rig_release();
    rig_up(SIM_HYPERV_X86);
    scribbled(SIM_SCRIBBLE);
    rig_release();
    rig_up_hvc1();
    scribbled(SIM_SCRIBBLE);
}

/* Whatever the answers are, the loop ends and the counts are sane. */
static void random_rounds(uint32_t rounds)
{
    machine.model.behaviour = SIM_RANDOM;
    for (uint32_t i = 0; i < rounds; i++) {
        const uint32_t count = 1 + i % 3;
        const uint64_t before = rig_calls();
        struct pv_hv_result result;
        const enum pv_status status = set_registers(count, &result);

        assert_true(result.reps <= count);
        assert_true(rig_calls() - before <= count + ROUNDS_MAX);
        assert_true(status != PV_OK || (result.status == 0 && result.reps == count));
    }
    assert_null(sim_complaint(&machine));
}

static void test_random_answers(void **state)
{
    (void)state;
    rig_up_in_memory();
    random_rounds(3000);
    rig_release();
    rig_up(SIM_HYPERV_X86);
    random_rounds(3000);
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    random_rounds(3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_one_go),
        RIG_TEST(test_partial_progress),
        RIG_TEST(test_partial_progress_in_registers),
        RIG_TEST(test_partial_output_in_registers),
        RIG_TEST(test_timeout_with_progress),
        RIG_TEST(test_error_in_the_middle),
        RIG_TEST(test_hostile_counts),
        RIG_TEST(test_count_that_overflows_its_field),
        RIG_TEST(test_timeouts_are_bounded),
        RIG_TEST(test_timeouts_with_progress_get_it_done),
        RIG_TEST(test_input_registers_are_put_back_before_a_reissue),
        RIG_TEST(test_simple_calls),
        RIG_TEST(test_ignored_bits_of_the_answer),
        RIG_TEST(test_garbage_status),
        RIG_TEST(test_every_status),
        RIG_TEST(test_output_garbage),
        RIG_TEST(test_random_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
