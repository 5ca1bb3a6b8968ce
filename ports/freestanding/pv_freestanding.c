/* SPDX-License-Identifier: MIT */
#include "pv_freestanding.h"

#if PV_FREESTANDING_VIRT_BY_MAP
#include "pv_freestanding_memory.h"
#endif

void *memset(void *to, int byte, size_t bytes);

PV_ALIGNED(PV_PAGE_BYTES) static uint8_t pool[PV_FREESTANDING_PAGES][PV_PAGE_BYTES];
static bool used[PV_FREESTANDING_PAGES];
static bool pool_lock;

struct pv_guest pv_freestanding_guest;
static struct pv_vp vps[PV_FREESTANDING_CPUS];

struct pv_vp *pv_freestanding_vp(unsigned cpu)
{
    return cpu < PV_FREESTANDING_CPUS ? &vps[cpu] : NULL;
}

/* CPUs come online side by side and each takes its pages. Held for a few loads and stores. */
static void lock(void)
{
    while (__atomic_test_and_set(&pool_lock, __ATOMIC_ACQUIRE))
        ;
}

static void unlock(void)
{
    __atomic_clear(&pool_lock, __ATOMIC_RELEASE);
}

/* First index from which `pages` pages are free; PV_FREESTANDING_PAGES if there is none. */
static size_t find_free(size_t pages)
{
    size_t run = 0;

    for (size_t i = 0; i < PV_FREESTANDING_PAGES; i++) {
        run = used[i] ? 0 : run + 1;
        if (run == pages)
            return i + 1 - pages;
    }
    return PV_FREESTANDING_PAGES;
}

static void mark(size_t first, size_t pages, bool in_use)
{
    for (size_t i = first; i < first + pages; i++)
        used[i] = in_use;
}

void *pv_os_page_alloc(size_t pages)
{
    size_t first;

    lock();
    first = find_free(pages);
    if (first != PV_FREESTANDING_PAGES)
        mark(first, pages, true);
    unlock();
    if (first == PV_FREESTANDING_PAGES)
        return NULL;
    return memset(pool[first], 0, pages * PV_PAGE_BYTES);
}

void pv_os_page_free(void *page, size_t pages)
{
    const size_t first = (size_t)((uint8_t *)page - pool[0]) / PV_PAGE_BYTES;

    lock();
    mark(first, pages, false);
    unlock();
}

size_t pv_freestanding_pages_used(void)
{
    size_t count = 0;

    lock();
    for (size_t i = 0; i < PV_FREESTANDING_PAGES; i++)
        count += used[i];
    unlock();
    return count;
}

bool pv_os_page_protect(void *page, enum pv_os_access access)
{
    return pv_freestanding_protect(page, access);
}

uint64_t pv_os_virt_to_gpa(const void *address)
{
#if PV_FREESTANDING_VIRT_BY_MAP
    if (pv_mem_map_count(&pv_freestanding_memory) != 0)
        return pv_freestanding_memory_gpa(address);
#endif
    return (uint64_t)(uintptr_t)address - PV_FREESTANDING_OFFSET;
}

/* Mapped all along; what may be done with it there is the kernel's page tables' business. */
void *pv_os_map_gpa(uint64_t gpa, enum pv_os_access access)
{
    if (gpa >= PV_FREESTANDING_MAPPED)
        return NULL;
    void *page = (void *)(uintptr_t)(gpa + PV_FREESTANDING_OFFSET);
    return access == PV_OS_READ_WRITE || pv_freestanding_protect(page, access) ? page : NULL;
}

/* The mapping stays, as ordinary data again. */
void pv_os_unmap(void *address)
{
    const bool restored = pv_freestanding_protect(address, PV_OS_READ_WRITE);

    (void)restored;
}

/* Nobody reads a memory map while it changes. A kernel whose CPUs do, of which one fills the map, writes these
 * two itself. */
uint64_t pv_os_grace_begin(void)
{
    return 0;
}

bool pv_os_grace_over(uint64_t wait)
{
    (void)wait;
    return true;
}

/* There is one mapping, and libpv is told of no aliases. A kernel that has more, or marks shared pages in
 * its page tables, writes these two itself. */
bool pv_os_alias_unmap(uint64_t va, uint64_t gpa)
{
    (void)va;
    (void)gpa;
    return true;
}

void pv_os_alias_map(uint64_t va, uint64_t gpa, bool shared)
{
    (void)va;
    (void)gpa;
    (void)shared;
}

void pv_os_log(const char *text)
{
    pv_freestanding_log(text);
}
