/* SPDX-License-Identifier: MIT */
/*
 * Ranges as list elements, for any ranges: the count is exact, nothing overflows, and the elements
 * together name exactly the pages of the ranges.
 *
 * The last by induction. From any place in any range, one element is taken: it begins there, stays
 * inside, ends at the range's last page or is full, and the cursor comes to stand right behind it. So the
 * elements of a range follow each other without gap or overlap from its first page to its last, and
 * all but the last are full: there is no list with fewer. That pages are what the range touches is
 * said by bytes, not by page numbers.
 *
 * cbmc: --external-sat-solver cadical --unwind 5 --unsigned-overflow-check --stop-on-fail
 * sources: libpv/hv/gva.c
 * part: -DCHECK=check_count
 * part: -DCHECK=check_limit
 * part: -DCHECK=check_step
 * part: -DCHECK=check_pieces
 * bug: offset-in-first-page-forgotten libpv/hv/gva.c s/(last >> PAGE_SHIFT) - (range->start >> PAGE_SHIFT) + 1/((range->bytes - 1) >> PAGE_SHIFT) + 1/
 * bug: count-truncated libpv/hv/gva.c s/ + PV_HV_GVA_PAGES_MAX - 1) >> ELEMENT_SHIFT/) >> ELEMENT_SHIFT/
 * bug: count-one-too-many libpv/hv/gva.c s/ + PV_HV_GVA_PAGES_MAX - 1) >> ELEMENT_SHIFT/ + PV_HV_GVA_PAGES_MAX) >> ELEMENT_SHIFT/
 * bug: wrap-accepted libpv/hv/gva.c s/ \&\& range->bytes - 1 <= ~range->start//
 * bug: empty-accepted libpv/hv/gva.c s/range->bytes != 0 \&\& //
 * bug: end-refused libpv/hv/gva.c s/range->bytes - 1 <= ~range->start/range->bytes <= ~range->start/
 * bug: no-limit libpv/hv/gva.c s/count > PV_HV_GVA_RANGES_MAX/false/
 * bug: one-page-too-many libpv/hv/gva.c s/| (left - 1)/| left/
 * bug: empty-element-at-the-end libpv/hv/gva.c s/left > PV_HV_GVA_PAGES_MAX/left >= PV_HV_GVA_PAGES_MAX/
 * bug: page-kept libpv/hv/gva.c s/cursor->page = 0;//
 * bug: half-elements libpv/hv/gva.c s/cursor->page += PV_HV_GVA_PAGES_MAX/cursor->page += PV_HV_GVA_PAGES_MAX \/ 2/
 * bug: past-the-room libpv/hv/gva.c s/written < room/written <= room/
 */
#include <pv/hv/flush.h>

#define PAGE 4096ull

uint64_t nondet_qword(void);
size_t nondet_size(void);
bool nondet_bool(void);
uint16_t nondet_half(void);

/* For the bugs: addresses at both ends of the address space. */
static struct pv_hv_gva_range any_range(void)
{
#ifdef CHECK
    const struct pv_hv_gva_range range = { nondet_qword(), nondet_qword() };
#else
    const uint64_t far = nondet_bool() ? UINT64_MAX << 26 : 0;
    const struct pv_hv_gva_range range = { far | nondet_qword() >> 38, nondet_qword() >> 38 };
#endif

    return range;
}

/* Some byte is in it, and its last byte has an address. */
static bool good(const struct pv_hv_gva_range *range)
{
    return range->bytes != 0 &&
           (range->start == 0 || range->bytes - 1 <= UINT64_MAX - range->start);
}

static struct pv_hv_gva_range good_range(void)
{
    const struct pv_hv_gva_range range = any_range();

    __CPROVER_assume(good(&range));
    return range;
}

/* Pages of a good range, by its first and last byte. */
static uint64_t first_of(const struct pv_hv_gva_range *range)
{
    return range->start / PAGE;
}

static uint64_t last_of(const struct pv_hv_gva_range *range)
{
    return (range->start + (range->bytes - 1)) / PAGE;
}

/* The smallest number of elements that hold so many pages. */
static bool is_least(uint64_t elements, uint64_t pages)
{
    return elements != 0 && elements <= 1ull << 40 && elements * 4096 >= pages &&
           (elements - 1) * 4096 < pages;
}

/* Of one range it is the least; of several, the sum. One bad range spoils all. */
static inline void check_count(void)
{
    const struct pv_hv_gva_range ranges[3] = { any_range(), any_range(), any_range() };
    const size_t count = nondet_size();
    uint64_t sum = 0;
    uint64_t whole;
    bool all_good = true;

    __CPROVER_assume(count <= 3);
    for (size_t i = 0; i < count; i++) {
        uint64_t one;
        const enum pv_status status = pv_hv_gva_count(&ranges[i], 1, &one);

        __CPROVER_assert(status == (good(&ranges[i]) ? PV_OK : PV_INVALID), "good or not");
        all_good = all_good && good(&ranges[i]);
        if (status == PV_OK) {
            __CPROVER_assert(is_least(one, last_of(&ranges[i]) - first_of(&ranges[i]) + 1),
                             "the least number");
            sum += one;
        }
    }
    __CPROVER_assert(pv_hv_gva_count(ranges, count, &whole) == (all_good ? PV_OK : PV_INVALID),
                     "all good or not");
    __CPROVER_assert(!all_good || whole == sum, "the sum");
}

/* No number of ranges that is accepted can overflow: each adds at most 2^40. */
static inline void check_limit(void)
{
    const struct pv_hv_gva_range range = good_range();
    const size_t count = nondet_size();
    uint64_t elements;

    __CPROVER_assert((uint64_t)PV_HV_GVA_RANGES_MAX << 40 >> 40 == PV_HV_GVA_RANGES_MAX, "2^64");
    __CPROVER_assume(count > PV_HV_GVA_RANGES_MAX);
    __CPROVER_assert(pv_hv_gva_count(&range, count, &elements) == PV_INVALID, "limit");
}

/* Any place in a range that has neighbours. */
static inline void check_step(void)
{
    const struct pv_hv_gva_range ranges[3] = { { 0, 1 }, good_range(), { 0, 1 } };
    const struct pv_hv_gva_range *range = &ranges[1];
    const uint64_t pages = last_of(range) - first_of(range) + 1;
    struct pv_hv_gva_cursor cursor = { 1, nondet_qword() };
    const uint64_t page = cursor.page;
    uint64_t element;
    uint64_t first, last;

    __CPROVER_assume(page < pages);
    __CPROVER_assert(pv_hv_gva_encode(ranges, 3, &cursor, &element, 1) == 1, "one element");
    first = element / PAGE;
    __CPROVER_assert(first == first_of(range) + page, "begins where the cursor stood");
    __CPROVER_assert(element % PAGE <= last_of(range) - first, "stays inside");
    last = first + element % PAGE;
    if (last == last_of(range)) {
        __CPROVER_assert(cursor.range == 2 && cursor.page == 0, "the next range");
        return;
    }
    __CPROVER_assert(element % PAGE == 4095, "full");
    __CPROVER_assert(cursor.range == 1 && cursor.page == page + 4096, "right behind it");
    __CPROVER_assert(cursor.page < pages, "there is more");
}

/* In two pieces or at once: the same, never more than there is room, less only at the end. */
static void check_split(const struct pv_hv_gva_range ranges[2], uint32_t room_a, uint32_t room_b)
{
    struct pv_hv_gva_cursor at_once = { 0, 0 }, in_two = { 0, 0 };
    uint64_t whole[4] = { 0, 0, 0, 0x5A }, pieces[4] = { 0, 0, 0, 0x5A };
    const uint32_t n = pv_hv_gva_encode(ranges, 2, &at_once, whole, room_a + room_b);
    const uint32_t a = pv_hv_gva_encode(ranges, 2, &in_two, pieces, room_a);
    const uint32_t b = pv_hv_gva_encode(ranges, 2, &in_two, pieces + a, room_b);

    __CPROVER_assert(a <= room_a && b <= room_b && n == a + b, "as many");
    __CPROVER_assert(n == room_a + room_b || at_once.range == 2, "less only at the end");
    __CPROVER_assert(at_once.range == in_two.range && at_once.page == in_two.page, "cursors");
    for (uint32_t i = 0; i < 4; i++)
        __CPROVER_assert(whole[i] == pieces[i], "the same");
    for (uint32_t i = room_a + room_b; i < 3; i++)
        __CPROVER_assert(whole[i] == 0, "no more than there is room");
    __CPROVER_assert(whole[3] == 0x5A, "no more than there is room");
}

/* Up to four elements; that they are right is the step's to prove, whatever the addresses. */
static struct pv_hv_gva_range short_range(void)
{
    const struct pv_hv_gva_range range = { PAGE * nondet_half(),
                                           PAGE * (nondet_half() % 16384 + 1) };

    return range;
}

static inline void check_pieces(void)
{
    const struct pv_hv_gva_range ranges[2] = { short_range(), short_range() };

    for (uint32_t a = 0; a <= 2; a++)
        check_split(ranges, a, 1);
}

/* Without CHECK, as for the bugs, all of them. */
int main(void)
{
#ifdef CHECK
    CHECK();
#else
    check_count();
    check_limit();
    check_step();
    check_pieces();
#endif
    return 0;
}
