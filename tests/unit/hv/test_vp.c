/* SPDX-License-Identifier: MIT */
/* One VP online: index, argument memory. */
#include "rig.h"

static void init(enum sim_kind kind)
{
    struct pv_guest_config config = rig_config();

    rig_machine(kind);
    assert_status(pv_guest_init(&guest, &config), PV_OK);
}

static void test_online(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_X86);
    assert_int_equal(vp.hv.index.value, 0);
    assert_ptr_equal(vp.guest, &guest);
    assert_int_equal(vp.hv.args_pages, 1);
    assert_int_equal(vp.hv.args_gpa % PV_PAGE_BYTES, 0);
    assert_int_equal(vp.hv.reserve_gpa % PV_HV_RESERVE_BYTES, 0);
    assert_true(vp.hv.reserve_gpa >= SIM_STRAY_BASE);
    rig_up_vp1();
    assert_int_equal(vp1.hv.index.value, 1);
}

static void test_online_arm64(void **state)
{
    (void)state;
    rig_up(SIM_HYPERV_ARM64);
    rig_up_vp1();
    assert_int_equal(vp1.hv.index.value, 1);
}

/* The page is kept while offline, and used again. */
static void test_online_again(void **state)
{
    void *args;

    (void)state;
    rig_up(SIM_HYPERV_X86);
    args = vp.hv.args;
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_ptr_equal(vp.hv.args, args);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    assert_ptr_equal(vp.hv.args, args);
    assert_int_equal(machine.os.allocs, 2);
}

static void test_release(void **state)
{
    (void)state;
    rig_up_two_pages();
    assert_int_equal(vp.hv.args_pages, 2);
    assert_status(pv_vp_release(&vp), PV_BAD_STATE);
    assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_null(vp.hv.args);
    assert_int_equal(machine.os.live_pages, 1);
    assert_status(pv_vp_release(&vp), PV_OK);
}

/* ---- errors: the VP stays offline, a later attempt works ---- */

static void expect_failure(enum pv_status status)
{
    assert_status(pv_vp_online(&guest, &vp), status);
    assert_null(vp.guest);
    assert_int_equal(vp.told.count, 0);
    assert_int_equal(vp.hv.depth, 0);
    machine.model.behaviour = SIM_HONEST;
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    rig_release();
}

static void expect_behaviour(enum sim_kind kind, enum sim_behaviour behaviour,
                             enum pv_status status)
{
    init(kind);
    machine.model.behaviour = behaviour;
    expect_failure(status);
}

static void test_index_out_of_range(void **state)
{
    (void)state;
    for (enum sim_kind kind = SIM_HYPERV_X86; kind <= SIM_HYPERV_ARM64; kind++) {
        expect_behaviour(kind, SIM_VP_INDEX_HUGE, PV_MALFORMED);
        expect_behaviour(kind, SIM_VP_INDEX_NONE, PV_MALFORMED);
        expect_behaviour(kind, SIM_VP_INDEX_SELF, PV_MALFORMED);
        expect_behaviour(kind, SIM_VP_INDEX_WIDE, PV_MALFORMED);
    }
}

/* No maximum: still no index that has another meaning. */
static void test_index_without_maximum(void **state)
{
    (void)state;
    rig_machine(SIM_HYPERV_X86);
    machine.model.max_vps = 0;
    rig_up_with(rig_config());
    assert_status(pv_vp_offline(&vp), PV_OK);
    machine.model.behaviour = SIM_VP_INDEX_NONE;
    expect_failure(PV_MALFORMED);
}

static void test_index_not_readable(void **state)
{
    (void)state;
    expect_behaviour(SIM_HYPERV_ARM64, SIM_REGISTERS_REFUSED, PV_UNSUPPORTED);
    expect_behaviour(SIM_HYPERV_ARM64, SIM_REGISTERS_DENIED, PV_DENIED);
    expect_behaviour(SIM_HYPERV_ARM64, SIM_GARBAGE_STATUS, PV_REFUSED);
    expect_behaviour(SIM_HYPERV_ARM64, SIM_NO_PROGRESS, PV_MALFORMED);
    expect_behaviour(SIM_HYPERV_ARM64, SIM_TIMEOUT_FOREVER, PV_TIMED_OUT);
    expect_behaviour(SIM_HYPERV_ARM64, SIM_ONES_OUTPUT, PV_MALFORMED);
}

static void test_no_memory(void **state)
{
    (void)state;
    init(SIM_HYPERV_X86);
    machine.os.fail.alloc = 1;
    expect_failure(PV_NO_MEMORY);
}

static void test_bad_address_of_args(void **state)
{
    (void)state;
    init(SIM_HYPERV_X86);
    machine.os.fail.virt_to_gpa = 1;
    expect_failure(PV_BAD_ADDRESS);
    init(SIM_HYPERV_X86);
    machine.os.fail.skew = 1;
    machine.os.gpa_skew = 64;
    expect_failure(PV_BAD_ADDRESS);
}

static void test_bad_address_of_reserve(void **state)
{
    (void)state;
    init(SIM_HYPERV_X86);
    machine.os.fail.virt_to_gpa = 2;
    expect_failure(PV_BAD_ADDRESS);
    init(SIM_HYPERV_X86);
    machine.os.fail.skew = 2;
    machine.os.gpa_skew = 4;
    expect_failure(PV_BAD_ADDRESS);
}

/* The first 256 bytes of a struct pv_vp that begins 128 bytes before a page ends. */
static void test_reserve_crosses_a_page(void **state)
{
    (void)state;
    init(SIM_HYPERV_X86);
    machine.os.fail.skew = 2;
    machine.os.gpa_skew = PV_PAGE_BYTES - PV_HV_RESERVE_BYTES / 2 -
                          (uintptr_t)vp.hv.reserve % PV_PAGE_BYTES;
    expect_failure(PV_BAD_ADDRESS);
}

static void test_without_hypercalls(void **state)
{
    (void)state;
    rig_up(SIM_BARE);
    assert_null(vp.hv.args);
    assert_int_equal(machine.os.allocs, 0);
    assert_status(pv_vp_offline(&vp), PV_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_online),
        RIG_TEST(test_online_arm64),
        RIG_TEST(test_online_again),
        RIG_TEST(test_release),
        RIG_TEST(test_index_out_of_range),
        RIG_TEST(test_index_without_maximum),
        RIG_TEST(test_index_not_readable),
        RIG_TEST(test_no_memory),
        RIG_TEST(test_bad_address_of_args),
        RIG_TEST(test_bad_address_of_reserve),
        RIG_TEST(test_reserve_crosses_a_page),
        RIG_TEST(test_without_hypercalls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
