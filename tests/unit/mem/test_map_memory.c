/* SPDX-License-Identifier: MIT */
/* What a map does when there is no memory, how it keeps some ready, and what it says it has. */
#include "map_rig.h"

static void without_a_page_nothing_is_added(void **state)
{
    const struct pv_mem_region region = region_of(1, 10, 1, 0x7000);
    const struct model_step step = adding(region);
    unsigned refused = 0;

    (void)state;
    let_alloc(0);
    assert_status(pv_mem_map_add(&map, &region), PV_NO_MEMORY);
    assert_status(pv_mem_map_reserve(&map, 1, &region), PV_NO_MEMORY);
    expect_map();
    /* One page for nodes, one for records. */
    assert_status(change_short_of_memory(&step, 0, 0, &refused), PV_OK);
    assert_true(refused >= 2);
    expect_map();
}

static void every_change_may_find_no_memory(void **state)
{
    const struct pv_mem_region to = region_of(3, 2000, 1, NONE);
    const struct pv_mem_region more = region_of(1000, 3000, 1, NONE);
    struct hoard hoard;

    (void)state;
    add_many(0, 60, 0x7000);
    hoard_begin(&hoard, 0, 0);
    grace.held = true;
    let_alloc(0);
    assert_status(pv_mem_map_add(&map, &more), PV_NO_MEMORY);
    assert_status(pv_mem_map_remove(&map, 3), PV_NO_MEMORY);
    assert_status(pv_mem_map_change(&map, 3, &to), PV_NO_MEMORY);
    assert_status(pv_mem_map_move(&map, 3, 2000 << 12, NONE), PV_NO_MEMORY);
    assert_status(pv_mem_map_resize(&map, 3, 2), PV_NO_MEMORY);
    assert_status(pv_mem_map_reserve(&map, PV_MEM_RESERVE_MAX, NULL), PV_NO_MEMORY);
    assert_status(pv_mem_map_begin(&map), PV_OK);
    assert_status(pv_mem_map_set_flags(&map, 3, 7), PV_NO_MEMORY);
    assert_status(pv_mem_map_cancel(&map), PV_OK);
    hoard_end(&hoard);
    expect_map();
}

/* Each change at each of its points, at each number of objects that were left. */
static void at_each_point_of_each_change(void **state)
{
    unsigned refused = 0;

    (void)state;
    add_many(0, 60, 0x7000);
    pages.keep = PAGES_KEPT_MAX;
    for (uint32_t left = 0; left < 30; left++) {
        const struct model_step steps[] = {
            adding(region_of(1000, 2000, 1, 0x7000)), changing(1000, region_of(1001, 2001, 1, 0x6000)),
            moving(1001, 50 * 2 + 1, NONE),           moving(1001, 2000, 0x7000),
            resizing(1001, 9),                        removing(1001),
        };

        for (unsigned i = 0; i < 6; i++) {
            grace.held = left % 2 == 0;
            assert_status(change_both(&steps[i]), PV_OK);
        }
        pv_mem_map_reclaim(&map);
        for (unsigned i = 0; i < 6; i++)
            assert_status(change_short_of_memory(&steps[i], left, left % 4, &refused), PV_OK);
    }
    assert_true(refused > 100);
}

static void reserved_changes_ask_for_nothing(void **state)
{
    const struct pv_mem_region highest = region_of(100, 500, 1, NONE);
    struct hoard hoard;

    (void)state;
    for (uint32_t changes = 0; changes <= PV_MEM_RESERVE_MAX; changes++) {
        hoard_begin(&hoard, 0, 0);
        grace.held = true;
        assert_status(pv_mem_map_reserve(&map, changes, &highest), PV_OK);
        pages.forbidden = changes == 0;
        for (uint32_t i = 0; i < changes; i++) {
            const uint64_t id = 10 * changes + i;
            const struct model_step step = i == 7 ? removing(id - 7)
                                           : i == 6 ? moving(id - 6, 5 * id + 1, NONE)
                                                    : adding(region_of(id, 5 * id, 1, 0x7000));

            let_alloc(0);
            assert_status(change_both(&step), PV_OK);
        }
        let_alloc(UINT32_MAX);
        pages.forbidden = false;
        hoard_end(&hoard);
        expect_map();
    }
}

static void more_than_the_maximum_is_not_reserved(void **state)
{
    (void)state;
    assert_status(pv_mem_map_reserve(&map, PV_MEM_RESERVE_MAX + 1, NULL), PV_NO_ROOM);
    assert_status(pv_mem_map_reserve(&map, UINT32_MAX, NULL), PV_NO_ROOM);
    assert_int_equal(pages.allocs, 0);
}

static void memory_is_told(void **state)
{
    struct pv_mem_map_use use = pv_mem_map_use(&map);

    (void)state;
    assert_int_equal(use.pages + use.live_bytes + use.ready_bytes + use.old_bytes, 0);
    grace.held = true;
    for (uint64_t id = 0; id < 100; id++) {
        const size_t old = pv_mem_map_use(&map).old_bytes;

        add_many(id, 1, 0x7000);
        assert_true(id == 0 || pv_mem_map_use(&map).old_bytes > old);
    }
    use = pv_mem_map_use(&map);
    assert_true(use.live_bytes >= 100 * sizeof(struct pv_mem_region));
    assert_true(use.pages * 4096 >= use.live_bytes + use.ready_bytes + use.old_bytes);
    grace.over = grace.begun / 2;
    pv_mem_map_reclaim(&map);
    assert_in_range(pv_mem_map_use(&map).old_bytes, 1, use.old_bytes - 1);
    grace.over = grace.begun;
    pv_mem_map_reclaim(&map);
    assert_int_equal(pv_mem_map_use(&map).old_bytes, 0);
    assert_int_equal(pv_mem_map_use(&map).live_bytes, use.live_bytes);
    expect_map();
}

/* Readers who end at last let go of what a change finds then. */
static void every_change_gives_old_memory_back(void **state)
{
    size_t old;

    (void)state;
    grace.held = true;
    add_many(0, 100, 0x7000);
    old = pv_mem_map_use(&map).old_bytes;
    grace.over = grace.begun;
    expect_remove(PV_OK, 50);
    assert_true(pv_mem_map_use(&map).old_bytes < old / 4);
}

/* A map of many changes, and of a few that readers hold up, stays as large as its regions make it. */
static void changes_do_not_pile_up(void **state)
{
    size_t most = 0;

    (void)state;
    add_many(0, 500, 0x7000);
    for (unsigned i = 0; i < 3000; i++) {
        const struct model_step step = moving(i % 500, 5000 + i, i % 2 == 0 ? NONE : 0x7000);

        assert_status(change_both(&step), PV_OK);
        most = pages.live > most ? pages.live : most;
    }
    expect_map();
    assert_true(most < 3 * (pv_mem_map_use(&map).live_bytes / 4096 + 1));
}

/* ---- how much a change may take ---- */

/* Pages first.. in eight regions, or nine that meet in each sixteenth. */
static void add_cluster(uint64_t first, uint32_t way)
{
    for (uint64_t i = 0; i < 8; i++) {
        const struct model_step step =
            adding(region_of(first + i, first + i * (way == 0 ? 1 : 16) + (way != 0) * 8,
                             way == 0 ? 1 : 16, NONE));

        assert_status(change_both(&step), PV_OK);
    }
}

static void expect_within_needs(const struct model_step *step, uint64_t last)
{
    const struct pv_mem_region to = model_wanted(&seen, step);
    const uint64_t taken = map.trie_nodes.ready.taken;
    const uint32_t needs = pv_mem_trie_needs_(&map.version->by_gpa, last) +
                           pv_mem_trie_needs_(&map.version->by_id, to.id);

    assert_status(change_both(step), PV_OK);
    assert_in_range(map.trie_nodes.ready.taken - taken, 0, needs);
    expect_map();
}

/* One that reaches from among eight to among eight others, far away: their nodes split down to the last
 * level, and grow together again when it goes. */
static void what_is_provided_is_enough(void **state)
{
    const uint64_t first = 1ull << 48, last = (1ull << 51) + 4096;
    struct model_step step;

    (void)state;
    for (uint32_t way = 0; way < 2; way++) {
        const uint64_t from = first + (way == 0 ? 8 : 8 * 16 + 8);

        add_cluster(first, way);
        add_cluster(last, way);
        step = adding(region_of(5, from, last + way * 8 - from, NONE));
        expect_within_needs(&step, last);
        step = removing(5);
        expect_within_needs(&step, 0);
        while (seen.count > 0) {
            step = removing(seen.regions[seen.count / 2].id);
            expect_within_needs(&step, 0);
        }
    }
}

/* ---- a map that is as deep as it can be ---- */

static struct pv_mem_node chain[PV_MEM_LEVELS];

/* Each node has one child, so that a few regions make all the levels. */
static void deepen(struct pv_mem_node **root, uint32_t levels)
{
    struct pv_mem_node *below = *root;

    for (uint32_t level = below->level + 1; level < levels; level++) {
        struct pv_mem_node *node = &chain[level];

        memset(node, 0, sizeof(*node));
        node->count = 1;
        node->level = level;
        node->key[0] = below->key[0];
        node->end[0] = below->end[below->count - 1];
        node->child[0].node = below;
        below = node;
    }
    *root = below;
}

static void expect_no_room(void)
{
    const struct pv_mem_region region = region_of(9, 90, 1, NONE), to = region_of(1, 91, 2, NONE);

    assert_status(pv_mem_map_add(&map, &region), PV_NO_ROOM);
    assert_status(pv_mem_map_change(&map, 1, &to), PV_NO_ROOM);
    assert_status(pv_mem_map_move(&map, 1, 90 << 12, NONE), PV_NO_ROOM);
    assert_status(pv_mem_map_resize(&map, 1, 2), PV_NO_ROOM);
}

static void a_map_is_only_so_deep(void **state)
{
    struct pv_mem_node **root, *before;

    (void)state;
    expect_add(PV_OK, region_of(1, 10, 1, 0x7000));
    root = &map.version->by_va;
    before = *root;
    deepen(root, PV_MEM_LEVELS);
    expect_no_room();
    expect_agrees(model_differs(&map, &seen, 1));
    *root = before;
    expect_remove(PV_OK, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(without_a_page_nothing_is_added),
        MAP_TEST(every_change_may_find_no_memory),
        MAP_TEST(at_each_point_of_each_change),
        MAP_TEST(reserved_changes_ask_for_nothing),
        MAP_TEST(more_than_the_maximum_is_not_reserved),
        MAP_TEST(memory_is_told),
        MAP_TEST(every_change_gives_old_memory_back),
        MAP_TEST(changes_do_not_pile_up),
        MAP_TEST(what_is_provided_is_enough),
        MAP_TEST(a_map_is_only_so_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
