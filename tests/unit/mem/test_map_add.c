/* SPDX-License-Identifier: MIT */
/* Regions are added and forgotten, at both ends of the address space too. */
#include "map_rig.h"

static void an_empty_map_has_nothing(void **state)
{
    struct pv_mem_region region = MODEL_UNTOUCHED;
    uint64_t gpa, pages_of;

    (void)state;
    expect_map();
    assert_int_equal(pv_mem_map_count(&map), 0);
    assert_status(pv_mem_map_find_gpa(&map, 0, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_id(&map, 0, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_va(&map, 0, &region), PV_NOT_FOUND);
    assert_int_equal(region.gpa, 1);
    assert_status(pv_mem_map_hole(&map, 0, &gpa, &pages_of), PV_OK);
    assert_int_equal(gpa, 0);
    assert_int_equal(pages_of, MODEL_SPACE);
}

static void a_region_is_found_by_each_of_its_bytes(void **state)
{
    struct pv_mem_region region;

    (void)state;
    expect_add(PV_OK, region_of(7, 256, 2, 0x7000));
    assert_status(pv_mem_map_find_gpa(&map, 0x101FFF, &region), PV_OK);
    assert_int_equal(region.id, 7);
    assert_int_equal(region.pages, 2);
    assert_int_equal(region.flags, 0x80000007u);
    assert_status(pv_mem_map_find_gpa(&map, 0x102000, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_gpa(&map, 0xFFFFF, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_va(&map, 0x8FFF, &region), PV_OK);
    assert_status(pv_mem_map_find_va(&map, 0x9000, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_va(&map, 0x6FFF, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_id(&map, 7, &region), PV_OK);
    assert_status(pv_mem_map_find_id(&map, 6, &region), PV_NOT_FOUND);
}

/* The region, with one field that is wrong, is refused. */
static void expect_invalid(struct pv_mem_region region)
{
    assert_status(pv_mem_map_add(&map, &region), PV_INVALID);
    expect_add(PV_INVALID, region);
}

static void a_region_without_pages_is_invalid(void **state)
{
    (void)state;
    expect_invalid(region_of(1, 16, 0, 0x7000));
    expect_invalid(region_of(1, 16, 0, NONE));
}

static void addresses_are_multiples_of_pages(void **state)
{
    struct pv_mem_region region = region_of(1, 16, 1, 0x7000);

    (void)state;
    for (unsigned bit = 0; bit < 12; bit++) {
        region.gpa = 0x10000 | 1ull << bit;
        expect_invalid(region);
        region.gpa = 0x10000;
        region.va = 0x7000 | 1ull << bit;
        expect_invalid(region);
        region.va = 0x7000;
    }
    region.va = NONE - 1;
    expect_invalid(region);
    expect_add(PV_OK, region_of(1, 16, 1, 0x7000));
}

static void a_region_does_not_wrap_around(void **state)
{
    (void)state;
    expect_invalid(region_of(1, MODEL_SPACE - 1, 2, NONE));
    expect_invalid(region_of(1, 1, MODEL_SPACE, NONE));
    expect_invalid(region_of(1, 0, MODEL_SPACE + 1, NONE));
    expect_invalid(region_of(1, 1, ~0ull, NONE));
    expect_invalid(region_of(1, 2, ~0ull >> 12, NONE));
    /* Neither does it where it is mapped. */
    expect_invalid(region_of(1, 1, 2, 0ull - 4096));
    expect_invalid(region_of(1, 0, MODEL_SPACE, 4096));
}

static void a_region_may_end_with_the_address_space(void **state)
{
    struct pv_mem_region region;
    uint64_t gpa, pages_of;

    (void)state;
    expect_add(PV_OK, region_of(1, MODEL_SPACE - 2, 2, 0ull - 8192));
    assert_status(pv_mem_map_find_gpa(&map, ~0ull, &region), PV_OK);
    assert_status(pv_mem_map_find_va(&map, ~0ull, &region), PV_OK);
    assert_status(pv_mem_map_hole(&map, 0ull - 4096, &gpa, &pages_of), PV_NOT_FOUND);
    assert_status(pv_mem_map_hole(&map, 0, &gpa, &pages_of), PV_OK);
    assert_int_equal(pages_of, MODEL_SPACE - 2);
    expect_add(PV_OVERLAPS, region_of(2, MODEL_SPACE - 3, 2, NONE));
    expect_add(PV_OK, region_of(2, MODEL_SPACE - 3, 1, NONE));
    expect_remove(PV_OK, 1);
}

static void a_region_may_be_all_there_is(void **state)
{
    struct pv_mem_region region;
    uint64_t gpa, pages_of;

    (void)state;
    expect_add(PV_OK, region_of(1, 0, MODEL_SPACE, 0));
    assert_status(pv_mem_map_hole(&map, 0, &gpa, &pages_of), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_va(&map, 1ull << 63, &region), PV_OK);
    expect_add(PV_OVERLAPS, region_of(2, 77, 1, NONE));
    expect_resize(PV_OK, 1, MODEL_SPACE - 1);
    expect_add(PV_OK, region_of(2, MODEL_SPACE - 1, 1, NONE));
}

static void regions_do_not_overlap(void **state)
{
    static const uint64_t others[][2] = { { 10, 4 }, { 9, 2 }, { 13, 1 }, { 8, 3 }, { 12, 9 },
                                          { 11, 1 }, { 0, 20 }, { 10, 1 }, { 13, 8 } };

    (void)state;
    expect_add(PV_OK, region_of(1, 10, 4, NONE));
    for (unsigned i = 0; i < 9; i++)
        expect_add(PV_OVERLAPS, region_of(2, others[i][0], others[i][1], 0x7000));
    expect_add(PV_OK, region_of(2, 9, 1, NONE));
    expect_add(PV_OK, region_of(3, 14, 1, NONE));
    /* Between two that are there. */
    expect_add(PV_OK, region_of(4, 20, 2, NONE));
    expect_add(PV_OVERLAPS, region_of(5, 15, 6, NONE));
    expect_add(PV_OK, region_of(5, 15, 5, NONE));
}

static void an_id_is_given_once(void **state)
{
    (void)state;
    expect_add(PV_OK, region_of(~0ull, 10, 1, NONE));
    expect_add(PV_EXISTS, region_of(~0ull, 20, 1, NONE));
    expect_add(PV_OK, region_of(0, 20, 1, NONE));
    expect_add(PV_EXISTS, region_of(0, 30, 1, NONE));
    expect_remove(PV_OK, 0);
    expect_add(PV_OK, region_of(0, 30, 1, NONE));
}

static void neighbours_stay_apart(void **state)
{
    uint64_t gpa, pages_of;

    (void)state;
    for (uint64_t id = 0; id < 200; id++)
        expect_add(PV_OK, region_of(id, 100 + id, 1, NONE));
    assert_int_equal(pv_mem_map_count(&map), 200);
    assert_status(pv_mem_map_hole(&map, 100 << 12, &gpa, &pages_of), PV_OK);
    assert_int_equal(gpa, 300 << 12);
    expect_remove(PV_OK, 150);
    assert_status(pv_mem_map_hole(&map, 100 << 12, &gpa, &pages_of), PV_OK);
    assert_int_equal(gpa, 250 << 12);
    assert_int_equal(pages_of, 1);
}

static void what_is_not_there_is_not_forgotten(void **state)
{
    (void)state;
    assert_status(pv_mem_map_remove(&map, 0), PV_NOT_FOUND);
    expect_add(PV_OK, region_of(5, 10, 1, NONE));
    expect_remove(PV_NOT_FOUND, 4);
    expect_remove(PV_NOT_FOUND, 6);
    assert_status(pv_mem_map_remove(&map, 5), PV_OK);
    model_take_out(&seen, 5);
    expect_remove(PV_NOT_FOUND, 5);
}

static void a_map_is_used_again_after_release(void **state)
{
    (void)state;
    add_many(0, 300, 0x7000);
    begin_both();
    add_many(300, 20, 0x7000);
    pv_mem_map_release(&map);
    seen.count = 0;
    assert_int_equal(pages.live, 0);
    expect_map();
    assert_status(pv_mem_map_commit(&map), PV_BAD_STATE);
    expect_add(PV_OK, region_of(1, 1, 1, 0x7000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(an_empty_map_has_nothing),
        MAP_TEST(a_region_is_found_by_each_of_its_bytes),
        MAP_TEST(a_region_without_pages_is_invalid),
        MAP_TEST(addresses_are_multiples_of_pages),
        MAP_TEST(a_region_does_not_wrap_around),
        MAP_TEST(a_region_may_end_with_the_address_space),
        MAP_TEST(a_region_may_be_all_there_is),
        MAP_TEST(regions_do_not_overlap),
        MAP_TEST(an_id_is_given_once),
        MAP_TEST(neighbours_stay_apart),
        MAP_TEST(what_is_not_there_is_not_forgotten),
        MAP_TEST(a_map_is_used_again_after_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
