/* SPDX-License-Identifier: MIT */
/* Extended hypercalls about memory. */
#include <pv/abi/hv_layout.h>
#include <pv/guest.h>
#include <pv/mem/hint.h>

#include "pv_port.h"

#define SPACE_PAGES (1ull << 52) /* pages of 2^64 bytes */
#define LARGE_SHIFT 9
PV_STATIC_ASSERT(PV_MEM_DISCARD_PAGES == 1u << LARGE_SHIFT, "large pages by shift");

static void give(struct pv_hv_result *to, struct pv_hv_result result)
{
    if (to != NULL)
        *to = result;
}

static enum pv_status begin(struct pv_vp *vp, enum pv_hv_call call, uint32_t reps,
                            struct pv_hv_args *args)
{
    const struct pv_hv_shape shape = { .reps = reps };

    return pv_hv_begin(vp, call, &shape, args);
}

enum pv_status pv_mem_hint_query(struct pv_vp *vp, uint64_t *capabilities,
                                 struct pv_hv_result *result)
{
    const uint64_t needed = 1ull << PV_HV_PRIVILEGE_EXTENDED_HYPERCALLS;

    *capabilities = 0;
    if (vp->guest == NULL)
        return PV_BAD_STATE;
    if (vp->guest->hv.entry != 0 && (vp->guest->detect.hyperv.privileges & needed) == 0)
        return PV_UNSUPPORTED;
    return pv_hv_call_simple(vp, PV_HV_CALL_EXT_QUERY_CAPABILITIES, NULL, capabilities, result);
}

/* ---- discarding ---- */

/* The large pages that lie in a range as a whole, as numbers of large pages. */
struct large {
    uint64_t first;
    uint64_t end;
};

static struct large large_of(const struct pv_mem_range *range)
{
    const uint64_t page = range->gpa / PV_PAGE_BYTES;
    const struct large large = {
        (page + PV_MEM_DISCARD_PAGES - 1) >> LARGE_SHIFT,
        (page + range->pages) >> LARGE_SHIFT,
    };

    return large;
}

/* Where in a list of ranges an encoder is. */
struct walk {
    const struct pv_mem_range *range;
    uint64_t done; /* large pages of it */
};

/* How many large pages the next element names, which is `*element`; the walk moves on behind it. The
 * caller knows that there is one. */
static uint64_t take(struct walk *walk, uint64_t *element)
{
    for (;; walk->range++, walk->done = 0) {
        const struct large large = large_of(walk->range);
        const uint64_t from = large.first + walk->done;
        uint64_t count;

        if (from >= large.end)
            continue;
        count = large.end - from;
        if (count > PV_HV_GPA_LARGE_PAGES_MAX)
            count = PV_HV_GPA_LARGE_PAGES_MAX;
        walk->done += count;
        *element = from << PV_HV_GPA_LARGE_SHIFT | PV_HV_GPA_LARGE | (count - 1);
        return count;
    }
}

/* List elements that all ranges take. A range has less than 2^43 large pages, so their number fits. */
static enum pv_status count_elements(const struct pv_mem_range *ranges, size_t count,
                                     uint64_t *elements)
{
    *elements = 0;
    if (count == 0 || count > PV_MEM_DISCARD_RANGES_MAX)
        return PV_INVALID;
    for (size_t i = 0; i < count; i++) {
        const struct large large = large_of(&ranges[i]);

        if (ranges[i].gpa % PV_PAGE_BYTES != 0 || ranges[i].pages == 0 ||
            ranges[i].pages > SPACE_PAGES - ranges[i].gpa / PV_PAGE_BYTES)
            return PV_INVALID;
        if (large.first < large.end)
            *elements += (large.end - large.first + PV_HV_GPA_LARGE_PAGES_MAX - 1) /
                         PV_HV_GPA_LARGE_PAGES_MAX;
    }
    return *elements != 0 ? PV_OK : PV_EMPTY;
}

/* As many elements as one call takes. What was done is counted from the ranges: the hypervisor can write
 * to the list. */
static enum pv_status discard_some(struct pv_vp *vp, struct walk *walk, uint64_t *left,
                                   uint64_t *pages, struct pv_hv_result *result)
{
    struct walk done = *walk;
    struct pv_hv_args args;
    uint64_t element;
    enum pv_status status = begin(vp, PV_HV_CALL_EXT_MEMORY_HEAT_HINT,
                                  *left < PV_HV_REPS_MAX ? (uint32_t)*left : PV_HV_REPS_MAX, &args);

    if (status != PV_OK)
        return status;
    *(uint64_t *)args.in = PV_HV_HEAT_COLD_DISCARD;
    for (uint32_t i = 0; i < args.reps; i++)
        (void)take(walk, (uint64_t *)args.in_list + i);
    status = pv_hv_issue(vp, &args);
    for (uint32_t i = 0; i < args.result.reps; i++)
        *pages += take(&done, &element) << LARGE_SHIFT;
    *left -= args.reps;
    give(result, args.result);
    (void)pv_hv_end(vp, &args);
    return status;
}

enum pv_status pv_mem_hint_discard(struct pv_vp *vp, uint64_t capabilities,
                                   const struct pv_mem_range *ranges, size_t count,
                                   uint64_t *pages, struct pv_hv_result *result)
{
    struct walk walk = { ranges, 0 };
    uint64_t left;
    enum pv_status status = count_elements(ranges, count, &left);

    *pages = 0;
    if (status == PV_INVALID)
        return status;
    if ((capabilities & PV_HV_EXT_COLD_DISCARD) == 0)
        return PV_UNSUPPORTED;
    while (status == PV_OK && left != 0)
        status = discard_some(vp, &walk, &left, pages, result);
    return status;
}

/* ---- memory that is zero ---- */

/* Once: the hypervisor can change it meanwhile. */
static uint64_t read_once(const uint64_t *from)
{
    return *(const volatile uint64_t *)from;
}

static enum pv_status take_ranges(const struct pv_hv_boot_zeroed_memory *out, uint64_t count,
                                  struct pv_mem_range *ranges, size_t room)
{
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t first = read_once(&out->ranges[i].first_page);
        const uint64_t pages = read_once(&out->ranges[i].pages);

        if (first >= SPACE_PAGES || pages > SPACE_PAGES - first)
            return PV_MALFORMED;
        if (i < room) {
            ranges[i].gpa = first * PV_PAGE_BYTES;
            ranges[i].pages = pages;
        }
    }
    return PV_OK;
}

static enum pv_status take_zeroed(const struct pv_hv_boot_zeroed_memory *out,
                                  struct pv_mem_range *ranges, size_t room, size_t *count)
{
    const uint64_t there = read_once(&out->count);

    if (there > PV_MEM_ZEROED_MAX || take_ranges(out, there, ranges, room) != PV_OK)
        return PV_MALFORMED;
    *count = (size_t)there;
    return there <= room ? PV_OK : PV_NO_ROOM;
}

enum pv_status pv_mem_hint_zeroed(struct pv_vp *vp, uint64_t capabilities,
                                  struct pv_mem_range *ranges, size_t room, size_t *count,
                                  struct pv_hv_result *result)
{
    struct pv_hv_args args;
    enum pv_status status;

    *count = 0;
    if ((capabilities & PV_HV_EXT_BOOT_ZEROED_MEMORY) == 0)
        return PV_UNSUPPORTED;
    status = begin(vp, PV_HV_CALL_EXT_GET_BOOT_ZEROED_MEMORY, 0, &args);
    if (status != PV_OK)
        return status;
    status = pv_hv_issue(vp, &args);
    if (status == PV_OK)
        status = take_zeroed((const struct pv_hv_boot_zeroed_memory *)args.out, ranges, room, count);
    give(result, args.result);
    (void)pv_hv_end(vp, &args);
    return status;
}
