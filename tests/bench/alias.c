/* SPDX-License-Identifier: MIT */
/* What the aliases of pages cost in memory, in bytes and in pages of the OS, by size of descriptor. TAP. */
#include <pv/mem/alias.h>

#include "mem.h"

#include <stdio.h>
#include <stdlib.h>

#define CACHED 40u
#define VPS 64u
#define COVERED 32768u /* pages: 128 MiB */
#define GPA 0x100000000ull

static unsigned tests, failures;
static struct pv_mem_alias_map map;
static struct pv_mem_cache caches[VPS];

void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void must(enum pv_status status)
{
    if (status != PV_OK)
        give_up(pv_status_name(status));
}

static void ok(bool good, const char *what, size_t figure)
{
    failures += !good;
    printf("%sok %u - %s: %zu\n", good ? "" : "not ", ++tests, what, figure);
}

static void start(uint32_t entries)
{
    must(pv_mem_alias_init(&map, entries));
    for (uint32_t vp = 0; vp < VPS; vp++)
        pv_mem_cache_init(&caches[vp], &map.descriptors, CACHED);
}

/* ---- caches ---- */

static size_t pages_of_caches(uint32_t vps)
{
    for (uint32_t vp = 0; vp < vps; vp++)
        must(pv_mem_cache_top_up(&caches[vp], CACHED));
    return pv_mem_alias_use(&map).descriptor_pages;
}

static void check_caches(const char *name, uint32_t entries, size_t descriptor_bytes,
                         size_t cache_bytes)
{
    char text[80];
    size_t bytes;
    size_t pages;

    start(entries);
    bytes = pv_mem_alias_use(&map).descriptor_bytes;
    snprintf(text, sizeof(text), "aliases %s: bytes of a descriptor", name);
    ok(bytes == descriptor_bytes, text, bytes);
    snprintf(text, sizeof(text), "aliases %s: bytes in a cache of %u", name, CACHED);
    ok(CACHED * bytes == cache_bytes, text, CACHED * bytes);
    pages = pages_of_caches(1);
    snprintf(text, sizeof(text), "aliases %s: pages of the OS behind that", name);
    ok(pages == (CACHED * bytes + PV_PAGE_BYTES - 1) / PV_PAGE_BYTES, text, pages);
    pages = pages_of_caches(VPS);
    snprintf(text, sizeof(text), "aliases %s: the same for %u VPs", name, VPS);
    /* A page has its own 64 bytes. */
    ok(pages <= (VPS * CACHED * bytes) / (PV_PAGE_BYTES - 2 * bytes) + 1, text, pages);
    pv_mem_alias_release(&map);
}

/* ---- a map ---- */

/* Every `every`th page has `many` aliases, the others one. */
static void fill(uint32_t every, uint32_t many)
{
    must(pv_mem_alias_cover(&map, GPA, COVERED));
    for (uint32_t page = 0; page < COVERED; page++)
        for (uint32_t alias = 0; alias < (page % every == 0 ? many : 1); alias++) {
            const uint64_t va = ((uint64_t)alias << 40) + page * (uint64_t)PV_PAGE_BYTES;

            must(pv_mem_cache_top_up(&caches[0], 1));
            must(pv_mem_alias_add(&map, &caches[0], GPA + page * (uint64_t)PV_PAGE_BYTES, va));
        }
}

static size_t bytes_of_map(const char *name, uint32_t entries, uint32_t every, uint32_t many)
{
    struct pv_mem_alias_use use;
    size_t pages;

    start(entries);
    fill(every, many);
    use = pv_mem_alias_use(&map);
    pages = use.descriptor_pages + use.slot_pages + use.index_pages;
    printf("# %-7s %4u in %4u %9zu %11zu %6zu %6zu %6zu %6zu\n", name, many, every, use.aliases,
           use.descriptors, use.descriptor_pages, use.slot_pages, use.index_pages,
           pages * PV_PAGE_BYTES / COVERED);
    pv_mem_alias_release(&map);
    return pages;
}

static void compare(uint32_t every, uint32_t many, bool rare_is_less)
{
    const size_t rare = bytes_of_map("rare", PV_MEM_ALIASES_RARE, every, many);
    const size_t common = bytes_of_map("common", PV_MEM_ALIASES_COMMON, every, many);
    char text[80];

    snprintf(text, sizeof(text), "%s descriptors take no more, %u aliases in %u pages",
             rare_is_less ? "small" : "large", many, every);
    ok(rare_is_less ? rare <= common : common <= rare, text, rare_is_less ? rare : common);
}

int main(void)
{
    check_caches("rare", PV_MEM_ALIASES_RARE, 32, 1280);
    check_caches("common", PV_MEM_ALIASES_COMMON, 128, 5120);
    printf("# %-20s %9s %11s %6s %6s %6s %6s\n", "32,768 pages covered", "aliases", "descriptors",
           "pages", "slots", "index", "B/page");
    compare(1, 1, true);
    compare(64, 2, true);
    compare(4, 3, true);
    compare(1, 14, false);
    ok(os_pages() == 0, "pages that are left in the end", os_pages());
    printf("1..%u\n", tests);
    return failures != 0;
}
