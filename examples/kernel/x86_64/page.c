/* SPDX-License-Identifier: MIT */
/*
 * Page protection on whatever page tables are in force, our own or the firmware's: find the entry
 * that maps an address, split large pages on the way down to 4 KiB, change it. CR0.WP is off
 * meanwhile, as firmware may have made its tables read-only.
 */
#include "cpu.h"
#include "kernel_x86_64.h"

#define PRESENT (1ull << 0)
#define WRITE (1ull << 1)
#define LARGE (1ull << 7)
#define NO_EXEC (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull
#define ENTRIES 512u

#define TABLES 16u /* each splits one page of 2 MiB or 1 GiB; an image rarely spans more than two */

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;

/* Replaces a large page by a table of pages `size` long that map the same with the same rights. */
static bool split(uint64_t *entry, uint64_t size)
{
    uint64_t first = *entry & ADDRESS & ~(size * ENTRIES - 1);
    uint64_t rights = *entry & ~ADDRESS;
    uint64_t *table;

    if (tables_used == TABLES)
        return false;
    table = tables[tables_used++];
    if (size == KERNEL_PAGE_SIZE)
        rights &= ~LARGE; /* the bit is a memory type there; types 0 to 3 need no more */
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = (first + i * size) | rights;
    *entry = (uintptr_t)table | PRESENT | WRITE;
    return true;
}

/* The entry that maps address, of a page of 4 KiB if `small`; NULL when there is none. */
static uint64_t *find(uintptr_t address, bool small)
{
    uint64_t *table = (uint64_t *)(uintptr_t)(read_cr3() & ADDRESS);

    for (unsigned shift = read_cr4() & CR4_LA57 ? 48 : 39; shift > 12; shift -= 9) {
        uint64_t *entry = &table[address >> shift & (ENTRIES - 1)];

        if (!(*entry & PRESENT))
            return NULL;
        if (shift <= 30 && *entry & LARGE && !small)
            return entry;
        if (shift <= 30 && *entry & LARGE && !split(entry, 1ull << (shift - 9)))
            return NULL;
        table = (uint64_t *)(uintptr_t)(*entry & ADDRESS);
    }
    return &table[address >> 12 & (ENTRIES - 1)];
}

static bool protect_page(uintptr_t address, enum page_access access)
{
    uint64_t *entry = find(address, true);
    uint64_t value;

    if (!entry || !(*entry & PRESENT))
        return false;
    value = *entry & ~(WRITE | NO_EXEC);
    if (access == PAGE_WRITE)
        value |= WRITE;
    if (access != PAGE_EXEC)
        value |= NO_EXEC;
    *entry = value;
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
    return true;
}

bool kernel_protect(uintptr_t begin, uintptr_t end, enum page_access access)
{
    uint64_t cr0 = read_cr0();
    bool done = true;

    write_cr0(cr0 & ~CR0_WP);
    for (uintptr_t page = begin; done && page < end; page += KERNEL_PAGE_SIZE)
        done = protect_page(page, access);
    write_cr0(cr0);
    return done;
}

bool kernel_set_exec(void *page, bool executable_and_readonly)
{
    uintptr_t address = (uintptr_t)page;

    if (address % KERNEL_PAGE_SIZE)
        return false;
    return kernel_protect(address, address + KERNEL_PAGE_SIZE,
                          executable_and_readonly ? PAGE_EXEC : PAGE_WRITE);
}

bool kernel_show_page(void *page, uint64_t physical)
{
    const uintptr_t address = (uintptr_t)page;
    const uint64_t cr0 = read_cr0();
    uint64_t *entry = NULL;

    if (address % KERNEL_PAGE_SIZE == 0 && (physical & ~ADDRESS) == 0)
        entry = find(address, true);
    if (!entry || !(*entry & PRESENT))
        return false;
    write_cr0(cr0 & ~CR0_WP);
    __atomic_store_n(entry, (*entry & ~ADDRESS) | physical, __ATOMIC_RELEASE);
    write_cr0(cr0);
    return true;
}

/* Our own tables cover 4 GiB, firmware's all there is; the memory types are the MTRRs' business. */
bool kernel_map_normal(uint64_t physical)
{
    const uint64_t *entry = find(physical, false);

    return entry && *entry & PRESENT;
}
