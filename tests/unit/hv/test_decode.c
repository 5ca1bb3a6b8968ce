/* SPDX-License-Identifier: MIT */
/* Blocks are allocated to the byte, so that a read beyond them is seen by the address sanitizer. */
#include <pv/abi/hv_layout.h>
#include <pv/abi/hv_regs.h>
#include <pv/hv/hypercall.h>
#include <pv/hv/text.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT 8192
#define REPS(n) ((uint64_t)(n) << 32)
#define START(n) ((uint64_t)(n) << 48)
#define VAR(n) ((uint64_t)(n) << 17)

static void assert_decoded(uint64_t control, const void *in, size_t in_bytes, const char *want)
{
    char text[TEXT];

    assert_int_equal(pv_hv_decode(control, in, in_bytes, text, sizeof(text)), PV_OK);
    assert_string_equal(text, want);
}

/* ---- names ---- */

static void calls_are_named_as_the_specification_spells_them(void **state)
{
    (void)state;
    assert_string_equal(pv_hv_call_name(PV_HV_CALL_GET_VP_REGISTERS), "GetVpRegisters");
    assert_string_equal(pv_hv_call_name(PV_HV_CALL_SIGNAL_EVENT), "SignalEvent");
    assert_string_equal(pv_hv_call_name(PV_HV_CALL_VBS_VM_CALL_REPORT), "VbsVmCallReport");
}

static void a_number_that_is_no_call_has_no_name(void **state)
{
    (void)state;
    assert_string_equal(pv_hv_call_name(PV_HV_CALLS), "?");
    assert_string_equal(pv_hv_call_name((enum pv_hv_call)-1), "?");
}

/* ---- examples ---- */

struct get_block {
    struct pv_hv_vp_registers_header header;
    uint32_t names[2];
};

static void registers_are_listed_with_self_spelt_out(void **state)
{
    const struct get_block block = {
        .header = { .partition = PV_HV_PARTITION_SELF, .vp_index = PV_HV_VP_SELF },
        .names = { PV_HV_REGISTER_VSM_VP_STATUS, 0x90003 },
    };

    (void)state;
    assert_decoded(REPS(1) | 0x50, &block, sizeof(block),
                   "GetVpRegisters reps=1 partition=self vp=self vtl=0x0 [0] name=0xd0003");
    assert_decoded(REPS(2) | 0x50, &block, sizeof(block),
                   "GetVpRegisters reps=2 partition=self vp=self vtl=0x0 [0] name=0xd0003"
                   " [1] name=0x90003");
}

static void self_is_only_spelt_out_where_it_means_self(void **state)
{
    const struct get_block other = {
        .header = { .partition = PV_HV_VP_SELF, .vp_index = 3, .input_vtl = 0x11 },
        .names = { PV_HV_VP_SELF },
    };

    (void)state;
    assert_decoded(REPS(1) | 0x50, &other, sizeof(other),
                   "GetVpRegisters reps=1 partition=0xfffffffe vp=0x3 vtl=0x11"
                   " [0] name=0xfffffffe");
}

static void fields_of_every_width_are_shown(void **state)
{
    struct {
        uint32_t connection;
        uint16_t flag;
        uint16_t reserved;
    } const event = { 0x10001, 0x7FF, 0 };
    const struct pv_hv_ipi ipi = { 0xF3, 0x12, { 0 }, 0x8000000000000001ull };

    (void)state;
    assert_decoded(PV_HV_CONTROL_FAST | 0x5D, &event, sizeof(event),
                   "SignalEvent fast connection=0x10001 flag=0x7ff");
    assert_decoded(0x0B, &ipi, sizeof(ipi),
                   "SendSyntheticClusterIpi vector=0xf3 vtl=0x12"
                   " processor_mask=0x8000000000000001");
}

static void banks_stand_between_header_and_list(void **state)
{
    struct {
        struct pv_hv_flush_ex_header header;
        uint64_t banks[2];
        uint64_t list[2];
    } const flush = { { 0x1000, 0, { 0, 0x5 } }, { 0xF, 0xF0 }, { 0x7000, 0x8001 } };

    (void)state;
    assert_decoded(REPS(2) | START(1) | VAR(2) | 0x14, &flush, sizeof(flush),
                   "FlushVirtualAddressListEx var=2 reps=2 start=1 address_space=0x1000 flags=0x0"
                   " set_format=0x0 bank_mask=0x5 var=0xf var=0xf0 [0] gva_range=0x7000"
                   " [1] gva_range=0x8001");
}

static void long_fields_are_counted_not_dumped(void **state)
{
    static const uint8_t message[256];

    (void)state;
    assert_decoded(0x5C, message, sizeof(message),
                   "PostMessage connection=0x0 message_type=0x0 payload_bytes=0x0"
                   " payload=[240 bytes]");
}

static void the_rest_of_a_part_is_a_number_if_it_is_as_small_as_one(void **state)
{
    struct {
        struct pv_hv_vp_index_header header;
        uint8_t element[PV_HV_BY_ARCH(4, 8)];
    } find = { { PV_HV_PARTITION_SELF, 0, { 0 } }, { 0 } };
    char text[TEXT];

    (void)state;
    assert_decoded(REPS(1) | 0x9A, &find, sizeof(find.header) + sizeof(find.element),
                   "GetVpIndexFromApicId reps=1 partition=self vtl=0x0 [0] hw_id=0x0");
    assert_int_equal(pv_hv_decode(0x0F, NULL, 0, text, sizeof(text)), PV_OK);
    assert_string_equal(text, "EnableVpVtl ...");
}

static void calls_without_arguments_are_a_name(void **state)
{
    (void)state;
    assert_decoded(0x46, NULL, 0, "GetPartitionId");
    assert_decoded(0x11, NULL, 0, "VtlCall");
    assert_decoded(0x8004, NULL, 0, "ExtEpfSetup");
}

static void pages_are_counted_without_a_list(void **state)
{
    static const uint64_t accept[3] = { PV_HV_PARTITION_SELF, 0, 0x100 };

    (void)state;
    assert_decoded(REPS(512) | 0xD9, accept, sizeof(accept),
                   "AcceptGpaPages reps=512 partition=self attributes=0x0 vtl_permissions=0x0"
                   " gpa_page=0x100");
}

/* ---- control words nobody should send ---- */

static void unknown_codes_are_shown_as_numbers(void **state)
{
    static const uint8_t anything[16];

    (void)state;
    assert_decoded(0, NULL, 0, "call 0x0000");
    assert_decoded(0xFFFF, anything, sizeof(anything), "call 0xffff");
    assert_decoded(REPS(3) | PV_HV_CONTROL_FAST | 0x4321, NULL, 0, "call 0x4321 fast reps=3");
}

static void reserved_and_nested_bits_are_shown(void **state)
{
    (void)state;
    assert_decoded(~0ull, NULL, 0,
                   "call 0xffff fast nested var=1023 reps=4095 start=4095"
                   " reserved=0xf000f00078000000");
    assert_decoded(PV_HV_CONTROL_NESTED | 1ull << 27 | 0x46, NULL, 0,
                   "GetPartitionId nested reserved=0x8000000");
}

static void counts_beyond_the_block_end_in_dots(void **state)
{
    const struct get_block block = {
        .header = { .partition = PV_HV_PARTITION_SELF, .vp_index = PV_HV_VP_SELF },
        .names = { 1, 2 },
    };

    (void)state;
    assert_decoded(REPS(4095) | 0x50, &block, sizeof(block),
                   "GetVpRegisters reps=4095 partition=self vp=self vtl=0x0 [0] name=0x1"
                   " [1] name=0x2 ...");
    assert_decoded(VAR(1023) | 0x46, &block, 8,
                   "GetPartitionId var=1023 var=0xffffffffffffffff ...");
}

/* ---- every call, every truncation ---- */

/* Bytes that a call with that control word has in its block. */
static size_t block_bytes(const struct pv_hv_call_info *info, size_t var, size_t reps)
{
    return info->in_bytes + 8 * var + reps * info->in_rep_bytes;
}

static void assert_truncated(uint64_t control, size_t whole, size_t have)
{
    uint8_t *block = malloc(have != 0 ? have : 1);
    char text[TEXT];
    size_t length;

    assert_non_null(block);
    memset(block, 0x41, have);
    assert_int_equal(pv_hv_decode(control, have != 0 ? block : NULL, have, text, sizeof(text)),
                     PV_OK);
    free(block);
    length = strlen(text);
    assert_int_equal(length >= 4 && strcmp(text + length - 4, " ...") == 0, have < whole);
}

static void every_truncation_of_every_call_is_told_and_never_overrun(void **state)
{
    (void)state;
    for (unsigned call = 0; call < PV_HV_CALLS; call++) {
        const struct pv_hv_call_info *info = pv_hv_call_info((enum pv_hv_call)call);
        const unsigned reps = info->kind == PV_HV_KIND_REP ? 3 : 0;
        const unsigned var =
            info->var == PV_HV_VAR_BANKS || info->var == PV_HV_VAR_MASK_BANKS ? 2 : 0;
        const uint64_t control = REPS(reps) | VAR(var) | info->code;
        const size_t whole = block_bytes(info, var, reps);

        for (size_t have = 0; have <= whole + 8; have++)
            assert_truncated(control, whole, have);
    }
}

/* xorshift64: the same garbage on every machine. */
static uint64_t garbage(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void assert_clean_text(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    assert_non_null(end);
    for (; *text != '\0'; text++)
        assert_true(*text >= ' ' && *text <= '~');
}

static void garbage_gives_bounded_printable_text(void **state)
{
    uint64_t seed = 0x9E3779B97F4A7C15ull;
    uint64_t block[32];
    char text[512];

    (void)state;
    for (unsigned round = 0; round < 100000; round++) {
        const uint64_t control = garbage(&seed);
        const unsigned call = (unsigned)(garbage(&seed) % PV_HV_CALLS);
        const uint16_t code = pv_hv_call_info((enum pv_hv_call)call)->code;
        const size_t have = (size_t)(garbage(&seed) % (sizeof(block) + 1));
        const size_t size = 1 + (size_t)(garbage(&seed) % sizeof(text));
        enum pv_status status;

        for (size_t i = 0; i < 32; i++)
            block[i] = garbage(&seed);
        status = pv_hv_decode((control & ~0xFFFFull) | code, block, have, text, size);
        assert_true(status == PV_OK || status == PV_NO_ROOM);
        assert_clean_text(text, size);
        status = pv_hv_decode(control, block, have, text, size);
        assert_true(status == PV_OK || status == PV_NO_ROOM);
        assert_clean_text(text, size);
    }
}

/* ---- buffers of every size ---- */

static void assert_cut(const char *whole, size_t size, const char *text, enum pv_status status)
{
    const size_t kept = size <= strlen(whole) ? size - 1 : strlen(whole);

    assert_int_equal(status, size <= strlen(whole) ? PV_NO_ROOM : PV_OK);
    assert_memory_equal(text, whole, kept);
    assert_int_equal(text[kept], '\0');
}

static void a_short_buffer_holds_a_prefix_of_the_text(void **state)
{
    const struct get_block block = {
        .header = { .partition = PV_HV_PARTITION_SELF, .vp_index = PV_HV_VP_SELF },
    };
    const uint64_t control = REPS(2) | 0x50;
    char whole[TEXT];

    (void)state;
    assert_int_equal(pv_hv_decode(control, &block, sizeof(block), whole, sizeof(whole)), PV_OK);
    for (size_t size = 1; size <= strlen(whole) + 2; size++) {
        char *text = malloc(size);

        assert_non_null(text);
        assert_cut(whole, size, text, pv_hv_decode(control, &block, sizeof(block), text, size));
        free(text);
    }
}

static void no_buffer_is_no_room(void **state)
{
    (void)state;
    assert_int_equal(pv_hv_decode(0x46, NULL, 0, NULL, 0), PV_NO_ROOM);
    assert_int_equal(pv_hv_decode(0, NULL, 0, NULL, 0), PV_NO_ROOM);
    assert_int_equal(pv_hv_decode_result(0, NULL, 0), PV_NO_ROOM);
}

/* ---- results ---- */

static void results_are_named_counted_and_numbered(void **state)
{
    static const struct {
        uint64_t result;
        const char *text;
    } cases[] = {
        { 0, "SUCCESS (0x0), 0 reps" },
        { REPS(2) | 4, "INVALID_ALIGNMENT (0x4), 2 reps" },
        { REPS(4095) | 0x78, "TIME_OUT (0x78), 4095 reps" },
        { 0xBEEF, "status (0xbeef), 0 reps" },
        { ~0ull, "status (0xffff), 4095 reps" },
        { 0xFFFFF000FFFF0087ull, "UNKNOWN_REGISTER_NAME (0x87), 0 reps" },
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(pv_hv_decode_result(cases[i].result, text, sizeof(text)), PV_OK);
        assert_string_equal(text, cases[i].text);
    }
}

static void a_short_buffer_holds_a_prefix_of_the_result(void **state)
{
    static const char whole[] = "SUCCESS (0x0), 3 reps";

    (void)state;
    for (size_t size = 1; size <= sizeof(whole); size++) {
        char *text = malloc(size);

        assert_non_null(text);
        assert_cut(whole, size, text, pv_hv_decode_result(REPS(3), text, size));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_named_as_the_specification_spells_them),
        cmocka_unit_test(a_number_that_is_no_call_has_no_name),
        cmocka_unit_test(registers_are_listed_with_self_spelt_out),
        cmocka_unit_test(self_is_only_spelt_out_where_it_means_self),
        cmocka_unit_test(fields_of_every_width_are_shown),
        cmocka_unit_test(banks_stand_between_header_and_list),
        cmocka_unit_test(long_fields_are_counted_not_dumped),
        cmocka_unit_test(the_rest_of_a_part_is_a_number_if_it_is_as_small_as_one),
        cmocka_unit_test(calls_without_arguments_are_a_name),
        cmocka_unit_test(pages_are_counted_without_a_list),
        cmocka_unit_test(unknown_codes_are_shown_as_numbers),
        cmocka_unit_test(reserved_and_nested_bits_are_shown),
        cmocka_unit_test(counts_beyond_the_block_end_in_dots),
        cmocka_unit_test(every_truncation_of_every_call_is_told_and_never_overrun),
        cmocka_unit_test(garbage_gives_bounded_printable_text),
        cmocka_unit_test(a_short_buffer_holds_a_prefix_of_the_text),
        cmocka_unit_test(no_buffer_is_no_room),
        cmocka_unit_test(results_are_named_counted_and_numbered),
        cmocka_unit_test(a_short_buffer_holds_a_prefix_of_the_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
