/* SPDX-License-Identifier: MIT */
/*
 * A map of VPs and sets built from it, step by step beside a list of pairs that is searched from its
 * start; memory runs out when the input says so. Sets are also read from bytes of the input.
 *
 * fuzz: -max_len=2048
 */
#include "fuzz/input.h"
#include "sim/sim.h"

#define PAIRS_MAX 600u
#define CPUS 2048u

static struct sim_machine machine; /* for its pages */
static struct input input;
static struct pv_vp_map map;
static struct pair {
    uint32_t cpu;
    uint32_t index;
} pairs[PAIRS_MAX];
static uint32_t count;
static uint32_t max_vps;
static bool no_memory;

/* ---- the model ---- */

static struct pair *by_cpu(uint32_t cpu)
{
    for (uint32_t i = 0; i < count; i++)
        if (pairs[i].cpu == cpu)
            return &pairs[i];
    return NULL;
}

static struct pair *by_index(uint32_t index)
{
    for (uint32_t i = 0; i < count; i++)
        if (pairs[i].index == index)
            return &pairs[i];
    return NULL;
}

/* Near to each other mostly, and at the ends of the range. */
static uint32_t number(void)
{
    const uint8_t kind = take8(&input);

    switch (kind & 7) {
    case 0:
        return take32(&input);
    case 1:
        return UINT32_MAX - take8(&input);
    case 2:
        return PV_HV_VPS_MAX - 64 + take8(&input) % 128;
    case 3:
        return take16(&input) % 2048;
    default:
        return take8(&input);
    }
}

/* ---- steps ---- */

static void check_lookups(uint32_t cpu, uint32_t index)
{
    struct pv_vp_index found_index;
    struct pv_cpu found_cpu;
    const struct pair *pair = by_cpu(cpu);
    enum pv_status status = pv_vp_map_index(&map, (struct pv_cpu){ cpu }, &found_index);

    INSIST(status == (pair != NULL ? PV_OK : PV_NOT_FOUND), "status of an index");
    INSIST(pair == NULL || found_index.value == pair->index, "index");
    pair = by_index(index);
    status = pv_vp_map_cpu(&map, (struct pv_vp_index){ index }, &found_cpu);
    INSIST(status == (pair != NULL ? PV_OK : PV_NOT_FOUND), "status of a cpu");
    INSIST(pair == NULL || found_cpu.value == pair->cpu, "cpu");
    INSIST(pv_vp_map_count(&map) == count, "count");
}

static void add(uint32_t cpu, uint32_t index)
{
    enum pv_status status;

    if (count == PAIRS_MAX)
        return;
    machine.os.fail.alloc = no_memory;
    status = pv_vp_map_add(&map, (struct pv_cpu){ cpu }, (struct pv_vp_index){ index });
    if (max_vps != 0 && index >= max_vps) {
        INSIST(status == PV_INVALID, "above the maximum");
    } else if (by_cpu(cpu) != NULL || by_index(index) != NULL) {
        INSIST(status == PV_EXISTS, "a number twice");
    } else if (status == PV_OK) {
        pairs[count++] = (struct pair){ cpu, index };
    } else {
        INSIST(status == PV_NO_MEMORY && no_memory, "not added");
    }
}

/* A stretch, up or down. */
static void add_run(void)
{
    const uint32_t cpu = number(), index = number(), length = take8(&input) % 64;
    const bool down = (take8(&input) & 1) != 0;

    for (uint32_t i = 0; i < length; i++)
        add(cpu + i, down ? index - i : index + i);
}

static void drop(uint32_t cpu)
{
    struct pair *pair = by_cpu(cpu);
    enum pv_status status;

    machine.os.fail.alloc = no_memory;
    status = pv_vp_map_remove(&map, (struct pv_cpu){ cpu });

    if (pair == NULL)
        INSIST(status == PV_NOT_FOUND, "removed nobody");
    else if (status == PV_OK)
        *pair = pairs[--count];
    else
        INSIST(status == PV_NO_MEMORY && no_memory, "not removed");
}

static void release(void)
{
    pv_vp_map_release(&map);
    INSIST(machine.os.live_pages == 0, "pages left");
    INSIST(sim_complaint(&machine) == NULL, "outside of its pages");
    count = 0;
}

/* ---- sets ---- */

/* What is encoded comes back. */
static void check_wire(const struct pv_vp_set *set)
{
    const enum pv_vp_set_form form =
        (take8(&input) & 1) != 0 ? PV_VP_SET_PREFIX : PV_VP_SET_COMPACT;
    const uint32_t banks = pv_vp_set_banks(set, form);
    uint64_t *wire = malloc(banks * sizeof(*wire));
    struct pv_hv_vp_set fixed;
    struct pv_vp_set again;

    INSIST(pv_vp_set_encode(set, form, banks - 1, &fixed, wire) == PV_NO_ROOM, "too little room");
    INSIST(pv_vp_set_encode(set, form, banks, &fixed, wire) == PV_OK, "encode");
    INSIST(pv_vp_set_decode(&again, &fixed, wire, banks) == PV_OK, "decode");
    INSIST(again.valid == set->valid, "banks");
    for (uint32_t n = 0; n < PV_HV_SET_BANKS_MAX; n++)
        INSIST((set->valid >> n & 1) == 0 || again.banks[n] == set->banks[n], "bank");
    free(wire);
}

static void check_members(const struct pv_vp_set *set, uint32_t members)
{
    struct pv_vp_index at = { 0 };
    uint32_t seen = 0;

    INSIST(pv_vp_set_count(set) == members, "members");
    for (; pv_vp_set_next(set, &at); at.value++, seen++)
        INSIST(pv_vp_set_has(set, at) && by_index(at.value) != NULL, "member of no map");
    INSIST(seen == members, "members one by one");
    check_wire(set);
}

static void everyone(void)
{
    struct pv_vp_set set;
    bool no_room = false;
    const enum pv_status status = pv_vp_set_everyone(&set, &map);

    for (uint32_t i = 0; i < count; i++)
        no_room |= pairs[i].index >= PV_HV_VPS_MAX;
    INSIST(status == (no_room ? PV_NO_ROOM : count != 0 ? PV_OK : PV_EMPTY), "status of everyone");
    if (status == PV_OK)
        check_members(&set, count);
}

/* Its memory ends with the last word that the mask needs. */
static void from_mask(void)
{
    const uint32_t cpus = take16(&input) % (CPUS + 1), words = (cpus + 63) / 64;
    uint64_t *mask = calloc(words, sizeof(*mask));
    bool unknown = false, no_room = false;
    uint32_t members = 0;
    struct pv_vp_set set;
    enum pv_status status;

    if (words != 0)
        take(&input, mask, take8(&input) % (8 * words + 1));
    for (uint32_t i = take8(&input) & 1; i < count; i++)
        if (pairs[i].cpu < cpus)
            mask[pairs[i].cpu / 64] |= 1ull << pairs[i].cpu % 64;
    for (uint32_t cpu = 0; cpu < cpus; cpu++) {
        const struct pair *pair = by_cpu(cpu);

        if ((mask[cpu / 64] >> cpu % 64 & 1) == 0)
            continue;
        members++;
        unknown |= pair == NULL;
        no_room |= pair != NULL && pair->index >= PV_HV_VPS_MAX;
    }
    status = pv_vp_set_from_cpus(&set, &map, mask, cpus);
    INSIST(status == (unknown       ? PV_NOT_FOUND
                      : no_room     ? PV_NO_ROOM
                      : members > 0 ? PV_OK
                                    : PV_EMPTY),
           "status of a set");
    INSIST(status == PV_OK || pv_vp_set_is_empty(&set), "empty unless good");
    if (status == PV_OK)
        check_members(&set, members);
    free(mask);
}

/* Any bytes. */
static void decode(void)
{
    const struct pv_hv_vp_set fixed = { take8(&input) % 3, take64(&input) };
    const uint32_t banks = take8(&input) % 3 != 0
                               ? (uint32_t)__builtin_popcountll(fixed.bank_mask)
                               : take8(&input) % 70;
    uint64_t *wire = calloc(banks, sizeof(*wire));
    struct pv_vp_set set;
    enum pv_status status;

    take(&input, wire, banks * sizeof(*wire));
    status = pv_vp_set_decode(&set, &fixed, wire, banks);
    INSIST(status == PV_OK || status == PV_EMPTY || status == PV_MALFORMED, "status of decode");
    INSIST((status == PV_OK) == (pv_vp_set_count(&set) != 0), "empty unless good");
    if (status == PV_OK)
        check_wire(&set);
    free(wire);
}

static void step(void)
{
    const uint8_t what = take8(&input);

    no_memory = (what & 0xE0) == 0xE0;
    machine.os.fail.alloc = 0;
    switch (what % 12) {
    case 0:
    case 1:
    case 2:
        add(number(), number());
        break;
    case 3:
    case 4:
        add_run();
        break;
    case 5:
    case 6:
        drop(count != 0 && (take8(&input) & 3) != 0 ? pairs[take16(&input) % count].cpu : number());
        break;
    case 7:
        pv_vp_map_reclaim(&map);
        break;
    case 8:
        everyone();
        break;
    case 9:
        decode();
        break;
    case 10:
        if ((take8(&input) & 15) == 0)
            release();
        break;
    default:
        from_mask();
        break;
    }
    INSIST(pv_vp_map_bytes(&map) == machine.os.live_pages * (size_t)PV_PAGE_BYTES, "bytes");
    check_lookups(number(), number());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (pv_sim == NULL)
        sim_machine_init(&machine, SIM_BARE);
    input.at = data;
    input.left = size;
    memset(&map, 0, sizeof(map));
    max_vps = take8(&input) % 4 == 0 ? take16(&input) : 0;
    pv_vp_map_init(&map, max_vps);
    count = 0;
    while (input.left != 0)
        step();
    for (uint32_t i = 0; i < count; i++)
        check_lookups(pairs[i].cpu, pairs[i].index);
    release();
    return 0;
}
