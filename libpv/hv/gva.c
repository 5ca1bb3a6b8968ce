/* SPDX-License-Identifier: MIT */
/*
 * Ranges of addresses as list elements. Numbers: a range touches at most 2^52 pages, which take 2^40
 * elements, so even PV_HV_GVA_RANGES_MAX ranges take no more than 2^60. tests/proof/gva.c.
 */
#include <pv/hv/flush.h>

#define PAGE_SHIFT 12
#define ELEMENT_SHIFT 12
PV_STATIC_ASSERT(PV_PAGE_BYTES == 1u << PAGE_SHIFT, "pages by shift");
PV_STATIC_ASSERT(PV_HV_GVA_PAGES_MAX == 1u << ELEMENT_SHIFT, "elements by shift");
PV_STATIC_ASSERT(PV_HV_GVA_RANGES_MAX <= 1u << 20, "the sum of elements fits 64 bits");

/* The last address itself is inside, so that a range can end where the address space does. */
static bool range_ok(const struct pv_hv_gva_range *range)
{
    return range->bytes != 0 && range->bytes - 1 <= ~range->start;
}

/* From the page of the first address to the page of the last one. */
static uint64_t pages_of(const struct pv_hv_gva_range *range)
{
    const uint64_t last = range->start + (range->bytes - 1);

    return (last >> PAGE_SHIFT) - (range->start >> PAGE_SHIFT) + 1;
}

enum pv_status pv_hv_gva_count(const struct pv_hv_gva_range *ranges, size_t count,
                               uint64_t *elements)
{
    uint64_t sum = 0;

    if (count > PV_HV_GVA_RANGES_MAX)
        return PV_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (!range_ok(&ranges[i]))
            return PV_INVALID;
        sum += (pages_of(&ranges[i]) + PV_HV_GVA_PAGES_MAX - 1) >> ELEMENT_SHIFT;
    }
    *elements = sum;
    return PV_OK;
}

/* The element at the cursor, which moves on behind it. */
static uint64_t take_element(const struct pv_hv_gva_range *ranges, struct pv_hv_gva_cursor *cursor)
{
    const struct pv_hv_gva_range *range = &ranges[cursor->range];
    const uint64_t first = (range->start >> PAGE_SHIFT) + cursor->page;
    const uint64_t left = pages_of(range) - cursor->page;

    if (left > PV_HV_GVA_PAGES_MAX) {
        cursor->page += PV_HV_GVA_PAGES_MAX;
        return first << PAGE_SHIFT | (PV_HV_GVA_PAGES_MAX - 1);
    }
    cursor->range++;
    cursor->page = 0;
    return first << PAGE_SHIFT | (left - 1);
}

uint32_t pv_hv_gva_encode(const struct pv_hv_gva_range *ranges, size_t count,
                          struct pv_hv_gva_cursor *cursor, uint64_t *elements, uint32_t room)
{
    uint32_t written = 0;

    while (written < room && cursor->range < count)
        elements[written++] = take_element(ranges, cursor);
    return written;
}
