/* SPDX-License-Identifier: MIT */
/* Adding and removing: what is refused, in any order, out of memory, and what memory is used. */
#include "rig.h"

static struct pair wanted[MAX];

static void an_index_below_the_maximum_is_taken(void **state)
{
    (void)state;
    pv_vp_map_init(&map, 8);
    assert_status(pv_vp_map_add(&map, cpu(0), vp(8)), PV_INVALID);
    assert_status(pv_vp_map_add(&map, cpu(0), vp(UINT32_MAX)), PV_INVALID);
    expect_map();
    add(100, 7);
    expect_map();
}

static void a_cpu_is_added_once(void **state)
{
    (void)state;
    add_run(0, 0, 4);
    assert_status(pv_vp_map_add(&map, cpu(2), vp(9)), PV_EXISTS);
    assert_status(pv_vp_map_add(&map, cpu(2), vp(2)), PV_EXISTS);
    assert_true(is_identity());
    expect_map();
}

static void an_index_is_added_once(void **state)
{
    (void)state;
    add_run(0, 5, 4);
    assert_status(pv_vp_map_add(&map, cpu(9), vp(6)), PV_EXISTS);
    expect_map();
    expect_no_cpu(9);
}

static void the_4097th_vp_finds_no_room(void **state)
{
    (void)state;
    add_run(0, 0, MAX);
    assert_status(pv_vp_map_add(&map, cpu(MAX), vp(MAX)), PV_NO_ROOM);
    expect_map();
    drop(17);
    add(MAX, MAX);
    expect_map();
    assert_status(pv_vp_map_add(&map, cpu(17), vp(17)), PV_NO_ROOM);
    assert_status(pv_vp_map_add(&map, cpu(18), vp(17)), PV_EXISTS);
    expect_map();
}

static void only_a_known_cpu_is_removed(void **state)
{
    (void)state;
    assert_status(pv_vp_map_remove(&map, cpu(0)), PV_NOT_FOUND);
    add_run(4, 0, 4);
    assert_status(pv_vp_map_remove(&map, cpu(0)), PV_NOT_FOUND);
    assert_status(pv_vp_map_remove(&map, cpu(8)), PV_NOT_FOUND);
    expect_map();
}

/* ---- in any order ---- */

static void add_shuffled(uint32_t count, uint32_t check_every)
{
    shuffle(wanted, count);
    for (uint32_t i = 0; i < count; i++) {
        add(wanted[i].cpu, wanted[i].index);
        if (i % check_every == 0)
            expect_map();
    }
    expect_map();
}

static void remove_shuffled(uint32_t count, uint32_t check_every)
{
    shuffle(wanted, count);
    for (uint32_t i = 0; i < count; i++) {
        drop(wanted[i].cpu);
        if (i % check_every == 0)
            expect_map();
    }
    assert_true(is_identity());
    expect_map();
}

static void an_identity_may_come_in_any_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 500; i++)
        wanted[i] = (struct pair){ i, i };
    add_shuffled(500, 1);
    assert_true(is_identity());
    remove_shuffled(500, 1);
}

static void sockets_may_come_in_any_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 512; i++)
        wanted[i] = (struct pair){ i, (i ^ 128) + 3 };
    add_shuffled(512, 1);
    assert_true(way(PV_VP_BY_CPU)->runs <= 4 && way(PV_VP_BY_CPU)->runs != 0);
    remove_shuffled(512, 1);
}

static void a_permutation_of_4096_may_come_in_any_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MAX; i++)
        wanted[i] = (struct pair){ i, (i * 1237 + 5) % MAX };
    add_shuffled(MAX, 97);
    assert_true(is_array(PV_VP_BY_CPU));
    remove_shuffled(MAX, 97);
}

static void sparse_numbers_may_come_in_any_order(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        wanted[i] = (struct pair){ i * 2654435761u, i * 2246822519u };
    add_shuffled(1000, 17);
    remove_shuffled(1000, 17);
}

/* ---- memory ---- */

/* Every allocation of a map that grows is refused once: it stays as it was, and then grows on. */
static void a_map_out_of_memory_is_as_before(void **state)
{
    uint32_t refused = 0;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        const struct pair next = { i * 100, 5000000 - i * 10 };
        enum pv_status status;

        fail_alloc = 1;
        status = pv_vp_map_add(&map, cpu(next.cpu), vp(next.index));
        if (fail_alloc == 0) {
            refused++;
            assert_status(status, PV_NO_MEMORY);
            expect_map();
            expect_no_cpu(next.cpu);
            expect_no_index(next.index);
            status = pv_vp_map_add(&map, cpu(next.cpu), vp(next.index));
        }
        fail_alloc = 0;
        assert_status(status, PV_OK);
        pairs[pair_count++] = next;
    }
    /* 1, 2, 4 and 8 pages for each of the images. */
    assert_int_equal(refused, 8);
    expect_map();
}

static void a_hole_may_find_no_memory(void **state)
{
    (void)state;
    add_run(0, 0, 100);
    drop(20);
    fail_alloc = 1;
    assert_status(pv_vp_map_remove(&map, cpu(40)), PV_NO_MEMORY);
    expect_map();
    drop(40);
    expect_map();
}

static bool is_inside(const void *at, const void *object, size_t bytes)
{
    return (uintptr_t)at - (uintptr_t)object < bytes;
}

static void two_runs_each_way_need_no_page(void **state)
{
    (void)state;
    add_run(10, 20, 30);
    add_run(50, 60, 30);
    assert_int_equal(allocs, 0);
    assert_true(is_inside(way(PV_VP_BY_CPU)->words, &map, sizeof(map)));
    add(1000, 2000);
    assert_int_equal(allocs, 1);
    assert_false(is_inside(way(PV_VP_BY_CPU)->words, &map, sizeof(map)));
    drop(1000);
    assert_true(is_inside(way(PV_VP_BY_CPU)->words, &map, sizeof(map)));
    assert_int_equal(pv_vp_map_bytes(&map), PAGE);
    expect_map();
    /* The page is kept, and is enough. */
    add(1000, 2000);
    drop(1000);
    add(1000, 2000);
    add(2000, 1000);
    assert_int_equal(allocs, 2);
    expect_map();
}

static size_t bytes_in_use(void)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < 2; i++)
        bytes += map.images[i].block != NULL ? map.images[i].block->pages * (size_t)PAGE : 0;
    return bytes;
}

static void outgrown_memory_is_less_than_what_is_in_use(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1500; i++) {
        add(i * 100, i * 200);
        assert_int_equal(pv_vp_map_bytes(&map), live_pages * PAGE);
        assert_true(pv_vp_map_bytes(&map) < 2 * bytes_in_use() || allocs == 0);
    }
    assert_int_equal(live_pages, 2 * (1 + 2 + 4 + 8 + 16));
    expect_map();
}

static void outgrown_memory_is_given_back(void **state)
{
    (void)state;
    pv_vp_map_reclaim(&map);
    for (uint32_t i = 0; i < 1000; i++)
        add(i * 100, i * 200);
    assert_true(pv_vp_map_bytes(&map) > bytes_in_use());
    pv_vp_map_reclaim(&map);
    assert_int_equal(pv_vp_map_bytes(&map), bytes_in_use());
    assert_int_equal(live_pages * PAGE, bytes_in_use());
    expect_map();
    pv_vp_map_reclaim(&map);
    add(1, 1);
    expect_map();
}

static void a_released_map_can_be_used_again(void **state)
{
    (void)state;
    pv_vp_map_init(&map, 5000);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 400; i++)
            add(i * 50, 4999 - i * 10);
        expect_map();
        pv_vp_map_release(&map);
        pair_count = 0;
        assert_int_equal(live_pages, 0);
        assert_int_equal(pv_vp_map_bytes(&map), 0);
        expect_map();
        expect_no_cpu(0);
    }
    /* The maximum is still known. */
    assert_status(pv_vp_map_add(&map, cpu(0), vp(5000)), PV_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(an_index_below_the_maximum_is_taken),
        RIG_TEST(a_cpu_is_added_once),
        RIG_TEST(an_index_is_added_once),
        RIG_TEST(the_4097th_vp_finds_no_room),
        RIG_TEST(only_a_known_cpu_is_removed),
        RIG_TEST(an_identity_may_come_in_any_order),
        RIG_TEST(sockets_may_come_in_any_order),
        RIG_TEST(a_permutation_of_4096_may_come_in_any_order),
        RIG_TEST(sparse_numbers_may_come_in_any_order),
        RIG_TEST(a_map_out_of_memory_is_as_before),
        RIG_TEST(a_hole_may_find_no_memory),
        RIG_TEST(two_runs_each_way_need_no_page),
        RIG_TEST(outgrown_memory_is_less_than_what_is_in_use),
        RIG_TEST(outgrown_memory_is_given_back),
        RIG_TEST(a_released_map_can_be_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
