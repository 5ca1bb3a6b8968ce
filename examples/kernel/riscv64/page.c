/* SPDX-License-Identifier: MIT */
/*
 * Page protection with Sv39: memory is mapped 1:1 with pages of 1 GiB; find the entry that maps an
 * address, split larger pages on the way down to 4 KiB, change it. Nothing is mapped executable but
 * what kernel_protect() makes so.
 */
#include "cpu.h"

#define VALID (1ull << 0)
#define READ (1ull << 1)
#define WRITE (1ull << 2)
#define EXEC (1ull << 3)
#define USED (3ull << 6) /* accessed and dirty: a CPU may fault rather than set them */
#define LEAF (READ | WRITE | EXEC)
#define ENTRIES 512u

#define GIGABYTE_SHIFT 30
#define GIGABYTES 4u /* devices, and RAM from the third on */
#define SATP_SV39 (8ull << 60)

#define TABLES 16u /* each splits one page of 2 MiB or 1 GiB; an image rarely spans more than two */

static uint64_t root[ENTRIES] __attribute__((aligned(4096)));
static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;

static uint64_t entry_of(uintptr_t address, uint64_t rights)
{
    return (uint64_t)address >> 12 << 10 | rights;
}

static uintptr_t address_of(uint64_t entry)
{
    return entry >> 10 << 12;
}

static void flush(void)
{
    __asm__ volatile("sfence.vma" : : : "memory");
}

void kernel_page_init(void)
{
    for (uintptr_t i = 0; i < GIGABYTES; i++)
        root[i] = entry_of(i << GIGABYTE_SHIFT, VALID | READ | WRITE | USED);
}

void kernel_page_use(void)
{
    flush();
    WRITE_CSR(satp, SATP_SV39 | (uintptr_t)root >> 12);
    flush();
}

/* Replaces a large page by a table of pages `size` long that map the same with the same rights. */
static bool split(uint64_t *entry, uint64_t size)
{
    uint64_t *table;

    if (tables_used == TABLES)
        return false;
    table = tables[tables_used++];
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = *entry + entry_of(i * size, 0);
    *entry = entry_of((uintptr_t)table, VALID);
    return true;
}

/* The entry of the 4 KiB page at address, or NULL. */
static uint64_t *find(uintptr_t address)
{
    uint64_t *table = root;

    if (address >> GIGABYTE_SHIFT >= GIGABYTES)
        return NULL;
    for (unsigned shift = GIGABYTE_SHIFT; shift > 12; shift -= 9) {
        uint64_t *entry = &table[address >> shift & (ENTRIES - 1)];

        if (*entry & LEAF && !split(entry, 1ull << (shift - 9)))
            return NULL;
        table = (uint64_t *)address_of(*entry);
    }
    return &table[address >> 12 & (ENTRIES - 1)];
}

static bool protect_page(uintptr_t address, enum page_access access)
{
    static const uint64_t rights[] = {
        [PAGE_READ] = READ,
        [PAGE_WRITE] = READ | WRITE,
        [PAGE_EXEC] = READ | EXEC,
    };
    uint64_t *entry = find(address);

    if (!entry)
        return false;
    *entry = (*entry & ~LEAF) | rights[access];
    return true;
}

/* The pages may hold new instructions: FENCE.I makes this CPU see them. */
bool kernel_protect(uintptr_t begin, uintptr_t end, enum page_access access)
{
    bool done = true;

    for (uintptr_t page = begin; done && page < end; page += KERNEL_PAGE_SIZE)
        done = protect_page(page, access);
    flush();
    __asm__ volatile("fence.i" : : : "memory");
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

/* Whether memory is cached is a property of the physical address here. */
bool kernel_map_normal(uint64_t physical)
{
    return physical >> GIGABYTE_SHIFT < GIGABYTES;
}
