/* SPDX-License-Identifier: MIT */
#include "stale.h"
#include "crew.h"
#include "kernel_x86_64.h"

#define READS 300u /* of each reader in a look */
#define PATIENCE 200000000u

static uint32_t window[KERNEL_PAGE_SIZE / 4] __attribute__((aligned(KERNEL_PAGE_SIZE)));
/* What it shows in turn; the first word of each is its number. */
static uint32_t pages[2][KERNEL_PAGE_SIZE / 4] __attribute__((aligned(KERNEL_PAGE_SIZE)));

/* Changes are numbered, and the last bit tells the page. These are the number of the latest one */
static uint32_t begun;   /* that may be in the page tables, */
static uint32_t made;    /* that is there, */
static uint32_t flushed; /* and that all TLBs know. */

static uint32_t readers;
static uint32_t leave;
static uint32_t reads[KERNEL_MAX_CPUS];
static uint32_t seen;
static uint32_t wrong;

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

uint64_t stale_page(void)
{
    return (uintptr_t)window;
}

/*
 * If `begun` is afterwards what `made` was before, the page tables did not change in between, and
 * whoever looks there finds the page of that number.
 */
static void read_once(unsigned cpu)
{
    const uint32_t gone = load(&flushed);
    const uint32_t number = load(&made);
    const uint32_t shown = load(window);

    if (load(&begun) == number && shown != number % 2)
        __atomic_fetch_or(gone == number ? &wrong : &seen, 1u << cpu, __ATOMIC_RELEASE);
    store(&reads[cpu], reads[cpu] + 1);
}

static void keep_reading(unsigned cpu)
{
    while (load(&leave) == 0)
        read_once(cpu);
}

void stale_begin(uint32_t cpus)
{
    pages[1][0] = 1;
    readers = cpus;
    store(&wrong, 0);
    store(&leave, 0);
    for (unsigned cpu = 0; cpu < KERNEL_MAX_CPUS; cpu++)
        if (cpus >> cpu & 1)
            crew_begin(cpu, keep_reading);
}

bool stale_end(void)
{
    bool ended = true;

    store(&leave, 1);
    for (unsigned cpu = 0; cpu < KERNEL_MAX_CPUS; cpu++)
        if (readers >> cpu & 1)
            ended &= crew_finish(cpu);
    return ended;
}

bool stale_change(void)
{
    const uint32_t number = made + 1;
    bool shown;

    store(&begun, number);
    shown = kernel_show_page(window, (uintptr_t)pages[number % 2]);
    store(&made, number);
    return shown;
}

void stale_gone(void)
{
    store(&flushed, made);
}

static bool reads_on(unsigned cpu, uint32_t from)
{
    for (uint32_t i = 0; i < PATIENCE && load(&reads[cpu]) - from < READS; i++)
        __asm__ volatile("pause");
    return load(&reads[cpu]) - from >= READS;
}

uint32_t stale_look(void)
{
    uint32_t from[KERNEL_MAX_CPUS];

    for (unsigned cpu = 0; cpu < KERNEL_MAX_CPUS; cpu++)
        from[cpu] = load(&reads[cpu]);
    store(&seen, 0);
    for (unsigned cpu = 0; cpu < KERNEL_MAX_CPUS; cpu++)
        if ((readers >> cpu & 1) && !reads_on(cpu, from[cpu]))
            __atomic_fetch_or(&wrong, 1u << cpu, __ATOMIC_RELEASE);
    return load(&seen);
}

uint32_t stale_wrong(void)
{
    return load(&wrong);
}
