/* SPDX-License-Identifier: MIT */
/*
 * The region map beside what a kernel writes by hand (mem_trees.c), with the same regions and the
 * same keys.
 *
 * `mem` prints a line for each operation and size: operation, regions, and picoseconds for one of it
 * by libpv, by one tree and by three trees, "-" where a tree cannot; the median of many turns, which
 * the contenders take alternately. Then lines "setup", picoseconds for each region, where the fourth is
 * libpv in one batch; and "memory", bytes for each region. `mem CONTENDER-OPERATION-REGIONS ROUNDS`
 * does that over and over in rounds(), for tests/bench/run.sh to count its instructions and misses.
 */
#include "any.h"
#include "mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TURNS 21
#define CHANGES 256u /* of a map that has so many regions; a quarter of a smaller one */
#define SLOT_PAGES 128u

struct bench_region regions[REGIONS_MAX];
uint64_t wanted[3][LOOK_UPS];
uint32_t chosen[REGIONS_MAX];
uint32_t move_to;
uint64_t found;

static const struct contender *const contenders[] = { &libpv, &one_tree, &three_trees };

#define CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))

static const char *const names[OPERATIONS] = { "gpa",  "id",    "va",      "add", "remove",
                                               "move", "flags", "iterate", "hole" };

void give_up(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- libpv ---- */

static struct pv_mem_map map;

static void must(enum pv_status status)
{
    if (status != PV_OK)
        give_up(pv_status_name(status));
}

static void pv_clear(void)
{
    pv_mem_map_release(&map);
    pv_mem_map_init(&map);
}

static PV_NOINLINE void pv_find_gpa(uint32_t count)
{
    struct pv_mem_region region;

    for (uint32_t i = 0; i < count; i++) {
        must(pv_mem_map_find_gpa(&map, wanted[FIND_GPA][i], &region));
        found += region.id;
    }
}

static PV_NOINLINE void pv_find_id(uint32_t count)
{
    struct pv_mem_region region;

    for (uint32_t i = 0; i < count; i++) {
        must(pv_mem_map_find_id(&map, wanted[FIND_ID][i], &region));
        found += region.gpa;
    }
}

static PV_NOINLINE void pv_find_va(uint32_t count)
{
    struct pv_mem_region region;

    for (uint32_t i = 0; i < count; i++) {
        must(pv_mem_map_find_va(&map, wanted[FIND_VA][i], &region));
        found += region.id;
    }
}

static PV_NOINLINE void pv_add(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct bench_region *region = &regions[chosen[i]];
        const struct pv_mem_region new = {
            .gpa = region->place[0].gpa,
            .pages = region->pages,
            .va = region->place[0].va,
            .id = region->id,
        };

        must(pv_mem_map_add(&map, &new));
    }
}

static void pv_add_batch(uint32_t count)
{
    must(pv_mem_map_begin(&map));
    pv_add(count);
    must(pv_mem_map_commit(&map));
}

static PV_NOINLINE void pv_remove(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        must(pv_mem_map_remove(&map, regions[chosen[i]].id));
}

static PV_NOINLINE void pv_move(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct bench_region *region = &regions[chosen[i]];

        must(pv_mem_map_move(&map, region->id, region->place[move_to].gpa,
                             region->place[move_to].va));
    }
}

static PV_NOINLINE void pv_flags(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        must(pv_mem_map_set_flags(&map, regions[chosen[i]].id, i));
}

static PV_NOINLINE void pv_iterate(uint32_t count)
{
    struct pv_mem_cursor cursor = pv_mem_map_from(&map, 0);
    struct pv_mem_region region;

    for (; count > 0 && pv_mem_cursor_next(&cursor, &region); count--)
        found += region.id;
}

static PV_NOINLINE void pv_hole(uint32_t count)
{
    uint64_t gpa;
    uint64_t pages;

    for (uint32_t i = 0; i < count; i++) {
        must(pv_mem_map_hole(&map, wanted[FIND_GPA][i], &gpa, &pages));
        found += gpa + pages;
    }
}

const struct contender libpv = {
    .name = "pv",
    .clear = pv_clear,
    .run = { [FIND_GPA] = pv_find_gpa, [FIND_ID] = pv_find_id, [FIND_VA] = pv_find_va,
             [ADD] = pv_add, [REMOVE] = pv_remove, [MOVE] = pv_move, [FLAGS] = pv_flags,
             [ITERATE] = pv_iterate, [HOLE] = pv_hole },
};

/* ---- regions ---- */

static uint32_t order[2 * REGIONS_MAX];

/* A slot for each place: half of them are free, in front of a region and behind it mostly as well. */
static void make_regions(uint32_t count)
{
    shuffle(order, count);
    for (uint32_t i = 0; i < count; i++) {
        regions[i].id = order[i] * 1000003ull;
        regions[i].pages = 1 + any(SLOT_PAGES);
    }
    shuffle(order, 2 * count);
    for (uint32_t i = 0; i < 2 * count; i++) {
        const uint64_t room = SLOT_PAGES + 1 - regions[i / 2].pages;

        regions[i / 2].place[i % 2].gpa =
            0x100000 + ((uint64_t)order[i] * SLOT_PAGES + any((uint32_t)room)) * PV_PAGE_BYTES;
    }
    /* Elsewhere in another order; one of sixteen maps what another one maps. */
    shuffle(order, 2 * count);
    for (uint32_t i = 0; i < 2 * count; i++)
        regions[i / 2].place[i % 2].va =
            0xFFFF800000000000ull +
            (uint64_t)(i % 16 == 0 ? order[i] & ~1u : order[i]) * SLOT_PAGES * PV_PAGE_BYTES;
}

static void make_keys(uint32_t count)
{
    for (uint32_t i = 0; i < LOOK_UPS; i++) {
        const struct bench_region *region = &regions[any(count)];
        const uint64_t byte = any((uint32_t)region->pages * PV_PAGE_BYTES);

        wanted[FIND_GPA][i] = region->place[0].gpa + byte;
        wanted[FIND_ID][i] = region->id;
        wanted[FIND_VA][i] = region->place[0].va + byte;
    }
}

static void choose_all(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        chosen[i] = i;
}

static void fill(uint32_t count)
{
    make_regions(count);
    make_keys(count);
    choose_all(count);
    for (size_t i = 0; i < CONTENDERS; i++) {
        contenders[i]->clear();
        contenders[i]->run[ADD](count);
    }
    shuffle(chosen, count);
}

/* ---- measuring ---- */

static uint64_t samples[OPERATIONS][CONTENDERS][TURNS];
static uint64_t sums[OPERATIONS][CONTENDERS];

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t turns[TURNS])
{
    qsort(turns, TURNS, sizeof(turns[0]), by_size);
    return turns[TURNS / 2];
}

static uint64_t ps_of(void (*work)(uint32_t), uint32_t count)
{
    struct timespec from;
    struct timespec to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    work(count);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return ((uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u + (uint64_t)to.tv_nsec -
            (uint64_t)from.tv_nsec) * 1000 / count;
}

static void sample(enum operation operation, size_t who, uint32_t turn, uint32_t count)
{
    void (*const work)(uint32_t) = contenders[who]->run[operation];

    if (work == NULL)
        return;
    if (operation <= FIND_VA || operation == HOLE)
        work(count); /* the others' data is what the caches have */
    found = 0;
    samples[operation][who][turn] = ps_of(work, count);
    sums[operation][who] = found;
}

static void take_turn(size_t who, uint32_t turn, uint32_t count)
{
    const uint32_t changes = count / 4 < CHANGES ? count / 4 : CHANGES;

    for (enum operation o = FIND_GPA; o <= FIND_VA; o++)
        sample(o, who, turn, LOOK_UPS);
    sample(HOLE, who, turn, LOOK_UPS);
    sample(ITERATE, who, turn, count);
    sample(REMOVE, who, turn, changes);
    sample(ADD, who, turn, changes);
    move_to = 1;
    sample(MOVE, who, turn, changes);
    move_to = 0;
    sample(MOVE, who, turn, changes);
    sample(FLAGS, who, turn, changes);
}

/* What is compared has done the same. */
static void check_sums(enum operation operation)
{
    for (size_t i = 1; i < CONTENDERS; i++)
        if (contenders[i]->run[operation] != NULL && sums[operation][i] != sums[operation][0])
            give_up(names[operation]);
}

static void print_operation(enum operation operation, uint32_t count)
{
    check_sums(operation);
    printf("%s %u", names[operation], count);
    for (size_t i = 0; i < CONTENDERS; i++)
        if (contenders[i]->run[operation] == NULL)
            printf(" -");
        else
            printf(" %llu", (unsigned long long)median(samples[operation][i]));
    printf("\n");
}

static void measure(uint32_t count)
{
    fill(count);
    for (uint32_t turn = 0; turn < TURNS; turn++)
        for (size_t who = 0; who < CONTENDERS; who++)
            take_turn(who, turn, count);
    for (enum operation o = 0; o < OPERATIONS; o++)
        print_operation(o, count);
}

/* ---- from nothing ---- */

static uint64_t set_up_samples[CONTENDERS + 1][TURNS]; /* the last: libpv in one batch */

static void set_up(size_t who, uint32_t turn, void (*work)(uint32_t), uint32_t count)
{
    contenders[who % CONTENDERS]->clear();
    set_up_samples[who][turn] = ps_of(work, count);
}

static void measure_set_up(uint32_t count)
{
    fill(count);
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        for (size_t who = 0; who < CONTENDERS; who++)
            set_up(who, turn, contenders[who]->run[ADD], count);
        set_up(CONTENDERS, turn, pv_add_batch, count);
    }
    printf("setup %u", count);
    for (size_t i = 0; i <= CONTENDERS; i++)
        printf(" %llu", (unsigned long long)median(set_up_samples[i]));
    printf("\n");
}

static void print_memory(uint32_t count)
{
    fill(count);
    printf("memory %u %zu %zu %zu\n", count, os_pages() * PV_PAGE_BYTES / count,
           one_tree.node_bytes, three_trees.node_bytes);
}

/* ---- one case, for its instructions ---- */

/* A function of its own, whose work callgrind counts. */
static PV_NOINLINE void rounds(void (*work)(uint32_t), uint32_t count)
{
    work(count);
    __asm__ volatile("" : : : "memory");
}

static void run_case(const struct contender *who, enum operation operation, uint32_t regions_count,
                     uint32_t count)
{
    make_regions(regions_count);
    make_keys(regions_count);
    choose_all(regions_count);
    who->clear();
    (who == &libpv ? pv_add_batch : who->run[ADD])(regions_count);
    shuffle(chosen, regions_count);
    if (operation == ADD)
        who->run[REMOVE](count);
    move_to = 1;
    rounds(who->run[operation], count);
}

static int run_named(const char *name, uint32_t count)
{
    const char *number = strrchr(name, '-');

    for (size_t who = 0; who < CONTENDERS; who++)
        for (enum operation o = 0; o < OPERATIONS; o++) {
            char each[32];
            const int length = snprintf(each, sizeof(each), "%s-%s", contenders[who]->name, names[o]);

            if (number != name + length || strncmp(name, each, (size_t)length) != 0)
                continue;
            run_case(contenders[who], o, (uint32_t)atoi(number + 1), count);
            return 0;
        }
    return 2;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = { 64, 128, 256, 509, 1024, 2048, 4096, 8192, 16384, 32768 };

    if (argc == 3)
        return run_named(argv[1], (uint32_t)atoi(argv[2]));
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        measure(sizes[i]);
    measure_set_up(509);
    measure_set_up(32768);
    print_memory(509);
    print_memory(32768);
    return 0;
}
