/* SPDX-License-Identifier: MIT */
/* Calls with rules of their own: processors found, addresses translated, data behind a block, hints. */
#include "rig.h"

#define FIND PV_HV_CODE_GET_VP_INDEX_FROM_APIC_ID
#define TRANSLATE PV_HV_CODE_TRANSLATE_VIRTUAL_ADDRESS
#define RETARGET PV_HV_CODE_RETARGET_DEVICE_INTERRUPT
#define POST PV_HV_CODE_POST_DEBUG_DATA
#define RETRIEVE PV_HV_CODE_RETRIEVE_DEBUG_DATA
#define HEAT PV_HV_CODE_EXT_MEMORY_HEAT_HINT
#define ZEROED PV_HV_CODE_EXT_GET_BOOT_ZEROED_MEMORY
#define MASK PV_HV_BY_ARCH(56, 64) /* behind the fixed part */
#define VA 0xFFFF800000000000ull

/* ---- HvCallGetVpIndexFromApicId ---- */

static void put_id(uint32_t id)
{
    if (PV_HV_BY_ARCH(4, 8) == 8)
        put64(16, id);
    else
        put32(16, id);
}

static void a_vp_is_found_by_its_apic_id_only(void **state)
{
    (void)state;
    put_id(0x12);
    assert_int_equal(status_of(FIND | REPS(1)), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out32(0), 1);
    put_id(0x13);
    assert_int_equal(status_of(FIND | REPS(1)), PV_HV_STATUS_INVALID_PARAMETER);
    put_id(0x14); /* of a VP that this partition does not have */
    assert_int_equal(status_of(FIND | REPS(1)), PV_HV_STATUS_INVALID_PARAMETER);
}

static void no_vp_is_found_for_a_vtl_that_is_not_enabled(void **state)
{
    (void)state;
    put_id(0x10);
    put8(8, 1);
    assert_int_equal(status_of(FIND | REPS(1)), PV_HV_STATUS_INVALID_PARAMETER);
    model.enabled_vtls = 3;
    assert_int_equal(status_of(FIND | REPS(1)), PV_HV_STATUS_SUCCESS);
    put64(0, 3);
    assert_int_equal(status_of(FIND | REPS(1)), PV_HV_STATUS_INVALID_PARTITION_ID);
}

/* ---- HvCallTranslateVirtualAddress ---- */

static int translate(uint64_t flags, uint64_t page)
{
    put32(8, PV_HV_VP_SELF);
    put64(16, flags);
    put64(24, (VA >> 12) + page);
    return status_of(TRANSLATE);
}

/* Two pages that are mapped to memory, the odd one read-only, one to none, and no more. */
static void map_three(void)
{
    model.va_base = VA;
    model.va_gpa = RAM;
    model.va_pages = 3;
}

static void addresses_fail_in_the_result(void **state)
{
    const uint64_t write = PV_HV_TRANSLATE_WRITE;

    (void)state;
    map_three();
    assert_int_equal(translate(write, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal((uint32_t)out64(0), 0);
    assert_true(out64(8) == RAM >> 12);
    assert_int_equal(translate(write, 1), PV_HV_STATUS_SUCCESS);
    assert_int_equal((uint32_t)out64(0), 2); /* privilege violation */
    assert_int_equal(translate(write | PV_HV_TRANSLATE_PRIVILEGE_EXEMPT, 1), PV_HV_STATUS_SUCCESS);
    assert_int_equal((uint32_t)out64(0), 0);
    assert_int_equal(translate(0, 2), PV_HV_STATUS_SUCCESS);
    assert_int_equal((uint32_t)out64(0), 4); /* the GPA is unmapped */
    assert_int_equal(translate(0, 3), PV_HV_STATUS_SUCCESS);
    assert_int_equal((uint32_t)out64(0), 1); /* not present */
}

static void a_translation_has_known_flags_and_an_own_or_lower_vtl(void **state)
{
    (void)state;
    map_three();
    for (unsigned bit = 4; bit < 56; bit++)
        assert_int_equal(translate(1ull << bit, 0), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(translate((PV_HV_INPUT_VTL_USE | 1ull) << PV_HV_TRANSLATE_VTL_SHIFT, 0),
                     PV_HV_STATUS_ACCESS_DENIED);
    put64(0, 3);
    assert_int_equal(translate(0, 0), PV_HV_STATUS_INVALID_PARTITION_ID);
}

/* ---- data behind a block ---- */

static void debug_data_stays_in_its_page(void **state)
{
    (void)state;
    put32(0, PV_PAGE_BYTES - 8);
    assert_int_equal(status_of(POST), PV_HV_STATUS_SUCCESS);
    put32(0, PV_PAGE_BYTES - 7);
    assert_int_equal(status_of(POST), PV_HV_STATUS_INVALID_PARAMETER);
    put32(0, 0xFFFFFFFF);
    assert_int_equal(status_of(POST), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(status_of(RETRIEVE), PV_HV_STATUS_INVALID_PARAMETER);
    put32(0, PV_PAGE_BYTES - 8);
    assert_int_equal(status_of(RETRIEVE), PV_HV_STATUS_SUCCESS);
}

static void debug_data_does_not_reach_into_the_output(void **state)
{
    struct sim_registers registers = { SIM_X64, POST, RAM, RAM + 64, NULL };

    (void)state;
    put32(0, 56);
    assert_int_equal(sim_model_call(&model, 0, &registers), PV_HV_STATUS_SUCCESS);
    put32(0, 57);
    assert_int_equal(sim_model_call(&model, 0, &registers), PV_HV_STATUS_INVALID_PARAMETER);
}

/* Flags, then format, end the fixed part; mask and banks are the variable one. */
static void a_retarget_has_the_banks_that_it_names(void **state)
{
    (void)state;
    put32(MASK - 12, 2);
    put64(MASK, 5); /* two banks */
    assert_int_equal(status_of(RETARGET | VAR(3)), PV_HV_STATUS_SUCCESS);
    assert_int_equal(status_of(RETARGET | VAR(2)), PV_HV_STATUS_INVALID_HYPERCALL_INPUT);
    assert_int_equal(status_of(RETARGET | VAR(4)), PV_HV_STATUS_INVALID_HYPERCALL_INPUT);
    put32(MASK - 12, 0);
    assert_int_equal(status_of(RETARGET | VAR(1)), PV_HV_STATUS_INVALID_HYPERCALL_INPUT);
    assert_int_equal(status_of(RETARGET), PV_HV_STATUS_SUCCESS);
}

/* ---- extended calls ---- */

static int hint(uint64_t type, uint64_t range)
{
    put64(0, type);
    put64(8, range);
    return status_of(HEAT | REPS(1));
}

static void extended_calls_must_be_offered(void **state)
{
    const uint64_t range = PV_HV_GPA_LARGE | 1ull << PV_HV_GPA_LARGE_SHIFT;

    (void)state;
    assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD, range), PV_HV_STATUS_INVALID_HYPERCALL_CODE);
    assert_int_equal(status_of(ZEROED), PV_HV_STATUS_INVALID_HYPERCALL_CODE);
    model.extended = PV_HV_EXT_COLD_DISCARD;
    assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD, range), PV_HV_STATUS_SUCCESS);
    model.extended = PV_HV_EXT_BOOT_ZEROED_MEMORY;
    assert_int_equal(status_of(ZEROED), PV_HV_STATUS_SUCCESS);
}

static void hints_name_large_pages_below_the_end(void **state)
{
    const uint64_t range = PV_HV_GPA_LARGE | 1ull << PV_HV_GPA_LARGE_SHIFT;
    const uint64_t last = ((1ull << 43) - 1) << PV_HV_GPA_LARGE_SHIFT;

    (void)state;
    model.extended = PV_HV_EXT_COLD_DISCARD;
    assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD + 1, range), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD, range & ~PV_HV_GPA_LARGE),
                     PV_HV_STATUS_INVALID_PARAMETER);
    for (unsigned bit = 12; bit < 21; bit++)
        assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD, range | 1ull << bit),
                         PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD, last | PV_HV_GPA_LARGE | 1),
                     PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(model.seen.heat.count, 0);
    assert_int_equal(hint(PV_HV_HEAT_COLD_DISCARD, last | PV_HV_GPA_LARGE), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.seen.heat.pages, 1);
}

#define TEST(name) cmocka_unit_test_setup(name, rig_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_vp_is_found_by_its_apic_id_only),
        TEST(no_vp_is_found_for_a_vtl_that_is_not_enabled),
        TEST(addresses_fail_in_the_result),
        TEST(a_translation_has_known_flags_and_an_own_or_lower_vtl),
        TEST(debug_data_stays_in_its_page),
        TEST(debug_data_does_not_reach_into_the_output),
        TEST(a_retarget_has_the_banks_that_it_names),
        TEST(extended_calls_must_be_offered),
        TEST(hints_name_large_pages_below_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
