/* SPDX-License-Identifier: MIT */
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define GUARD 0x5A

/* A buffer whose bytes beyond the told size show any write. */
struct fixture {
    char bytes[64];
    struct pv_text text;
};

static void start(struct fixture *f, size_t size)
{
    memset(f->bytes, GUARD, sizeof(f->bytes));
    pv_text_init_(&f->text, f->bytes, size);
}

static void assert_untouched_from(const struct fixture *f, size_t from)
{
    for (size_t i = from; i < sizeof(f->bytes); i++)
        assert_int_equal(f->bytes[i], GUARD);
}

static void empty_text_is_terminated_and_complete(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, sizeof(f.bytes));
    assert_string_equal(f.bytes, "");
    assert_int_equal(pv_text_end_(&f.text), PV_OK);
    assert_untouched_from(&f, 1);
}

static void no_buffer_is_cut_at_once_and_never_written(void **state)
{
    struct pv_text text;

    (void)state;
    pv_text_init_(&text, NULL, 0);
    pv_text_char_(&text, 'a');
    pv_text_string_(&text, "bc");
    pv_text_hex_(&text, 1, 1);
    pv_text_decimal_(&text, 1);
    assert_int_equal(pv_text_end_(&text), PV_NO_ROOM);
}

static void one_byte_holds_the_empty_text_only(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, 1);
    pv_text_string_(&f.text, "");
    assert_int_equal(pv_text_end_(&f.text), PV_OK);
    pv_text_char_(&f.text, 'a');
    assert_int_equal(pv_text_end_(&f.text), PV_NO_ROOM);
    assert_string_equal(f.bytes, "");
    assert_untouched_from(&f, 1);
}

static void parts_follow_each_other(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, sizeof(f.bytes));
    pv_text_string_(&f.text, "reps=");
    pv_text_decimal_(&f.text, 204);
    pv_text_char_(&f.text, ',');
    pv_text_hex_(&f.text, 0xD0003, 1);
    assert_string_equal(f.bytes, "reps=204,0xd0003");
    assert_int_equal(pv_text_end_(&f.text), PV_OK);
}

static void a_cut_text_is_a_terminated_prefix(void **state)
{
    static const char whole[] = "hypervisor";
    struct fixture f;

    (void)state;
    for (size_t size = 1; size <= sizeof(whole) + 1; size++) {
        const size_t kept = size < sizeof(whole) ? size - 1 : sizeof(whole) - 1;

        start(&f, size);
        pv_text_string_(&f.text, whole);
        assert_int_equal(pv_text_end_(&f.text), size < sizeof(whole) ? PV_NO_ROOM : PV_OK);
        assert_memory_equal(f.bytes, whole, kept);
        assert_int_equal(f.bytes[kept], '\0');
        assert_untouched_from(&f, size < sizeof(whole) ? size : sizeof(whole));
    }
}

static void hex_has_the_digits_it_needs_or_was_asked_for(void **state)
{
    static const struct {
        uint64_t value;
        unsigned digits;
        const char *text;
    } cases[] = {
        { 0, 0, "0x0" },
        { 0, 1, "0x0" },
        { 0, 4, "0x0000" },
        { 0xF, 1, "0xf" },
        { 0x10, 1, "0x10" },
        { 0x10, 2, "0x10" },
        { 0x10, 3, "0x010" },
        { 0xABCDEF, 4, "0xabcdef" },
        { 0x123456789ull, 1, "0x123456789" },
        { 0x1000000000000000ull, 1, "0x1000000000000000" },
        { ~0ull, 1, "0xffffffffffffffff" },
        { 1, 16, "0x0000000000000001" },
        { 1, 99, "0x0000000000000001" },
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(&f, sizeof(f.bytes));
        pv_text_hex_(&f.text, cases[i].value, cases[i].digits);
        assert_string_equal(f.bytes, cases[i].text);
        assert_int_equal(pv_text_end_(&f.text), PV_OK);
    }
}

static void decimal_has_no_leading_zero(void **state)
{
    static const struct {
        uint32_t value;
        const char *text;
    } cases[] = {
        { 0, "0" },     { 9, "9" },       { 10, "10" },
        { 100, "100" }, { 4095, "4095" }, { 4294967295u, "4294967295" },
    };
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start(&f, sizeof(f.bytes));
        pv_text_decimal_(&f.text, cases[i].value);
        assert_string_equal(f.bytes, cases[i].text);
    }
}

static void numbers_are_cut_like_any_text(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, 4);
    pv_text_decimal_(&f.text, 12345);
    assert_string_equal(f.bytes, "123");
    assert_int_equal(pv_text_end_(&f.text), PV_NO_ROOM);
    start(&f, 4);
    pv_text_hex_(&f.text, 0xABC, 1);
    assert_string_equal(f.bytes, "0xa");
    assert_int_equal(pv_text_end_(&f.text), PV_NO_ROOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_text_is_terminated_and_complete),
        cmocka_unit_test(no_buffer_is_cut_at_once_and_never_written),
        cmocka_unit_test(one_byte_holds_the_empty_text_only),
        cmocka_unit_test(parts_follow_each_other),
        cmocka_unit_test(a_cut_text_is_a_terminated_prefix),
        cmocka_unit_test(hex_has_the_digits_it_needs_or_was_asked_for),
        cmocka_unit_test(decimal_has_no_leading_zero),
        cmocka_unit_test(numbers_are_cut_like_any_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
