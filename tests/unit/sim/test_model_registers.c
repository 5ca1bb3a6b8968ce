/* SPDX-License-Identifier: MIT */
/* Registers as hypercalls reach them: names, widths, whose they are and who may write them. */
#include "rig.h"

#define GET PV_HV_CODE_GET_VP_REGISTERS
#define SET PV_HV_CODE_SET_VP_REGISTERS
#define RAX 0x00020000u
#define XMM0 0x00030000u
#define CONFIG PV_HV_REGISTER_VSM_PARTITION_CONFIG
#define USE PV_HV_INPUT_VTL_USE

static int up(void **state)
{
    (void)rig_up(state);
    model.enabled_vtls = 7;
    put32(8, PV_HV_VP_SELF);
    return 0;
}

static int get(uint32_t name)
{
    memset(ram + 16, 0, 32);
    put32(16, name);
    return status_of(GET | REPS(1));
}

static int set(uint32_t name, uint64_t low, uint64_t high)
{
    memset(ram + 16, 0, 32);
    put32(16, name);
    put64(32, low);
    put64(40, high);
    return status_of(SET | REPS(1));
}

/* ---- names and values ---- */

static void unknown_names_are_refused(void **state)
{
    static const uint32_t names[] = { 0, 0x20025, 0x210, 0xA0015, 0xD0020, 0xFFFFFFFF };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(get(names[i]), PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
        assert_int_equal(set(names[i], 0, 0), PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
    }
    assert_int_equal(model.cpus[0].vtls[0].count, 0);
}

static void what_only_tells_cannot_be_set(void **state)
{
    static const uint32_t names[] = { PV_HV_REGISTER_HYPERVISOR_VERSION,
                                      PV_HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO,
                                      PV_HV_REGISTER_VP_INDEX,
                                      PV_HV_REGISTER_VP_RUNTIME,
                                      PV_HV_REGISTER_TIME_REF_COUNT,
                                      PV_HV_REGISTER_VSM_VP_STATUS,
                                      PV_HV_REGISTER_VSM_PARTITION_STATUS,
                                      PV_HV_REGISTER_VSM_CAPABILITIES,
                                      PV_HV_REGISTER_VSM_CODE_PAGE_OFFSETS };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(get(names[i]), PV_HV_STATUS_SUCCESS);
        assert_int_equal(set(names[i], 1, 0), PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
    }
}

static void a_register_takes_no_more_than_it_holds(void **state)
{
    (void)state;
    assert_int_equal(set(RAX, 1, 1), PV_HV_STATUS_INVALID_REGISTER_VALUE);
    assert_int_equal(get(RAX), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 0);
    assert_int_equal(set(XMM0, 2, 3), PV_HV_STATUS_SUCCESS);
    assert_int_equal(get(XMM0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 2);
    assert_int_equal(out64(8), 3);
}

static void there_is_an_end_to_registers_kept(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 0x25; i++)
        assert_int_equal(set(RAX + i, i, 0), PV_HV_STATUS_SUCCESS);
    for (uint32_t i = 0; i < SIM_REGISTERS_MAX - 0x25; i++)
        assert_int_equal(set(XMM0 + i, i, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(set(0x00040000, 1, 0), PV_HV_STATUS_INSUFFICIENT_MEMORY);
    assert_int_equal(set(RAX, 99, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(get(RAX), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 99);
}

static void arm64_has_no_code_page_offsets(void **state)
{
    (void)state;
    assert_int_equal(get(PV_HV_REGISTER_VSM_CODE_PAGE_OFFSETS), PV_HV_STATUS_SUCCESS);
    model.code_offsets = SIM_NO_CODE_OFFSETS;
    assert_int_equal(get(PV_HV_REGISTER_VSM_CODE_PAGE_OFFSETS), PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
}

/* A processor with one register that it does not let be written. */
static uint16_t read_own(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                         struct pv_hv_register_value *value)
{
    assert_ptr_equal(owner, &model);
    value->low = 100 * vp + vtl;
    return name == RAX ? PV_HV_STATUS_SUCCESS : PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
}

static uint16_t write_own(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                          struct pv_hv_register_value value)
{
    (void)value;
    assert_ptr_equal(owner, &model);
    assert_int_equal(vp, 1);
    assert_int_equal(vtl, 0);
    return name == RAX ? PV_HV_STATUS_ACCESS_DENIED : PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
}

static void the_processor_is_asked_before_the_model(void **state)
{
    (void)state;
    model.processor = (struct sim_processor){ &model, read_own, write_own };
    put32(8, 1);
    assert_int_equal(get(RAX), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 100);
    assert_int_equal(set(RAX, 5, 0), PV_HV_STATUS_ACCESS_DENIED);
    assert_int_equal(model.cpus[1].vtls[0].count, 0);
    assert_int_equal(set(XMM0, 5, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(set(0, 5, 0), PV_HV_STATUS_UNKNOWN_REGISTER_NAME);
}

/* ---- VsmPartitionConfig ---- */

static void vtl_0_has_no_config(void **state)
{
    (void)state;
    assert_int_equal(get(CONFIG), PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(set(CONFIG, 0, 0), PV_HV_STATUS_INVALID_PARAMETER);
    model.cpus[0].active_vtl = 1;
    assert_int_equal(get(CONFIG), PV_HV_STATUS_SUCCESS);
    assert_int_equal(set(CONFIG, PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP, 0), PV_HV_STATUS_SUCCESS);
    assert_true(model.partition_config[1] == PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP);
    assert_int_equal(model.partition_config[2], 0);
}

static void reserved_bits_of_the_config_are_zero(void **state)
{
    (void)state;
    model.cpus[0].active_vtl = 1;
    for (unsigned bit = 16; bit < 64; bit++)
        assert_int_equal(set(CONFIG, 1ull << bit, 0), PV_HV_STATUS_INVALID_REGISTER_VALUE);
    assert_int_equal(model.partition_config[1], 0);
}

/* Bit 0 is written once, and the default mask goes with it. */
static void protection_once_on_stays_as_it_is(void **state)
{
    const uint64_t on = PV_HV_VSM_CONFIG_PROTECT | 7ull << PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT;
    const uint64_t other = PV_HV_VSM_CONFIG_PROTECT | 5ull << PV_HV_VSM_CONFIG_DEFAULT_MASK_SHIFT;

    (void)state;
    model.cpus[0].active_vtl = 1;
    assert_int_equal(set(CONFIG, on, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(set(CONFIG, other, 0), PV_HV_STATUS_INVALID_REGISTER_VALUE);
    assert_int_equal(set(CONFIG, 0, 0), PV_HV_STATUS_INVALID_REGISTER_VALUE);
    assert_true(model.partition_config[1] == on);
    assert_int_equal(set(CONFIG, on | PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP, 0),
                     PV_HV_STATUS_SUCCESS);
}

/* ---- whose ---- */

static void registers_of_higher_vtls_are_out_of_reach(void **state)
{
    (void)state;
    put8(12, USE | 1);
    assert_int_equal(get(RAX), PV_HV_STATUS_ACCESS_DENIED);
    assert_int_equal(set(RAX, 1, 0), PV_HV_STATUS_ACCESS_DENIED);
    model.cpus[0].active_vtl = 1;
    assert_int_equal(set(RAX, 1, 0), PV_HV_STATUS_SUCCESS);
    put8(12, USE | 0);
    assert_int_equal(set(RAX, 2, 0), PV_HV_STATUS_SUCCESS);
    put8(12, 0); /* the caller's own */
    assert_int_equal(get(RAX), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 1);
    assert_int_equal(model.cpus[0].vtls[0].registers[0].value.low, 2);
}

static void a_vtl_must_be_enabled_and_one_of_the_models(void **state)
{
    (void)state;
    model.enabled_vtls = 5;
    model.cpus[0].active_vtl = 2;
    put8(12, USE | 1);
    assert_int_equal(get(RAX), PV_HV_STATUS_INVALID_PARAMETER);
    model.enabled_vtls = 0xF;
    assert_int_equal(get(RAX), PV_HV_STATUS_SUCCESS);
    model.cpus[0].active_vtl = SIM_VTLS;
    put8(12, 0);
    assert_int_equal(get(RAX), PV_HV_STATUS_INVALID_PARAMETER);
}

static void reserved_bits_of_an_input_vtl_are_zero(void **state)
{
    (void)state;
    for (unsigned bit = 5; bit < 8; bit++) {
        put8(12, (uint8_t)(1u << bit));
        assert_int_equal(get(RAX), PV_HV_STATUS_INVALID_PARAMETER);
    }
    model.any_target = true;
    memset(ram, 0, 16);
    put32(0, 0x40); /* the vector */
    put8(4, 0x40);
    assert_int_equal(status_of(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI),
                     PV_HV_STATUS_INVALID_PARAMETER);
    put8(4, 0);
    assert_int_equal(status_of(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI), PV_HV_STATUS_SUCCESS);
}

static void other_vps_and_partitions_must_exist(void **state)
{
    (void)state;
    put32(8, 2);
    assert_int_equal(get(RAX), PV_HV_STATUS_INVALID_VP_INDEX);
    assert_int_equal(set(RAX, 1, 0), PV_HV_STATUS_INVALID_VP_INDEX);
    put32(8, 1);
    assert_int_equal(set(RAX, 1, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(model.cpus[0].vtls[0].count, 0);
    assert_int_equal(model.cpus[1].vtls[0].count, 1);
    put64(0, 5);
    assert_int_equal(set(RAX, 1, 0), PV_HV_STATUS_INVALID_PARTITION_ID);
}

static void a_running_vp_has_its_processor_for_itself(void **state)
{
    static const uint32_t names[] = { RAX, XMM0, 0x00040000, 0x00020024, 0x0008000B, 0x0008FFFF };

    (void)state;
    put32(8, 1);
    model.cpus[1].running = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(get(names[i]), PV_HV_STATUS_INVALID_VP_STATE);
        assert_int_equal(set(names[i], 1, 0), PV_HV_STATUS_INVALID_VP_STATE);
    }
    assert_int_equal(model.cpus[1].vtls[0].count, 0);
    put32(8, 0); /* the caller runs as well, and may */
    assert_int_equal(set(RAX, 1, 0), PV_HV_STATUS_SUCCESS);
}

/* What the hypervisor keeps for a VP that runs is within reach. */
static void of_a_running_vp_the_hypervisors_part_is_reached(void **state)
{
    (void)state;
    put32(8, 1);
    model.cpus[1].running = true;
    assert_int_equal(get(PV_HV_REGISTER_VP_INDEX), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 1);
    assert_int_equal(set(PV_HV_REGISTER_SINT0, 7, 0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(get(PV_HV_REGISTER_SINT0), PV_HV_STATUS_SUCCESS);
    assert_int_equal(out64(0), 7);
}

#define TEST(name) cmocka_unit_test_setup(name, up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_names_are_refused),
        TEST(what_only_tells_cannot_be_set),
        TEST(a_register_takes_no_more_than_it_holds),
        TEST(there_is_an_end_to_registers_kept),
        TEST(arm64_has_no_code_page_offsets),
        TEST(the_processor_is_asked_before_the_model),
        TEST(vtl_0_has_no_config),
        TEST(reserved_bits_of_the_config_are_zero),
        TEST(protection_once_on_stays_as_it_is),
        TEST(registers_of_higher_vtls_are_out_of_reach),
        TEST(a_vtl_must_be_enabled_and_one_of_the_models),
        TEST(reserved_bits_of_an_input_vtl_are_zero),
        TEST(other_vps_and_partitions_must_exist),
        TEST(a_running_vp_has_its_processor_for_itself),
        TEST(of_a_running_vp_the_hypervisors_part_is_reached),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
