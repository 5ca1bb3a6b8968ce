/* SPDX-License-Identifier: MIT */
/* The calls table against itself, against the layouts in pv/abi/hv_layout.h, and against numbers
 * of the TLFS written out once more. */
#include <pv/abi/hv_layout.h>
#include <pv/hv/call.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *fixed;
    const char *rep;
} layouts[PV_HV_CALLS] = {
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    { layout, rep },
#include <pv/abi/hv_calls.def>
};

static const struct pv_hv_call_info *info_of(unsigned call)
{
    return pv_hv_call_info((enum pv_hv_call)call);
}

/* ---- looking up ---- */

static void info_of_a_number_that_is_no_call_is_null(void **state)
{
    (void)state;
    assert_null(info_of(PV_HV_CALLS));
    assert_null(info_of(PV_HV_CALLS + 1));
    assert_null(info_of(0x7FFFFFFFu));
    assert_null(info_of(0xFFFFFFFFu));
}

static void codes_ascend(void **state)
{
    (void)state;
    for (unsigned call = 1; call < PV_HV_CALLS; call++)
        assert_true(info_of(call - 1)->code < info_of(call)->code);
}

static void find_answers_exactly_the_codes_of_the_table(void **state)
{
    unsigned next = 0;

    (void)state;
    for (uint32_t code = 0; code <= 0xFFFF; code++) {
        const enum pv_hv_call call = pv_hv_call_find((uint16_t)code);

        if (next < PV_HV_CALLS && code == info_of(next)->code)
            assert_int_equal(call, next++);
        else
            assert_int_equal(call, PV_HV_CALLS);
    }
    assert_int_equal(next, PV_HV_CALLS);
}

static void code_constants_name_the_same_calls(void **state)
{
    (void)state;
#define PV_HV_CALL(code, NAME, Name, kind, in, var, in_rep, out, out_rep, fast, priv, layout, rep) \
    assert_int_equal(pv_hv_call_find(PV_HV_CODE_##NAME), PV_HV_CALL_##NAME);
#include <pv/abi/hv_calls.def>
}

/* ---- known calls ---- */

struct known {
    uint16_t code, in, out;
    uint8_t in_rep, out_rep;
    enum pv_hv_kind kind;
    enum pv_hv_var var;
    enum pv_hv_fast fast;
    bool two_registers;
    uint8_t privilege;
};

static void assert_known(const struct known *want)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(pv_hv_call_find(want->code));

    assert_non_null(info);
    assert_int_equal(info->code, want->code);
    assert_int_equal(info->in_bytes, want->in);
    assert_int_equal(info->out_bytes, want->out);
    assert_int_equal(info->in_rep_bytes, want->in_rep);
    assert_int_equal(info->out_rep_bytes, want->out_rep);
    assert_int_equal(info->kind, want->kind);
    assert_int_equal(info->var, want->var);
    assert_int_equal(info->fast, want->fast);
    assert_int_equal(info->fast_control,
                     want->two_registers ? want->code | PV_HV_CONTROL_FAST : 0);
    assert_int_equal(info->privilege, want->privilege);
}

#define SIMPLE PV_HV_KIND_SIMPLE
#define REP PV_HV_KIND_REP
#define SWITCH PV_HV_KIND_SWITCH
#define OPAQUE PV_HV_KIND_OPAQUE
#define NONE PV_HV_VAR_NONE
#define BANKS PV_HV_VAR_BANKS
#define NO PV_HV_FAST_NO
#define GPR PV_HV_FAST_GPR
#define REG PV_HV_FAST_REG

static void known_calls_are_as_the_specification_has_them(void **state)
{
    static const struct known cases[] = {
        { 0x0002, 24, 0, 0, 0, SIMPLE, NONE, REG, false, 63 },
        { 0x0008, 8, 0, 0, 0, SIMPLE, NONE, GPR, true, 63 },
        { 0x000B, 16, 0, 0, 0, SIMPLE, NONE, REG, true, 63 },
        { 0x000C, 16, 0, 8, 0, REP, NONE, REG, false, 48 },
        { 0x0010, 0, 0, 0, 0, OPAQUE, NONE, NO, false, 48 },
        { 0x0012, 0, 0, 0, 0, SWITCH, NONE, NO, false, 48 },
        { 0x0014, 32, 0, 8, 0, REP, BANKS, REG, false, 63 },
        { 0x0015, 24, 0, 0, 0, SIMPLE, BANKS, REG, false, 63 },
        { 0x0046, 0, 8, 0, 0, SIMPLE, NONE, REG, false, 33 },
        { 0x0050, 16, 0, 4, 16, REP, NONE, REG, false, 49 },
        { 0x0051, 16, 0, 32, 0, REP, NONE, REG, false, 49 },
        { 0x0052, 32, 16, 0, 0, SIMPLE, NONE, REG, false, 49 },
        { 0x005C, 256, 0, 0, 0, SIMPLE, NONE, NO, false, 36 },
        { 0x005D, 8, 0, 0, 0, SIMPLE, NONE, GPR, true, 37 },
        { 0x8002, 0, 4088, 0, 0, SIMPLE, NONE, NO, false, 52 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_known(&cases[i]);
}

#define INFO(NAME) info_of(PV_HV_CALL_##NAME)
#define CONTEXT PV_HV_BY_ARCH(sizeof(struct pv_hv_context_x64), sizeof(struct pv_hv_context_arm64))

static void structs_have_the_sizes_of_the_table(void **state)
{
    const size_t start = sizeof(struct pv_hv_vp_vtl_header) + CONTEXT;

    (void)state;
    assert_int_equal(INFO(GET_VP_REGISTERS)->in_bytes, sizeof(struct pv_hv_vp_registers_header));
    assert_int_equal(INFO(GET_VP_REGISTERS)->out_rep_bytes, sizeof(struct pv_hv_register_value));
    assert_int_equal(INFO(SET_VP_REGISTERS)->in_bytes, sizeof(struct pv_hv_vp_registers_header));
    assert_int_equal(INFO(SET_VP_REGISTERS)->in_rep_bytes, sizeof(struct pv_hv_register));
    assert_int_equal(INFO(ENABLE_PARTITION_VTL)->in_bytes,
                     sizeof(struct pv_hv_enable_partition_vtl));
    assert_int_equal(INFO(ENABLE_VP_VTL)->in_bytes, start);
    assert_int_equal(INFO(START_VIRTUAL_PROCESSOR)->in_bytes, start);
    assert_int_equal(INFO(GET_VP_INDEX_FROM_APIC_ID)->in_bytes,
                     sizeof(struct pv_hv_vp_index_header));
    assert_int_equal(INFO(MODIFY_VTL_PROTECTION_MASK)->in_bytes,
                     sizeof(struct pv_hv_protection_header));
    assert_int_equal(INFO(TRANSLATE_VIRTUAL_ADDRESS)->in_bytes,
                     sizeof(struct pv_hv_translate_input));
    assert_int_equal(INFO(TRANSLATE_VIRTUAL_ADDRESS)->out_bytes,
                     sizeof(struct pv_hv_translate_output));
    assert_int_equal(INFO(FLUSH_VIRTUAL_ADDRESS_SPACE)->in_bytes,
                     sizeof(struct pv_hv_flush_header));
    assert_int_equal(INFO(FLUSH_VIRTUAL_ADDRESS_LIST)->in_bytes, sizeof(struct pv_hv_flush_header));
    assert_int_equal(INFO(FLUSH_VIRTUAL_ADDRESS_SPACE_EX)->in_bytes,
                     sizeof(struct pv_hv_flush_ex_header));
    assert_int_equal(INFO(FLUSH_VIRTUAL_ADDRESS_LIST_EX)->in_bytes,
                     sizeof(struct pv_hv_flush_ex_header));
    assert_int_equal(INFO(SEND_SYNTHETIC_CLUSTER_IPI)->in_bytes, sizeof(struct pv_hv_ipi));
}

/* ---- the table's own rules ---- */

static bool has_blocks(const struct pv_hv_call_info *info)
{
    return info->in_bytes + info->out_bytes + info->in_rep_bytes + info->out_rep_bytes != 0;
}

static void only_rep_calls_have_list_elements(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = info_of(call);

        if (info->kind == PV_HV_KIND_REP)
            continue;
        assert_int_equal(info->in_rep_bytes, 0);
        assert_int_equal(info->out_rep_bytes, 0);
        assert_string_equal(layouts[call].rep, "");
    }
}

/* The two calls whose rep count is a number of pages behind the first one. */
static bool counts_pages(unsigned call)
{
    return call == PV_HV_CALL_ACCEPT_GPA_PAGES || call == PV_HV_CALL_UNACCEPT_GPA_PAGES;
}

static void rep_calls_list_their_input(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = info_of(call);

        if (info->kind != PV_HV_KIND_REP)
            continue;
        assert_int_equal(info->in_rep_bytes == 0, counts_pages(call));
        assert_int_not_equal(info->in_bytes, 0);
        assert_int_equal(info->out_bytes, 0);
        if (counts_pages(call))
            assert_int_equal(info->out_rep_bytes, 0);
    }
}

static void calls_that_cannot_be_planned_have_no_blocks(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = info_of(call);

        if (info->kind == PV_HV_KIND_SIMPLE || info->kind == PV_HV_KIND_REP) {
            assert_true(has_blocks(info));
            continue;
        }
        assert_false(has_blocks(info));
        assert_int_equal(info->var, PV_HV_VAR_NONE);
        assert_int_equal(info->fast, PV_HV_FAST_NO);
        assert_string_equal(layouts[call].fixed, "");
    }
}

static void every_block_fits_a_page_and_ends_on_a_qword(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = info_of(call);

        assert_true(info->in_bytes + info->out_bytes <= PV_PAGE_BYTES);
        assert_int_equal(info->in_bytes % 8, 0);
        assert_int_equal(info->out_bytes % 8, 0);
    }
}

static void variable_parts_follow_a_fixed_part(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = info_of(call);

        if (info->var != PV_HV_VAR_NONE)
            assert_int_not_equal(info->in_bytes, 0);
        if (info->var == PV_HV_VAR_TAIL_OUT)
            assert_int_not_equal(info->out_bytes, 0);
        if (info->var == PV_HV_VAR_TAIL_IN || info->var == PV_HV_VAR_TAIL_OUT)
            assert_int_equal(info->kind, PV_HV_KIND_SIMPLE);
    }
}

static bool fits_two_registers(const struct pv_hv_call_info *info)
{
    return info->kind == PV_HV_KIND_SIMPLE && info->in_bytes <= 16 && info->out_bytes == 0 &&
           info->var == PV_HV_VAR_NONE;
}

static void calls_for_two_registers_fit_two_registers(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = info_of(call);

        assert_int_equal(info->fast_control != 0,
                         fits_two_registers(info) && info->fast != PV_HV_FAST_NO);
        if (info->fast == PV_HV_FAST_GPR)
            assert_int_equal(info->fast_control, info->code | PV_HV_CONTROL_FAST);
    }
}

static void extended_calls_are_never_fast(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++)
        if (info_of(call)->privilege == PV_HV_PRIVILEGE_EXTENDED_HYPERCALLS)
            assert_int_equal(info_of(call)->fast, PV_HV_FAST_NO);
}

static void privileges_are_hypercall_privileges(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        assert_true(info_of(call)->privilege >= 32);
        assert_true(info_of(call)->privilege <= PV_HV_PRIVILEGE_NONE);
    }
}

/* ---- the layout column ---- */

/* Adds up "name:bytes name:* ..."; a "*" takes what is left of `part`. */
static unsigned layout_bytes(const char *layout, unsigned part)
{
    unsigned sum = 0;

    while (*layout != '\0') {
        const char *number = strchr(layout, ':') + 1;
        unsigned bytes = 0;

        if (*number == '*') {
            assert_true(part > sum);
            bytes = part - sum;
            number++;
        }
        while (*number >= '0' && *number <= '9')
            bytes = bytes * 10 + (unsigned)(*number++ - '0');
        assert_true(*number == ' ' || *number == '\0');
        sum += bytes;
        layout = *number == ' ' ? number + 1 : number;
    }
    return sum;
}

static void fields_add_up_to_the_fixed_input(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++)
        assert_int_equal(layout_bytes(layouts[call].fixed, info_of(call)->in_bytes),
                         info_of(call)->in_bytes);
}

static void fields_add_up_to_the_list_element(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++)
        assert_int_equal(layout_bytes(layouts[call].rep, info_of(call)->in_rep_bytes),
                         info_of(call)->in_rep_bytes);
}

/* The decoder reads fields of up to eight bytes as numbers: of 1, 2, 4 or 8 bytes, in place. */
static void assert_numbers_are_machine_numbers(const char *layout, unsigned part)
{
    static const unsigned sizes[] = { 1, 2, 4, 8 };
    char field[64];
    unsigned at = 0;

    while (*layout != '\0') {
        const size_t length = strcspn(layout, " ");
        unsigned bytes;
        bool is_number = false;

        assert_true(length < sizeof(field));
        memcpy(field, layout, length);
        field[length] = '\0';
        bytes = layout_bytes(field, part - at);
        for (size_t i = 0; i < 4; i++)
            is_number = is_number || (bytes == sizes[i] && at % bytes == 0);
        assert_true(is_number || bytes > 8 || field[0] == '-');
        at += bytes;
        layout += length + (layout[length] == ' ');
    }
}

static void numbers_in_layouts_are_aligned_machine_numbers(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        assert_numbers_are_machine_numbers(layouts[call].fixed, info_of(call)->in_bytes);
        assert_numbers_are_machine_numbers(layouts[call].rep, info_of(call)->in_rep_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_of_a_number_that_is_no_call_is_null),
        cmocka_unit_test(codes_ascend),
        cmocka_unit_test(find_answers_exactly_the_codes_of_the_table),
        cmocka_unit_test(code_constants_name_the_same_calls),
        cmocka_unit_test(known_calls_are_as_the_specification_has_them),
        cmocka_unit_test(structs_have_the_sizes_of_the_table),
        cmocka_unit_test(only_rep_calls_have_list_elements),
        cmocka_unit_test(rep_calls_list_their_input),
        cmocka_unit_test(calls_that_cannot_be_planned_have_no_blocks),
        cmocka_unit_test(every_block_fits_a_page_and_ends_on_a_qword),
        cmocka_unit_test(variable_parts_follow_a_fixed_part),
        cmocka_unit_test(calls_for_two_registers_fit_two_registers),
        cmocka_unit_test(extended_calls_are_never_fast),
        cmocka_unit_test(privileges_are_hypercall_privileges),
        cmocka_unit_test(fields_add_up_to_the_fixed_input),
        cmocka_unit_test(fields_add_up_to_the_list_element),
        cmocka_unit_test(numbers_in_layouts_are_aligned_machine_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
