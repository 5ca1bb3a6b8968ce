/* SPDX-License-Identifier: MIT */
/*
 * The judge is judged: what a guest must not do is noticed, and what it may do is not complained
 * about. The model is used here without a machine, as a real virtual machine would use it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/model.h"

#define RAM 0x40000ull
#define GET PV_HV_CODE_GET_VP_REGISTERS
#define REPS(n) ((uint64_t)(n) << PV_HV_CONTROL_REPS_SHIFT)
#define START(n) ((uint64_t)(n) << PV_HV_CONTROL_START_SHIFT)
#define VAR(n) ((uint64_t)(n) << PV_HV_CONTROL_VAR_SHIFT)
#define FAST PV_HV_CONTROL_FAST

static uint8_t ram[2 * PV_PAGE_BYTES];
static uint64_t block[16];
static struct sim_model model;
static enum sim_convention convention;

static bool inside(uint64_t gpa, size_t bytes)
{
    return gpa >= RAM && gpa - RAM + bytes <= sizeof(ram);
}

static bool read_ram(void *owner, uint64_t gpa, void *to, size_t bytes)
{
    (void)owner;
    if (to != NULL && inside(gpa, bytes))
        memcpy(to, ram + (gpa - RAM), bytes);
    return inside(gpa, bytes);
}

static bool write_ram(void *owner, uint64_t gpa, const void *from, size_t bytes)
{
    (void)owner;
    if (inside(gpa, bytes))
        memcpy(ram + (gpa - RAM), from, bytes);
    return inside(gpa, bytes);
}

/* RAM and block begin with the header of a register call, all names VsmCapabilities. */
static int setup(void **state)
{
    const struct pv_hv_vp_registers_header header = { PV_HV_PARTITION_SELF, PV_HV_VP_SELF, 0,
                                                      { 0 } };

    (void)state;
    sim_model_init(&model);
    model.memory.read = read_ram;
    model.memory.write = write_ram;
    model.os_id[0] = 1;
    for (size_t i = 0; i < sizeof(ram); i += 4)
        memcpy(ram + i, &(uint32_t){ PV_HV_REGISTER_VSM_CAPABILITIES }, 4);
    memcpy(ram, &header, sizeof(header));
    memcpy(block, ram, sizeof(block));
    convention = SIM_X64;
    return 0;
}

static uint64_t call(uint64_t control, uint64_t in, uint64_t out)
{
    struct sim_registers registers = { convention, control, in, out, NULL };

    return sim_model_call(&model, 0, &registers);
}

static uint64_t call_block(uint64_t control)
{
    struct sim_registers registers = { convention, control, block[0], block[1], block };

    return sim_model_call(&model, 0, &registers);
}

static void expect(uint64_t result, uint16_t status, const char *complaint)
{
    assert_int_equal(result & PV_HV_RESULT_STATUS_MASK, status);
    if (complaint == NULL)
        assert_null(model.complaint);
    else
        assert_string_equal(model.complaint, complaint);
    model.complaint = NULL;
}

static void test_control_word(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++)
        if ((PV_HV_CONTROL_RESERVED >> bit & 1) != 0 || bit == 31)
            expect(call(GET | REPS(1) | 1ull << bit, RAM, RAM + 64), 0x03,
                   "reserved bits in the control word");
    expect(call(0x7777, RAM, RAM), 0x02, NULL);
    expect(call(PV_HV_CODE_VTL_CALL, 0, 0), 0x02, NULL);
    expect(call(PV_HV_CODE_GET_VP_SET_FROM_MDA, 0, 0), 0x02, NULL);
}

static void test_reps(void **state)
{
    (void)state;
    expect(call(GET, RAM, RAM + 64), 0x03, "rep call with count 0");
    expect(call(GET | REPS(2) | START(2), RAM, RAM + 64), 0x03, "start index not below the count");
    expect(call(PV_HV_CODE_GET_PARTITION_ID | REPS(1), 0, RAM), 0x03, "rep count of a simple call");
    expect(call(PV_HV_CODE_GET_PARTITION_ID | START(1), 0, RAM), 0x03,
           "rep count of a simple call");
}

static void test_start_index(void **state)
{
    (void)state;
    model.step = 2;
    expect(call(GET | REPS(6), RAM, RAM + 64), 0, NULL);
    expect(call(GET | REPS(6) | START(2), RAM, RAM + 64), 0, NULL);
    expect(call(GET | REPS(6) | START(5), RAM, RAM + 64), 0,
           "continued elsewhere than where the call stopped");
}

/* Elements below the start index are not touched again. */
static void test_continuation(void **state)
{
    uint64_t first;

    (void)state;
    memset(ram + 64, 0, 128);
    assert_int_equal(call(GET | REPS(3) | START(1), RAM, RAM + 64), REPS(3));
    memcpy(&first, ram + 64, 8);
    assert_int_equal(first, 0);
    memcpy(&first, ram + 80, 8);
    assert_int_equal(first, model.vsm_capabilities);
}

static void test_forms(void **state)
{
    (void)state;
    expect(call(GET | REPS(1) | VAR(1), RAM, RAM + 64), 0x03, "variable header of a call without");
    expect(call(PV_HV_CODE_POST_MESSAGE | FAST, 0, 0), 0x03, "fast form of a call without");
    expect(call(GET | REPS(1) | FAST, 0, 0), 0x03, "two registers do not hold it");
    expect(call_block(GET | REPS(5) | FAST), 0x03, "more than the registers hold");
    expect(call_block(GET | REPS(4) | FAST), 0, NULL);
    model.features = PV_HV_FEATURE_XMM_INPUT;
    expect(call_block(GET | REPS(1) | FAST), 0x03, "#UD: XMM output not offered");
    model.features = PV_HV_FEATURE_XMM_OUTPUT;
    expect(call_block(GET | REPS(1) | FAST), 0x03, "#UD: XMM input not offered");
}

static void test_where_output_lies(void **state)
{
    (void)state;
    convention = SIM_SMCCC;
    expect(call_block(GET | REPS(1) | FAST), 0, NULL);
    assert_int_equal(block[4], model.vsm_capabilities);
    convention = SIM_HVC1;
    expect(call_block(GET | REPS(1) | FAST), 0, NULL);
    assert_int_equal(block[14], model.vsm_capabilities);
}

static void test_addresses(void **state)
{
    const uint64_t one = GET | REPS(1);

    (void)state;
    expect(call(one, RAM + 4, RAM + 64), 0x04, "a block is not 8-byte aligned");
    expect(call(one, RAM, RAM + 68), 0x04, "a block is not 8-byte aligned");
    expect(call(one, RAM + 4096 - 16, RAM + 64), 0x04, "a block crosses a page");
    expect(call(one, RAM, RAM + 4096 - 8), 0x04, "a block crosses a page");
    expect(call(one, RAM, RAM + 16), 0x04, "input and output overlap");
    expect(call(one, RAM + 16, RAM + 8), 0x04, "input and output overlap");
    expect(call(one, RAM, RAM), 0x04, "input and output overlap");
    expect(call(one, 0, RAM), 0x04, NULL);
    expect(call(one, RAM, RAM + sizeof(ram)), 0x04, NULL);
    expect(call(one, RAM, RAM + 24), 0, NULL);
}

static void test_privileges(void **state)
{
    (void)state;
    model.privileges = 0;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x06, NULL);
    model.privileges = 1ull << PV_HV_PRIVILEGE_ACCESS_VP_REGISTERS;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0, NULL);
}

static void test_reserved_fields(void **state)
{
    (void)state;
    ram[13] = 1;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x05, NULL);
    ram[13] = 0;
    memset(ram + 16, 0, 64);
    ram[16 + 32 + 5] = 1; /* second element of a SetVpRegisters */
    expect(call(PV_HV_CODE_SET_VP_REGISTERS | REPS(2), RAM, 0), 0x05, NULL);
}

static void put(size_t offset, uint64_t value)
{
    memcpy(ram + offset, &value, sizeof(value));
}

static void test_banks(void **state)
{
    const uint64_t flush = PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE_EX;

    (void)state;
    memset(ram, 0, 128);
    put(24, 0x8000000000000001);
    put(32, 0x10);
    put(40, 0x20);
    expect(call(flush | VAR(2), RAM, 0), 0, NULL);
    assert_int_equal(model.seen.target.vps[0], 0x10);
    assert_int_equal(model.seen.target.vps[63], 0x20);
    expect(call(flush | VAR(1), RAM, 0), 0x03, NULL);
    expect(call(flush | VAR(3), RAM, 0), 0x03, NULL);
    put(16, 1); /* all: no banks */
    expect(call(flush, RAM, 0), 0,
           "a set in the format for all VPs, which not every hypervisor takes");
    assert_int_equal(model.seen.target.vps[17], ~0ull);
    put(16, 2);
    expect(call(flush, RAM, 0), 0x05, NULL);
}

/* What one hypervisor takes for nobody and another for everybody. */
static void test_nobody(void **state)
{
    const uint64_t flush = PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE_EX;
    const uint64_t ipi = PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI_EX;

    (void)state;
    memset(ram, 0, 128);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE, RAM, 0), 0,
           "a processor mask that names nobody");
    expect(call(flush, RAM, 0), 0, "a set that names nobody");
    put(24, 1);
    expect(call(flush | VAR(1), RAM, 0), 0, "a bank that names nobody");
    put(8, PV_HV_FLUSH_ALL_PROCESSORS);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE, RAM, 0), 0, NULL);
    memset(ram, 0, 128);
    memcpy(ram, &(uint32_t){ 0x40 }, 4);
    expect(call(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI, RAM, 0), 0,
           "a processor mask that names nobody");
    expect(call(ipi, RAM, 0), 0, "a set that names nobody");
    model.any_target = true;
    expect(call(ipi, RAM, 0), 0, NULL);
}

static void test_flush_list(void **state)
{
    const uint64_t list = PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST;

    (void)state;
    memset(ram, 0, 128);
    put(0, 0x1234000);
    put(16, 1);
    put(24, 0x5001);
    put(32, 0x9FFF);
    expect(call(list | REPS(2), RAM, 0), 0, NULL);
    expect(call(list | REPS(1), RAM, 0), 0, NULL);
    assert_int_equal(model.seen.target.space, 0x1234000);
    assert_int_equal(model.seen.gva.count, 3);
    assert_int_equal(model.seen.gva.pages, 2 + 4096 + 2);
    assert_int_equal(model.seen.gva.list[1], 0x9FFF);
    put(8, PV_HV_FLUSH_NON_GLOBAL_ONLY);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE, RAM, 0), 0, NULL);
    expect(call(list | REPS(1), RAM, 0), 0x05, NULL);
    assert_int_equal(model.seen.gva.count, 3);
    put(8, 0);
    for (uint32_t i = 0; i < SIM_GVA_KEPT; i++)
        expect(call(list | REPS(1), RAM, 0), 0, NULL);
    assert_int_equal(model.seen.gva.count, SIM_GVA_KEPT + 3);
    model.arm64 = true;
    convention = SIM_SMCCC;
    expect(call(list | REPS(1), RAM, 0), 0x02, NULL);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST_EX | REPS(1), RAM, 0), 0x02, NULL);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE, RAM, 0), 0, NULL);
}

static void test_flush_and_ipi(void **state)
{
    (void)state;
    memset(ram, 0, 128);
    put(8, PV_HV_FLUSH_ALL_PROCESSORS);
    put(24, 0x5001);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_LIST | REPS(1), RAM, 0), 0, NULL);
    assert_int_equal(model.seen.target.vps[3], ~0ull);
    assert_int_equal(model.seen.target.last_range, 0x5001);
    put(8, 8);
    expect(call(PV_HV_CODE_FLUSH_VIRTUAL_ADDRESS_SPACE, RAM, 0), 0x05, NULL);
    memset(ram, 0, 128);
    expect(call(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI, RAM, 0), 0x05, NULL); /* vector 0 */
    memcpy(ram, &(uint32_t){ 0xFF }, 4);
    put(8, 1); /* all, yet with a bank */
    put(16, 1);
    put(24, 0x3);
    expect(call(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(1), RAM, 0), 0x03, NULL);
    put(8, 0);
    expect(call(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI_EX | VAR(1), RAM, 0), 0, NULL);
    assert_int_equal(model.seen.target.vps[0], 0x3);
    ram[4] = 0x11; /* VTL 1, while in VTL 0 */
    expect(call(PV_HV_CODE_SEND_SYNTHETIC_CLUSTER_IPI, RAM, 0), 0x06, NULL);
}

static void test_targets(void **state)
{
    (void)state;
    put(0, 5);
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x0D, NULL);
    put(0, model.partition_id);
    expect(call(GET | REPS(1), RAM, RAM + 64), 0, NULL);
    memcpy(ram + 8, &(uint32_t){ 1 }, 4);
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x0E, NULL);
    memcpy(ram + 8, &(uint32_t){ 0 }, 4);
    ram[12] = 0x10;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0, NULL);
    ram[12] = 0x20;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x05, NULL);
}

static void test_messages(void **state)
{
    (void)state;
    memset(ram, 0, 256);
    expect(call(PV_HV_CODE_POST_MESSAGE, RAM, 0), 0x12, NULL);
    expect(call(PV_HV_CODE_SIGNAL_EVENT | FAST, 0, 0), 0x12, NULL);
    memcpy(ram, &(uint32_t){ 4 }, 4);
    memcpy(ram + 12, &(uint32_t){ 241 }, 4);
    expect(call(PV_HV_CODE_POST_MESSAGE, RAM, 0), 0x05, NULL);
    memcpy(ram + 12, &(uint32_t){ 240 }, 4);
    expect(call(PV_HV_CODE_POST_MESSAGE, RAM, 0), 0, NULL);
    assert_int_equal(model.seen.messages, 1);
}

static void test_visibility(void **state)
{
    const uint64_t code = PV_HV_CODE_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY;

    (void)state;
    memset(ram, 0, 64);
    put(0, PV_HV_PARTITION_SELF);
    memcpy(ram + 8, &(uint32_t){ 3 }, 4);
    put(16, RAM >> 12);
    put(24, (RAM >> 12) + 1);
    put(32, 0x99999);
    expect(call(code | REPS(2), RAM, 0), 0, NULL);
    assert_int_equal(model.seen.shared_pages, 2);
    assert_int_equal(call(code | REPS(3), RAM, 0), 0x05 | REPS(2));
    memcpy(ram + 8, &(uint32_t){ 1 }, 4);
    expect(call(code | REPS(1), RAM, 0), 0x05, NULL);
}

static void test_vtl_switch(void **state)
{
    (void)state;
    assert_false(sim_model_vtl_switch(&model, 0, false, 0)); /* no higher one */
    assert_false(sim_model_vtl_switch(&model, 0, true, 0));  /* no lower one */
    model.cpus[0].vtls[2].enabled = true;
    assert_false(sim_model_vtl_switch(&model, 0, false, 1)); /* bad input */
    assert_true(sim_model_vtl_switch(&model, 0, false, 0));
    assert_int_equal(model.cpus[0].active_vtl, 2);
    assert_false(sim_model_vtl_switch(&model, 0, true, 2));
    assert_true(sim_model_vtl_switch(&model, 0, true, 1));
    assert_int_equal(model.cpus[0].active_vtl, 0);
}

static void test_kvm_knows_few_calls(void **state)
{
    (void)state;
    model.kvm = true;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x02, NULL);
    expect(call(PV_HV_CODE_NOTIFY_LONG_SPIN_WAIT | FAST, 0, 0), 0, NULL);
}

static void test_arm64_before_identity(void **state)
{
    (void)state;
    model.arm64 = true;
    model.os_id[0] = 0;
    convention = SIM_SMCCC;
    expect(call(GET | REPS(1), RAM, RAM + 64), 0x06, NULL);
    expect(call_block(GET | REPS(1) | FAST), 0, NULL);
}

/* The same seed tells the same lies. */
static void test_random_is_repeatable(void **state)
{
    uint64_t one = 42;
    uint64_t two = 42;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(sim_random(&one), sim_random(&two));
    one = 0;
    assert_int_not_equal(sim_random(&one), 0);
}

static void test_names(void **state)
{
    char name[SIM_NAME_BYTES], other[SIM_NAME_BYTES];

    (void)state;
    sim_behaviour_name(SIM_TIMEOUT_ONCE, name);
    assert_string_equal(name, "timeout-once");
    for (int i = 0; i < SIM_BEHAVIOURS; i++) {
        sim_behaviour_name((enum sim_behaviour)i, name);
        assert_true(strlen(name) > 0 && strlen(name) < SIM_NAME_BYTES - 1); /* none is cut */
        assert_true(strlen(sim_behaviour_about((enum sim_behaviour)i)) > 0);
        for (int j = 0; j < i; j++) {
            sim_behaviour_name((enum sim_behaviour)j, other);
            assert_string_not_equal(name, other);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_control_word),
        TEST(test_reps),
        TEST(test_start_index),
        TEST(test_continuation),
        TEST(test_forms),
        TEST(test_where_output_lies),
        TEST(test_addresses),
        TEST(test_privileges),
        TEST(test_reserved_fields),
        TEST(test_banks),
        TEST(test_nobody),
        TEST(test_flush_list),
        TEST(test_flush_and_ipi),
        TEST(test_targets),
        TEST(test_messages),
        TEST(test_visibility),
        TEST(test_vtl_switch),
        TEST(test_kvm_knows_few_calls),
        TEST(test_arm64_before_identity),
        TEST(test_random_is_repeatable),
        TEST(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
