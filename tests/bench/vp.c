/* SPDX-License-Identifier: MIT */
/*
 * What it costs to make a set of VPs from a CPU mask, and to look up one VP, beside the loops that
 * kernels write by hand: one bit after the other, with and without atomic operations, over an array
 * of indexes; and a linear scan from index to CPU.
 *
 * `vp` prints a line for each kind and size of map: kind, VPs, picoseconds for a set of all of
 * them by the atomic loop, the plain loop and libpv, for a look-up by scan and by libpv, and the bytes that
 * the map has from the OS. `vp CASE ROUNDS` makes a set of 4,096 VPs over and over, for tests/bench/run.sh to count
 * its instructions; CASE is a maker and a kind: pv-identity, atomic-runs, plain-random, ...
 */
#include <pv/vp.h>

#include "any.h"
#include "pv_freestanding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WORDS (PV_HV_VPS_MAX / 64)
#define TURNS 41
#define LOOK_UPS 65536u /* so many that no branch predictor learns them */

static struct pv_vp_map map;
static uint32_t indexes[PV_HV_VPS_MAX]; /* by CPU */
static uint64_t mask[WORDS];
static struct pv_vp_set set;

/* What the freestanding port wants from a kernel. */
bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    (void)page;
    (void)access;
    return true;
}

void pv_freestanding_log(const char *text)
{
    (void)text;
}

/* ---- maps ---- */

static void number_identity(uint32_t cpus)
{
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        indexes[cpu] = cpu;
}

/* Four sockets, each counted by the hypervisor where the kernel has the one before it. */
static void number_runs(uint32_t cpus)
{
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        indexes[cpu] = (cpu + cpus / 4) % cpus;
}

static void number_random(uint32_t cpus)
{
    shuffle(indexes, cpus);
}

/* Indexes far beyond any set: only to be looked up. */
static void number_sparse(uint32_t cpus)
{
    number_random(cpus);
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        indexes[cpu] *= 1000003u;
}

static const struct kind {
    const char *name;
    void (*number)(uint32_t cpus);
} kinds[] = {
    { "identity", number_identity },
    { "runs", number_runs },
    { "random", number_random },
    { "sparse", number_sparse },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void make(const struct kind *kind, uint32_t cpus)
{
    kind->number(cpus);
    memset(mask, 0, sizeof(mask));
    pv_vp_map_init(&map, 0);
    for (uint32_t cpu = 0; cpu < cpus; cpu++) {
        const struct pv_vp_index index = { indexes[cpu] };
        const struct pv_cpu number = { cpu };

        mask[cpu / 64] |= 1ull << cpu % 64;
        if (pv_vp_map_add(&map, number, index) != PV_OK)
            abort();
    }
    pv_vp_map_reclaim(&map);
}

/* ---- makers of sets ---- */

static PV_NOINLINE void make_plain(uint32_t cpus)
{
    memset(set.banks, 0, sizeof(set.banks));
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        if ((mask[cpu / 64] >> cpu % 64 & 1) != 0)
            set.banks[indexes[cpu] / 64 % WORDS] |= 1ull << indexes[cpu] % 64;
}

static PV_NOINLINE void make_atomic(uint32_t cpus)
{
    memset(set.banks, 0, sizeof(set.banks));
    for (uint32_t cpu = 0; cpu < cpus; cpu++)
        if ((mask[cpu / 64] >> cpu % 64 & 1) != 0)
            __atomic_fetch_or(&set.banks[indexes[cpu] / 64 % WORDS], 1ull << indexes[cpu] % 64,
                              __ATOMIC_SEQ_CST);
}

static PV_NOINLINE void make_pv(uint32_t cpus)
{
    if (pv_vp_set_from_cpus(&set, &map, mask, cpus) != PV_OK)
        abort();
}

static const struct maker {
    const char *name;
    void (*make)(uint32_t cpus);
} makers[] = { { "atomic", make_atomic }, { "plain", make_plain }, { "pv", make_pv } };

#define MAKERS (sizeof(makers) / sizeof(makers[0]))

/* ---- look-ups ---- */

static uint32_t wanted[LOOK_UPS];
static uint32_t found;

static PV_NOINLINE void look_up_scan(uint32_t look_ups)
{
    for (uint32_t i = 0; i < look_ups; i++) {
        uint32_t cpu = 0;

        while (indexes[cpu] != wanted[i])
            cpu++;
        found += cpu;
    }
}

static PV_NOINLINE void look_up_pv(uint32_t look_ups)
{
    for (uint32_t i = 0; i < look_ups; i++) {
        const struct pv_vp_index index = { wanted[i] };
        struct pv_cpu cpu;

        if (pv_vp_map_cpu(&map, index, &cpu) != PV_OK)
            abort();
        found += cpu.value;
    }
}

/* ---- measuring: the quickest of many turns, taken alternately, since noise only adds ---- */

/* Picoseconds for each of `count` things that the rounds do together. */
static uint64_t ps_of(void (*work)(uint32_t), uint32_t argument, uint32_t rounds, uint32_t count)
{
    struct timespec from;
    struct timespec to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint32_t i = 0; i < rounds; i++)
        work(argument);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return ((uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u + (uint64_t)to.tv_nsec -
            (uint64_t)from.tv_nsec) * 1000 / count;
}

static void keep_smaller(uint64_t *least, uint64_t value)
{
    *least = value < *least ? value : *least;
}

static void measure(const struct kind *kind, uint32_t cpus)
{
    const uint32_t rounds = 1 + 20000 / cpus;
    uint64_t least[MAKERS] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
    uint64_t scan = UINT64_MAX;
    uint64_t look_up = UINT64_MAX;

    make(kind, cpus);
    for (uint32_t i = 0; i < LOOK_UPS; i++)
        wanted[i] = indexes[any(cpus)];
    for (uint32_t turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < MAKERS && kind->number != number_sparse; i++)
            keep_smaller(&least[i], ps_of(makers[i].make, cpus, rounds, rounds));
        keep_smaller(&scan, ps_of(look_up_scan, LOOK_UPS / 16, 1, LOOK_UPS / 16));
        keep_smaller(&look_up, ps_of(look_up_pv, LOOK_UPS, 1, LOOK_UPS));
    }
    printf("%s %u", kind->name, cpus);
    for (size_t i = 0; i < MAKERS; i++)
        printf(" %llu", (unsigned long long)least[i]);
    printf(" %llu %llu %zu\n", (unsigned long long)scan, (unsigned long long)look_up,
           pv_vp_map_bytes(&map));
    pv_vp_map_release(&map);
}

/* ---- one case, for its instructions ---- */

static int run_case(const char *name, uint32_t rounds)
{
    for (size_t i = 0; i < KINDS; i++)
        for (size_t j = 0; j < MAKERS; j++) {
            char each[32];

            snprintf(each, sizeof(each), "%s-%s", makers[j].name, kinds[i].name);
            if (strcmp(name, each) != 0)
                continue;
            make(&kinds[i], PV_HV_VPS_MAX);
            while (rounds-- > 0)
                makers[j].make(PV_HV_VPS_MAX);
            return 0;
        }
    return 2;
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = { 8, 64, 128, 1024, 4096 };

    if (argc == 3)
        return run_case(argv[1], (uint32_t)atoi(argv[2]));
    for (size_t i = 0; i < KINDS; i++)
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
            measure(&kinds[i], sizes[j]);
    return 0;
}
