/* SPDX-License-Identifier: MIT */
/* Pages in the map of what is shared: going through them, cutting them out. */
#include "unit/mem/share.h"

#include "mem/share.h"

#define FIRST (SIM_GPA_BASE >> 12)
#define END (1ull << 52)

static void note(uint64_t page, uint64_t pages, uint32_t state)
{
    assert_status(pv_mem_note_(&shares.ranges, FIRST + page, FIRST + page + pages, state), PV_OK);
}

static struct pv_mem_walk walk_of(uint64_t first, uint64_t end, uint32_t states)
{
    struct pv_mem_walk walk;

    pv_mem_walk_(&walk, &shares, FIRST + first, FIRST + end, states);
    return walk;
}

static void three_ranges(void)
{
    share_up_hyperv();
    note(10, 5, PV_MEM_SHARED);
    note(15, 1, PV_MEM_UNKNOWN);
    note(16, 4, PV_MEM_CHANGING);
    note(30, 10, PV_MEM_SHARED);
}

static void assert_walk(struct pv_mem_walk walk, const uint64_t *pages, size_t count)
{
    assert_int_equal(pv_mem_walk_ahead_(&walk, ~0ull), count);
    for (size_t i = 0; i < count; i++, walk.page++) {
        assert_true(pv_mem_walk_more_(&walk));
        assert_int_equal(walk.page, FIRST + pages[i]);
    }
    assert_false(pv_mem_walk_more_(&walk));
}

static void a_walk_comes_to_all_pages_of_its_states(void **state)
{
    const uint64_t shared[] = { 12, 13, 14, 30, 31 }, unknown[] = { 15 };
    const uint64_t most[] = { 12, 13, 14, 16, 17, 18, 19, 30, 31 };
    struct pv_mem_walk low;

    (void)state;
    three_ranges();
    assert_walk(walk_of(12, 32, PV_MEM_SHARED), shared, 5);
    assert_walk(walk_of(0, 100, PV_MEM_UNKNOWN), unknown, 1);
    assert_walk(walk_of(12, 32, PV_MEM_SHARED | PV_MEM_CHANGING), most, 9);
    assert_walk(walk_of(0, 100, PV_MEM_PRIVATE), NULL, 0);
    assert_walk(walk_of(20, 30, PV_MEM_SHARED), NULL, 0);
    assert_walk(walk_of(12, 12, PV_MEM_SHARED), NULL, 0);
    pv_mem_walk_(&low, &shares, 0, FIRST, PV_MEM_SHARED);
    assert_walk(low, NULL, 0);
}

/* Byte addresses end before page numbers do. */
static void a_walk_ends_with_the_address_space(void **state)
{
    struct pv_mem_walk walk;

    (void)state;
    share_up_hyperv();
    assert_status(pv_mem_note_(&shares.ranges, 0, 2, PV_MEM_SHARED), PV_OK);
    assert_status(pv_mem_note_(&shares.ranges, END - 2, END, PV_MEM_SHARED), PV_OK);
    pv_mem_walk_(&walk, &shares, 0, END, PV_MEM_SHARED);
    assert_int_equal(pv_mem_walk_ahead_(&walk, END), 4);
    pv_mem_walk_skip_(&walk, 3);
    assert_true(pv_mem_walk_more_(&walk));
    assert_int_equal(walk.page, END - 1);
    pv_mem_walk_skip_(&walk, 1);
    assert_false(pv_mem_walk_more_(&walk));
    pv_mem_walk_skip_(&walk, 7);
    assert_int_equal(walk.page, END);
}

static void pages_ahead_are_counted_up_to_a_limit(void **state)
{
    struct pv_mem_walk walk;

    (void)state;
    three_ranges();
    walk = walk_of(0, 100, PV_MEM_SHARED);
    assert_int_equal(pv_mem_walk_ahead_(&walk, 0), 0);
    assert_int_equal(pv_mem_walk_ahead_(&walk, 3), 3);
    assert_int_equal(pv_mem_walk_ahead_(&walk, 5), 5);
    assert_int_equal(pv_mem_walk_ahead_(&walk, 7), 7);
    assert_int_equal(pv_mem_walk_ahead_(&walk, 15), 15);
    assert_int_equal(pv_mem_walk_ahead_(&walk, 16), 15);
    pv_mem_walk_skip_(&walk, 6);
    assert_int_equal(pv_mem_walk_ahead_(&walk, ~0ull), 9);
    assert_true(pv_mem_walk_more_(&walk));
    assert_int_equal(walk.page, FIRST + 31);
}

static void no_region_is_made_of_no_pages(void **state)
{
    (void)state;
    share_up_hyperv();
    note(3, 0, PV_MEM_SHARED);
    assert_int_equal(pv_mem_map_count(&shares.ranges), 0);
    note(3, 1, PV_MEM_SHARED);
    assert_status(pv_mem_note_(&shares.ranges, FIRST + 2, FIRST + 4, PV_MEM_SHARED), PV_OVERLAPS);
}

/* Inside, at either end, all of it. */
static void pages_are_cut_out_of_a_region(void **state)
{
    static const uint64_t cuts[][2] = { { 3, 6 }, { 0, 4 }, { 7, 10 }, { 0, 10 }, { 9, 10 } };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        const uint64_t first = cuts[i][0], end = cuts[i][1];
        struct pv_mem_walk walk;

        share_up_hyperv();
        note(0, 10, PV_MEM_SHARED);
        walk = walk_of(first, end, PV_MEM_SHARED);
        assert_true(pv_mem_walk_more_(&walk));
        assert_status(pv_mem_map_begin(&shares.ranges), PV_OK);
        assert_status(pv_mem_cut_(&shares.ranges, &walk, PV_MEM_CHANGING, PV_MEM_UNKNOWN), PV_OK);
        assert_states(0, 10, PV_MEM_SHARED);
        pv_mem_close_(&shares.ranges, true);
        assert_states(0, first, PV_MEM_UNKNOWN);
        assert_states(first, end, PV_MEM_CHANGING);
        assert_states(end, 10, PV_MEM_UNKNOWN);
        pv_mem_close_(&shares.ranges, true); /* none is open: nothing happens */
        assert_int_equal(pv_mem_map_count(&shares.ranges), 1 + (first > 0) + (end < 10));
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
}

static void without_memory_a_cut_fails(void **state)
{
    enum pv_status status = PV_NO_MEMORY;
    uint32_t failed = 0;

    (void)state;
    for (uint32_t allocs = 1; status != PV_OK; allocs++) {
        struct pv_mem_walk walk;

        share_up_hyperv();
        note(0, 10, PV_MEM_SHARED);
        machine.os.grace.held = true;
        walk = walk_of(3, 4, PV_MEM_SHARED);
        assert_true(pv_mem_walk_more_(&walk));
        assert_status(pv_mem_map_begin(&shares.ranges), PV_OK);
        machine.os.fail.alloc = allocs;
        status = pv_mem_cut_(&shares.ranges, &walk, PV_MEM_CHANGING, PV_MEM_SHARED);
        machine.os.fail.alloc = 0;
        pv_mem_close_(&shares.ranges, status == PV_OK);
        if (status != PV_OK) {
            assert_status(status, PV_NO_MEMORY);
            assert_states(0, 10, PV_MEM_SHARED);
            failed++;
        }
        assert_int_equal(share_down(NULL), 0);
    }
    share_up_hyperv();
    assert_true(failed > 0);
}

static void a_region_gets_another_state(void **state)
{
    struct pv_mem_region region;

    (void)state;
    three_ranges();
    assert_status(pv_mem_map_find_gpa(&shares.ranges, P(12), &region), PV_OK);
    pv_mem_state_(&shares, &region, PV_MEM_CHANGING);
    assert_states(10, 15, PV_MEM_CHANGING);
    assert_states(15, 16, PV_MEM_UNKNOWN);
    assert_states(30, 40, PV_MEM_SHARED);
}

static void pages_become_unknown_and_are_counted(void **state)
{
    (void)state;
    three_ranges();
    assert_int_equal(pv_mem_lose_(&shares, FIRST + 12, FIRST + 18), 5);
    assert_int_equal(shares.leaked, 5);
    assert_states(10, 12, PV_MEM_SHARED);
    assert_states(12, 18, PV_MEM_UNKNOWN);
    assert_states(18, 20, PV_MEM_CHANGING);
    assert_int_equal(pv_mem_lose_(&shares, FIRST + 12, FIRST + 18), 0);
    assert_int_equal(pv_mem_lose_(&shares, FIRST + 20, FIRST + 30), 0);
    assert_int_equal(pv_mem_lose_(&shares, FIRST + 30, FIRST + 40), 10);
    assert_int_equal(shares.leaked, 15);
}

static void without_memory_their_region_is_lost_as_a_whole(void **state)
{
    uint64_t lost = 0;
    uint64_t page = 30;

    (void)state;
    three_ranges();
    machine.os.grace.held = true;
    share_starve(0);
    while (lost <= 1 && page < 40)
        lost = pv_mem_lose_(&shares, FIRST + page, FIRST + page + 1), page += 2;
    share_feed();
    assert_true(lost > 1);
    assert_states(page - 2, 40, PV_MEM_UNKNOWN);
    assert_int_equal(shares.leaked, unknown_pages() - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHARE_TEST(a_walk_comes_to_all_pages_of_its_states),
        SHARE_TEST(a_walk_ends_with_the_address_space),
        SHARE_TEST(pages_ahead_are_counted_up_to_a_limit),
        SHARE_TEST(no_region_is_made_of_no_pages),
        SHARE_TEST(pages_are_cut_out_of_a_region),
        SHARE_TEST(without_memory_a_cut_fails),
        SHARE_TEST(a_region_gets_another_state),
        SHARE_TEST(pages_become_unknown_and_are_counted),
        SHARE_TEST(without_memory_their_region_is_lost_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
