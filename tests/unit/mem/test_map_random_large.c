/* SPDX-License-Identifier: MIT */
/*
 * Random changes of maps of some thousand regions, so that trees grow to several levels and shrink
 * again. What a change touched is compared after each, everything now and then.
 */
#include "map_random.h"

#define STEPS 12000u
#define STRIDE 41u

static unsigned refused;

static uint32_t levels(void)
{
    return map.version != NULL ? pv_mem_levels_(map.version->by_va) : 0;
}

/* The place of the change, and one anywhere. */
static void compare_some(const struct draw *draw, const struct model_step *step)
{
    static struct model_by_va order;
    const uint64_t gpas[] = { step->region.gpa, (draw->first + below(draw->pages)) << 12 };

    for (unsigned i = 0; i < 2; i++) {
        expect_agrees(model_differs_at_gpa(&map, &seen, gpas[i]));
        expect_agrees(model_differs_at_gpa(&map, &seen, gpas[i] - 1));
    }
    expect_agrees(model_agrees_on_id(&map, &seen, step->id) ? NULL : "find_id");
    expect_agrees(model_agrees_on_id(&map, &seen, step->region.id) ? NULL : "find_id");
    if (!one_in(64))
        return;
    model_sort_by_va(&seen, &order);
    expect_agrees(model_differs_at_va(&map, &seen, &order, step->region.va));
    expect_agrees(model_differs_at_va(&map, &seen, &order, draw->va + (below(draw->va_pages) << 12)));
}

static void change_once(const struct draw *draw, uint32_t grow)
{
    const struct model_step step = random_step(draw, grow);

    if (one_in(50))
        random_grace();
    if (one_in(map.open ? 20 : 100))
        random_batch();
    if (one_in(500))
        (void)random_reserve(draw, grow);
    else if (one_in(100))
        (void)change_short_of_memory(&step, (uint32_t)below(14), (uint32_t)below(4), &refused);
    else
        assert_int_not_equal(change_both(&step), PV_NO_MEMORY);
    compare_some(draw, &step);
}

static void phase(const struct draw *draw, unsigned steps, uint32_t grow)
{
    for (unsigned i = 0; i < steps; i++)
        change_once(draw, grow);
    expect_map_by(STRIDE);
}

/* Down to nothing: nodes merge, and levels go. */
static void take_all_out(const struct draw *draw)
{
    if (map.open)
        commit_both();
    while (seen.count > 0) {
        const struct model_step step = removing(seen.regions[below(seen.count)].id);

        assert_status(change_both(&step), PV_OK);
        compare_some(draw, &step);
    }
    expect_map_by(STRIDE);
    reclaim_all();
    assert_int_equal(pv_mem_map_use(&map).live_bytes, map.records.slab.object_bytes); /* the version */
}

static void play(const struct draw *draw)
{
    refused = 0;
    phase(draw, STEPS / 4, 9);
    assert_true(levels() >= 3);
    phase(draw, STEPS / 4, 5);
    take_all_out(draw);
    assert_int_equal(levels(), 0);
    assert_int_not_equal(refused, 0);
}

static void regions_anywhere(void **state)
{
    const struct draw draw = { 1ull << 20, 1ull << 16, 1ull << 40, 1ull << 14, 1ull << 13, 8, 1000 };

    (void)state;
    play(&draw);
}

static void regions_close_together(void **state)
{
    const struct draw draw = { MODEL_SPACE - 1200, 1200, 1ull << 40, 64, 4096, 1, 900 };

    (void)state;
    play(&draw);
}

/* In ascending, descending and interleaved order, out again in another. */
static uint64_t nth(unsigned way, uint64_t n, uint64_t count)
{
    return way == 0 ? n : way == 1 ? count - 1 - n : n * (way == 2 ? 701 : 937) % count;
}

static void in_and_out(unsigned in, unsigned out, uint64_t count, uint32_t deep)
{
    struct model_step step;

    for (uint64_t i = 0; i < count; i++) {
        const uint64_t n = nth(in, i, count);

        step = adding(region_of(n, 2 * n, 1, n << 12));
        assert_status(change_both(&step), PV_OK);
    }
    assert_true(levels() >= deep);
    expect_map_by(STRIDE);
    for (uint64_t i = 0; i < count; i++) {
        step = removing(nth(out, i, count));
        assert_status(change_both(&step), PV_OK);
        if (i % (count / 4) == 0)
            expect_map_by(STRIDE);
    }
    expect_map();
}

static void in_order(void **state)
{
    (void)state;
    for (unsigned in = 0; in < 4; in++)
        for (unsigned out = 0; out < 4; out++)
            in_and_out(in, out, 600, 3);
}

static void in_descending_order_to_four_levels(void **state)
{
    (void)state;
    in_and_out(1, 2, 4000, 4);
}

/* One in twenty stays: nodes have merged, and each holds several. */
static void nodes_merge(void **state)
{
    const uint64_t count = 2000, left = count / 20;

    (void)state;
    for (uint64_t id = 0; id < count; id++) {
        const struct model_step step = adding(region_of(id, 2 * id, 1, id << 12));

        assert_status(change_both(&step), PV_OK);
    }
    for (uint64_t id = 0; id < count; id++) {
        const struct model_step step = removing(id);

        if (id % 20 != 0)
            assert_status(change_both(&step), PV_OK);
    }
    expect_map_by(7);
    assert_true(model_nodes_below(map.version->by_va) < left / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAP_TEST(regions_anywhere),
        MAP_TEST(regions_close_together),
        MAP_TEST(in_order),
        MAP_TEST(in_descending_order_to_four_levels),
        MAP_TEST(nodes_merge),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
