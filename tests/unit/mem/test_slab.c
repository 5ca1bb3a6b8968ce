/* SPDX-License-Identifier: MIT */
/* Slabs: what fits a page, which pages are held, the lock, and many VPs at once. */
#include "rig.h"

#include <pthread.h>

#include "mem/slab.h"

static struct pv_mem_slab slab;

/* A slab, and a cache of nothing, through which each object goes to the slab at once. */
static void start(struct pv_mem_cache *none, uint32_t object_bytes)
{
    memset(&slab, 0, sizeof(slab));
    assert_status(pv_mem_slab_init(&slab, object_bytes), PV_OK);
    pv_mem_cache_init(none, &slab, 0);
    pages.lock = &slab.lock;
}

static void *get(struct pv_mem_cache *cache)
{
    assert_true(pv_mem_slab_take_(cache));
    return take(cache);
}

static void sizes_are_checked(void **state)
{
    static const uint32_t wrong[] = { 0, 1, 8, 15, 17, 24, 4033, 4040, 4048, 4096, 0xFFFFFFF0u };
    struct pv_mem_slab same;

    (void)state;
    memset(&slab, 0x5A, sizeof(slab));
    same = slab;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_status(pv_mem_slab_init(&slab, wrong[i]), PV_INVALID);
    assert_memory_equal(&slab, &same, sizeof(slab));
    for (uint32_t bytes = 16; bytes <= 4032; bytes += 16) {
        assert_status(pv_mem_slab_init(&slab, bytes), PV_OK);
        assert_int_equal(slab.object_bytes, bytes);
        assert_int_equal(slab.per_page, 4032 / bytes);
        assert_true(slab.pages == 0 && slab.used == 0 && slab.used_peak == 0);
    }
}

/* Every byte of every object is its own. */
static void objects_fill_a_page(void **state)
{
    static uint8_t *objects[252 + 1];
    struct pv_mem_cache none;

    (void)state;
    for (uint32_t bytes = 16; bytes <= 4032; bytes += 16) {
        const uint32_t align = bytes % 64 == 0 ? 64 : bytes & -bytes;

        start(&none, bytes);
        for (uint32_t i = 0; i <= slab.per_page; i++) {
            objects[i] = get(&none);
            assert_int_equal((uintptr_t)objects[i] % align, 0);
            memset(objects[i], (int)i, bytes);
            assert_int_equal(slab.pages, 1 + (i == slab.per_page));
        }
        for (uint32_t i = 0; i <= slab.per_page; i++) {
            for (uint32_t at = 0; at < bytes; at++)
                assert_int_equal(objects[i][at], (uint8_t)i);
            pv_mem_cache_give(&none, objects[i]);
        }
        assert_int_equal(slab.used_peak, slab.per_page + 1);
        pv_mem_slab_release(&slab);
        assert_int_equal(pages.live, 0);
    }
}

static void a_page_goes_when_it_is_empty_and_one_stays(void **state)
{
    struct pv_mem_cache none;
    void *objects[9];

    (void)state;
    start(&none, 1344); /* three to a page */
    for (uint32_t i = 0; i < 9; i++)
        objects[i] = get(&none);
    assert_true(slab.pages == 3 && pages.live == 3 && slab.used == 9);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(pages.live, 3);
        pv_mem_cache_give(&none, objects[i]);
    }
    assert_true(slab.pages == 3 && slab.idle != NULL); /* the one that stays */
    for (uint32_t i = 3; i < 6; i++) {
        assert_int_equal(pages.live, 3);
        pv_mem_cache_give(&none, objects[i]);
    }
    assert_true(slab.pages == 2 && pages.live == 2);
    for (uint32_t i = 6; i < 9; i++)
        pv_mem_cache_give(&none, objects[i]);
    assert_true(slab.pages == 1 && pages.live == 1 && slab.used == 0 && slab.used_peak == 9);
    /* To and fro: no call. */
    pages.forbidden = true;
    for (uint32_t i = 0; i < 10; i++)
        pv_mem_cache_give(&none, get(&none));
    pages.forbidden = false;
    pv_mem_slab_release(&slab);
    assert_true(slab.pages == 0 && slab.used == 0 && slab.used_peak == 9);
}

/* Pages in use are filled up before the idle one, and the idle one before the OS is asked. */
static void free_objects_are_used_first(void **state)
{
    struct pv_mem_cache none;
    void *objects[6];

    (void)state;
    start(&none, 1344);
    for (uint32_t i = 0; i < 6; i++)
        objects[i] = get(&none);
    for (uint32_t i = 0; i < 4; i++)
        pv_mem_cache_give(&none, objects[i]);
    pages.forbidden = true;
    assert_ptr_equal(get(&none), objects[3]);
    for (uint32_t i = 0; i < 3; i++)
        objects[i] = get(&none);
    pages.forbidden = false;
    assert_true(slab.pages == 2 && slab.used == 6);
    pv_mem_slab_release(&slab);
}

static void a_released_slab_can_be_used_again(void **state)
{
    struct pv_mem_cache none;
    void *objects[5];

    (void)state;
    start(&none, 1344);
    for (uint32_t i = 0; i < 5; i++)
        objects[i] = get(&none);
    for (uint32_t i = 0; i < 3; i++)
        pv_mem_cache_give(&none, objects[i]);
    assert_true(slab.idle != NULL && slab.free != NULL);
    pv_mem_slab_release(&slab);
    for (uint32_t i = 0; i < 4; i++)
        get(&none);
    assert_int_equal(pages.live, 2);
    pv_mem_slab_release(&slab);
    assert_int_equal(pages.live, 0);
}

static void no_page_no_object(void **state)
{
    struct pv_mem_cache none;

    (void)state;
    start(&none, 16);
    pages.fail = 1;
    assert_false(pv_mem_slab_take_(&none));
    assert_true(slab.pages == 0 && slab.used == 0 && slab.used_peak == 0 && none.count == 0);
    assert_true(slab.lock == 0 && !pv_sim->irqs_off);
    get(&none);
    assert_int_equal(slab.used, 1);
    pv_mem_slab_release(&slab);
}

/* ---- the lock ---- */

static uint32_t waits;

/* Another VP has the lock, and lets go after a while. */
static void let_go(struct pv_sim *sim)
{
    assert_true(sim->irqs_off);
    if (++waits == 5)
        __atomic_store_n(&slab.lock, 0, __ATOMIC_RELEASE);
}

static void the_lock_is_waited_for_with_irqs_off(void **state)
{
    struct pv_mem_cache none;
    void *object;

    (void)state;
    start(&none, 64);
    object = get(&none);
    pv_sim->host = let_go;
    for (uint32_t round = 0; round < 4; round++) {
        const bool off = round % 2 != 0;

        waits = 0;
        slab.lock = 1;
        pv_sim->irqs_off = off;
        if (round < 2)
            assert_true(pv_mem_slab_take_(&none));
        else
            pv_mem_cache_give(&none, object);
        assert_int_equal(waits, 5);
        assert_int_equal(slab.lock, 0);
        assert_int_equal(pv_sim->irqs_off, off);
        if (round == 2)
            object = take(&none);
    }
    pv_sim->irqs_off = false;
    pv_mem_slab_release(&slab);
}

/* ---- against a model ---- */

#define STEPS 200000u
#define MANY 600u

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static uintptr_t page_of(const void *object)
{
    return (uintptr_t)object / PV_PAGE_BYTES;
}

/* Pages that the objects lie in. */
static size_t pages_of(uint8_t *const *objects, uint32_t count)
{
    size_t different = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = 0;

        while (page_of(objects[j]) != page_of(objects[i]))
            j++;
        different += j == i;
    }
    return different;
}

/* Each object has a pattern of its own; pages are those of the objects, and one more at most. */
static void random_use(uint32_t bytes, uint32_t seed)
{
    static uint8_t *objects[MANY];
    static uint8_t marks[MANY];
    struct pv_mem_cache none;
    uint32_t count = 0, most = 0;

    start(&none, bytes);
    for (uint32_t step = 0; step < STEPS; step++) {
        const bool growing = step / 2000 % 2 == 0;

        if (count < MANY && draw(&seed, 100) < (growing ? 55u : 45u)) {
            objects[count] = get(&none);
            marks[count] = (uint8_t)draw(&seed, 256);
            memset(objects[count], marks[count], bytes);
            count++;
        } else if (count > 0) {
            const uint32_t i = draw(&seed, count);

            assert_true(objects[i][0] == marks[i] && objects[i][bytes - 1] == marks[i]);
            pv_mem_cache_give(&none, objects[i]);
            objects[i] = objects[--count];
            marks[i] = marks[count];
        }
        most = count > most ? count : most;
        assert_true(slab.used == count && slab.used_peak == most && slab.pages == pages.live);
        if (step % 512 == 0)
            assert_in_range(slab.pages - pages_of(objects, count), 0, 1);
    }
    pv_mem_slab_release(&slab);
    assert_int_equal(pages.live, 0);
}

static void random_use_agrees_with_a_model(void **state)
{
    (void)state;
    random_use(32, 1);
    random_use(1344, 2);
    random_use(4032, 3);
}

/* ---- threads ---- */

#define VPS 4u
#define ROUNDS 3000u

static bool bad;
static struct pv_mem_cache others[VPS]; /* one for each thread */

/* Objects from one's own cache, filled, checked and given back. */
static void *run_vp(void *context)
{
    struct pv_mem_cache *cache = context;
    const uint8_t mark = (uint8_t)(1 + (cache - others));
    uint8_t *objects[40];

    pages_thread_begin();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        const uint32_t count = 1 + (round * 7 + mark) % 40;

        if (pv_mem_cache_top_up(cache, count) != PV_OK)
            __atomic_store_n(&bad, true, __ATOMIC_RELAXED);
        for (uint32_t i = 0; i < count; i++) {
            objects[i] = pv_mem_cache_take(cache);
            memset(objects[i], mark, slab.object_bytes);
        }
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t at = 0; at < slab.object_bytes; at++)
                if (objects[i][at] != mark)
                    __atomic_store_n(&bad, true, __ATOMIC_RELAXED);
            pv_mem_cache_give(cache, objects[i]);
        }
        if (round % 3 == 0)
            pv_mem_cache_drain(cache);
    }
    pv_mem_cache_drain(cache);
    return NULL;
}

static void vps_share_a_slab(void **state)
{
    struct pv_mem_cache none;
    pthread_t threads[VPS];

    (void)state;
    start(&none, 128);
    pages.lock = NULL; /* somebody has it all the time */
    for (uint32_t i = 0; i < VPS; i++) {
        pv_mem_cache_init(&others[i], &slab, 40);
        assert_int_equal(pthread_create(&threads[i], NULL, run_vp, &others[i]), 0);
    }
    for (uint32_t i = 0; i < VPS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(others[i].count == 0 && others[i].taken == others[i].given);
        assert_int_not_equal(others[i].topped_up, 0);
    }
    assert_false(bad);
    assert_int_equal(slab.used, 0);
    assert_in_range(slab.used_peak, 40, VPS * 40);
    assert_true(slab.pages == 1 && pages.live == 1);
    pv_mem_slab_release(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEM_TEST(sizes_are_checked),
        MEM_TEST(objects_fill_a_page),
        MEM_TEST(a_page_goes_when_it_is_empty_and_one_stays),
        MEM_TEST(free_objects_are_used_first),
        MEM_TEST(a_released_slab_can_be_used_again),
        MEM_TEST(no_page_no_object),
        MEM_TEST(the_lock_is_waited_for_with_irqs_off),
        MEM_TEST(random_use_agrees_with_a_model),
        MEM_TEST(vps_share_a_slab),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
