/* SPDX-License-Identifier: MIT */
/* What higher VTLs keep the lower ones from: rights to pages, and who is entered when one is missing. */
#include "sim/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PROTECT PV_HV_CODE_MODIFY_VTL_PROTECTION_MASK
#define FIRST 0x100u
#define PAGES 100u
#define CONFIG(mask) (PV_HV_VSM_CONFIG_PROTECT | (uint64_t)(mask) << 1)

static struct sim_model the_model;
static struct sim_model *const model = &the_model;

/* Memory whose content does not matter. */
static bool read_memory(void *owner, uint64_t gpa, void *to, size_t bytes)
{
    (void)owner;
    if (to != NULL)
        memset(to, 0, bytes);
    return gpa >> 12 >= FIRST && gpa >> 12 < FIRST + PAGES;
}

static int up(void **state)
{
    (void)state;
    sim_model_init(model);
    model->memory.read = read_memory;
    model->vps = 2;
    model->max_vtl = 2;
    model->enabled_vtls = 7;
    for (uint8_t vtl = 1; vtl <= 2; vtl++)
        model->cpus[0].vtls[vtl].enabled = true;
    return 0;
}

/* In registers: partition, mask, VTL (0: the caller's), one page. */
static uint16_t protect(uint8_t caller, uint8_t input_vtl, uint32_t mask, uint64_t page)
{
    const uint32_t low = 1;
    const bool little = *(const uint8_t *)&low == 1;
    const uint64_t word = little ? mask | (uint64_t)input_vtl << 32
                                 : (uint64_t)mask << 32 | (uint64_t)input_vtl << 24;
    uint64_t block[16] = { PV_HV_PARTITION_SELF, word, page };
    struct sim_registers registers = { .convention = SIM_X64, .block = block };

    model->cpus[0].active_vtl = caller;
    registers.control = PROTECT | PV_HV_CONTROL_FAST | 1ull << PV_HV_CONTROL_REPS_SHIFT;
    registers.in = block[0];
    registers.out = block[1];
    return (uint16_t)sim_model_call(model, 0, &registers);
}

static void nothing_is_kept_from_anybody_at_first(void **state)
{
    (void)state;
    for (uint8_t vtl = 0; vtl <= 2; vtl++)
        assert_int_equal(sim_model_rights(model, vtl, FIRST), SIM_MAP_ALL);
    assert_false(sim_model_intercept(model, 0, FIRST, PV_HV_MAP_WRITE));
}

static void protection_must_be_on(void **state)
{
    (void)state;
    assert_int_equal(protect(1, 0, 0, FIRST), PV_HV_STATUS_INVALID_VTL_STATE);
    model->partition_config[1] = CONFIG(0) & ~PV_HV_VSM_CONFIG_PROTECT;
    assert_int_equal(sim_model_rights(model, 0, FIRST), SIM_MAP_ALL);
}

/* VTL 0 has nobody below it, and what is above is none of its business. */
static void vtl_0_protects_nothing(void **state)
{
    (void)state;
    model->partition_config[1] = CONFIG(SIM_MAP_ALL);
    assert_int_equal(protect(0, 0, 0, FIRST), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(protect(0, PV_HV_INPUT_VTL_USE | 1, 0, FIRST), PV_HV_STATUS_ACCESS_DENIED);
    assert_int_equal(sim_model_rights(model, 0, FIRST), SIM_MAP_ALL);
}

static void a_mask_binds_lower_vtls_only(void **state)
{
    (void)state;
    model->partition_config[1] = CONFIG(SIM_MAP_ALL);
    assert_int_equal(protect(1, 0, PV_HV_MAP_READ, FIRST), PV_HV_STATUS_SUCCESS);
    assert_int_equal(sim_model_rights(model, 0, FIRST), PV_HV_MAP_READ);
    assert_int_equal(sim_model_rights(model, 0, FIRST + 1), SIM_MAP_ALL);
    assert_int_equal(sim_model_rights(model, 1, FIRST), SIM_MAP_ALL);
    assert_int_equal(protect(1, 0, SIM_MAP_ALL, FIRST), PV_HV_STATUS_SUCCESS);
    assert_int_equal(sim_model_rights(model, 0, FIRST), SIM_MAP_ALL);
}

static void pages_nobody_has_named_have_the_default(void **state)
{
    (void)state;
    model->partition_config[1] = CONFIG(PV_HV_MAP_READ | PV_HV_MAP_KERNEL_EXECUTE);
    assert_int_equal(protect(1, 0, SIM_MAP_ALL, FIRST), PV_HV_STATUS_SUCCESS);
    assert_int_equal(sim_model_rights(model, 0, FIRST), SIM_MAP_ALL);
    assert_int_equal(sim_model_rights(model, 0, FIRST + 1),
                     PV_HV_MAP_READ | PV_HV_MAP_KERNEL_EXECUTE);
}

/* Each VTL's mask counts, and one does not undo the other's. */
static void two_vtls_protect_the_same_page(void **state)
{
    (void)state;
    model->partition_config[1] = CONFIG(SIM_MAP_ALL);
    model->partition_config[2] = CONFIG(SIM_MAP_ALL);
    assert_int_equal(protect(2, 0, PV_HV_MAP_READ | PV_HV_MAP_WRITE, FIRST), PV_HV_STATUS_SUCCESS);
    assert_int_equal(protect(1, 0, PV_HV_MAP_READ | PV_HV_MAP_KERNEL_EXECUTE, FIRST),
                     PV_HV_STATUS_SUCCESS);
    assert_int_equal(model->protected_count, 2);
    assert_int_equal(sim_model_rights(model, 0, FIRST), PV_HV_MAP_READ);
    assert_int_equal(sim_model_rights(model, 1, FIRST), PV_HV_MAP_READ | PV_HV_MAP_WRITE);
    assert_int_equal(sim_model_rights(model, 2, FIRST), SIM_MAP_ALL);
}

static void the_one_that_denies_is_entered(void **state)
{
    struct sim_vp_state *cpu = &model->cpus[0];

    (void)state;
    model->partition_config[1] = CONFIG(SIM_MAP_ALL);
    model->partition_config[2] = CONFIG(SIM_MAP_ALL);
    assert_int_equal(protect(1, 0, PV_HV_MAP_READ, FIRST), PV_HV_STATUS_SUCCESS);
    assert_int_equal(protect(2, 0, 0, FIRST + 1), PV_HV_STATUS_SUCCESS);
    cpu->active_vtl = 0;
    assert_false(sim_model_intercept(model, 0, FIRST, PV_HV_MAP_READ));
    assert_int_equal(cpu->active_vtl, 0);
    assert_true(sim_model_intercept(model, 0, FIRST, PV_HV_MAP_WRITE));
    assert_int_equal(cpu->active_vtl, 1);
    assert_false(sim_model_intercept(model, 0, FIRST, PV_HV_MAP_WRITE));
    assert_true(sim_model_intercept(model, 0, FIRST + 1, PV_HV_MAP_READ));
    assert_int_equal(cpu->active_vtl, 2);
}

/* Where the protecting VTL is not enabled on the VP, nobody can be told. */
static void a_vp_without_that_vtl_has_no_intercept(void **state)
{
    (void)state;
    model->partition_config[1] = CONFIG(SIM_MAP_ALL);
    assert_int_equal(protect(1, 0, 0, FIRST), PV_HV_STATUS_SUCCESS);
    assert_false(sim_model_intercept(model, 1, FIRST, PV_HV_MAP_READ));
    assert_int_equal(model->cpus[1].active_vtl, 0);
}

static void there_is_an_end_to_pages(void **state)
{
    (void)state;
    model->partition_config[1] = CONFIG(SIM_MAP_ALL);
    assert_int_equal(protect(1, 0, 0, 1ull << 40), PV_HV_STATUS_INVALID_PARAMETER);
    for (uint32_t i = 0; i < SIM_PROTECTED_MAX; i++)
        assert_int_equal(protect(1, 0, 0, FIRST + i), PV_HV_STATUS_SUCCESS);
    assert_int_equal(protect(1, 0, 0, FIRST + SIM_PROTECTED_MAX), PV_HV_STATUS_INSUFFICIENT_MEMORY);
    assert_int_equal(protect(1, 0, PV_HV_MAP_READ, FIRST), PV_HV_STATUS_SUCCESS);
    assert_int_equal(sim_model_rights(model, 0, FIRST), PV_HV_MAP_READ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_kept_from_anybody_at_first, up),
        cmocka_unit_test_setup(protection_must_be_on, up),
        cmocka_unit_test_setup(vtl_0_protects_nothing, up),
        cmocka_unit_test_setup(a_mask_binds_lower_vtls_only, up),
        cmocka_unit_test_setup(pages_nobody_has_named_have_the_default, up),
        cmocka_unit_test_setup(two_vtls_protect_the_same_page, up),
        cmocka_unit_test_setup(the_one_that_denies_is_entered, up),
        cmocka_unit_test_setup(a_vp_without_that_vtl_has_no_intercept, up),
        cmocka_unit_test_setup(there_is_an_end_to_pages, up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
