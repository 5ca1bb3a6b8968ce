/* SPDX-License-Identifier: MIT */
/* Regions become others: they move, grow, shrink, change their id and their flags. */
#include "map_rig.h"

/* 1: pages 10..13, 2: 20..23, 3: 30..33, each with as many free ones beside it. */
static void add_three(void)
{
    for (uint64_t id = 1; id <= 3; id++)
        expect_add(PV_OK, region_of(id, 10 * id, 4, id << 16));
}

static void a_region_is_replaced(void **state)
{
    struct pv_mem_region region;

    (void)state;
    add_three();
    expect_change(PV_OK, 2, region_of(9, 100, 7, 0x70000));
    assert_status(pv_mem_map_find_id(&map, 2, &region), PV_NOT_FOUND);
    assert_status(pv_mem_map_find_id(&map, 9, &region), PV_OK);
    assert_int_equal(region.gpa, 100 << 12);
    /* By the same. */
    expect_change(PV_OK, 9, region);
    expect_change(PV_OK, 9, region_of(2, 20, 4, 2 << 16));
}

static void the_new_place_may_overlap_the_old(void **state)
{
    (void)state;
    add_three();
    for (uint64_t first = 14; first <= 26; first++)
        expect_change(PV_OK, 2, region_of(2, first, 4, first << 12));
    for (uint64_t first = 26; first >= 14; first--)
        expect_move(PV_OK, 2, first, NONE);
    expect_change(PV_OK, 2, region_of(2, 14, 16, NONE));
    expect_change(PV_OK, 2, region_of(2, 20, 1, NONE));
}

static void the_new_place_may_not_be_another_regions(void **state)
{
    const struct pv_mem_region to = region_of(2, 13, 1, NONE);

    (void)state;
    add_three();
    assert_status(pv_mem_map_change(&map, 2, &to), PV_OVERLAPS);
    assert_status(pv_mem_map_move(&map, 2, 13 << 12, NONE), PV_OVERLAPS);
    assert_status(pv_mem_map_resize(&map, 2, 11), PV_OVERLAPS);
    expect_change(PV_OVERLAPS, 2, to);
    expect_change(PV_OVERLAPS, 2, region_of(2, 27, 4, NONE));
    expect_change(PV_OVERLAPS, 2, region_of(2, 10, 4, NONE));
    expect_change(PV_OVERLAPS, 2, region_of(2, 0, 100, NONE));
    expect_move(PV_OVERLAPS, 2, 7, 0);
    expect_move(PV_OVERLAPS, 1, 17, 0);
    expect_resize(PV_OVERLAPS, 1, 11);
    expect_resize(PV_OK, 1, 10);
}

static void the_new_region_must_be_one(void **state)
{
    const struct pv_mem_region empty = region_of(2, 20, 0, NONE);

    (void)state;
    add_three();
    assert_status(pv_mem_map_change(&map, 2, &empty), PV_INVALID);
    assert_status(pv_mem_map_move(&map, 2, 0x20001, NONE), PV_INVALID);
    assert_status(pv_mem_map_move(&map, 2, 0x20000, 1), PV_INVALID);
    assert_status(pv_mem_map_resize(&map, 2, 0), PV_INVALID);
    expect_change(PV_INVALID, 2, region_of(2, MODEL_SPACE - 1, 2, NONE));
    expect_change(PV_INVALID, 2, region_of(2, 20, 2, 0ull - 4096));
    expect_move(PV_INVALID, 2, MODEL_SPACE - 3, NONE);
    expect_move(PV_OK, 2, MODEL_SPACE - 4, NONE);
    expect_resize(PV_INVALID, 2, 5);
    expect_resize(PV_INVALID, 2, ~0ull);
    expect_move(PV_INVALID, 2, 20, 0ull - 3 * 4096);
    expect_move(PV_OK, 2, 20, 0ull - 4 * 4096);
    expect_resize(PV_INVALID, 2, 5);
}

static void the_new_id_may_not_be_another_regions(void **state)
{
    const struct pv_mem_region third = region_of(3, 20, 4, NONE);

    (void)state;
    add_three();
    assert_status(pv_mem_map_change(&map, 2, &third), PV_EXISTS);
    expect_change(PV_EXISTS, 2, third);
    expect_change(PV_EXISTS, 1, region_of(3, 50, 1, NONE));
    expect_change(PV_OK, 2, region_of(4, 20, 4, NONE));
    expect_change(PV_OK, 3, region_of(2, 30, 4, NONE));
}

static void only_what_is_there_is_changed(void **state)
{
    const struct pv_mem_region to = region_of(4, 100, 1, NONE);

    (void)state;
    assert_status(pv_mem_map_change(&map, 4, &to), PV_NOT_FOUND);
    add_three();
    assert_status(pv_mem_map_change(&map, 4, &to), PV_NOT_FOUND);
    assert_status(pv_mem_map_move(&map, 4, 0x100000, NONE), PV_NOT_FOUND);
    assert_status(pv_mem_map_resize(&map, 0, 1), PV_NOT_FOUND);
    assert_status(pv_mem_map_set_flags(&map, 4, 1), PV_NOT_FOUND);
    expect_flags(PV_NOT_FOUND, 0, 1);
}

static void a_region_is_mapped_and_unmapped(void **state)
{
    struct pv_mem_region region;

    (void)state;
    add_three();
    expect_move(PV_OK, 2, 20, NONE);
    assert_status(pv_mem_map_find_va(&map, 2 << 16, &region), PV_NOT_FOUND);
    expect_move(PV_OK, 2, 20, 3 << 16);
    assert_status(pv_mem_map_find_va(&map, 3 << 16, &region), PV_OK);
    assert_int_equal(region.id, 2);
    expect_move(PV_OK, 1, 10, NONE);
    expect_move(PV_OK, 3, 30, NONE);
    expect_move(PV_OK, 2, 20, NONE);
}

static void a_region_grows_and_shrinks_at_its_end(void **state)
{
    struct pv_mem_region region;

    (void)state;
    add_three();
    for (uint64_t pages_of = 1; pages_of <= 10; pages_of++)
        expect_resize(PV_OK, 2, pages_of);
    for (uint64_t pages_of = 10; pages_of >= 1; pages_of--)
        expect_resize(PV_OK, 2, pages_of);
    assert_status(pv_mem_map_find_gpa(&map, 21 << 12, &region), PV_NOT_FOUND);
    /* To the end of all memory, if it is not mapped. */
    expect_resize(PV_INVALID, 3, MODEL_SPACE - 30);
    expect_move(PV_OK, 3, 30, NONE);
    expect_resize(PV_OK, 3, MODEL_SPACE - 30);
}

static void flags_change_without_memory(void **state)
{
    const uint32_t values[] = { 0, 1, 0x80000000u, ~0u };
    struct pv_mem_region region;
    struct pv_mem_map_use before;

    (void)state;
    add_three();
    before = pv_mem_map_use(&map);
    pages.forbidden = true;
    for (unsigned i = 0; i < 4; i++) {
        expect_flags(PV_OK, 2, values[i]);
        assert_status(pv_mem_map_find_id(&map, 2, &region), PV_OK);
        assert_int_equal(region.flags, values[i]);
    }
    assert_memory_equal(&before, &(struct pv_mem_map_use[]){ pv_mem_map_use(&map) }, sizeof(before));
}

static void flags_are_those_of_the_region(void **state)
{
    (void)state;
    add_three();
    expect_flags(PV_OK, 2, 77);
    expect_move(PV_OK, 2, 200, 0x5000);
    expect_resize(PV_OK, 2, 9);
    expect_flags(PV_OK, 2, 78);
    expect_change(PV_OK, 2, region_of(2, 20, 1, NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(a_region_is_replaced),
        MAP_TEST(the_new_place_may_overlap_the_old),
        MAP_TEST(the_new_place_may_not_be_another_regions),
        MAP_TEST(the_new_region_must_be_one),
        MAP_TEST(the_new_id_may_not_be_another_regions),
        MAP_TEST(only_what_is_there_is_changed),
        MAP_TEST(a_region_is_mapped_and_unmapped),
        MAP_TEST(a_region_grows_and_shrinks_at_its_end),
        MAP_TEST(flags_change_without_memory),
        MAP_TEST(flags_are_those_of_the_region),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
