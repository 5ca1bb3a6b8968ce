/* SPDX-License-Identifier: MIT */
/* What memory maps ask of a kernel: quick pages, and readers who are always gone. */
#include <pv/os.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mem.h"

struct page {
    struct page *next;
    uint8_t rest[PV_PAGE_BYTES - sizeof(struct page *)];
};

/* One stretch, mapped by large pages where the machine can: a kernel has its memory so. */
#define POOL_BYTES (64ul << 20)
#define LARGE_BYTES (2ul << 20)

static uint8_t *pool;
static size_t taken; /* bytes of it, from its start */
static struct page *free_pages;
static size_t given;

void *os_memory(size_t bytes)
{
    void *memory;

    if (pool == NULL) {
        pool = aligned_alloc(LARGE_BYTES, POOL_BYTES);
        if (pool == NULL)
            give_up("no memory");
        (void)madvise(pool, POOL_BYTES, MADV_HUGEPAGE);
    }
    bytes = (bytes + PV_PAGE_BYTES - 1) / PV_PAGE_BYTES * PV_PAGE_BYTES;
    if (bytes > POOL_BYTES - taken)
        give_up("the pool is too small");
    memory = pool + taken;
    taken += bytes;
    return memory;
}

size_t os_pages(void)
{
    return given;
}

void *pv_os_page_alloc(size_t pages)
{
    struct page *page = free_pages;

    given += pages;
    if (pages != 1 || page == NULL)
        page = os_memory(pages * PV_PAGE_BYTES);
    else
        free_pages = page->next;
    return memset(page, 0, pages * PV_PAGE_BYTES);
}

/* Longer stretches are not asked for twice. */
void pv_os_page_free(void *address, size_t pages)
{
    struct page *page = address;

    given -= pages;
    if (pages != 1)
        return;
    page->next = free_pages;
    free_pages = page;
}

uint64_t pv_os_grace_begin(void)
{
    return 0;
}

bool pv_os_grace_over(uint64_t wait)
{
    (void)wait;
    return true;
}
