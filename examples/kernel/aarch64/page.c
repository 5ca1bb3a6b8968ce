/* SPDX-License-Identifier: MIT */
/*
 * Page protection and memory types: find the entry that maps an address, split blocks on the way
 * down to 4 KiB, change it. What changes more than rights goes through an invalid entry
 * ("break-before-make"), so that no CPU holds two translations of one address.
 */
#include "cpu.h"
#include "table.h"

#define ADDRESS 0x0000fffffffff000ull
#define ENTRIES 512u
#define TOP_SHIFT 30
#define TOP_ENTRIES 4u

#define TABLES 8u /* each splits one block; the image has its pages from the start */

extern uint64_t kernel_table[TOP_ENTRIES]; /* table.S */

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;
static bool mapping;

static void flush(void)
{
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb" : : : "memory");
}

static void break_and_make(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, 0, __ATOMIC_RELAXED);
    flush();
    __atomic_store_n(entry, value, __ATOMIC_RELAXED);
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

/* Replaces a block by a table of pieces `size` long that map the same with the same rights. */
static bool split(uint64_t *entry, uint64_t size)
{
    const uint64_t kind = size == KERNEL_PAGE_SIZE ? ENTRY_PAGE : ENTRY_BLOCK;
    uint64_t *table;

    if (tables_used == TABLES)
        return false;
    table = tables[tables_used++];
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = (*entry | kind) + i * size;
    break_and_make(entry, (uintptr_t)table | ENTRY_TABLE);
    return true;
}

/* The entry of the 4 KiB page at address, or NULL. */
static uint64_t *find(uint64_t address)
{
    uint64_t *table = kernel_table;

    if (address >> TOP_SHIFT >= TOP_ENTRIES)
        return NULL;
    for (unsigned shift = TOP_SHIFT; shift > 12; shift -= 9) {
        uint64_t *entry = &table[address >> shift & (ENTRIES - 1)];

        if ((*entry & ENTRY_TABLE) != ENTRY_TABLE && !split(entry, 1ull << (shift - 9)))
            return NULL;
        table = (uint64_t *)(uintptr_t)(*entry & ADDRESS);
    }
    return &table[address >> 12 & (ENTRIES - 1)];
}

static bool protect_page(uintptr_t address, enum page_access access)
{
    static const uint64_t rights[] = {
        [PAGE_READ] = READ_ONLY | NO_EXEC,
        [PAGE_WRITE] = NO_EXEC,
        [PAGE_EXEC] = READ_ONLY,
    };
    uint64_t *entry = find(address);

    if (!entry)
        return false;
    *entry = (*entry & ~(uint64_t)(READ_ONLY | NO_EXEC)) | rights[access];
    return true;
}

bool kernel_protect(uintptr_t begin, uintptr_t end, enum page_access access)
{
    bool done = true;

    for (uintptr_t page = begin; done && page < end; page += KERNEL_PAGE_SIZE)
        done = protect_page(page, access);
    flush();
    return done;
}

/* Instructions just written as data: out to where fetches find them, and the old ones forgotten. */
static void publish_code(uintptr_t page)
{
    enum { SMALLEST_LINE = 16 };

    for (uintptr_t line = page; line < page + KERNEL_PAGE_SIZE; line += SMALLEST_LINE)
        __asm__ volatile("dc cvau, %0" : : "r"(line) : "memory");
    __asm__ volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

bool kernel_set_exec(void *page, bool executable_and_readonly)
{
    uintptr_t address = (uintptr_t)page;

    if (address % KERNEL_PAGE_SIZE ||
        !kernel_protect(address, address + KERNEL_PAGE_SIZE,
                        executable_and_readonly ? PAGE_EXEC : PAGE_WRITE))
        return false;
    if (executable_and_readonly)
        publish_code(address);
    return true;
}

/* Other CPUs may be reading the page if it is memory already: it does not go away then. */
bool kernel_map_normal(uint64_t physical)
{
    uint64_t *entry;

    while (__atomic_test_and_set(&mapping, __ATOMIC_ACQUIRE))
        cpu_relax();
    entry = find(physical);
    if (entry && (*entry & MEMORY_TYPE) != TYPE_NORMAL)
        break_and_make(entry, (*entry & ADDRESS) | DATA | ENTRY_PAGE);
    __atomic_clear(&mapping, __ATOMIC_RELEASE);
    return entry != NULL;
}
