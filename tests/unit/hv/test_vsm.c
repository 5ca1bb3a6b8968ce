/* SPDX-License-Identifier: MIT */
#include "rig.h"

static void test_vtl_current(void **state)
{
    struct pv_hv_result result = { 0xEE, 0xEE };
    uint8_t vtl = 99;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vtl_current(&vp, &vtl, &result), PV_OK);
    assert_int_equal(vtl, 0);
    assert_int_equal(result.status, 0);
    assert_false(machine.model.seen.touched_memory); /* no memory with XMM output */
    machine.model.enabled_vtls = 7;
    machine.model.cpus[0].active_vtl = 2;
    assert_status(pv_hv_vtl_current(&vp, &vtl, NULL), PV_OK);
    assert_int_equal(vtl, 2);
}

static void test_vtl_current_arm64(void **state)
{
    uint8_t vtl = 99;

    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(pv_hv_vtl_current(&vp, &vtl, NULL), PV_OK);
    assert_int_equal(vtl, 0);
    rig_release();
    rig_up_hvc1();
    assert_status(pv_hv_vtl_current(&vp, &vtl, NULL), PV_OK);
    assert_int_equal(vtl, 0);
}

static void test_vp_status(void **state)
{
    struct pv_hv_vsm_vp_status status;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vsm_vp_status(&vp, &status, NULL), PV_OK);
    assert_int_equal(status.active_vtl, 0);
    assert_false(status.mbec);
    assert_int_equal(status.enabled_vtls, 1);
    machine.model.enabled_vtls = 7;
    machine.model.mbec_vtls = 4;
    machine.model.cpus[0].vtls[2].enabled = true;
    machine.model.cpus[0].active_vtl = 2;
    assert_status(pv_hv_vsm_vp_status(&vp, &status, NULL), PV_OK);
    assert_int_equal(status.active_vtl, 2);
    assert_true(status.mbec);
    assert_int_equal(status.enabled_vtls, 5);
}

static void test_partition_status(void **state)
{
    struct pv_hv_vsm_partition_status status;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.enabled_vtls = 0x8005;
    machine.model.max_vtl = 15;
    machine.model.mbec_vtls = 0x8004;
    assert_status(pv_hv_vsm_partition_status(&vp, &status, NULL), PV_OK);
    assert_int_equal(status.enabled_vtls, 0x8005);
    assert_int_equal(status.max_vtl, 15);
    assert_int_equal(status.mbec_vtls, 0x8004);
}

static void test_capabilities(void **state)
{
    struct pv_hv_vsm_capabilities capabilities;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vsm_capabilities(&vp, &capabilities, NULL), PV_OK);
    assert_true(capabilities.dr6_shared);
    assert_int_equal(capabilities.mbec_vtls, 1);
    assert_true(capabilities.deny_lower_startup);
    assert_int_equal(capabilities.raw, machine.model.vsm_capabilities);
    machine.model.vsm_capabilities = 0x1FFFEull; /* the MBEC field alone */
    assert_status(pv_hv_vsm_capabilities(&vp, &capabilities, NULL), PV_OK);
    assert_false(capabilities.dr6_shared);
    assert_int_equal(capabilities.mbec_vtls, 0xFFFF);
    assert_false(capabilities.deny_lower_startup);
}

static void test_code_offsets(void **state)
{
    struct pv_hv_vsm_code_offsets offsets = { 0xEE, 0xEE };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_OK);
    assert_int_equal(offsets.call, 0x00F);
    assert_int_equal(offsets.ret, 0x026);
    machine.model.code_offsets = 0xFFCFFB; /* the last offsets with code behind them */
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_OK);
    assert_int_equal(offsets.call, 0xFFB);
    assert_int_equal(offsets.ret, 0xFFC);
}

static void test_code_offsets_of_the_ordinary_entry(void **state)
{
    struct pv_hv_vsm_code_offsets offsets = { 0xEE, 0xEE };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.code_offsets = 0x026000;
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_MALFORMED);
    machine.model.code_offsets = 0x00000F;
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_MALFORMED);
    machine.model.code_offsets = 0x00F00F;
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_MALFORMED);
    machine.model.code_offsets = 0x00FFFD;
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_MALFORMED);
    machine.model.code_offsets = 0xFFD00F;
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_MALFORMED);
    machine.model.code_offsets = SIM_NO_CODE_OFFSETS;
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_UNSUPPORTED);
    assert_int_equal(offsets.call, 0xEE);
    assert_int_equal(offsets.ret, 0xEE);
}

static void test_code_offsets_arm64(void **state)
{
    struct pv_hv_vsm_code_offsets offsets;

    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_UNSUPPORTED);
}

/* ---- configuration ---- */

static void in_vtl1(void)
{
    machine.model.enabled_vtls = 3;
    machine.model.cpus[0].vtls[1].enabled = true;
    machine.model.cpus[0].active_vtl = 1;
}

static void test_config(void **state)
{
    struct pv_hv_vsm_partition_config config = { 0 };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    in_vtl1();
    config.protect = true;
    config.default_mask = PV_HV_MAP_READ | PV_HV_MAP_USER_EXECUTE;
    config.intercept_startup = true;
    config.raw = 1ull << 14 | 0x1F; /* an unknown bit is kept, known ones are not believed */
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, NULL), PV_OK);
    assert_int_equal(machine.model.partition_config[1], 1ull << 14 | 1ull << 9 | 0x13);
    memset(&config, 0, sizeof(config));
    assert_status(pv_hv_vsm_config_get(&vp, 1, &config, NULL), PV_OK);
    assert_true(config.protect);
    assert_int_equal(config.default_mask, 9);
    assert_false(config.zero_on_reset);
    assert_false(config.deny_lower_startup);
    assert_true(config.intercept_startup);
    assert_int_equal(config.raw, 1ull << 14 | 1ull << 9 | 0x13);
}

static void test_config_other_bits(void **state)
{
    struct pv_hv_vsm_partition_config config = { 0 };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    in_vtl1();
    config.zero_on_reset = true;
    config.deny_lower_startup = true;
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, NULL), PV_OK);
    assert_int_equal(machine.model.partition_config[1], 0x60);
    assert_status(pv_hv_vsm_config_get(&vp, 1, &config, NULL), PV_OK);
    assert_true(config.zero_on_reset && config.deny_lower_startup);
    assert_false(config.protect || config.intercept_startup);
}

static void test_config_is_write_once(void **state)
{
    struct pv_hv_vsm_partition_config config = { .protect = true, .default_mask = 5 };
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    in_vtl1();
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, NULL), PV_OK);
    config.protect = false;
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_REGISTER_VALUE);
    assert_int_equal(machine.model.partition_config[1], 0xB);
}

static void test_config_of_a_higher_vtl(void **state)
{
    struct pv_hv_vsm_partition_config config = { .protect = true };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, NULL), PV_DENIED);
    assert_status(pv_hv_vsm_config_get(&vp, 1, &config, NULL), PV_DENIED);
    assert_true(config.protect); /* as it was */
}

static void test_config_invalid(void **state)
{
    struct pv_hv_vsm_partition_config config = { 0 };
    uint64_t calls;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    calls = rig_calls();
    assert_status(pv_hv_vsm_config_get(&vp, 0, &config, NULL), PV_INVALID);
    assert_status(pv_hv_vsm_config_get(&vp, 16, &config, NULL), PV_INVALID);
    assert_status(pv_hv_vsm_config_set(&vp, 0, &config, NULL), PV_INVALID);
    assert_status(pv_hv_vsm_config_set(&vp, 16, &config, NULL), PV_INVALID);
    config.default_mask = 0x10;
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, NULL), PV_INVALID);
    assert_int_equal(rig_calls(), calls);
}

/* ---- every reader fails as the register read fails, and writes nothing ---- */

static void expect_readers(enum pv_status status)
{
    struct pv_hv_vsm_vp_status vp_status = { .active_vtl = 0xE };
    struct pv_hv_vsm_partition_status partition = { .max_vtl = 0xE };
    struct pv_hv_vsm_capabilities capabilities = { .raw = 0xE };
    struct pv_hv_vsm_code_offsets offsets = { 0xE, 0xE };
    struct pv_hv_vsm_partition_config config = { .raw = 0xE };
    uint8_t vtl = 0xE;

    assert_status(pv_hv_vtl_current(&vp, &vtl, NULL), status);
    assert_status(pv_hv_vsm_vp_status(&vp, &vp_status, NULL), status);
    assert_status(pv_hv_vsm_partition_status(&vp, &partition, NULL), status);
    assert_status(pv_hv_vsm_capabilities(&vp, &capabilities, NULL), status);
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), status);
    assert_status(pv_hv_vsm_config_get(&vp, 1, &config, NULL), status);
    assert_true(vtl == 0xE && vp_status.active_vtl == 0xE && partition.max_vtl == 0xE);
    assert_true(capabilities.raw == 0xE && offsets.call == 0xE && config.raw == 0xE);
}

static void test_failures(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_readers(PV_BAD_STATE);
    rig_up(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_REGISTERS_REFUSED;
    expect_readers(PV_UNSUPPORTED);
    machine.model.behaviour = SIM_REGISTERS_DENIED;
    expect_readers(PV_DENIED);
    machine.model.behaviour = SIM_NO_PROGRESS;
    expect_readers(PV_MALFORMED);
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    expect_readers(PV_TIMED_OUT);
    machine.model.behaviour = SIM_GARBAGE_STATUS;
    expect_readers(PV_REFUSED);
}

static void test_kvm(void **state)
{
    struct pv_hv_vsm_partition_config config = { 0 };
    struct pv_hv_result result;
    uint8_t vtl;

    (void)state;
    rig_up(SIM_KVM_X86);
    expect_readers(PV_UNSUPPORTED);
    assert_status(pv_hv_vtl_current(&vp, &vtl, &result), PV_UNSUPPORTED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_HYPERCALL_CODE);
    assert_status(pv_hv_vsm_config_set(&vp, 1, &config, NULL), PV_UNSUPPORTED);
}

/* A word of all ones: every field stays inside its range, or it is no answer. */
static void test_all_ones(void **state)
{
    struct pv_hv_vsm_vp_status status;
    struct pv_hv_vsm_partition_status partition;
    struct pv_hv_vsm_code_offsets offsets;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.model.behaviour = SIM_ONES_OUTPUT;
    assert_status(pv_hv_vsm_vp_status(&vp, &status, NULL), PV_OK);
    assert_int_equal(status.active_vtl, 15);
    assert_int_equal(status.enabled_vtls, 0xFFFF);
    assert_status(pv_hv_vsm_partition_status(&vp, &partition, NULL), PV_OK);
    assert_int_equal(partition.max_vtl, 15);
    assert_status(pv_hv_vsm_code_offsets(&vp, &offsets, NULL), PV_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_vtl_current),
        RIG_TEST(test_vtl_current_arm64),
        RIG_TEST(test_vp_status),
        RIG_TEST(test_partition_status),
        RIG_TEST(test_capabilities),
        RIG_TEST(test_code_offsets),
        RIG_TEST(test_code_offsets_of_the_ordinary_entry),
        RIG_TEST(test_code_offsets_arm64),
        RIG_TEST(test_config),
        RIG_TEST(test_config_other_bits),
        RIG_TEST(test_config_is_write_once),
        RIG_TEST(test_config_of_a_higher_vtl),
        RIG_TEST(test_config_invalid),
        RIG_TEST(test_failures),
        RIG_TEST(test_kvm),
        RIG_TEST(test_all_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
