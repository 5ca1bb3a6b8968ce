/* SPDX-License-Identifier: MIT */
/* Blocks in the caller's own memory. */
#include "rig.h"

#define GET PV_HV_CALL_GET_VP_REGISTERS

static uint8_t *pages; /* two, contiguous */
static uint64_t gpa;

static void up(void)
{
    rig_up(SIM_HYPERV_X86);
    pages = pv_os_page_alloc(2);
    gpa = pv_os_virt_to_gpa(pages);
}

static void down(void)
{
    pv_os_page_free(pages, 2);
}

/* Names at the start of the first page. */
static void fill_get(uint32_t count)
{
    struct pv_hv_vp_registers_header *in = (void *)pages;
    uint32_t *names = (void *)(pages + 16);

    memset(pages, 0, 2 * PV_PAGE_BYTES);
    in->partition = PV_HV_PARTITION_SELF;
    in->vp_index = PV_HV_VP_SELF;
    for (uint32_t i = 0; i < count; i++)
        names[i] = PV_HV_REGISTER_VSM_CAPABILITIES;
}

static enum pv_status get(uint32_t count, uint64_t in_gpa, uint64_t out_gpa)
{
    const struct pv_hv_shape shape = { .reps = count };
    struct pv_hv_result result = { 0xEE, 0xEE };

    return pv_hv_call_gpa(&vp, GET, &shape, in_gpa, out_gpa, &result);
}

static void test_list(void **state)
{
    const struct pv_hv_register_value *values;

    (void)state;
    up();
    fill_get(256);
    values = (void *)(pages + PV_PAGE_BYTES);
    assert_status(get(256, gpa, gpa + PV_PAGE_BYTES), PV_OK);
    assert_int_equal(values[255].low, machine.model.vsm_capabilities);
    assert_int_equal(machine.model.seen.in, gpa);
    assert_int_equal(machine.model.seen.out, gpa + PV_PAGE_BYTES);
    down();
}

/* A block without bytes has no address. */
static void test_ignored_addresses(void **state)
{
    struct pv_hv_flush_header *flush;

    (void)state;
    up();
    assert_status(
        pv_hv_call_gpa(&vp, PV_HV_CALL_GET_PARTITION_ID, NULL, 0x1234567, gpa + 8, NULL), PV_OK);
    assert_int_equal(machine.model.seen.in, 0);
    assert_int_equal(rig_qword(pages + 8), machine.model.partition_id);
    flush = (void *)pages;
    memset(flush, 0, sizeof(*flush));
    flush->processor_mask = 1;
    assert_status(pv_hv_call_gpa(&vp, PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_SPACE, NULL, gpa, 3, NULL),
                  PV_OK);
    assert_int_equal(machine.model.seen.out, 0);
    down();
}

/* 64 bytes of output, then the input right behind it, and the other way round. */
static void test_neighbours(void **state)
{
    (void)state;
    up();
    fill_get(2);
    assert_status(get(2, gpa, gpa + 24), PV_OK);
    assert_status(get(2, gpa, gpa + 16), PV_BAD_ADDRESS);
    memcpy(pages + 32, pages, 24);
    assert_status(get(2, gpa + 32, gpa), PV_OK);
    fill_get(2);
    memcpy(pages + 24, pages, 24);
    assert_status(get(2, gpa + 24, gpa), PV_BAD_ADDRESS);
    assert_status(get(2, gpa, gpa), PV_BAD_ADDRESS);
    down();
}

static void expect_bad(uint32_t count, uint64_t in_gpa, uint64_t out_gpa)
{
    const uint64_t calls = rig_calls();

    assert_status(get(count, in_gpa, out_gpa), PV_BAD_ADDRESS);
    assert_int_equal(rig_calls(), calls);
}

static void test_bad_address(void **state)
{
    (void)state;
    up();
    fill_get(2);
    expect_bad(2, gpa + 4, gpa + 64);
    expect_bad(2, gpa, gpa + 65);
    expect_bad(2, gpa + 4096 - 16, gpa);      /* input crosses */
    expect_bad(2, gpa, gpa + 4096 - 24);      /* output crosses */
    expect_bad(2, PV_GPA_NONE, gpa);
    expect_bad(2, gpa, PV_GPA_NONE);
    expect_bad(2, ~0ull - 7, gpa); /* crosses the end of the world */
    assert_status(get(2, gpa, gpa + 4096 - 32), PV_OK); /* ends with the page */
    down();
}

static void expect_plan_error(enum pv_hv_call call, struct pv_hv_shape shape, enum pv_status status)
{
    const uint64_t calls = rig_calls();
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_call_gpa(&vp, call, &shape, gpa, gpa + PV_PAGE_BYTES, &result), status);
    assert_int_equal(rig_calls(), calls);
    assert_int_equal(result.status, 0xEE);
}

static void test_plan_errors(void **state)
{
    const struct pv_hv_shape none = { 0 };
    const struct pv_hv_shape too_many = { .reps = 257 };
    const struct pv_hv_shape far_too_many = { .reps = 4096 };
    const struct pv_hv_shape tail = { .tail_bytes = 4096 };

    (void)state;
    up();
    expect_plan_error(PV_HV_CALLS, none, PV_INVALID);
    expect_plan_error(GET, none, PV_INVALID);
    expect_plan_error(GET, far_too_many, PV_INVALID);
    expect_plan_error(GET, too_many, PV_NO_ROOM); /* all at once or not at all */
    expect_plan_error(PV_HV_CALL_POST_DEBUG_DATA, tail, PV_NO_ROOM);
    expect_plan_error(PV_HV_CALL_VTL_CALL, none, PV_UNSUPPORTED);
    expect_plan_error(PV_HV_CALL_GET_VP_SET_FROM_MDA, none, PV_UNSUPPORTED);
    down();
}

static void test_bad_state(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    assert_status(get(1, 0x1000, 0x2000), PV_BAD_STATE);
}

static void test_hypervisor_errors(void **state)
{
    const struct pv_hv_shape two = { .reps = 2 };
    struct pv_hv_result result;

    (void)state;
    up();
    fill_get(2);
    assert_status(pv_hv_call_gpa(&vp, GET, &two, 0x1000, gpa, &result), PV_REFUSED); /* no memory */
    assert_int_equal(result.status, PV_HV_STATUS_INVALID_ALIGNMENT);
    machine.model.behaviour = SIM_NO_PROGRESS;
    assert_status(get(2, gpa, gpa + 64), PV_MALFORMED);
    machine.model.behaviour = SIM_TIMEOUT_FOREVER;
    assert_status(get(2, gpa, gpa + 64), PV_TIMED_OUT);
    down();
}

static void test_arm64(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    pages = pv_os_page_alloc(2);
    gpa = pv_os_virt_to_gpa(pages);
    fill_get(3);
    assert_status(get(3, gpa, gpa + 2048), PV_OK);
    assert_int_equal(rig_qword(pages + 2048), machine.model.vsm_capabilities);
    down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_list),       RIG_TEST(test_ignored_addresses),
        RIG_TEST(test_neighbours), RIG_TEST(test_bad_address),
        RIG_TEST(test_plan_errors), RIG_TEST(test_bad_state),
        RIG_TEST(test_hypervisor_errors),
        RIG_TEST(test_arm64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
