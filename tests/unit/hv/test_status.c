/* SPDX-License-Identifier: MIT */
#include <pv/hv/hypercall.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint16_t numbers[] = {
#define PV_HV_STATUS(number, NAME, retry, pv, meaning) number,
#include <pv/abi/hv_status.def>
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static void numbers_are_unique_and_ascend(void **state)
{
    (void)state;
    for (size_t i = 1; i < NUMBERS; i++)
        assert_true(numbers[i - 1] < numbers[i]);
}

static void find_answers_exactly_the_numbers_of_the_table(void **state)
{
    size_t next = 0;

    (void)state;
    for (uint32_t number = 0; number <= 0xFFFF; number++) {
        const struct pv_hv_status_info *info = pv_hv_status_find((uint16_t)number);

        if (next < NUMBERS && number == numbers[next]) {
            assert_non_null(info);
            assert_int_equal(info->number, number);
            assert_int_equal(pv_hv_status_pv((uint16_t)number), info->pv);
            next++;
        } else {
            assert_null(info);
            assert_int_equal(pv_hv_status_pv((uint16_t)number), PV_REFUSED);
        }
    }
    assert_int_equal(next, NUMBERS);
}

static void every_line_is_named_and_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUMBERS; i++) {
        const struct pv_hv_status_info *info = pv_hv_status_find(numbers[i]);

        assert_true(strlen(info->name) > 1);
        assert_true(strlen(info->meaning) > 1);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(info->name, pv_hv_status_find(numbers[j])->name);
    }
}

/* Numbers from the TLFS, written out: what a kernel does next hangs on these. */
static void important_statuses_mean_what_they_should(void **state)
{
    static const struct {
        uint16_t number;
        const char *name;
        enum pv_status pv;
        enum pv_hv_retry retry;
    } cases[] = {
        { 0x00, "SUCCESS", PV_OK, PV_HV_RETRY_NEVER },
        { 0x02, "INVALID_HYPERCALL_CODE", PV_UNSUPPORTED, PV_HV_RETRY_NEVER },
        { 0x03, "INVALID_HYPERCALL_INPUT", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x04, "INVALID_ALIGNMENT", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x05, "INVALID_PARAMETER", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x06, "ACCESS_DENIED", PV_DENIED, PV_HV_RETRY_NEVER },
        { 0x08, "OPERATION_DENIED", PV_DENIED, PV_HV_RETRY_NEVER },
        { 0x0B, "INSUFFICIENT_MEMORY", PV_HOST_NO_MEMORY, PV_HV_RETRY_DEPOSIT },
        { 0x0E, "INVALID_VP_INDEX", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x12, "INVALID_CONNECTION_ID", PV_REFUSED, PV_HV_RETRY_BACKOFF },
        { 0x13, "INSUFFICIENT_BUFFERS", PV_HOST_NO_MEMORY, PV_HV_RETRY_BACKOFF },
        { 0x33, "INSUFFICIENT_BUFFER", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x50, "INVALID_REGISTER_VALUE", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x73, "INSUFFICIENT_ROOT_MEMORY", PV_HOST_NO_MEMORY, PV_HV_RETRY_DEPOSIT },
        { 0x78, "TIME_OUT", PV_TIMED_OUT, PV_HV_RETRY_REISSUE },
        { 0x79, "CALL_PENDING", PV_REFUSED, PV_HV_RETRY_PENDING },
        { 0x86, "VTL_ALREADY_ENABLED", PV_REFUSED, PV_HV_RETRY_NEVER },
        { 0x87, "UNKNOWN_REGISTER_NAME", PV_UNSUPPORTED, PV_HV_RETRY_NEVER },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct pv_hv_status_info *info = pv_hv_status_find(cases[i].number);

        assert_non_null(info);
        assert_string_equal(info->name, cases[i].name);
        assert_int_equal(info->pv, cases[i].pv);
        assert_int_equal(info->retry, cases[i].retry);
    }
}

static void answer_and_retry_class_fit_each_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < NUMBERS; i++) {
        const struct pv_hv_status_info *info = pv_hv_status_find(numbers[i]);

        assert_int_equal(info->pv == PV_OK, info->number == PV_HV_STATUS_SUCCESS);
        assert_int_equal(info->pv == PV_TIMED_OUT, info->retry == PV_HV_RETRY_REISSUE);
        if (info->retry == PV_HV_RETRY_DEPOSIT)
            assert_int_equal(info->pv, PV_HOST_NO_MEMORY);
        if (info->pv == PV_HOST_NO_MEMORY)
            assert_int_not_equal(info->retry, PV_HV_RETRY_NEVER);
        assert_string_not_equal(pv_status_name((enum pv_status)info->pv), "?");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_unique_and_ascend),
        cmocka_unit_test(find_answers_exactly_the_numbers_of_the_table),
        cmocka_unit_test(every_line_is_named_and_explained),
        cmocka_unit_test(important_statuses_mean_what_they_should),
        cmocka_unit_test(answer_and_retry_class_fit_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
