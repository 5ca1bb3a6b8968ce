/* SPDX-License-Identifier: MIT */
/* Look-ups by VA, in order, and of holes. That all of them agree with the model: test_map_random.c. */
#include "map_rig.h"

/* Ids of what a cursor gives, in that order. */
static size_t ids_of(struct pv_mem_cursor cursor, uint64_t *ids, size_t room)
{
    struct pv_mem_region region;
    size_t count = 0;

    while (pv_mem_cursor_next(&cursor, &region)) {
        assert_true(count < room);
        ids[count++] = region.id;
    }
    assert_false(pv_mem_cursor_next(&cursor, &region));
    return count;
}

static void regions_may_share_a_virtual_address(void **state)
{
    uint64_t ids[8];
    struct pv_mem_region region;

    (void)state;
    expect_add(PV_OK, region_of(1, 10, 4, 0x8000));
    expect_add(PV_OK, region_of(2, 30, 2, 0x7000));
    expect_add(PV_OK, region_of(3, 20, 1, 0x8000));
    expect_add(PV_OK, region_of(4, 40, 9, 0x9000));
    expect_add(PV_OK, region_of(5, 50, 9, NONE));
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 0x8000), ids, 8), 3);
    assert_int_equal(ids[0], 2); /* starts lowest */
    assert_int_equal(ids[1], 1); /* at the same VA by GPA */
    assert_int_equal(ids[2], 3);
    assert_status(pv_mem_map_find_va(&map, 0x8FFF, &region), PV_OK);
    assert_int_equal(region.id, 2);
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 0xA123), ids, 8), 2);
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 4);
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 0x6FFF), ids, 8), 0);
    assert_status(pv_mem_map_find_va(&map, 0x6FFF, &region), PV_NOT_FOUND);
}

/* More than one node holds of the same key, so that they go on in others. */
static void three_hundred_regions_share_a_virtual_address(void **state)
{
    uint64_t ids[302];

    (void)state;
    add_many(0, 300, 0x7000);
    expect_add(PV_OK, region_of(1000, 5000, 100, 0x1000));
    expect_add(PV_OK, region_of(1001, 6000, 1, 0x8000));
    expect_map();
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 0x7000), ids, 302), 301);
    assert_int_equal(ids[0], 1000);
    for (uint64_t i = 0; i < 300; i++)
        assert_int_equal(ids[i + 1], i);
    for (uint64_t id = 0; id < 300; id += 1 + id % 3)
        expect_move(PV_OK, id, 2 * id, id % 2 == 0 ? NONE : 0x6000);
    for (uint64_t id = 0; id < 300; id++)
        expect_remove(PV_OK, id * 7 % 300);
}

/* Long ones that begin far below, behind many that are short. */
static void long_regions_are_found_behind_short_ones(void **state)
{
    uint64_t ids[8];

    (void)state;
    expect_add(PV_OK, region_of(1000, 10000, 4000, 0));
    for (uint64_t id = 0; id < 200; id++)
        expect_add(PV_OK, region_of(id, 2 * id, 1, (2 * id + 1) << 12));
    expect_add(PV_OK, region_of(1001, 20000, 100, 150 << 12));
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 3999ull << 12), ids, 8), 1);
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 201 << 12), ids, 8), 3);
    assert_int_equal(ids[0], 1000);
    assert_int_equal(ids[1], 1001);
    assert_int_equal(ids[2], 100);
    expect_remove(PV_OK, 1000);
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, 3999ull << 12), ids, 8), 0);
}

static void the_last_virtual_byte_is_an_address_like_any_other(void **state)
{
    uint64_t ids[8];

    (void)state;
    expect_add(PV_OK, region_of(1, 10, 1, NONE));
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, NONE), ids, 8), 0);
    expect_add(PV_OK, region_of(2, 20, 1, 0ull - 4096));
    assert_int_equal(ids_of(pv_mem_map_at_va(&map, NONE), ids, 8), 1);
    assert_int_equal(ids[0], 2);
}

static void regions_come_in_order(void **state)
{
    uint64_t ids[200];

    (void)state;
    assert_int_equal(ids_of(pv_mem_map_from(&map, 0), ids, 1), 0);
    for (uint64_t i = 0; i < 200; i++)
        expect_add(PV_OK, region_of(i * 77 % 200, 10 + 3 * (i * 77 % 200), 2, NONE));
    assert_int_equal(ids_of(pv_mem_map_from(&map, 0), ids, 200), 200);
    for (uint64_t i = 0; i < 200; i++)
        assert_int_equal(ids[i], i);
    /* From a region's last byte, from the gap behind it, from behind the last. */
    assert_int_equal(ids_of(pv_mem_map_from(&map, (12 << 12) - 1), ids, 200), 200);
    assert_int_equal(ids_of(pv_mem_map_from(&map, 12 << 12), ids, 200), 199);
    assert_int_equal(ids_of(pv_mem_map_from(&map, (13 << 12) + 1), ids, 200), 199);
    assert_int_equal(ids_of(pv_mem_map_from(&map, 608 << 12), ids, 200), 1);
    assert_int_equal(ids_of(pv_mem_map_from(&map, 609 << 12), ids, 200), 0);
    assert_int_equal(ids_of(pv_mem_map_from(&map, ~0ull), ids, 200), 0);
}

static void expect_hole(uint64_t page, uint64_t first, uint64_t pages_of)
{
    for (unsigned offset = 0; offset < 4096; offset += 4095) {
        uint64_t gpa, free_pages;

        assert_status(pv_mem_map_hole(&map, (page << 12) + offset, &gpa, &free_pages), PV_OK);
        assert_int_equal(gpa, first << 12);
        assert_int_equal(free_pages, pages_of);
    }
}

static void holes_are_found(void **state)
{
    uint64_t gpa, pages_of;

    (void)state;
    expect_hole(5, 5, MODEL_SPACE - 5);
    expect_add(PV_OK, region_of(1, 10, 2, NONE));
    expect_add(PV_OK, region_of(2, 12, 3, NONE));
    expect_add(PV_OK, region_of(3, 20, 1, NONE));
    expect_hole(0, 0, 10);
    expect_hole(9, 9, 1);
    expect_hole(10, 15, 5);
    expect_hole(14, 15, 5);
    expect_hole(17, 17, 3);
    expect_hole(20, 21, MODEL_SPACE - 21);
    expect_add(PV_OK, region_of(4, 21, MODEL_SPACE - 21, NONE));
    assert_status(pv_mem_map_hole(&map, 20 << 12, &gpa, &pages_of), PV_NOT_FOUND);
    assert_status(pv_mem_map_hole(&map, ~0ull, &gpa, &pages_of), PV_NOT_FOUND);
}

/* Regions without a gap, in more than two levels of nodes; then one is taken out, anywhere. */
static void holes_behind_long_runs_are_found(void **state)
{
    const uint64_t count = 1000;
    struct model_step step;

    (void)state;
    for (uint64_t id = 0; id < count; id++) {
        step = adding(region_of(id, 100 + id, 1, NONE));
        assert_status(change_both(&step), PV_OK);
    }
    expect_hole(100, 100 + count, MODEL_SPACE - 100 - count);
    for (uint64_t id = 0; id < count; id += 7) {
        step = removing(id);
        assert_status(change_both(&step), PV_OK);
        expect_hole(100 + id, 100 + id, 1);
        expect_hole(101 + id, 100 + count, MODEL_SPACE - 100 - count);
        expect_hole(100, 100 + id, 1);
        step = adding(region_of(id, 100 + id, 1, NONE));
        assert_status(change_both(&step), PV_OK);
    }
    expect_map_by(29);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(regions_may_share_a_virtual_address),
        MAP_TEST(three_hundred_regions_share_a_virtual_address),
        MAP_TEST(long_regions_are_found_behind_short_ones),
        MAP_TEST(the_last_virtual_byte_is_an_address_like_any_other),
        MAP_TEST(regions_come_in_order),
        MAP_TEST(holes_are_found),
        MAP_TEST(holes_behind_long_runs_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
