/* SPDX-License-Identifier: MIT */
#include <pv/status.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Written out once more on purpose: numbers and names are an interface and never change. */
static const struct {
    int number;
    const char *name;
} published[] = {
    { 0, "OK" },          { 1, "UNSUPPORTED" },     { 2, "INVALID" },    { 3, "BAD_STATE" },
    { 4, "BUSY" },        { 5, "NO_ROOM" },         { 6, "NO_MEMORY" },  { 7, "BAD_ADDRESS" },
    { 8, "DENIED" },      { 9, "REFUSED" },         { 10, "HOST_NO_MEMORY" },
    { 11, "TIMED_OUT" },  { 12, "MALFORMED" },      { 13, "LOCKED" },
    { 14, "NOT_FOUND" },  { 15, "EXISTS" },         { 16, "EMPTY" },      { 17, "OVERLAPS" },
    { 18, "LEAKED" },
};

#define PUBLISHED (sizeof(published) / sizeof(published[0]))

static const enum pv_status strangers[] = {
    (enum pv_status)PUBLISHED, (enum pv_status)(PUBLISHED + 1), (enum pv_status)255,
    (enum pv_status)0x7FFFFFFF, (enum pv_status)-1,
};

static void numbers_and_names_are_the_published_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < PUBLISHED; i++) {
        assert_int_equal(published[i].number, i);
        assert_string_equal(pv_status_name((enum pv_status)i), published[i].name);
    }
}

static void constants_have_the_published_numbers(void **state)
{
#define NUMBER_AND_NAME(number, NAME, text)                   \
    assert_int_equal(PV_##NAME, number);                      \
    assert_string_equal(pv_status_name(PV_##NAME), #NAME);    \
    count++;
    size_t count = 0;

    (void)state;
    PV_STATUS_TABLE(NUMBER_AND_NAME)
#undef NUMBER_AND_NAME
    assert_int_equal(count, PUBLISHED);
}

static void every_status_has_a_line_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < PUBLISHED; i++) {
        const char *text = pv_status_text((enum pv_status)i);

        assert_true(strlen(text) > 1);
        assert_null(strchr(text, '\n'));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(text, pv_status_text((enum pv_status)j));
    }
}

static void a_number_that_is_no_status_is_a_question_mark(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        assert_string_equal(pv_status_name(strangers[i]), "?");
        assert_string_equal(pv_status_text(strangers[i]), "?");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_names_are_the_published_ones),
        cmocka_unit_test(constants_have_the_published_numbers),
        cmocka_unit_test(every_status_has_a_line_of_its_own),
        cmocka_unit_test(a_number_that_is_no_status_is_a_question_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
