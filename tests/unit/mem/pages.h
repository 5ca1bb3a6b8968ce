/* SPDX-License-Identifier: MIT */
/*
 * What tests of the mem area have for an operating system: pages, each allocation between two that
 * cannot be touched, and readers who may take their time. Several threads at once, each of which calls
 * pages_thread_begin. Whatever is called wrongly ends the program: no assertion of cmocka's, which
 * knows one thread.
 */
#ifndef UNIT_MEM_PAGES_H
#define UNIT_MEM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pv_port.h"

#include <pv/os.h>

#define PAGE ((size_t)PV_PAGE_BYTES)
#define PAGES_PIECE_MAX 0x10000u /* in one piece */

_Thread_local struct pv_sim *pv_sim;

/* One simulated CPU for each thread. */
static _Thread_local struct pv_sim pages_cpu;

struct pages {
    size_t live;          /* pages that the library has */
    uint32_t allocs;      /* calls, failed ones included */
    uint32_t frees;
    uint32_t fail;        /* the n-th next allocation fails; 0: none */
    bool fail_on;         /* and all that follow */
    bool forbidden;       /* the library may not call now */
    const uint32_t *lock; /* of the library: may not be held during a call; NULL: none */
    uint32_t keep;        /* single pages that are kept, for a test that cannot wait for mmap */
    uint32_t kept;
};

#define PAGES_KEPT_MAX 64u

static struct pages pages;
static void *pages_stock[PAGES_KEPT_MAX]; /* those that are kept */

/* Waits for readers, numbered from 1. PAGES_OWN_GRACE: a test with real readers has its own. */
struct grace {
    uint64_t begun;
    uint64_t over; /* those up to this one are; ignored unless held */
    bool held;
};

static struct grace grace;

static inline void pages_insist(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "pages.h: %s\n", what);
    abort();
}

static inline void pages_thread_begin(void)
{
    memset(&pages_cpu, 0, sizeof(pages_cpu));
    pv_sim = &pages_cpu;
}

/* For setup and teardown of a test. */
static inline void pages_start(void)
{
    memset(&pages, 0, sizeof(pages));
    memset(&grace, 0, sizeof(grace));
    pages_thread_begin();
}

static inline void pages_called(void)
{
    pages_insist(!pages.forbidden, "the OS is called where it must not be");
    pages_insist(pages.lock == NULL || __atomic_load_n(pages.lock, __ATOMIC_RELAXED) == 0,
                 "the OS is called with a lock held");
}

static inline bool pages_fail(void)
{
    uint32_t left = __atomic_load_n(&pages.fail, __ATOMIC_RELAXED);

    if (left == 1 && pages.fail_on)
        return true;
    while (left != 0)
        if (__atomic_compare_exchange_n(&pages.fail, &left, left - 1, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return left == 1;
    return false;
}

#if defined(__SANITIZE_ADDRESS__)
#define PAGES_POISON(at, call) call(at, PAGE)
void __asan_poison_memory_region(void const volatile *at, size_t bytes);
void __asan_unpoison_memory_region(void const volatile *at, size_t bytes);
#else
#define PAGES_POISON(at, call) ((void)(at))
#endif

/* One thread. What is kept is no longer what it was. */
static inline bool pages_put_away(void *page, size_t count)
{
    if (count != 1 || pages.kept >= pages.keep || pages.kept >= PAGES_KEPT_MAX)
        return false;
    memset(page, 0xEE, PAGE);
    PAGES_POISON(page, __asan_poison_memory_region);
    pages_stock[pages.kept++] = page;
    return true;
}

static inline void *pages_take_out(size_t count)
{
    void *page;

    if (count != 1 || pages.kept == 0)
        return NULL;
    page = pages_stock[--pages.kept];
    PAGES_POISON(page, __asan_unpoison_memory_region);
    memset(page, 0, PAGE);
    return page;
}

/* The page in front has the count, so that a wrong one is found when the pages come back. */
void *pv_os_page_alloc(size_t count)
{
    uint8_t *at;

    pages_called();
    __atomic_add_fetch(&pages.allocs, 1, __ATOMIC_RELAXED);
    if (pages_fail() || count > PAGES_PIECE_MAX)
        return NULL;
    __atomic_add_fetch(&pages.live, count, __ATOMIC_RELAXED);
    at = pages_take_out(count);
    if (at != NULL)
        return at;
    at = mmap(NULL, (count + 2) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pages_insist(at != MAP_FAILED, "mmap failed");
    memcpy(at, &count, sizeof(count));
    pages_insist(mprotect(at, PAGE, PROT_NONE) == 0, "mprotect failed");
    pages_insist(mprotect(at + (count + 1) * PAGE, PAGE, PROT_NONE) == 0, "mprotect failed");
    return at + PAGE;
}

void pv_os_page_free(void *page, size_t count)
{
    uint8_t *at = (uint8_t *)page - PAGE;
    size_t had;

    pages_called();
    __atomic_add_fetch(&pages.frees, 1, __ATOMIC_RELAXED);
    __atomic_sub_fetch(&pages.live, count, __ATOMIC_RELAXED);
    if (pages_put_away(page, count))
        return;
    pages_insist(mprotect(at, PAGE, PROT_READ) == 0, "what is freed was not given");
    memcpy(&had, at, sizeof(had));
    pages_insist(had == count, "freed with another count");
    pages_insist(munmap(at, (count + 2) * PAGE) == 0, "munmap failed");
}

#ifndef PAGES_OWN_GRACE
uint64_t pv_os_grace_begin(void)
{
    pages_insist(!pages.forbidden, "the OS is called where it must not be");
    return ++grace.begun;
}

bool pv_os_grace_over(uint64_t wait)
{
    pages_insist(!pages.forbidden, "the OS is called where it must not be");
    pages_insist(wait != 0 && wait <= grace.begun, "a wait that was not begun");
    return !grace.held || wait <= grace.over;
}
#endif

#endif
