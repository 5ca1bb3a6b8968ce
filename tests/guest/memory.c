/* SPDX-License-Identifier: MIT */
/*
 * Region maps as the freestanding port fills them: from the memory map of the firmware where there is
 * one, and from a table. Every look-up is compared with the sorted list of what went in.
 */
#include "checks.h"
#include "pv_freestanding_memory.h"

#define REGIONS_MAX 512u
#define TABLE 60u
#define SPACE_PAGES (1ull << 52)

static struct pv_mem_region sorted[REGIONS_MAX];
static size_t count;

static uint64_t end_of(const struct pv_mem_region *region)
{
    return region->gpa + region->pages * PV_PAGE_BYTES;
}

static void sort_in(struct pv_mem_region region)
{
    size_t at = count++;

    for (; at > 0 && sorted[at - 1].gpa > region.gpa; at--)
        sorted[at] = sorted[at - 1];
    sorted[at] = region;
}

static bool same(const struct pv_mem_region *a, const struct pv_mem_region *b)
{
    return a->gpa == b->gpa && a->pages == b->pages && a->va == b->va && a->id == b->id &&
           a->flags == b->flags;
}

/* ---- look-ups ---- */

static bool found_at(const struct pv_mem_region *wanted, uint64_t byte)
{
    const struct pv_mem_map *map = &pv_freestanding_memory;
    struct pv_mem_region region;

    if (pv_mem_map_find_gpa(map, wanted->gpa + byte, &region) != PV_OK || !same(&region, wanted))
        return false;
    if (wanted->va == PV_MEM_VA_NONE)
        return true;
    return pv_mem_map_find_va(map, wanted->va + byte, &region) == PV_OK && same(&region, wanted) &&
           pv_freestanding_memory_gpa((void *)(uintptr_t)(wanted->va + byte)) == wanted->gpa + byte;
}

static bool all_found(void)
{
    struct pv_mem_region region;

    for (size_t i = 0; i < count; i++) {
        const uint64_t bytes = sorted[i].pages * PV_PAGE_BYTES;

        if (!found_at(&sorted[i], 0) || !found_at(&sorted[i], bytes / 2) ||
            !found_at(&sorted[i], bytes - 1))
            return false;
        if (pv_mem_map_find_id(&pv_freestanding_memory, sorted[i].id, &region) != PV_OK ||
            !same(&region, &sorted[i]))
            return false;
    }
    return count != 0 && pv_mem_map_count(&pv_freestanding_memory) == count;
}

static bool all_in_order(void)
{
    struct pv_mem_cursor cursor = pv_mem_map_from(&pv_freestanding_memory, 0);
    struct pv_mem_region region;

    for (size_t i = 0; i < count; i++)
        if (!pv_mem_cursor_next(&cursor, &region) || !same(&region, &sorted[i]))
            return false;
    return !pv_mem_cursor_next(&cursor, &region);
}

/* Nobody has its first byte, nor its last one. */
static bool is_empty(uint64_t gpa, uint64_t pages)
{
    const struct pv_mem_map *map = &pv_freestanding_memory;
    struct pv_mem_region region;

    return pv_mem_map_find_gpa(map, gpa, &region) == PV_NOT_FOUND &&
           pv_mem_map_find_gpa(map, gpa + (pages * PV_PAGE_BYTES - 1), &region) == PV_NOT_FOUND;
}

/* The gap in front of a region, or behind the last one, and the next hole from `from` on. */
static bool is_hole(uint64_t from, uint64_t gpa, uint64_t pages)
{
    uint64_t hole_gpa;
    uint64_t hole_pages;

    return pv_mem_map_hole(&pv_freestanding_memory, from, &hole_gpa, &hole_pages) == PV_OK &&
           hole_gpa == gpa && hole_pages == pages && is_empty(gpa, pages);
}

static bool holes_are_the_gaps(void)
{
    uint64_t from = 0; /* behind the last gap */
    uint64_t end = 0;  /* behind the last region */

    for (size_t i = 0; i < count; i++) {
        if (sorted[i].gpa != end) {
            if (!is_hole(from, end, (sorted[i].gpa - end) / PV_PAGE_BYTES))
                return false;
            from = sorted[i].gpa;
        }
        end = end_of(&sorted[i]);
    }
    /* No page of memory lies at the very end. */
    return end != 0 && is_hole(from, end, SPACE_PAGES - end / PV_PAGE_BYTES);
}

static void check_look_ups(bool firmware)
{
    tap_ok(all_found(), firmware ? "firmware: each region is found by GPA, VA and id"
                                 : "table: each region is found by GPA, VA and id");
    tap_ok(all_in_order(), "they come in order");
    tap_ok(holes_are_the_gaps(), "the holes are the gaps between them");
}

static void give_back(size_t pages_before)
{
    pv_mem_map_release(&pv_freestanding_memory);
    tap_equal(pv_freestanding_pages_used(), pages_before, "the map gives all pages back");
}

/* ---- a table ---- */

/* In no order, some next to each other; what a page is mapped at is elsewhere. */
static void check_table(void)
{
    static struct pv_mem_region table[TABLE];
    const size_t before = pv_freestanding_pages_used();

    count = 0;
    for (uint32_t i = 0; i < TABLE; i++) {
        const uint32_t place = i * 37 % TABLE;

        table[i].gpa = 0x100000 + place * 0x40000ull;
        table[i].pages = place % 3 == 0 ? 64 : 1 + place;
        table[i].va = i % 7 == 0 ? PV_MEM_VA_NONE : 0x7F0000000000 + i * 0x40000ull;
        table[i].id = ~(uint64_t)i;
        table[i].flags = i;
        sort_in(table[i]);
    }
    tap_equal(pv_freestanding_memory_from_table(table, TABLE), PV_OK, "a table becomes a map");
    check_look_ups(false);
    tap_equal(pv_freestanding_memory_from_table(&table[3], 1), PV_OVERLAPS, "but not twice");
    tap_ok(all_found() && all_in_order(), "and stays as it was");
    give_back(before);
}

/* ---- the firmware ---- */

static void sort_descriptors(const struct kernel_memory_map *map)
{
    count = 0;
    for (size_t i = 0; i < map->bytes / map->descriptor_bytes && count < REGIONS_MAX; i++) {
        struct pv_freestanding_efi_descriptor from;
        struct pv_mem_region region;

        memcpy(&from, (const char *)map->descriptors + i * map->descriptor_bytes, sizeof(from));
        region.gpa = region.va = from.physical_start;
        region.pages = from.pages;
        region.id = i;
        region.flags = from.type;
        if (end_of(&region) > PV_FREESTANDING_MAPPED)
            region.va = PV_MEM_VA_NONE;
        sort_in(region);
    }
}

/* With the map filled, what libpv tells the hypervisor of its memory comes from there. */
static void check_seam(void)
{
    static const int constant = 1;
    int local = 2;

    tap_ok(pv_freestanding_memory_gpa(&constant) == (uintptr_t)&constant &&
               pv_freestanding_memory_gpa(&local) == (uintptr_t)&local &&
               pv_freestanding_memory_gpa(checks_start) == (uintptr_t)checks_start,
           "code, data and the stack lie in the firmware's map");
    tap_equal(pv_os_virt_to_gpa((void *)(uintptr_t)(PV_FREESTANDING_MAPPED - 1 + (1ull << 40))),
              PV_FREESTANDING_VIRT_BY_MAP ? PV_GPA_NONE
                                          : PV_FREESTANDING_MAPPED - 1 + (1ull << 40),
              "what is mapped nowhere has no GPA");
}

static void check_start_by_map(void)
{
    const size_t before = pv_freestanding_pages_used();
    struct pv_vp *vp = checks_start(0);

    tap_equal(pv_guest_release(&pv_freestanding_guest, vp), PV_OK, "guest release, by the map");
    tap_equal(pv_vp_release(vp), PV_OK, "VP release, by the map");
    tap_equal(pv_freestanding_pages_used(), before, "its pages are back");
}

static void check_firmware(const struct kernel_memory_map *map)
{
    const size_t before = pv_freestanding_pages_used();

    tap_equal(pv_freestanding_memory_from_efi(map->descriptors, map->bytes, map->descriptor_bytes,
                                              map->version),
              PV_OK, "the firmware's memory becomes a map");
    sort_descriptors(map);
    tap_note("regions:", count);
    tap_note("pages of the map:", pv_freestanding_pages_used() - before);
    check_look_ups(true);
    check_seam();
    check_start_by_map();
    tap_equal(pv_freestanding_memory_from_efi(map->descriptors, map->bytes, map->descriptor_bytes,
                                              map->version + 1),
              PV_UNSUPPORTED, "descriptors of another version are refused");
    tap_equal(pv_freestanding_memory_from_efi(map->descriptors, map->bytes, map->descriptor_bytes,
                                              map->version),
              PV_OVERLAPS, "and the same ones again");
    tap_ok(all_found() && all_in_order(), "the map is as before");
    give_back(before);
}

/* ---- sharing ---- */

/* Isolation and KVM's call 12 are for confidential guests; what others are told is no. */
static void check_sharing(void)
{
    static struct pv_mem_shares shares;
    const size_t before = pv_freestanding_pages_used();
    struct pv_vp *vp = checks_start(0);
    const bool offered = pv_kvm_map_gpa_range(vp, 0, 0, false) == PV_EMPTY;
    uint64_t capabilities, left;
    uint8_t visibility;

    pv_mem_shares_init(&shares, NULL);
    if (!offered) {
        tap_equal(pv_mem_share(vp, &shares, 0, 1, PV_MEM_KEEP, NULL), PV_UNSUPPORTED,
                  "no page can be shared where all are visible");
        tap_equal(pv_mem_unshare_all(vp, &shares, &left), PV_UNSUPPORTED, "nor be taken back");
        tap_equal(left, 0, "and none is left");
        tap_equal(pv_mem_map_count(&shares.ranges), 0, "nothing is written down");
    }
    tap_equal(pv_mem_query(vp, 0, 1, &visibility, NULL), PV_UNSUPPORTED, "nobody tells visibility");
    tap_ok(pv_mem_hint_query(vp, &capabilities, NULL) != PV_OK, "nobody wants hints");
    pv_mem_map_release(&shares.ranges);
    tap_equal(pv_guest_release(&pv_freestanding_guest, vp), PV_OK, "guest release, unshared");
    tap_equal(pv_vp_release(vp), PV_OK, "VP release, unshared");
    tap_equal(pv_freestanding_pages_used(), before, "its pages are back, unshared");
}

void check_memory(void)
{
    const struct kernel_memory_map map = kernel_memory_map();

    check_table();
    check_sharing();
    if (map.bytes != 0)
        check_firmware(&map);
}
