/* SPDX-License-Identifier: MIT */
/* The memory map of a firmware that may say anything. What real firmware says: tests/guest/memory.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

#define PV_FREESTANDING_OFFSET 0x10000000000ull
#include "../ports/freestanding/pv_freestanding_memory.c"

#define MAP (&pv_freestanding_memory)
#define BYTES 56u /* of a descriptor: firmware has some of its own behind those of version 1 */
#define GIB4 (1ull << 32)

#define assert_status(call, status) assert_int_equal((call), (status))

static struct sim_machine machine;
static uint8_t descriptors[8 * BYTES + 1];

static int up(void **state)
{
    (void)state;
    sim_machine_init(&machine, SIM_BARE);
    memset(descriptors, 0xAB, sizeof(descriptors));
    return 0;
}

static int down(void **state)
{
    (void)state;
    pv_mem_map_release(MAP);
    return sim_os_leak(&machine) != NULL;
}

/* At an odd address: nobody promised another. */
static void describe(size_t index, uint64_t gpa, uint64_t pages)
{
    const struct pv_freestanding_efi_descriptor descriptor = {
        .type = 0x80000000u + (uint32_t)index, .physical_start = gpa, .pages = pages
    };

    memcpy(&descriptors[1 + index * BYTES], &descriptor, sizeof(descriptor));
}

static enum pv_status fill(size_t count)
{
    return pv_freestanding_memory_from_efi(&descriptors[1], count * BYTES, BYTES, 1);
}

static void expect_region(uint64_t id, uint64_t gpa, uint64_t pages, uint64_t va)
{
    struct pv_mem_region region;

    assert_status(pv_mem_map_find_id(MAP, id, &region), PV_OK);
    assert_int_equal(region.gpa, gpa);
    assert_int_equal(region.pages, pages);
    assert_int_equal(region.va, va);
    assert_int_equal(region.flags, 0x80000000u + id);
}

static void test_descriptors(void **state)
{
    (void)state;
    describe(0, 0x100000, 16);
    describe(1, 0, 1);
    describe(2, GIB4 - 4096, 1);
    describe(3, GIB4, 3);
    describe(4, 0ull - 4096, 1);
    describe(5, GIB4 - 3 * 4096, 2);
    assert_status(fill(6), PV_OK);
    assert_int_equal(pv_mem_map_count(MAP), 6);
    expect_region(0, 0x100000, 16, 0x10000100000);
    expect_region(1, 0, 1, 0x10000000000);
    expect_region(2, GIB4 - 4096, 1, 0x10000000000 + GIB4 - 4096);
    expect_region(3, GIB4, 3, PV_MEM_VA_NONE);
    expect_region(4, 0ull - 4096, 1, PV_MEM_VA_NONE);
    expect_region(5, GIB4 - 3 * 4096, 2, 0x10000000000 + GIB4 - 3 * 4096);
}

/* Beyond what is mapped, or over its end. */
static void test_half_mapped(void **state)
{
    (void)state;
    describe(0, GIB4 - 4096, 2);
    describe(1, 0, GIB4 / 4096 - 1);
    assert_status(fill(2), PV_OK);
    expect_region(0, GIB4 - 4096, 2, PV_MEM_VA_NONE);
    expect_region(1, 0, GIB4 / 4096 - 1, 0x10000000000);
}

static void test_bad_descriptors(void **state)
{
    static const struct {
        uint64_t gpa, pages;
        enum pv_status status;
    } bad[] = {
        { 0x200000, 0, PV_MALFORMED },          { 0x200001, 1, PV_MALFORMED },
        { 0x200000, ~0ull, PV_MALFORMED },      { 4096, 1ull << 52, PV_MALFORMED },
        { 0ull - 4096, 2, PV_MALFORMED },       { 0x100000, 1, PV_OVERLAPS },
        { 0x0F0000, 17, PV_OVERLAPS },          { 0, (1ull << 52) + 1, PV_MALFORMED },
    };

    (void)state;
    describe(0, 0x100000, 16);
    describe(2, 0x300000, 16);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        describe(1, bad[i].gpa, bad[i].pages);
        assert_status(fill(3), bad[i].status);
        assert_int_equal(pv_mem_map_count(MAP), 0);
    }
    describe(1, 0x200000, 1);
    assert_status(fill(3), PV_OK);
    assert_int_equal(pv_mem_map_count(MAP), 3);
    assert_status(fill(3), PV_OVERLAPS);
    describe(0, 0x500000, 1);
    assert_status(fill(1), PV_EXISTS);
    assert_int_equal(pv_mem_map_count(MAP), 3);
}

static void test_sizes(void **state)
{
    static uint8_t many[(PV_FREESTANDING_EFI_DESCRIPTORS_MAX + 1) * 40];

    (void)state;
    describe(0, 0x100000, 16);
    assert_status(pv_freestanding_memory_from_efi(descriptors, BYTES, BYTES, 0), PV_UNSUPPORTED);
    assert_status(pv_freestanding_memory_from_efi(descriptors, BYTES, BYTES, 2), PV_UNSUPPORTED);
    assert_status(pv_freestanding_memory_from_efi(descriptors, 39, 39, 1), PV_INVALID);
    assert_status(pv_freestanding_memory_from_efi(descriptors, 0, 0, 1), PV_INVALID);
    assert_status(pv_freestanding_memory_from_efi(descriptors, BYTES + 1, BYTES, 1), PV_INVALID);
    assert_status(pv_freestanding_memory_from_efi(descriptors, BYTES - 1, BYTES, 1), PV_INVALID);
    assert_status(pv_freestanding_memory_from_efi(many, sizeof(many), 40, 1), PV_INVALID);
    assert_status(pv_freestanding_memory_from_efi(many, sizeof(many) - 40, 40, 1), PV_MALFORMED);
    assert_status(pv_freestanding_memory_from_efi(descriptors, 0, BYTES, 1), PV_OK);
    assert_int_equal(pv_mem_map_count(MAP), 0);
}

static void test_open_batch(void **state)
{
    const struct pv_mem_region region = { .gpa = 4096, .pages = 1, .va = PV_MEM_VA_NONE };

    (void)state;
    describe(0, 0x100000, 16);
    assert_status(fill(1), PV_OK);
    assert_status(pv_mem_map_begin(MAP), PV_OK);
    assert_status(fill(1), PV_BAD_STATE);
    assert_status(pv_freestanding_memory_from_table(&region, 1), PV_BAD_STATE);
    assert_status(pv_mem_map_commit(MAP), PV_OK);
    assert_int_equal(pv_mem_map_count(MAP), 1);
}

static void test_table(void **state)
{
    struct pv_mem_region table[] = {
        { .gpa = 0x3000, .pages = 1, .va = 0x7000, .id = 9 },
        { .gpa = 0x1000, .pages = 2, .va = 0x5000, .id = 7 },
    };

    (void)state;
    assert_status(pv_freestanding_memory_from_table(table, 2), PV_OK);
    assert_int_equal(pv_mem_map_count(MAP), 2);
    assert_int_equal(pv_freestanding_memory_gpa((void *)0x5000), 0x1000);
    assert_int_equal(pv_freestanding_memory_gpa((void *)0x6FFF), 0x2FFF);
    assert_int_equal(pv_freestanding_memory_gpa((void *)0x7001), 0x3001);
    assert_int_equal(pv_freestanding_memory_gpa((void *)0x8000), PV_GPA_NONE);
    assert_int_equal(pv_freestanding_memory_gpa((void *)0x4FFF), PV_GPA_NONE);
    table[0].gpa = 0x10000;
    assert_status(pv_freestanding_memory_from_table(table, 1), PV_EXISTS);
    table[0].pages = 0;
    assert_status(pv_freestanding_memory_from_table(table, 1), PV_INVALID);
    assert_int_equal(pv_mem_map_count(MAP), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_descriptors, up, down),
        cmocka_unit_test_setup_teardown(test_half_mapped, up, down),
        cmocka_unit_test_setup_teardown(test_bad_descriptors, up, down),
        cmocka_unit_test_setup_teardown(test_sizes, up, down),
        cmocka_unit_test_setup_teardown(test_open_batch, up, down),
        cmocka_unit_test_setup_teardown(test_table, up, down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
