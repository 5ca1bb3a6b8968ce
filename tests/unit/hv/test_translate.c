/* SPDX-License-Identifier: MIT */
#include "rig.h"

#define VA 0xFFFF800000400000ull

/* Eight pages of VA, of which GPA pages 0..3 are there. */
static void up(enum sim_kind kind)
{
    rig_up(kind);
    machine.model.va_base = VA;
    machine.model.va_pages = 8;
    machine.model.va_gpa = SIM_FIRMWARE_BASE;
}

static struct pv_hv_translation translate(uint64_t flags, uint64_t va)
{
    struct pv_hv_translation translation = { .code = 0xEE };
    struct pv_hv_result result = { 0xEE, 0xEE };

    assert_status(pv_hv_translate(&vp, pv_hv_target_self(), flags, va, &translation, &result),
                  PV_OK);
    assert_int_equal(result.status, 0);
    return translation;
}

static void expect_mapped(void)
{
    struct pv_hv_translation t = translate(PV_HV_TRANSLATE_READ, VA + 0x2ABC);

    assert_int_equal(t.code, PV_HV_TRANSLATION_OK);
    assert_int_equal(t.gpa, SIM_FIRMWARE_BASE + 0x2ABC);
    assert_int_equal(t.cache_type, 6);
    assert_false(t.overlay_page);
}

static void test_mapped(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86);
    expect_mapped();
    assert_false(machine.model.seen.touched_memory);
    machine.sse_off = true;
    expect_mapped();
    assert_true(machine.model.seen.touched_memory);
    rig_release();
    up(SIM_HYPERV_ARM64);
    expect_mapped();
}

static void test_codes(void **state)
{
    (void)state;
    up(SIM_HYPERV_X86);
    assert_int_equal(translate(PV_HV_TRANSLATE_READ, VA - 1).code, PV_HV_TRANSLATION_NOT_PRESENT);
    assert_int_equal(translate(PV_HV_TRANSLATE_WRITE, VA + 0x1000).code,
                     PV_HV_TRANSLATION_PRIVILEGE);
    assert_int_equal(
        translate(PV_HV_TRANSLATE_WRITE | PV_HV_TRANSLATE_PRIVILEGE_EXEMPT, VA + 0x1000).code,
        PV_HV_TRANSLATION_OK);
    assert_int_equal(translate(PV_HV_TRANSLATE_EXECUTE, VA + 0x4000).code,
                     PV_HV_TRANSLATION_GPA_UNMAPPED);
}

static void test_another_vp_and_vtl(void **state)
{
    const struct pv_hv_target other = { { 3 }, pv_hv_input_vtl(0) };
    const struct pv_hv_target higher = { { PV_HV_VP_SELF }, pv_hv_input_vtl(1) };
    struct pv_hv_translation translation;
    struct pv_hv_result result;

    (void)state;
    up(SIM_HYPERV_X86);
    assert_status(pv_hv_translate(&vp, other, 0, VA, &translation, &result), PV_OK);
    assert_int_equal(rig_qword(machine.model.seen.fixed + 16), 0x10ull << 56);
    assert_status(pv_hv_translate(&vp, higher, 0, VA, &translation, &result), PV_DENIED);
    assert_int_equal(result.status, PV_HV_STATUS_ACCESS_DENIED);
}

static bool answer(void *context, struct sim_machine *from, struct sim_registers *registers,
                   uint64_t *result)
{
    (void)from;
    memcpy(registers->block + 4, context, 16);
    *result = 0;
    return true;
}

static void test_decoding(void **state)
{
    uint64_t out[2] = { 0xFF00000000000000ull | 1ull << 40 | 5ull << 32, (1ull << 52) - 1 };
    struct pv_hv_translation t;

    (void)state;
    up(SIM_HYPERV_X86);
    machine.hooks.call = answer;
    machine.hooks.context = out;
    t = translate(0, 0x123);
    assert_int_equal(t.code, 0);
    assert_int_equal(t.cache_type, 5);
    assert_true(t.overlay_page);
    assert_int_equal(t.gpa, 0xFFFFFFFFFFFFF123ull);
}

static void test_malformed(void **state)
{
    uint64_t out[2] = { 0, 1ull << 52 };
    struct pv_hv_translation translation = { .code = 0xEE };

    (void)state;
    up(SIM_HYPERV_X86);
    machine.hooks.call = answer;
    machine.hooks.context = out;
    assert_status(pv_hv_translate(&vp, pv_hv_target_self(), 0, VA, &translation, NULL),
                  PV_MALFORMED);
    assert_int_equal(translation.code, 0xEE);
}

static void expect_invalid(struct pv_hv_target target, uint64_t flags)
{
    struct pv_hv_translation translation = { .code = 0xEE };
    const uint64_t calls = rig_calls();

    assert_status(pv_hv_translate(&vp, target, flags, VA, &translation, NULL), PV_INVALID);
    assert_int_equal(translation.code, 0xEE);
    assert_int_equal(rig_calls(), calls);
}

static void test_invalid(void **state)
{
    const struct pv_hv_target beyond = { { 64 }, 0 };
    const struct pv_hv_target reserved = { { 0 }, 0x40 };

    (void)state;
    up(SIM_HYPERV_X86);
    expect_invalid(beyond, 0);
    expect_invalid(reserved, 0);
    expect_invalid(pv_hv_target_self(), 0x10);
    expect_invalid(pv_hv_target_self(), 1ull << PV_HV_TRANSLATE_VTL_SHIFT);
}

static void test_errors(void **state)
{
    struct pv_hv_translation translation = { .code = 0xEE };

    (void)state;
    rig_machine(SIM_HYPERV_X86);
    assert_status(pv_hv_translate(&vp, pv_hv_target_self(), 0, VA, &translation, NULL),
                  PV_BAD_STATE);
    up(SIM_KVM_X86);
    assert_status(pv_hv_translate(&vp, pv_hv_target_self(), 0, VA, &translation, NULL),
                  PV_UNSUPPORTED);
    assert_int_equal(translation.code, 0xEE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_mapped),   RIG_TEST(test_codes),     RIG_TEST(test_another_vp_and_vtl),
        RIG_TEST(test_decoding), RIG_TEST(test_malformed), RIG_TEST(test_invalid),
        RIG_TEST(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
