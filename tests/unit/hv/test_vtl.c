/* SPDX-License-Identifier: MIT */
/* Enable VTLs, start VPs, protect pages, find VPs. */
#include "rig.h"

static union pv_hv_context context;

static struct pv_vp_index vp_index(uint32_t value)
{
    const struct pv_vp_index index = { value };

    return index;
}

static uint64_t calls_before;

static void expect_none_issued(void)
{
    assert_int_equal(rig_calls(), calls_before);
}

/* ---- partition ---- */

static void test_enable_partition(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vtl_enable_partition(&vp, 1, PV_HV_ENABLE_VTL_MBEC, &result), PV_OK);
    assert_int_equal(machine.model.enabled_vtls, 3);
    assert_int_equal(machine.model.mbec_vtls, 2);
    assert_status(pv_hv_vtl_enable_partition(&vp, 1, 0, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_VTL_ALREADY_ENABLED);
    assert_status(pv_hv_vtl_enable_partition(&vp, 15, 0, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_PARAMETER);
}

static void test_enable_partition_invalid(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    calls_before = rig_calls();
    assert_status(pv_hv_vtl_enable_partition(&vp, 0, 0, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_enable_partition(&vp, 16, 0, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_enable_partition(&vp, 1, 2, NULL), PV_INVALID);
    expect_none_issued();
}

/* ---- VP ---- */

static void fill_context(void)
{
    memset(&context, 0, sizeof(context));
    context.arm64.pc = 0x1122334455667788;
    context.arm64.x18 = 0x1818181818181818;
}

static void expect_context(const struct sim_vtl *vtl)
{
    const uint32_t bytes = PV_HV_BY_ARCH(sizeof(context.x64), sizeof(context.arm64));

    assert_int_equal(vtl->context_bytes, bytes);
    assert_memory_equal(vtl->context.bytes, &context, bytes);
}

static void enable_vp(void)
{
    struct pv_hv_result result = { 0xEE, 0xEE };

    fill_context();
    machine.model.enabled_vtls = 3;
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(PV_HV_VP_SELF), 1, &context, &result), PV_OK);
    assert_int_equal(result.status, 0);
    expect_context(&machine.model.cpus[0].vtls[1]);
}

static void enable_other_vp(void)
{
    enable_vp();
    machine.model.cpus[0].active_vtl = 1;
    machine.model.os_id[1] = OS_ID; /* each VTL says who it is */
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(3), 1, &context, NULL), PV_OK);
    assert_true(machine.model.cpus[3].vtls[1].enabled);
}

static void test_enable_vp(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    enable_other_vp();
    rig_release();
    rig_up(SIM_HYPERV_ARM64);
    enable_other_vp();
}

/* TLFS: once it is enabled on a VP, further calls must come from an equal or higher VTL. */
static void test_enable_vp_from_below(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    enable_vp();
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(3), 1, &context, &result), PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
    assert_false(machine.model.cpus[3].vtls[1].enabled);
}

static void test_enable_vp_again(void **state)
{
    struct pv_hv_result result = { 0, 0 };

    (void)state;
    rig_up(SIM_HYPERV_X86);
    enable_vp();
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 1, &context, &result), PV_OK);
    assert_int_equal(result.status, PV_HV_STATUS_VTL_ALREADY_ENABLED);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 1, &context, NULL), PV_OK);
}

static void test_enable_vp_refused(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 1, &context, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_PARAMETER);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(9), 1, &context, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_VP_INDEX);
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_ACCESS_VSM);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 1, &context, &result), PV_DENIED);
}

static void test_start(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    fill_context();
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 0, &context, &result), PV_OK);
    assert_true(machine.model.cpus[1].running);
    expect_context(&machine.model.cpus[1].vtls[0]);
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 0, &context, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_VP_STATE);
    machine.model.cpus[0].active_vtl = 1;
    assert_status(pv_hv_vp_start(&vp, vp_index(2), 1, &context, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_VTL_STATE);
}

static void test_start_denied(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    fill_context();
    machine.model.enabled_vtls = 3;
    machine.model.cpus[1].vtls[1].enabled = true;
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 1, &context, &result), PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
    machine.model.partition_config[1] = PV_HV_VSM_CONFIG_DENY_LOWER_STARTUP;
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 0, &context, &result), PV_DENIED);
    assert_false(machine.model.cpus[1].running);
    machine.model.cpus[0].active_vtl = 1;
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 0, &context, &result), PV_OK);
}

static void test_start_in_vtl1(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    enable_other_vp();
    assert_status(pv_hv_vp_start(&vp, vp_index(3), 1, &context, NULL), PV_OK);
    assert_int_equal(machine.model.cpus[3].active_vtl, 1);
}

static void test_context_calls_invalid(void **state)
{
    const uint32_t beyond = 64;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    calls_before = rig_calls();
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 0, &context, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 16, &context, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(beyond), 1, &context, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(PV_HV_VP_ANY), 1, &context, NULL), PV_INVALID);
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 16, &context, NULL), PV_INVALID);
    assert_status(pv_hv_vp_start(&vp, vp_index(beyond), 0, &context, NULL), PV_INVALID);
    expect_none_issued();
}

/* ---- VP index of an APIC id ---- */

static void test_index_find(void **state)
{
    struct pv_vp_index found = { 0xEE };
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_status(pv_hv_vp_index_find(&vp, (struct pv_hw_id){ 0x14 }, 0, &found, &result), PV_OK);
    assert_int_equal(found.value, 2);
    found.value = 0xEE;
    assert_status(pv_hv_vp_index_find(&vp, (struct pv_hw_id){ 0x99 }, 0, &found, &result),
                  PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(found.value, 0xEE);
}

static void expect_malformed_index(enum sim_behaviour behaviour)
{
    struct pv_vp_index found = { 0xEE };

    machine.model.behaviour = behaviour;
    assert_status(pv_hv_vp_index_find(&vp, (struct pv_hw_id){ 0x10 }, 0, &found, NULL),
                  PV_MALFORMED);
    assert_int_equal(found.value, 0xEE);
}

static void test_index_out_of_range(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    expect_malformed_index(SIM_VP_INDEX_HUGE);
    expect_malformed_index(SIM_VP_INDEX_NONE);
    expect_malformed_index(SIM_ONES_OUTPUT);
}

/* 0xFFFFFFFE names the caller, not a VP, and must not come back as an index. */
static bool self_as_index(void *unused, struct sim_machine *from, struct sim_registers *registers,
                          uint64_t *result)
{
    const uint32_t self = PV_HV_VP_SELF;

    (void)unused;
    (void)from;
    memcpy((uint8_t *)registers->block + 32, &self, sizeof(self));
    *result = 1ull << PV_HV_RESULT_REPS_SHIFT;
    return true;
}

static void test_index_self(void **state)
{
    struct pv_vp_index found;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    machine.hooks.call = self_as_index;
    assert_status(pv_hv_vp_index_find(&vp, (struct pv_hw_id){ 0x10 }, 0, &found, NULL),
                  PV_MALFORMED);
}

static void test_index_invalid(void **state)
{
    const struct pv_hw_id wide = { 0x100000010ull };
    struct pv_vp_index found;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    calls_before = rig_calls();
    assert_status(pv_hv_vp_index_find(&vp, (struct pv_hw_id){ 0x10 }, 16, &found, NULL),
                  PV_INVALID);
    expect_none_issued();
    if (PV_HV_ABI_ARM64) {
        machine.model.cpus[1].apic_id = wide.value;
        assert_status(pv_hv_vp_index_find(&vp, wide, 0, &found, NULL), PV_OK);
    } else {
        assert_status(pv_hv_vp_index_find(&vp, wide, 0, &found, NULL), PV_INVALID);
        expect_none_issued();
    }
}

/* ---- protection ---- */

#define PAGES 700u

static uint64_t gpa_pages[PAGES];

static void up_in_vtl1(void)
{
    rig_up_in_memory();
    machine.model.enabled_vtls = 3;
    machine.model.cpus[0].vtls[1].enabled = true;
    machine.model.cpus[0].active_vtl = 1;
    machine.model.partition_config[1] = PV_HV_VSM_CONFIG_PROTECT;
    for (uint32_t i = 0; i < PAGES; i++)
        gpa_pages[i] = sim_firmware_gpa(i % SIM_FIRMWARE_PAGES) >> 12;
}

static void test_protect(void **state)
{
    size_t done = 0;

    (void)state;
    up_in_vtl1();
    assert_status(pv_hv_vtl_protect(&vp, 0, PV_HV_MAP_READ, gpa_pages, PAGES, &done, NULL), PV_OK);
    assert_int_equal(done, PAGES);
    assert_int_equal(rig_calls(), (PAGES + 509) / 510); /* 16 + 8 n <= 4096 */
    assert_int_equal(machine.model.protected_count, SIM_FIRMWARE_PAGES);
    assert_int_equal(machine.model.protection[3], PV_HV_MAP_READ);
    assert_status(pv_hv_vtl_protect(&vp, pv_hv_input_vtl(1), 0xF, gpa_pages, 1, NULL, NULL), PV_OK);
    assert_int_equal(machine.model.protection[0], 0xF);
}

static void test_protect_stops_at_a_bad_page(void **state)
{
    struct pv_hv_result result;
    size_t done = 0;

    (void)state;
    up_in_vtl1();
    gpa_pages[600] = 0x123456789;
    assert_status(pv_hv_vtl_protect(&vp, 0, 0, gpa_pages, PAGES, &done, &result), PV_REFUSED);
    assert_int_equal(done, 600);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_PARAMETER);
    assert_int_equal(result.reps, 90);
}

static void test_protect_not_allowed(void **state)
{
    struct pv_hv_result result;

    (void)state;
    up_in_vtl1();
    machine.model.partition_config[1] = 0;
    assert_status(pv_hv_vtl_protect(&vp, 0, 0, gpa_pages, 1, NULL, &result), PV_REFUSED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_VTL_STATE);
    machine.model.privileges &= ~(1ull << PV_HV_PRIVILEGE_ACCESS_VSM);
    assert_status(pv_hv_vtl_protect(&vp, 0, 0, gpa_pages, 1, NULL, &result), PV_DENIED);
}

static void test_protect_invalid(void **state)
{
    size_t done = 99;

    (void)state;
    up_in_vtl1();
    calls_before = rig_calls();
    assert_status(pv_hv_vtl_protect(&vp, 0, 0x10, gpa_pages, 1, &done, NULL), PV_INVALID);
    assert_int_equal(done, 0);
    assert_status(pv_hv_vtl_protect(&vp, 0x20, 0, gpa_pages, 1, NULL, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_protect(&vp, 0, 0, gpa_pages, 0, NULL, NULL), PV_INVALID);
    assert_status(pv_hv_vtl_protect(&vp, 0, 0, NULL, 1, NULL, NULL), PV_INVALID);
    expect_none_issued();
}

/* ---- offline, and a hypervisor without VSM ---- */

static void expect_all(enum pv_status status)
{
    struct pv_vp_index found;

    assert_status(pv_hv_vtl_enable_partition(&vp, 1, 0, NULL), status);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 1, &context, NULL), status);
    assert_status(pv_hv_vp_start(&vp, vp_index(1), 0, &context, NULL), status);
    assert_status(pv_hv_vp_index_find(&vp, (struct pv_hw_id){ 1 }, 0, &found, NULL), status);
    assert_status(pv_hv_vtl_protect(&vp, 0, 0, gpa_pages, 1, NULL, NULL), status);
}

static void test_bad_state(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    expect_all(PV_BAD_STATE);
}

static void test_kvm(void **state)
{
    struct pv_hv_result result;

    (void)state;
    rig_up(SIM_KVM_X86);
    expect_all(PV_UNSUPPORTED);
    assert_status(pv_hv_vtl_enable_vp(&vp, vp_index(0), 1, &context, &result), PV_UNSUPPORTED);
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_HYPERCALL_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_enable_partition),
        RIG_TEST(test_enable_partition_invalid),
        RIG_TEST(test_enable_vp),
        RIG_TEST(test_enable_vp_again),
        RIG_TEST(test_enable_vp_from_below),
        RIG_TEST(test_enable_vp_refused),
        RIG_TEST(test_start),
        RIG_TEST(test_start_denied),
        RIG_TEST(test_start_in_vtl1),
        RIG_TEST(test_context_calls_invalid),
        RIG_TEST(test_index_find),
        RIG_TEST(test_index_out_of_range),
        RIG_TEST(test_index_self),
        RIG_TEST(test_index_invalid),
        RIG_TEST(test_protect),
        RIG_TEST(test_protect_stops_at_a_bad_page),
        RIG_TEST(test_protect_not_allowed),
        RIG_TEST(test_protect_invalid),
        RIG_TEST(test_bad_state),
        RIG_TEST(test_kvm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
