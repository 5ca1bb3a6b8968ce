/* SPDX-License-Identifier: MIT */
#include "rig.h"

static const struct pv_hv_start_x64 start = {
    .rip = 0xFFFFFFFF81000000,
    .rsp = 0xFFFFFFFF82000000,
    .cr3 = 0x1234000,
    .gdt_base = 0xFFFFFFFF83000000,
    .gdt_limit = 0x7F,
    .cs = 0x10,
    .ss = 0x18,
    .idt_base = 0xFFFFFFFF84000000,
    .idt_limit = 0xFFF,
};

static struct pv_hv_context_x64 filled(void)
{
    struct pv_hv_context_x64 context;

    memset(&context, 0xFF, sizeof(context));
    pv_hv_context_x64(&context, &start);
    return context;
}

static void expect_segment(const struct pv_hv_x64_segment *segment, uint16_t selector,
                           uint16_t attributes)
{
    assert_int_equal(segment->base, 0);
    assert_int_equal(segment->limit, 0xFFFFFFFF);
    assert_int_equal(segment->selector, selector);
    assert_int_equal(segment->attributes, attributes);
}

/* The values that Linux starts a VP of VTL 2 with. */
static void test_segments(void **state)
{
    const struct pv_hv_context_x64 context = filled();

    (void)state;
    expect_segment(&context.cs, 0x10, 0xA09B);
    expect_segment(&context.ds, 0x18, 0xC093);
    expect_segment(&context.es, 0x18, 0xC093);
    expect_segment(&context.fs, 0x18, 0xC093);
    expect_segment(&context.gs, 0x18, 0xC093);
    expect_segment(&context.ss, 0x18, 0xC093);
    expect_segment(&context.tr, 0, 0x8B);
    expect_segment(&context.ldtr, 0, 0x82);
}

static void test_pointers(void **state)
{
    const struct pv_hv_context_x64 context = filled();

    (void)state;
    assert_int_equal(context.rip, start.rip);
    assert_int_equal(context.rsp, start.rsp);
    assert_int_equal(context.rflags, 2);
    assert_int_equal(context.cr3, start.cr3);
    assert_int_equal(context.gdtr.base, start.gdt_base);
    assert_int_equal(context.gdtr.limit, start.gdt_limit);
    assert_int_equal(context.gdtr.reserved[0], 0);
    assert_int_equal(context.idtr.base, start.idt_base);
    assert_int_equal(context.idtr.limit, start.idt_limit);
}

/* Long mode is consistent: PG, PE and PAE on, LME and LMA on, IRQs off. */
static void test_control_registers(void **state)
{
    const struct pv_hv_context_x64 context = filled();
    const uint64_t pg_pe = 1ull << 31 | 1;
    const uint64_t lme_lma_nxe = 1ull << 8 | 1ull << 10 | 1ull << 11;

    (void)state;
    assert_int_equal(context.cr0 & pg_pe, pg_pe);
    assert_int_equal(context.cr0 & (1ull << 29 | 1ull << 30), 0); /* caches on */
    assert_int_equal(context.cr4 & 1ull << 5, 1ull << 5);
    assert_int_equal(context.efer, lme_lma_nxe);
    assert_int_equal(context.rflags & 1ull << 9, 0);
    assert_int_equal(context.pat, 0x0007040600070406);
}

static void test_arm64(void **state)
{
    struct pv_hv_context_arm64 context;
    struct pv_hv_context_arm64 expected;

    (void)state;
    memset(&context, 0xFF, sizeof(context));
    memset(&expected, 0, sizeof(expected));
    expected.pc = 0x40080000;
    expected.sp_el1 = 0x40100000;
    expected.sctlr_el1 = 0x30D00800;
    pv_hv_context_arm64(&context, 0x40080000, 0x40100000, 0x30D00800);
    assert_memory_equal(&context, &expected, sizeof(context));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_control_registers),
        cmocka_unit_test(test_arm64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
