/* SPDX-License-Identifier: MIT */
/*
 * Readers that changes overtake. A cursor shows the map as it was when it was made, whatever became of
 * the map since, as long as the kernel says that somebody reads. When the kernel says too early that
 * nobody does, these tests find it.
 */
#include "map_rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define REGIONS 200u
#define SHARED 0x7000ull

static struct model old; /* the map when the reader came in */

static void fill(void)
{
    for (uint64_t id = 0; id < REGIONS; id++) {
        const struct model_step step = adding(region_of(id, 4 * id, 2, id % 2 == 0 ? SHARED : NONE));

        assert_status(change_both(&step), PV_OK);
    }
}

/* Every region goes, comes back elsewhere, and the map is emptied and filled again. */
static void turn_over(void)
{
    for (uint64_t id = 0; id < REGIONS; id++)
        assert_status(pv_mem_map_move(&map, id, (10000 + 2 * id) << 12, id << 12), PV_OK);
    for (uint64_t id = 0; id < REGIONS; id++)
        assert_status(pv_mem_map_remove(&map, id), PV_OK);
    seen.count = 0;
    for (uint64_t id = 1000; id < 1000 + 2 * REGIONS; id++) {
        const struct model_step step = adding(region_of(id, id, 1, SHARED));

        assert_status(change_both(&step), PV_OK);
    }
    pv_mem_map_reclaim(&map);
}

static bool goes_on(struct pv_mem_cursor *at, bool by_va, size_t from)
{
    struct pv_mem_region region;

    for (size_t i = from; i < old.count; i++) {
        if (by_va && old.regions[i].va == NONE)
            continue;
        if (!pv_mem_cursor_next(at, &region) || !model_same(&region, &old.regions[i]))
            return false;
    }
    return !pv_mem_cursor_next(at, &region);
}

/* A reader comes in, looks at some regions, is overtaken, and looks at the rest. */
static bool sees_the_old_map(bool by_va, size_t before)
{
    struct pv_mem_cursor at;
    struct pv_mem_region region;

    fill();
    model_copy(&old, &seen);
    at = by_va ? pv_mem_map_at_va(&map, SHARED) : pv_mem_map_from(&map, 0);
    for (size_t i = 0; i < before; i++)
        (void)pv_mem_cursor_next(&at, &region);
    turn_over();
    return goes_on(&at, by_va, by_va ? 2 * before : before);
}

static void release_map(void)
{
    grace.held = false;
    expect_map();
    pv_mem_map_release(&map);
    seen.count = 0;
}

static void a_cursor_shows_one_map(void **state)
{
    static const size_t before[] = { 0, 1, 10, 50, 100 };

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        for (unsigned by_va = 0; by_va < 2; by_va++) {
            grace.held = true;
            assert_true(sees_the_old_map(by_va != 0, before[i]));
            release_map();
        }
    }
}

enum { SAME = 42, ANOTHER = 43 };

/*
 * In a process of its own: what it does in memory that is not there any more may end it, or never end.
 * An assertion that fails in there ends with neither of our numbers.
 */
static bool is_found_in_a_child(bool (*test)(void))
{
    const pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        (void)alarm(20);
        _exit(test() ? SAME : ANOTHER);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS ||
               WTERMSIG(status) == SIGALRM;
    assert_in_range(WEXITSTATUS(status), SAME, ANOTHER);
    return WEXITSTATUS(status) == ANOTHER;
}

static bool in_order_while_held(void)
{
    grace.held = true;
    return sees_the_old_map(false, 10);
}

static bool in_order_not_held(void)
{
    return sees_the_old_map(false, 10);
}

static bool by_va_not_held(void)
{
    return sees_the_old_map(true, 10);
}

/* Grace that ends when it is half over. */
static bool in_order_held_too_short(void)
{
    struct pv_mem_cursor at;

    fill();
    model_copy(&old, &seen);
    grace.held = true;
    at = pv_mem_map_from(&map, 0);
    for (uint64_t id = 0; id < REGIONS; id++) {
        grace.over = grace.begun;
        if (pv_mem_map_move(&map, id, (10000 + 2 * id) << 12, NONE) != PV_OK)
            return true;
    }
    turn_over();
    return goes_on(&at, false, 0);
}

static void grace_that_ends_too_early_is_found(void **state)
{
    (void)state;
    assert_false(is_found_in_a_child(in_order_while_held));
    assert_true(is_found_in_a_child(in_order_not_held));
    assert_true(is_found_in_a_child(by_va_not_held));
    assert_true(is_found_in_a_child(in_order_held_too_short));
}

/* Readers of several versions at once. */
static void each_cursor_shows_its_own_map(void **state)
{
    struct pv_mem_cursor cursors[50];
    struct pv_mem_region region;

    (void)state;
    grace.held = true;
    add_many(0, 50, NONE);
    for (uint64_t i = 0; i < 50; i++) {
        cursors[i] = pv_mem_map_from(&map, 0);
        assert_status(pv_mem_map_move(&map, i, (1000 + i) << 12, NONE), PV_OK);
    }
    for (uint64_t i = 0; i < 50; i++) {
        for (uint64_t n = i; n < 50; n++) {
            assert_true(pv_mem_cursor_next(&cursors[i], &region));
            assert_int_equal(region.gpa, (2 * n) << 12);
        }
        for (uint64_t n = 0; n < i; n++) {
            assert_true(pv_mem_cursor_next(&cursors[i], &region));
            assert_int_equal(region.gpa, (1000 + n) << 12);
        }
        assert_false(pv_mem_cursor_next(&cursors[i], &region));
    }
}

/* What a batch makes and gives up again was never seen: nobody need be waited for. */
static void a_cancelled_batch_leaves_readers_alone(void **state)
{
    struct pv_mem_cursor at;
    size_t old_bytes;

    (void)state;
    fill();
    model_copy(&old, &seen);
    grace.held = true;
    old_bytes = pv_mem_map_use(&map).old_bytes;
    at = pv_mem_map_from(&map, 0);
    for (unsigned round = 0; round < 3; round++) {
        assert_status(pv_mem_map_begin(&map), PV_OK);
        for (uint64_t id = 0; id < REGIONS; id++)
            assert_status(pv_mem_map_remove(&map, id), PV_OK);
        assert_status(pv_mem_map_cancel(&map), PV_OK);
        assert_int_equal(pv_mem_map_use(&map).old_bytes, old_bytes);
    }
    assert_true(goes_on(&at, false, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(a_cursor_shows_one_map),
        MAP_TEST(grace_that_ends_too_early_is_found),
        MAP_TEST(each_cursor_shows_its_own_map),
        MAP_TEST(a_cancelled_batch_leaves_readers_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
