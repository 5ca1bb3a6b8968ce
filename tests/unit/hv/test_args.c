/* SPDX-License-Identifier: MIT */
/* begin, issue, end: which form a hypercall takes and where its parts lie. */
#include "args.h"

/* Begin, issue, look, end. */
static void get_and_check(uint32_t count)
{
    struct pv_hv_args args;

    assert_status(begin_get(count, &args), PV_OK);
    assert_int_equal(args.reps, count);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(args.result.status, PV_HV_STATUS_SUCCESS);
    assert_int_equal(args.result.reps, count);
    expect_values(&args);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_header_example(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    get_and_check(2);
    assert_false(machine.model.seen.touched_memory);
}

/* x64: 16 bytes and names rounded up to 16, then 16 per value: 4 fill 96 of 112 bytes, 5 do not fit. */
static void test_registers_until_full_x64(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    get_and_check(4);
    assert_true(rig_last_was_fast());
    get_and_check(5);
    assert_false(rig_last_was_fast());
    assert_true(machine.model.seen.touched_memory);
}

/* arm64: 5 fill all 128 bytes. */
static void test_registers_until_full_smccc(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    get_and_check(5);
    assert_true(rig_last_was_fast());
    get_and_check(6);
    assert_false(rig_last_was_fast());
}

/* HVC #1: output ends in the last register, wherever the input ends. */
static void test_registers_hvc1(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_hvc1();
    assert_status(begin_get(1, &args), PV_OK);
    assert_ptr_equal(args.in, args.block);
    assert_ptr_equal(args.out_list, &args.block[14]);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    expect_values(&args);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    get_and_check(5);
    assert_true(rig_last_was_fast());
    get_and_check(6);
    assert_false(rig_last_was_fast());
}

static void test_smccc_output_behind_input(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(begin_get(1, &args), PV_OK);
    assert_ptr_equal(args.out_list, &args.block[4]); /* X6, X7 */
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

/* ---- forms ---- */

/* One call of each kind, empty input. Says whether registers were used. */
static bool in_registers(enum pv_hv_call call)
{
    struct pv_hv_args args;
    bool memory;

    machine.model.any_target = true;
    assert_status(pv_hv_begin(&vp, call, NULL, &args), PV_OK);
    memory = vp.hv.depth != 0;
    assert_int_equal(pv_sim->irqs_off, args.form != PV_HV_FORM_FAST);
    (void)!pv_hv_issue(&vp, &args);
    assert_int_equal(rig_last_was_fast(), !memory);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_int_equal(vp.hv.depth, 0);
    assert_false(pv_sim->irqs_off);
    return !memory;
}

static void test_every_combination_of_forms(void **state)
{
    (void)state;
    for (uint32_t off = 0; off < 8; off++) {
        const uint32_t forms = PV_HV_FORMS & ~(off << 1);
        const bool fast = (forms & PV_HV_FORM_FAST) != 0;
        const bool in = (forms & PV_HV_FORM_BLOCK_INPUT) != 0;
        const bool out = (forms & PV_HV_FORM_BLOCK_OUTPUT) != 0;

        rig_up_without(SIM_HYPERV_X86, off << 1);
        assert_int_equal(guest.hv.forms, forms);
        assert_int_equal(in_registers(PV_HV_CALL_ENABLE_PARTITION_VTL), fast || in);
        assert_int_equal(in_registers(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE), in);
        assert_int_equal(in_registers(PV_HV_CALL_GET_PARTITION_ID), in && out);
        assert_int_equal(in_registers(PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS), in && out);
        assert_false(in_registers(PV_HV_CALL_POST_MESSAGE));
        rig_release();
    }
}

/* What the hypervisor does not offer is not used, whatever the configuration says. */
static void test_forms_follow_the_features(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.features = PV_HV_FEATURE_XMM_INPUT;
    rig_up_with(rig_config());
    assert_false(in_registers(PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS));
    assert_true(in_registers(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE));
    assert_true(in_registers(PV_HV_CALL_ENABLE_PARTITION_VTL));
    rig_release();
    rig_machine(SIM_HYPERV_X86);
    machine.model.features = PV_HV_FEATURE_XMM_OUTPUT;
    rig_up_with(rig_config());
    assert_false(in_registers(PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS));
    assert_false(in_registers(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE));
    assert_false(in_registers(PV_HV_CALL_GET_PARTITION_ID));
    assert_true(in_registers(PV_HV_CALL_ENABLE_PARTITION_VTL));
}

static void test_no_block_while_sse_is_off(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.sse_off = true;
    assert_false(in_registers(PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS));
    assert_true(in_registers(PV_HV_CALL_ENABLE_PARTITION_VTL)); /* two registers are no block */
    get_and_check(1);
}

static void test_arm64_uses_registers_always(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_true(in_registers(PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS));
    assert_true(in_registers(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE));
    assert_false(in_registers(PV_HV_CALL_POST_MESSAGE));
    assert_int_equal(machine.block_irqs_on, 0);
}

/* ---- the blocks ---- */

static void test_pointers_of_absent_parts(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_in_memory();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, &args), PV_OK);
    assert_null(args.in);
    assert_null(args.var);
    assert_null(args.in_list);
    assert_null(args.out_list);
    assert_non_null(args.out);
    assert_int_equal(args.reps, 0);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &args), PV_OK);
    assert_non_null(args.in);
    assert_null(args.out);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

/* A list with output elements but no input elements of its own, and one with neither. */
static void test_rep_call_without_elements(void **state)
{
    const struct pv_hv_shape shape = reps(4095);
    struct pv_hv_args args;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_ACCEPT_GPA_PAGES, &shape, &args), PV_OK);
    assert_null(args.in_list);
    assert_null(args.out_list);
    assert_int_equal(args.reps, 4095);
    ((uint64_t *)args.in)[0] = PV_HV_PARTITION_SELF;
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(args.result.reps, 4095);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static bool all_zero(const void *from, size_t bytes)
{
    const uint8_t *byte = from;

    while (bytes > 0 && byte[bytes - 1] == 0)
        bytes--;
    return bytes == 0;
}

static void test_fixed_input_is_zeroed(void **state)
{
    const struct pv_hv_shape odd = reps(3);
    struct pv_hv_args args;

    (void)state;
    rig_up_in_memory();
    memset(vp.hv.args, 0xA7, PV_PAGE_BYTES);
    assert_status(pv_hv_begin(&vp, GET, &odd, &args), PV_OK);
    assert_true(all_zero(args.in, 16));
    assert_true(all_zero((uint8_t *)args.in + 16 + 3 * 4, 4)); /* padding behind the names */
    assert_false(all_zero(args.in_list, 12));                  /* the list is the caller's */
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_shared_page_layout(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_in_memory();
    assert_int_equal(machine.os.allocs, 2); /* hypercall page, one argument page */
    assert_status(begin_get(4095, &args), PV_OK);
    assert_int_equal(args.reps, (4096 - 16) / (4 + 16));
    assert_ptr_equal(args.in, vp.hv.args);
    assert_true((const uint8_t *)args.out_list >= (uint8_t *)args.in_list + 4 * args.reps);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(machine.model.seen.in, vp.hv.args_gpa);
    expect_values(&args);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_two_pages_layout(void **state)
{
    struct pv_hv_args args;

    (void)state;
    rig_up_two_pages();
    assert_int_equal(machine.os.live_pages, 3);
    assert_status(begin_get(4095, &args), PV_OK);
    assert_int_equal(args.reps, 256); /* a page full of values */
    assert_ptr_equal(args.out_list, (uint8_t *)vp.hv.args + PV_PAGE_BYTES);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(machine.model.seen.out, vp.hv.args_gpa + PV_PAGE_BYTES);
    expect_values(&args);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

/* A VP set in the variable header and ranges behind it. */
static void test_variable_header_and_list(void **state)
{
    const struct pv_hv_shape shape = {.reps = 3, .var_qwords = 2};
    struct pv_hv_args args;
    struct pv_hv_flush_ex_header *in;
    uint64_t *banks;

    (void)state;
    rig_up_in_memory();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX, &shape, &args), PV_OK);
    in = args.in;
    banks = args.var;
    assert_ptr_equal(banks, in + 1);
    assert_ptr_equal(args.in_list, banks + 2);
    assert_true(all_zero(banks, 16));
    in->set.bank_mask = 1ull << 0 | 1ull << 63;
    banks[0] = 0x5;
    banks[1] = 1ull << 63;
    for (uint32_t i = 0; i < 3; i++)
        ((uint64_t *)args.in_list)[i] = 0x1000 * (i + 1);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(machine.model.seen.target.vps[0], 0x5);
    assert_int_equal(machine.model.seen.target.vps[63], 1ull << 63);
    assert_int_equal(machine.model.seen.target.last_range, 0x3000);
    in->set.bank_mask = 1; /* one bank named, two sent */
    assert_status(pv_hv_issue(&vp, &args), PV_REFUSED);
    assert_int_equal(args.result.status, PV_HV_STATUS_INVALID_HYPERCALL_INPUT);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_variable_header_in_registers(void **state)
{
    const struct pv_hv_shape shape = {.var_qwords = 1};
    struct pv_hv_args args;
    struct pv_hv_flush_ex_header *in;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX, &shape, &args),
                  PV_OK);
    in = args.in;
    in->set.bank_mask = 2;
    *(uint64_t *)args.var = 0xF0;
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_true(rig_last_was_fast());
    assert_int_equal(machine.model.seen.target.vps[1], 0xF0);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

/* RetargetDeviceInterrupt: bank mask and banks, if flag bit 1 says there is a set. */
static void test_mask_and_banks(void **state)
{
    const struct pv_hv_shape shape = {.var_qwords = 3};
    struct pv_hv_args args;
    uint32_t in_bytes;
    uint64_t *var;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    in_bytes = pv_hv_call_info(PV_HV_CALL_RETARGET_DEVICE_INTERRUPT)->in_bytes;
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_RETARGET_DEVICE_INTERRUPT, &shape, &args), PV_OK);
    ((uint32_t *)args.in)[in_bytes / 4 - 3] = 2;
    var = args.var;
    var[0] = 0x3;
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    var[0] = 0x7;
    assert_status(pv_hv_issue(&vp, &args), PV_REFUSED);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_input_tail(void **state)
{
    const struct pv_hv_shape shape = {.tail_bytes = 21};
    struct pv_hv_args args;
    uint32_t *in;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_POST_DEBUG_DATA, &shape, &args), PV_OK);
    in = args.in;
    assert_ptr_equal(args.var, in + 2);
    assert_null(args.in_list);
    in[0] = 21;
    memset(args.var, 0x42, 21);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(((const uint8_t *)args.out)[7], sim_pattern(0, 7));
    assert_int_equal(machine.model.seen.fixed[8 + 20], 0x42);
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

static void test_output_tail(void **state)
{
    const struct pv_hv_shape shape = {.tail_bytes = 100};
    struct pv_hv_args args;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_RETRIEVE_DEBUG_DATA, &shape, &args), PV_OK);
    *(uint32_t *)args.in = 100;
    assert_null(args.out_list);
    assert_status(pv_hv_issue(&vp, &args), PV_OK);
    assert_int_equal(((const uint8_t *)args.out)[8 + 99], sim_pattern(0, 107));
    assert_status(pv_hv_end(&vp, &args), PV_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_header_example),
        RIG_TEST(test_registers_until_full_x64),
        RIG_TEST(test_registers_until_full_smccc),
        RIG_TEST(test_registers_hvc1),
        RIG_TEST(test_smccc_output_behind_input),
        RIG_TEST(test_every_combination_of_forms),
        RIG_TEST(test_forms_follow_the_features),
        RIG_TEST(test_no_block_while_sse_is_off),
        RIG_TEST(test_arm64_uses_registers_always),
        RIG_TEST(test_pointers_of_absent_parts),
        RIG_TEST(test_rep_call_without_elements),
        RIG_TEST(test_fixed_input_is_zeroed),
        RIG_TEST(test_shared_page_layout),
        RIG_TEST(test_two_pages_layout),
        RIG_TEST(test_variable_header_and_list),
        RIG_TEST(test_variable_header_in_registers),
        RIG_TEST(test_mask_and_banks),
        RIG_TEST(test_input_tail),
        RIG_TEST(test_output_tail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
