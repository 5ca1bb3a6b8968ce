/* SPDX-License-Identifier: MIT */
/* Ranges of addresses as list elements, against a naive list of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/model.h"

#include <pv/pv.h>

#define PAGE 4096ull
#define UNIT (4096 * PAGE) /* bytes of a full element */
#define TOP (~0ull)

static uint64_t count_one(uint64_t start, uint64_t bytes)
{
    const struct pv_hv_gva_range range = { start, bytes };
    uint64_t elements = 0xEE;

    assert_int_equal(pv_hv_gva_count(&range, 1, &elements), PV_OK);
    return elements;
}

static void test_one_element_for_each_4096_pages(void **state)
{
    static const struct {
        uint64_t start, bytes, elements;
    } cases[] = {
        { 0, 1, 1 },
        { 0, PAGE, 1 },
        { PAGE - 1, 1, 1 },
        { PAGE - 1, 2, 1 }, /* two pages */
        { 0, UNIT, 1 },
        { 0, UNIT + 1, 2 },
        { 1, UNIT, 2 }, /* 4097 pages */
        { PAGE - 1, UNIT - PAGE + 1, 1 },
        { PAGE - 1, UNIT - PAGE + 2, 2 },
        /* Linux, FreeBSD: (end - start) / UNIT says 509 and a page is left over. */
        { 0, 509 * UNIT, 509 },
        { 0, 509 * UNIT + PAGE, 510 },
        { 0xFFFF800000000000ull, 3 * UNIT, 3 },
        /* The end of the address space. */
        { TOP, 1, 1 },
        { TOP - PAGE + 1, PAGE, 1 },
        { TOP - UNIT + 1, UNIT, 1 },
        { TOP - UNIT, UNIT + 1, 2 },
        { 0, TOP, 1ull << 40 },
        { 1, TOP, 1ull << 40 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(count_one(cases[i].start, cases[i].bytes), cases[i].elements);
}

static void expect_refused(const struct pv_hv_gva_range *ranges, size_t count)
{
    uint64_t elements = 0xEE;

    assert_int_equal(pv_hv_gva_count(ranges, count, &elements), PV_INVALID);
    assert_int_equal(elements, 0xEE);
}

static void test_bad_ranges(void **state)
{
    static const struct pv_hv_gva_range bad[] = {
        { 0x1000, 0 }, { 0, 0 }, { TOP, 0 }, { TOP, 2 }, { 2, TOP }, { TOP - 4095, 4097 },
    };
    const struct pv_hv_gva_range good = { 0x1000, 1 };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct pv_hv_gva_range list[] = { good, bad[i], good };

        expect_refused(&bad[i], 1);
        expect_refused(list, 2);
        expect_refused(list, 3);
    }
    expect_refused(&good, PV_HV_GVA_RANGES_MAX + 1);
    expect_refused(&good, SIZE_MAX);
}

static void test_no_ranges(void **state)
{
    struct pv_hv_gva_cursor cursor = { 0, 0 };
    uint64_t elements = 0xEE;

    (void)state;
    assert_int_equal(pv_hv_gva_count(NULL, 0, &elements), PV_OK);
    assert_int_equal(elements, 0);
    assert_int_equal(pv_hv_gva_encode(NULL, 0, &cursor, &elements, 1), 0);
    assert_int_equal(elements, 0);
}

static void test_as_many_ranges_as_may_be(void **state)
{
    static struct pv_hv_gva_range ranges[PV_HV_GVA_RANGES_MAX];
    uint64_t elements;

    (void)state;
    for (size_t i = 0; i < PV_HV_GVA_RANGES_MAX; i++)
        ranges[i] = (struct pv_hv_gva_range){ 1, TOP };
    assert_int_equal(pv_hv_gva_count(ranges, PV_HV_GVA_RANGES_MAX, &elements), PV_OK);
    assert_int_equal(elements, 1ull << 60);
}

static void test_elements_by_hand(void **state)
{
    static const struct pv_hv_gva_range ranges[] = {
        { 0x7FFF12345678, 0x1000 },   /* two pages */
        { 0xFFFF800000000FFF, UNIT }, /* 4097 */
        { TOP, 1 },
    };
    struct pv_hv_gva_cursor cursor = { 0, 0 };
    uint64_t elements[5] = { 0 };

    (void)state;
    assert_int_equal(pv_hv_gva_encode(ranges, 3, &cursor, elements, 5), 4);
    assert_int_equal(elements[0], 0x7FFF12345001);
    assert_int_equal(elements[1], 0xFFFF800000000FFF);
    assert_int_equal(elements[2], 0xFFFF800001000000);
    assert_int_equal(elements[3], 0xFFFFFFFFFFFFF000);
    assert_int_equal(elements[4], 0);
    assert_int_equal(cursor.range, 3);
    assert_int_equal(pv_hv_gva_encode(ranges, 3, &cursor, elements, 5), 0);
}

static void test_no_room(void **state)
{
    const struct pv_hv_gva_range range = { 0, 1 };
    struct pv_hv_gva_cursor cursor = { 0, 0 };

    (void)state;
    assert_int_equal(pv_hv_gva_encode(&range, 1, &cursor, NULL, 0), 0);
    assert_int_equal(cursor.range, 0);
    assert_int_equal(cursor.page, 0);
}

/* All 2^52 pages, the first and the last elements of them. */
static void test_the_whole_address_space(void **state)
{
    const struct pv_hv_gva_range range = { 0, TOP };
    struct pv_hv_gva_cursor cursor = { 0, 0 };
    uint64_t elements[3];

    (void)state;
    assert_int_equal(pv_hv_gva_encode(&range, 1, &cursor, elements, 3), 3);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(elements[i], i << 24 | 0xFFF);
    cursor.page = (1ull << 52) - 2 * 4096;
    assert_int_equal(pv_hv_gva_encode(&range, 1, &cursor, elements, 3), 2);
    assert_int_equal(elements[1], TOP - UNIT + 1 + 0xFFF);
}

/* ---- random lists against a naive page set ---- */

#define LISTS 100000u
#define RANGES 5u
#define WINDOW 9500u /* pages: room for two full elements and more */

static uint64_t seed = 0x5EED;
static uint64_t base; /* first page of the window */
static uint16_t wanted[WINDOW], got[WINDOW];

static uint64_t below(uint64_t limit)
{
    return (sim_random(&seed) >> 16) % limit;
}

/* Windows of all sorts: mostly few pages, now and then full elements; low, high and last addresses. */
static uint64_t choose_window(void)
{
    static const uint64_t bases[] = { 0, 0x7FFF00000, 0xFFFF800000000, 0 };
    const uint64_t pages = below(100) == 0 ? WINDOW : 1 + below(40);
    const uint64_t which = below(4);

    base = which == 3 ? (1ull << 52) - pages : bases[which];
    return pages;
}

static struct pv_hv_gva_range choose_range(uint64_t pages)
{
    const uint64_t first = below(pages * PAGE);
    struct pv_hv_gva_range range;

    range.start = base * PAGE + first;
    range.bytes = 1 + below(pages * PAGE - first);
    return range;
}

/* Page by page: is any byte of it in the range? Gives the elements that so many pages need. */
static uint64_t mark_wanted(const struct pv_hv_gva_range *range, uint64_t pages)
{
    const uint64_t first = range->start - base * PAGE;
    uint64_t touched = 0;

    for (uint64_t page = 0; page < pages; page++) {
        const bool touches = page * PAGE < first + range->bytes && (page + 1) * PAGE > first;

        wanted[page] = (uint16_t)(wanted[page] + touches);
        touched += touches;
    }
    return (touched + 4095) / 4096;
}

static void mark_got(uint64_t element, uint64_t pages)
{
    const uint64_t first = (element >> 12) - base;
    const uint64_t more = element & 0xFFF;

    assert_true(first < pages && more < pages - first);
    for (uint64_t page = first; page <= first + more; page++)
        got[page]++;
}

/* In pieces of random room; what they are together is the same as at once. */
static void encode_in_pieces(const struct pv_hv_gva_range *ranges, const uint64_t *whole,
                             uint64_t elements)
{
    struct pv_hv_gva_cursor cursor = { 0, 0 };
    uint64_t done = 0;
    uint64_t piece[4];

    while (done < elements) {
        const uint32_t room = 1 + (uint32_t)below(4);
        const uint32_t written = pv_hv_gva_encode(ranges, RANGES, &cursor, piece, room);

        assert_int_equal(written, elements - done < room ? elements - done : room);
        assert_memory_equal(piece, whole + done, written * sizeof(piece[0]));
        done += written;
    }
    assert_int_equal(pv_hv_gva_encode(ranges, RANGES, &cursor, piece, 4), 0);
}

static void try_list(void)
{
    const uint64_t pages = choose_window();
    struct pv_hv_gva_cursor cursor = { 0, 0 };
    struct pv_hv_gva_range ranges[RANGES];
    uint64_t list[4 * RANGES];
    uint64_t expected = 0;
    uint64_t elements;

    memset(wanted, 0, pages * sizeof(wanted[0]));
    memset(got, 0, pages * sizeof(got[0]));
    for (uint32_t i = 0; i < RANGES; i++) {
        ranges[i] = choose_range(pages);
        expected += mark_wanted(&ranges[i], pages);
    }
    assert_int_equal(pv_hv_gva_count(ranges, RANGES, &elements), PV_OK);
    assert_int_equal(elements, expected);
    assert_int_equal(pv_hv_gva_encode(ranges, RANGES, &cursor, list, 4 * RANGES), elements);
    for (uint64_t i = 0; i < elements; i++)
        mark_got(list[i], pages);
    assert_memory_equal(got, wanted, pages * sizeof(got[0]));
    encode_in_pieces(ranges, list, elements);
}

static void test_random_lists(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LISTS; i++)
        try_list();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_element_for_each_4096_pages),
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_no_ranges),
        cmocka_unit_test(test_as_many_ranges_as_may_be),
        cmocka_unit_test(test_elements_by_hand),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_the_whole_address_space),
        cmocka_unit_test(test_random_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
