/* SPDX-License-Identifier: MIT */
/* Which pages can have aliases, what memory that takes, and failure at each allocation. */
#include "aliases.h"

static void entries_are_checked(void **state)
{
    struct pv_mem_alias_map same;

    (void)state;
    memset(&map, 0, sizeof(map));
    same = map;
    assert_status(pv_mem_alias_init(&map, 0), PV_INVALID);
    assert_status(pv_mem_alias_init(&map, 1), PV_INVALID);
    assert_status(pv_mem_alias_init(&map, 61), PV_INVALID);
    assert_status(pv_mem_alias_init(&map, 63), PV_INVALID);
    assert_status(pv_mem_alias_init(&map, 64), PV_INVALID);
    assert_status(pv_mem_alias_init(&map, 0xFFFFFFFEu), PV_INVALID);
    assert_status(pv_mem_alias_init(&map, 0x20000002u), PV_INVALID); /* 32 bytes, modulo 2^32 */
    assert_memory_equal(&map, &same, sizeof(map));
    for (uint32_t entries = 2; entries <= 62; entries += 2) {
        assert_status(pv_mem_alias_init(&map, entries), PV_OK);
        assert_int_equal(pv_mem_alias_use(&map).descriptor_bytes, 16 + 8 * entries);
    }
}

static void expect_covered(uint64_t gpa, uint64_t pages)
{
    const uint64_t *first = pv_mem_alias_slot_(&map, gpa);

    assert_non_null(first);
    for (uint64_t i = 0; i < pages; i++)
        assert_ptr_equal(pv_mem_alias_slot_(&map, gpa + i * 4096 + 4095), first + i);
}

static void covered_pages_have_slots(void **state)
{
    static const uint64_t sizes[] = { 1, 2, 511, 512, 513, 1024, 1025 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        aliases_start(2, sizes[i], 0);
        expect_covered(BASE, sizes[i]);
        assert_null(pv_mem_alias_slot_(&map, BASE - 1));
        assert_null(pv_mem_alias_slot_(&map, BASE + sizes[i] * 4096));
        assert_int_equal(pv_mem_alias_use(&map).slot_pages, (sizes[i] + 511) / 512);
        add(BASE, 0x5000); /* the ends of the slots are before pages that cannot be touched */
        if (sizes[i] > 1)
            add(BASE + (sizes[i] - 1) * 4096, 0x6000);
        pv_mem_alias_release(&map);
        assert_int_equal(pages.live, 0);
    }
}

/* Where the slots lie says nothing of how much they cover: to the end of the address space. */
static void the_last_page_can_be_covered(void **state)
{
    (void)state;
    aliases_start(2, 1, 0);
    assert_status(pv_mem_alias_cover(&map, 0xFFFFFFFFF0000000ull, 0x10000), PV_OK);
    expect_covered(0xFFFFFFFFF0000000ull, 0x10000);
    add(~0ull, 0x5000);
    assert_int_equal(pv_mem_alias_count(&map, 0xFFFFFFFFFFFFF000ull), 1);
    assert_status(pv_mem_alias_uncover(&map, &cache, 0xFFFFFFFFF0000000ull), PV_OK);
    pv_mem_alias_release(&map);
}

static void expect_refused(uint64_t gpa, uint64_t count, enum pv_status status)
{
    const struct pv_mem_alias_use before = pv_mem_alias_use(&map);
    struct pv_mem_alias_use after;

    assert_status(pv_mem_alias_cover(&map, gpa, count), status);
    after = pv_mem_alias_use(&map);
    assert_int_equal(after.slot_pages, before.slot_pages);
    assert_int_equal(pv_mem_map_count(&map.covered), 1);
    assert_int_equal(pages.live, after.slot_pages + after.index_pages + after.descriptor_pages);
}

static void bad_ranges_are_refused(void **state)
{
    (void)state;
    aliases_start(2, 16, 0);
    expect_refused(0x1000, 0, PV_INVALID);
    expect_refused(0x1001, 1, PV_INVALID);
    expect_refused(0xFFF, 1, PV_INVALID);
    expect_refused(0, (1ull << 52) + 1, PV_INVALID);
    expect_refused(0x1000, 1ull << 52, PV_INVALID);
    expect_refused(0xFFFFFFFFFFFFF000ull, 2, PV_INVALID);
    expect_refused(0, ~0ull, PV_INVALID);
    expect_refused(BASE, 1, PV_OVERLAPS);
    expect_refused(BASE + 15 * 4096, 2, PV_OVERLAPS);
    expect_refused(BASE - 4096, 2, PV_OVERLAPS);
    expect_refused(0, 1 + BASE / 4096, PV_OVERLAPS);
    /* More than there is: the count fits neither the OS nor, on 32 bits, a size_t. */
    expect_refused(0, 1ull << 52, PV_NO_MEMORY);
    expect_refused(0, (1ull << 41) + 1, PV_NO_MEMORY);
    pv_mem_alias_release(&map);
}

/* ---- forgetting ---- */

static void a_range_is_forgotten_with_its_aliases(void **state)
{
    const uint64_t other[] = { 0x7000, 0x8000, 0x9000 };

    (void)state;
    aliases_start(2, 600, 40);
    assert_status(pv_mem_alias_cover(&map, BASE + 600 * 4096, 1), PV_OK);
    for (size_t i = 0; i < 3; i++)
        add(BASE + 600 * 4096, other[i]);
    for (uint64_t page = 0; page < 5; page++)
        for (uint64_t i = 0; i < page; i++)
            add(BASE + page * 149 * 4096, 0x10000 + i * 4096);
    assert_true(map.aliases == 13 && map.slot_pages == 3 && cache.count == 40 - map.in_use);
    assert_status(pv_mem_alias_uncover(&map, &cache, BASE + 4096), PV_NOT_FOUND);
    assert_status(pv_mem_alias_uncover(&map, &cache, BASE + 1), PV_NOT_FOUND);
    assert_status(pv_mem_alias_uncover(&map, &cache, 0), PV_NOT_FOUND);
    assert_int_equal(map.aliases, 13);
    assert_status(pv_mem_alias_uncover(&map, &cache, BASE), PV_OK);
    assert_true(map.aliases == 3 && map.slot_pages == 1 && map.in_use == 2 && cache.count == 38);
    assert_status(pv_mem_alias_uncover(&map, &cache, BASE), PV_NOT_FOUND);
    assert_int_equal(pv_mem_alias_count(&map, BASE + 149 * 4096), 0);
    expect_page(BASE + 600 * 4096, other, 3);
    assert_status(pv_mem_alias_cover(&map, BASE, 600), PV_OK);
    expect_page(BASE + 2 * 149 * 4096, NULL, 0);
    pv_mem_alias_release(&map);
}

/* ---- no memory ---- */

/* The n-th allocation of a cover fails, for each n: all is as before, and later it works. */
static void a_cover_that_fails_changes_nothing(void **state)
{
    uint32_t failures = 0;

    (void)state;
    for (uint32_t nth = 1; failures + 1 == nth; nth++) {
        memset(&map, 0, sizeof(map));
        assert_status(pv_mem_alias_init(&map, 2), PV_OK);
        pages.fail = nth;
        if (pv_mem_alias_cover(&map, BASE, 513) == PV_NO_MEMORY) {
            failures++;
            assert_null(pv_mem_alias_slot_(&map, BASE));
            assert_int_equal(pv_mem_alias_use(&map).slot_pages, 0);
            assert_int_equal(pages.live, pv_mem_alias_use(&map).index_pages);
            assert_status(pv_mem_alias_cover(&map, BASE, 513), PV_OK);
        }
        pages.fail = 0;
        expect_covered(BASE, 513);
        pv_mem_alias_release(&map);
        assert_int_equal(pages.live, 0);
    }
    assert_in_range(failures, 3, 20); /* slots, nodes, records */
}

#define RANGES 200u

static uint64_t range_gpa(uint64_t i)
{
    return BASE + i * 0x10000;
}

/* Readers take their time and the OS has nothing: sooner or later a range cannot be forgotten. */
static void an_uncover_that_fails_changes_nothing(void **state)
{
    const uint64_t vas[] = { 0x5000, 0x6000, 0x7000 };
    uint32_t failures = 0, gone;

    (void)state;
    aliases_start(2, 1, 2 * RANGES);
    for (uint64_t i = 1; i < RANGES; i++)
        assert_status(pv_mem_alias_cover(&map, range_gpa(i), 1), PV_OK);
    for (uint64_t i = 0; i < RANGES; i++)
        for (size_t v = 0; v < 3; v++)
            add(range_gpa(i), vas[v]);
    grace.held = true;
    for (gone = 0; gone < RANGES; gone++) {
        pages.fail = 1;
        pages.fail_on = true;
        if (pv_mem_alias_uncover(&map, &cache, range_gpa(gone)) == PV_NO_MEMORY) {
            failures++;
            assert_true(map.aliases == 3 * (RANGES - gone) && map.slot_pages == RANGES - gone);
            assert_true(map.in_use == 2 * (RANGES - gone) && cache.count == 2 * gone);
            for (uint32_t i = gone; i < RANGES; i++)
                expect_page(range_gpa(i), vas, 3);
            pages.fail = 0;
            assert_status(pv_mem_alias_uncover(&map, &cache, range_gpa(gone)), PV_OK);
        }
    }
    pages.fail = 0;
    assert_int_not_equal(failures, 0);
    assert_true(map.aliases == 0 && map.in_use == 0 && map.slot_pages == 0);
    assert_int_equal(cache.count, 2 * RANGES);
    pv_mem_alias_release(&map);
}

/* ---- against a model ---- */

#define PLACES 24u
#define VAS 7u

struct model {
    uint32_t range[PLACES]; /* pages of the range that starts there */
    bool covered[PLACES];
    uint64_t vas[PLACES][VAS];
    size_t count[PLACES];
};

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static uint64_t place_gpa(uint32_t place)
{
    return BASE + (uint64_t)place * 4096;
}

static bool overlaps(const struct model *model, uint32_t place, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (model->covered[place + i])
            return true;
    return false;
}

/* Sometimes an allocation fails; if it did, whoever was to do something may have failed with it. */
static bool done(enum pv_status status, enum pv_status want, uint32_t fail)
{
    if (status == PV_NO_MEMORY)
        assert_true(fail != 0 && pages.fail == 0);
    else
        assert_status(status, want);
    pages.fail = 0;
    return status == PV_OK;
}

static void step_cover(struct model *model, uint32_t *seed)
{
    const uint32_t place = draw(seed, PLACES), fail = draw(seed, 6);
    const uint32_t most = PLACES - place, length = 1 + draw(seed, most < 4 ? most : 4);
    const enum pv_status want = overlaps(model, place, length) ? PV_OVERLAPS : PV_OK;

    pages.fail = fail;
    if (!done(pv_mem_alias_cover(&map, place_gpa(place), length), want, fail))
        return;
    model->range[place] = length;
    for (uint32_t i = 0; i < length; i++)
        model->covered[place + i] = true;
}

static void step_uncover(struct model *model, uint32_t *seed)
{
    const uint32_t place = draw(seed, PLACES), fail = draw(seed, 2);
    const enum pv_status want = model->range[place] != 0 ? PV_OK : PV_NOT_FOUND;

    pages.fail = fail;
    if (!done(pv_mem_alias_uncover(&map, &cache, place_gpa(place)), want, fail))
        return;
    for (uint32_t i = 0; i < model->range[place]; i++) {
        model->covered[place + i] = false;
        model->count[place + i] = 0;
    }
    model->range[place] = 0;
}

static void step_add(struct model *model, uint32_t *seed)
{
    const uint32_t place = draw(seed, PLACES);
    const uint64_t va = draw(seed, VAS) * 4096ull;
    const enum pv_status want = !model->covered[place] ? PV_NOT_FOUND
                                : listed(model->vas[place], model->count[place], va) ? PV_EXISTS
                                                                                      : PV_OK;

    assert_status(pv_mem_cache_top_up(&cache, 1), PV_OK);
    assert_status(pv_mem_alias_add(&map, &cache, place_gpa(place), va), want);
    if (want == PV_OK)
        model->vas[place][model->count[place]++] = va;
}

static void expect_model(const struct model *model)
{
    size_t aliases = 0, descriptors = 0, slot_pages = 0;

    for (uint32_t place = 0; place < PLACES; place++) {
        aliases += model->count[place];
        descriptors += needed(model->count[place]);
        slot_pages += model->range[place] != 0;
        assert_int_equal(pv_mem_alias_slot_(&map, place_gpa(place)) != NULL, model->covered[place]);
        if (model->covered[place])
            expect_page(place_gpa(place), model->vas[place], model->count[place]);
    }
    assert_true(map.aliases == aliases && map.in_use == descriptors);
    assert_int_equal(map.slot_pages, slot_pages);
    assert_int_equal(map.descriptors.used, descriptors + cache.count);
}

static void random_steps_agree_with_a_model(void **state)
{
    const uint32_t steps = getenv("PV_LONG") != NULL ? 1000000 : 20000;
    struct model model = { .range = { 0 } };
    uint32_t seed = 1;

    (void)state;
    memset(&map, 0, sizeof(map));
    assert_status(pv_mem_alias_init(&map, 2), PV_OK);
    pv_mem_cache_init(&cache, &map.descriptors, 5);
    for (uint32_t i = 0; i < steps; i++) {
        const uint32_t kind = draw(&seed, 10);

        grace.held = i / 64 % 2 != 0;
        grace.over = grace.begun;
        if (kind < 2)
            step_cover(&model, &seed);
        else if (kind < 3)
            step_uncover(&model, &seed);
        else
            step_add(&model, &seed);
        expect_model(&model);
    }
    pv_mem_alias_release(&map);
}

/* ---- figures ---- */

/* What is ready per VP, in bytes and in pages, for 40 descriptors. */
static void what_is_ready_is_reported(void **state)
{
    static const struct {
        uint32_t entries, bytes, ready_bytes, pages;
    } cases[] = { { PV_MEM_ALIASES_RARE, 32, 1280, 1 }, { PV_MEM_ALIASES_COMMON, 128, 5120, 2 } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pv_mem_alias_use use;

        aliases_start(cases[i].entries, 1, 40);
        use = pv_mem_alias_use(&map);
        assert_int_equal(use.descriptor_bytes, cases[i].bytes);
        assert_int_equal(cache.count * use.descriptor_bytes, cases[i].ready_bytes);
        assert_int_equal(use.descriptor_pages, cases[i].pages);
        pv_mem_alias_release(&map);
    }
}

static void use_is_what_the_os_gave(void **state)
{
    struct pv_mem_alias_use use;

    (void)state;
    aliases_start(14, 1000, 40);
    assert_status(pv_mem_alias_cover(&map, 0, 3), PV_OK);
    for (uint64_t i = 0; i < 100; i++) {
        assert_status(pv_mem_cache_top_up(&cache, 1), PV_OK);
        add(BASE + i * 4096, 0x5000);
        add(BASE + i * 4096, 0x6000);
    }
    use = pv_mem_alias_use(&map);
    assert_true(use.aliases == 200 && use.descriptors == 100 && use.slot_pages == 3);
    assert_int_equal(use.descriptor_pages, 4); /* 31 of 128 bytes in each */
    assert_int_equal(use.index_pages, pv_mem_map_use(&map.covered).pages);
    assert_int_equal(pages.live, use.descriptor_pages + use.slot_pages + use.index_pages);
    pv_mem_alias_release(&map);
    use = pv_mem_alias_use(&map);
    assert_true(use.aliases == 0 && use.descriptors == 0 && use.slot_pages == 0);
    assert_true(use.descriptor_pages == 0 && use.index_pages == 0 && pages.live == 0);
}

static void a_released_map_can_be_used_again(void **state)
{
    (void)state;
    aliases_start(2, 5, 2);
    add(BASE, 0x5000);
    pv_mem_alias_release(&map);
    assert_null(pv_mem_alias_slot_(&map, BASE));
    assert_status(pv_mem_alias_cover(&map, BASE, 5), PV_OK);
    expect_page(BASE, NULL, 0);
    add(BASE, 0x5000);
    pv_mem_alias_release(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEM_TEST(entries_are_checked),
        MEM_TEST(covered_pages_have_slots),
        MEM_TEST(the_last_page_can_be_covered),
        MEM_TEST(bad_ranges_are_refused),
        MEM_TEST(a_range_is_forgotten_with_its_aliases),
        MEM_TEST(a_cover_that_fails_changes_nothing),
        MEM_TEST(an_uncover_that_fails_changes_nothing),
        MEM_TEST(random_steps_agree_with_a_model),
        MEM_TEST(what_is_ready_is_reported),
        MEM_TEST(use_is_what_the_os_gave),
        MEM_TEST(a_released_map_can_be_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
