/* SPDX-License-Identifier: MIT */
/* Caches: what is there after a top-up can be taken, without a lock or the OS; statistics. */
#include "rig.h"

static struct pv_mem_slab slab;
static struct pv_mem_cache cache;

static void start(uint32_t object_bytes, uint32_t capacity)
{
    memset(&slab, 0, sizeof(slab));
    assert_status(pv_mem_slab_init(&slab, object_bytes), PV_OK);
    memset(&cache, 0xEE, sizeof(cache));
    pv_mem_cache_init(&cache, &slab, capacity);
    pages.lock = &slab.lock;
}

/* From here on nothing but this VP's own cache may be used: the lock will never be free. */
static void nobody_waits(struct pv_sim *sim)
{
    (void)sim;
    pages_insist(false, "waited for a lock");
}

static void under_a_lock(void)
{
    pages.forbidden = true;
    slab.lock = 1;
    pv_sim->host = nobody_waits;
}

static void no_lock_any_more(void)
{
    pages.forbidden = false;
    slab.lock = 0;
}

static void what_was_topped_up_can_be_taken(void **state)
{
    void *objects[40];

    (void)state;
    for (uint32_t count = 0; count <= 40; count++) {
        start(32, 40);
        assert_status(pv_mem_cache_top_up(&cache, count), PV_OK);
        assert_int_equal(cache.count, count);
        under_a_lock();
        for (uint32_t i = 0; i < count; i++) {
            objects[i] = take(&cache);
            memset(objects[i], 0xFF, 32);
        }
        assert_null(pv_mem_cache_take(&cache));
        assert_true(cache.count == 0 && cache.taken == count && cache.topped_up == count);
        for (uint32_t i = 0; i < count; i++)
            pv_mem_cache_give(&cache, objects[i]);
        assert_true(cache.count == count && cache.given == count && slab.used == count);
        no_lock_any_more();
        pv_mem_slab_release(&slab);
    }
}

static void an_empty_cache_gives_nothing(void **state)
{
    (void)state;
    start(32, 40);
    assert_null(pv_mem_cache_take(&cache));
    assert_true(cache.taken == 0 && cache.count == 0 && cache.least == 40);
}

static void more_than_the_capacity_is_refused(void **state)
{
    (void)state;
    start(32, 3);
    assert_status(pv_mem_cache_top_up(&cache, 4), PV_INVALID);
    assert_true(cache.count == 0 && pages.allocs == 0);
    assert_status(pv_mem_cache_top_up(&cache, 3), PV_OK);
    assert_status(pv_mem_cache_top_up(&cache, UINT32_MAX), PV_INVALID);
    assert_int_equal(cache.count, 3);
    pv_mem_slab_release(&slab);
}

/* What is ready already is not asked for again. */
static void a_top_up_gets_what_is_lacking(void **state)
{
    (void)state;
    start(32, 40);
    assert_status(pv_mem_cache_top_up(&cache, 10), PV_OK);
    under_a_lock();
    assert_status(pv_mem_cache_top_up(&cache, 0), PV_OK);
    assert_status(pv_mem_cache_top_up(&cache, 10), PV_OK);
    assert_int_equal(cache.topped_up, 10);
    no_lock_any_more();
    assert_status(pv_mem_cache_top_up(&cache, 12), PV_OK);
    assert_true(cache.count == 12 && cache.topped_up == 12 && slab.used == 12);
    pv_mem_slab_release(&slab);
}

/* The n-th page fails: what came before it is ready, and can be taken and given. */
static void what_it_got_stays_ready(void **state)
{
    (void)state;
    for (uint32_t nth = 1; nth <= 4; nth++) {
        start(1344, 12); /* three to a page */
        pages.fail = nth;
        assert_status(pv_mem_cache_top_up(&cache, 12), PV_NO_MEMORY);
        assert_int_equal(cache.count, 3 * (nth - 1));
        assert_true(slab.used == cache.count && slab.pages == nth - 1);
        assert_status(pv_mem_cache_top_up(&cache, 12), PV_OK);
        assert_true(cache.count == 12 && cache.topped_up == 12 && slab.pages == 4);
        pv_mem_slab_release(&slab);
    }
}

static void beyond_the_capacity_the_slab_has_it(void **state)
{
    struct pv_mem_cache other;
    void *objects[6];

    (void)state;
    start(1344, 4);
    pv_mem_cache_init(&other, &slab, 6);
    assert_status(pv_mem_cache_top_up(&other, 6), PV_OK);
    for (uint32_t i = 0; i < 6; i++)
        objects[i] = take(&other);
    for (uint32_t i = 0; i < 6; i++)
        pv_mem_cache_give(&cache, objects[i]);
    assert_true(cache.count == 4 && cache.given == 6 && cache.topped_up == 0);
    assert_true(slab.used == 4 && slab.used_peak == 6);
    pv_mem_slab_release(&slab);
}

static void a_drain_gives_all_back(void **state)
{
    (void)state;
    start(1344, 9);
    assert_status(pv_mem_cache_top_up(&cache, 9), PV_OK);
    assert_int_equal(slab.pages, 3);
    pv_mem_cache_drain(&cache);
    assert_true(cache.count == 0 && cache.given == 0 && cache.taken == 0 && cache.least == 9);
    assert_true(slab.used == 0 && slab.pages == 1 && pages.live == 1);
    assert_null(pv_mem_cache_take(&cache));
    pv_mem_cache_drain(&cache);
    assert_status(pv_mem_cache_top_up(&cache, 3), PV_OK);
    assert_int_equal(pages.live, 1);
    pv_mem_slab_release(&slab);
}

static void the_low_mark_is_what_a_take_left(void **state)
{
    void *objects[3];

    (void)state;
    start(32, 5);
    assert_status(pv_mem_cache_top_up(&cache, 5), PV_OK);
    assert_int_equal(cache.least, 5);
    for (uint32_t i = 0; i < 3; i++)
        objects[i] = take(&cache);
    assert_int_equal(cache.least, 2);
    for (uint32_t i = 0; i < 3; i++)
        pv_mem_cache_give(&cache, objects[i]);
    (void)take(&cache);
    assert_true(cache.count == 4 && cache.least == 2);
    pv_mem_slab_release(&slab);
}

static struct pv_mem_cache seen;
static uint32_t turns;

/* Called when IRQs have gone off and before they come on again. */
static void irqs_turn(struct pv_sim *sim)
{
    (void)sim;
    if (turns++ % 2 == 0)
        assert_memory_equal(&cache, &seen, sizeof(cache));
    seen = cache;
}

/* A VP's IRQ handler may take and give while the VP tops up. */
static void a_top_up_changes_the_cache_with_irqs_off(void **state)
{
    (void)state;
    start(1344, 9);
    seen = cache;
    turns = 0;
    pv_sim->nmi = irqs_turn;
    assert_status(pv_mem_cache_top_up(&cache, 9), PV_OK);
    assert_memory_equal(&cache, &seen, sizeof(cache));
    assert_int_equal(turns, 2 * (9 + 3)); /* each object, and each time there was none */
    assert_int_equal(cache.count, 9);
    pv_mem_slab_release(&slab);
}

/* Memory per VP where aliases are rare and where they are common. */
static void ready_objects_take_what_they_say(void **state)
{
    static const struct {
        uint32_t object_bytes, ready_bytes, pages;
    } cases[] = { { 32, 1280, 1 }, { 128, 5120, 2 } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start(cases[i].object_bytes, 40);
        assert_status(pv_mem_cache_top_up(&cache, 40), PV_OK);
        assert_int_equal(cache.count * slab.object_bytes, cases[i].ready_bytes);
        assert_int_equal(slab.pages, cases[i].pages);
        pv_mem_slab_release(&slab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEM_TEST(what_was_topped_up_can_be_taken),
        MEM_TEST(an_empty_cache_gives_nothing),
        MEM_TEST(more_than_the_capacity_is_refused),
        MEM_TEST(a_top_up_gets_what_is_lacking),
        MEM_TEST(what_it_got_stays_ready),
        MEM_TEST(beyond_the_capacity_the_slab_has_it),
        MEM_TEST(a_drain_gives_all_back),
        MEM_TEST(the_low_mark_is_what_a_take_left),
        MEM_TEST(a_top_up_changes_the_cache_with_irqs_off),
        MEM_TEST(ready_objects_take_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
