/* SPDX-License-Identifier: MIT */
/* The aliases of a page: every one there once, whatever was added, removed and dropped before. */
#include "aliases.h"

static uint64_t *slot_of(uint64_t gpa)
{
    uint64_t *slot = pv_mem_alias_slot_(&map, gpa);

    assert_non_null(slot);
    return slot;
}

/* The i-th alias of a test. */
static uint64_t va_of(size_t i)
{
    return 0xFFFF800000000000ull + i * PV_PAGE_BYTES;
}

static void add_many(uint64_t gpa, uint64_t *vas, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vas[i] = va_of(i);
        add(gpa, vas[i]);
    }
}

/* From here on neither the OS nor the slab may be called. */
static void nobody_waits(struct pv_sim *sim)
{
    (void)sim;
    pages_insist(false, "waited for a lock");
}

static void under_a_lock(void)
{
    pages.forbidden = true;
    map.descriptors.lock = 1;
    pv_sim->host = nobody_waits;
}

static void release(void)
{
    pages.forbidden = false;
    pv_mem_alias_release(&map);
}

static void one_alias_is_in_the_slot(void **state)
{
    static const uint64_t vas[] = { 0, 0x1000, 0x7FFFFFFFF000ull, ~1ull, 0xFFFFFFFFFFFFF000ull, 2 };

    (void)state;
    aliases_start(2, 4, 0);
    under_a_lock();
    for (size_t i = 0; i < sizeof(vas) / sizeof(vas[0]); i++) {
        expect_page(BASE + 0x1000, NULL, 0);
        add(BASE + 0x1000 + i * 819, vas[i]); /* any byte of the page */
        assert_true(*slot_of(BASE + 0x1000) == (vas[i] | 1));
        assert_true(*slot_of(BASE) == 0 && *slot_of(BASE + 0x2000) == 0);
        expect_page(BASE + 0x1FFF, &vas[i], 1);
        assert_true(map.aliases == 1 && map.in_use == 0);
        remove_alias(BASE + 0x1FFF, vas[i]);
        assert_true(map.aliases == 0 && *slot_of(BASE + 0x1000) == 0);
    }
    release();
}

static void more_are_in_descriptors(void **state)
{
    static const uint32_t sizes[] = { 2, 4, 14, 62 };
    uint64_t vas[130];

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        aliases_start(sizes[s], 2, 65);
        under_a_lock();
        for (size_t i = 0; i < 130; i++) {
            vas[i] = va_of(i);
            add(BASE, vas[i]);
            expect_page(BASE, vas, i + 1);
            assert_true(map.aliases == i + 1 && map.in_use == needed(i + 1));
            assert_int_equal(cache.count, 65 - map.in_use);
        }
        for (size_t i = 130; i-- > 0;) {
            remove_alias(BASE, vas[i]);
            expect_page(BASE, vas, i);
            assert_true(map.aliases == i && map.in_use == needed(i));
        }
        assert_int_equal(cache.count, 65);
        release();
    }
}

/* Bits below the page number make another alias. */
static void low_bits_tell_aliases_apart(void **state)
{
    const uint64_t vas[] = { 0x5000, 0x5002, 0x5800, 0x5FFE };

    (void)state;
    aliases_start(2, 1, 4);
    for (size_t i = 0; i < 4; i++)
        add(BASE, vas[i]);
    expect_page(BASE, vas, 4);
    remove_alias(BASE, 0x5000);
    expect_page(BASE, vas + 1, 3);
    release();
}

/* Each of n aliases is removed, for each n. */
static void any_alias_can_be_removed(void **state)
{
    uint64_t vas[20];

    (void)state;
    for (uint32_t entries = 2; entries <= 6; entries += 2)
        for (size_t n = 1; n <= 20; n++)
            for (size_t gone = 0; gone < n; gone++) {
                aliases_start(entries, 1, 10);
                add_many(BASE, vas, n);
                under_a_lock();
                remove_alias(BASE, vas[gone]);
                vas[gone] = vas[n - 1];
                expect_page(BASE, vas, n - 1);
                assert_int_equal(cache.count, 10 - needed(n - 1));
                release();
            }
}

/* ---- dropping during iteration ---- */

/* Of n aliases those in `subset` are dropped as the cursor passes: each comes once all the same. */
static void drop_subset(size_t n, uint32_t subset)
{
    struct pv_mem_alias_cursor at;
    uint64_t vas[16], seen[16], kept[16], va;
    size_t i = 0, left = 0;

    add_many(BASE, vas, n);
    at = pv_mem_alias_first(&map, BASE);
    while (pv_mem_alias_next(&at, &va)) {
        assert_true(i < n && listed(vas, n, va) && !listed(seen, i, va));
        seen[i] = va;
        if ((subset >> i & 1) != 0) {
            assert_status(pv_mem_alias_drop(&at, &cache), PV_OK);
            assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
        } else {
            kept[left++] = va;
        }
        i++;
        expect_chain(BASE, left + n - i);
    }
    assert_int_equal(i, n);
    assert_false(pv_mem_alias_next(&at, &va));
    assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
    expect_page(BASE, kept, left);
    assert_true(map.aliases == left && map.in_use == needed(left));
    assert_int_equal(cache.count, 10 - map.in_use);
    while (left > 0)
        remove_alias(BASE, kept[--left]);
    assert_true(map.aliases == 0 && cache.count == 10);
}

static void each_comes_once_whatever_is_dropped(void **state)
{
    (void)state;
    for (uint32_t entries = 2; entries <= 6; entries += 2) {
        aliases_start(entries, 1, 10);
        under_a_lock();
        for (size_t n = 0; n <= 11; n++)
            for (uint32_t subset = 0; subset < 1u << n; subset++)
                drop_subset(n, subset);
        release();
    }
}

static void a_drop_needs_an_alias(void **state)
{
    struct pv_mem_alias_cursor at;
    uint64_t va;

    (void)state;
    aliases_start(2, 1, 2);
    at = pv_mem_alias_first(&map, BASE);
    assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
    assert_false(pv_mem_alias_next(&at, &va));
    assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
    at = pv_mem_alias_first(&map, BASE - 1);
    assert_false(pv_mem_alias_next(&at, &va));
    assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
    add(BASE, 0x5000);
    at = pv_mem_alias_first(&map, BASE);
    assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
    assert_true(pv_mem_alias_next(&at, &va) && va == 0x5000);
    assert_status(pv_mem_alias_drop(&at, &cache), PV_OK);
    assert_status(pv_mem_alias_drop(&at, &cache), PV_BAD_STATE);
    assert_int_equal(pv_mem_alias_count(&map, BASE), 0);
    release();
}

/* ---- what is refused ---- */

static void an_odd_va_is_refused(void **state)
{
    (void)state;
    aliases_start(2, 1, 1);
    assert_status(pv_mem_alias_add(&map, &cache, BASE, 0x5001), PV_INVALID);
    expect_page(BASE, NULL, 0);
    add(BASE, 0x5000);
    assert_status(pv_mem_alias_remove(&map, &cache, BASE, 0x5001), PV_NOT_FOUND);
    expect_page(BASE, (const uint64_t[]){ 0x5000 }, 1);
    release();
}

static void a_page_that_is_not_covered_has_no_aliases(void **state)
{
    static const uint64_t outside[] = { 0, BASE - 1, BASE + 0x2000, ~0ull };
    uint64_t va = 7;

    (void)state;
    aliases_start(2, 2, 1);
    for (size_t i = 0; i < 4; i++) {
        struct pv_mem_alias_cursor at = pv_mem_alias_first(&map, outside[i]);

        assert_status(pv_mem_alias_add(&map, &cache, outside[i], 0x5000), PV_NOT_FOUND);
        assert_status(pv_mem_alias_remove(&map, &cache, outside[i], 0x5000), PV_NOT_FOUND);
        assert_int_equal(pv_mem_alias_count(&map, outside[i]), 0);
        assert_false(pv_mem_alias_next(&at, &va));
        assert_int_equal(va, 7);
    }
    assert_int_equal(map.aliases, 0);
    release();
}

static void an_alias_is_added_once(void **state)
{
    uint64_t vas[7];

    (void)state;
    aliases_start(2, 1, 4);
    for (size_t n = 1; n <= 7; n++) {
        vas[n - 1] = va_of(n - 1);
        add(BASE, vas[n - 1]);
        for (size_t i = 0; i < n; i++)
            assert_status(pv_mem_alias_add(&map, &cache, BASE, vas[i]), PV_EXISTS);
        expect_page(BASE, vas, n);
        assert_int_equal(map.aliases, n);
    }
    release();
}

static void what_is_not_there_is_not_removed(void **state)
{
    uint64_t vas[7];

    (void)state;
    aliases_start(2, 1, 4);
    for (size_t n = 0; n <= 7; n++) {
        assert_status(pv_mem_alias_remove(&map, &cache, BASE, va_of(99)), PV_NOT_FOUND);
        expect_page(BASE, vas, n);
        if (n < 7)
            vas[n] = va_of(n);
        if (n < 7)
            add(BASE, vas[n]);
    }
    release();
}

/* Only where a descriptor is needed, and nothing changes. */
static void an_empty_cache_is_no_memory(void **state)
{
    uint64_t vas[9];

    (void)state;
    aliases_start(2, 1, 1);
    pv_mem_cache_drain(&cache);
    for (size_t n = 0; n < 9; n++) {
        vas[n] = va_of(n);
        if (needed(n + 1) > needed(n)) {
            assert_status(pv_mem_alias_add(&map, &cache, BASE, vas[n]), PV_NO_MEMORY);
            expect_page(BASE, vas, n);
            assert_true(map.aliases == n && map.in_use == needed(n));
            assert_status(pv_mem_cache_top_up(&cache, 1), PV_OK);
        }
        under_a_lock();
        add(BASE, vas[n]);
        pages.forbidden = false;
        map.descriptors.lock = 0;
        assert_int_equal(cache.count, 0);
    }
    release();
}

/* What a cache has no room for goes to the slab, and the page to the OS. */
static void descriptors_go_home(void **state)
{
    struct pv_mem_cache small;

    (void)state;
    aliases_start(62, 100, 100);
    pv_mem_cache_init(&small, &map.descriptors, 1);
    for (uint64_t i = 0; i < 100; i++) {
        add(BASE + i * 4096, 0x5000);
        add(BASE + i * 4096, 0x6000);
    }
    assert_true(map.descriptors.used == 100 && map.descriptors.pages == 15);
    for (uint64_t i = 0; i < 100; i++)
        assert_status(pv_mem_alias_remove(&map, &small, BASE + i * 4096, 0x5000), PV_OK);
    assert_true(map.in_use == 0 && map.aliases == 100 && small.count == 1);
    assert_true(map.descriptors.used == 1 && map.descriptors.pages <= 2);
    release();
}

/* ---- against a model ---- */

#define GUEST_PAGES 6u
#define VAS 40u

struct model {
    uint64_t vas[GUEST_PAGES][VAS];
    size_t count[GUEST_PAGES];
    size_t all;
};

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static void model_remove(struct model *model, uint32_t page, uint64_t va)
{
    uint64_t *vas = model->vas[page];
    size_t i = 0;

    while (vas[i] != va)
        i++;
    vas[i] = vas[--model->count[page]];
    model->all--;
}

static void step_add(struct model *model, uint32_t page, uint64_t va)
{
    const size_t count = model->count[page];
    const bool there = listed(model->vas[page], count, va);
    const bool grows = needed(count + 1) > needed(count);
    const enum pv_status want = there                      ? PV_EXISTS
                                : grows && cache.count == 0 ? PV_NO_MEMORY
                                                            : PV_OK;

    assert_status(pv_mem_alias_add(&map, &cache, BASE + page * 4096, va), want);
    if (want != PV_OK)
        return;
    model->vas[page][model->count[page]++] = va;
    model->all++;
}

static void step_remove(struct model *model, uint32_t page, uint64_t va)
{
    const bool there = listed(model->vas[page], model->count[page], va);

    assert_status(pv_mem_alias_remove(&map, &cache, BASE + page * 4096, va),
                  there ? PV_OK : PV_NOT_FOUND);
    if (there)
        model_remove(model, page, va);
}

static void step_pass(struct model *model, uint32_t page, uint32_t *seed)
{
    struct pv_mem_alias_cursor at = pv_mem_alias_first(&map, BASE + page * 4096);
    const uint32_t share = draw(seed, 11);
    uint64_t seen[VAS], va;
    const size_t count = model->count[page];
    size_t i = 0;

    while (pv_mem_alias_next(&at, &va)) {
        assert_true(i < count && listed(model->vas[page], model->count[page], va));
        assert_false(listed(seen, i, va));
        seen[i++] = va;
        if (draw(seed, 10) >= share)
            continue;
        assert_status(pv_mem_alias_drop(&at, &cache), PV_OK);
        model_remove(model, page, va);
    }
    assert_int_equal(i, count);
}

static void step(struct model *model, uint32_t *seed)
{
    const uint32_t page = draw(seed, GUEST_PAGES), kind = draw(seed, 100);
    const uint64_t va = va_of(draw(seed, VAS)) + 2 * page;

    if (kind < 55)
        step_add(model, page, va);
    else if (kind < 90)
        step_remove(model, page, va);
    else if (kind < 94)
        step_pass(model, page, seed);
    else if (kind < 98)
        assert_status(pv_mem_cache_top_up(&cache, 1 + draw(seed, 8)), PV_OK);
    else
        pv_mem_cache_drain(&cache);
    expect_page(BASE + page * 4096, model->vas[page], model->count[page]);
    assert_int_equal(map.aliases, model->all);
    assert_int_equal(map.descriptors.used, map.in_use + cache.count);
}

static void random_steps(uint32_t entries, uint32_t seed)
{
    const uint32_t steps = getenv("PV_LONG") != NULL ? 3500000 : 60000;
    struct model model = { .all = 0 };
    size_t descriptors = 0;

    aliases_start(entries, GUEST_PAGES, 8);
    for (uint32_t i = 0; i < steps; i++)
        step(&model, &seed);
    for (uint32_t page = 0; page < GUEST_PAGES; page++) {
        expect_page(BASE + page * 4096, model.vas[page], model.count[page]);
        descriptors += needed(model.count[page]);
    }
    assert_int_equal(map.in_use, descriptors);
    release();
}

static void random_steps_agree_with_a_model(void **state)
{
    (void)state;
    random_steps(PV_MEM_ALIASES_RARE, 1);
    random_steps(PV_MEM_ALIASES_COMMON, 2);
    random_steps(6, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEM_TEST(one_alias_is_in_the_slot),
        MEM_TEST(more_are_in_descriptors),
        MEM_TEST(low_bits_tell_aliases_apart),
        MEM_TEST(any_alias_can_be_removed),
        MEM_TEST(each_comes_once_whatever_is_dropped),
        MEM_TEST(a_drop_needs_an_alias),
        MEM_TEST(an_odd_va_is_refused),
        MEM_TEST(a_page_that_is_not_covered_has_no_aliases),
        MEM_TEST(an_alias_is_added_once),
        MEM_TEST(what_is_not_there_is_not_removed),
        MEM_TEST(an_empty_cache_is_no_memory),
        MEM_TEST(descriptors_go_home),
        MEM_TEST(random_steps_agree_with_a_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
