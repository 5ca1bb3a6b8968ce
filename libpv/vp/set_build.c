/* SPDX-License-Identifier: MIT */
/*
 * Sets of VPs from CPU masks, word by word wherever CPUs and VPs are numbered in step.
 *
 * The map may change meanwhile, which is noticed at the end. Until then a run can be anything, so
 * nothing is believed of it: keys are kept within the mask and values within the banks.
 */
#include "vp/map.h"

#include <pv/vp/set.h>

#include "vp/bits.h"

#include "pv_port.h"

/* The kernel's mask, read as bits. */
struct mask {
    const uint64_t *words;
    uint32_t cpus;
};

/* `count` bits from `first` on, at most 64 and all within the mask. */
static uint64_t bits(const struct mask *mask, uint32_t first, uint32_t count)
{
    const uint32_t shift = first % 64;
    const uint64_t *word = &mask->words[first / 64];
    uint64_t value = word[0] >> shift;

    if (shift + count > 64)
        value |= word[1] << 1 << (63 - shift);
    return value & pv_bits_low_(count);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Nobody from CPU `first` up to `end`. */
static bool nobody(const struct mask *mask, uint32_t first, uint32_t end)
{
    while (first < end) {
        const uint32_t count = smaller(end - first, 64);

        if (bits(mask, first, count) != 0)
            return false;
        first += count;
    }
    return true;
}

/* `length` CPUs from `cpu` on are VPs from `index` on. Goes from bank to bank. */
static enum pv_status copy(const struct mask *mask, uint32_t cpu, uint32_t index, uint32_t length,
                           uint64_t *banks)
{
    while (length != 0) {
        const uint32_t count = smaller(length, 64 - index % 64);
        const uint64_t members = bits(mask, cpu, count);

        if (index < PV_HV_VPS_MAX)
            banks[index / 64] |= members << index % 64;
        else if (members != 0)
            return PV_NO_ROOM;
        cpu += count;
        index += count;
        length -= count;
    }
    return PV_OK;
}

static enum pv_status build_from_runs(const struct pv_vp_way *way, const struct mask *mask,
                                      uint64_t *banks)
{
    enum pv_status status = PV_OK;
    struct pv_vp_run run;
    uint32_t seen = 0; /* CPUs below are done */
    uint32_t at = 0;

    while (pv_vp_way_next_(way, &at, &run) && run.key < mask->cpus) {
        const uint32_t length = smaller(run.length, mask->cpus - run.key);

        if (!nobody(mask, seen, run.key))
            return PV_NOT_FOUND;
        if (copy(mask, run.key, run.value, length, banks) != PV_OK)
            status = PV_NO_ROOM; /* unless a CPU is unknown, as in an array */
        seen = run.key + length;
    }
    return nobody(mask, seen, mask->cpus) ? status : PV_NOT_FOUND;
}

/* `length` CPUs whose indexes stand side by side. Gives those or-ed together: beyond the banks if one
 * of them is. */
static uint32_t scatter(const uint32_t *indexes, uint32_t length, uint64_t *banks)
{
    uint32_t seen = 0;

    for (uint32_t i = 0; i < length; i++) {
        const uint32_t index = pv_vp_word_(&indexes[i]);

        seen |= index;
        banks[index / 64 % PV_HV_SET_BANKS_MAX] |= 1ull << index % 64;
    }
    return seen;
}

/* One word of the mask, by stretches of ones. */
static uint32_t scatter_members(const uint32_t *indexes, uint64_t members, uint64_t *banks)
{
    uint32_t seen = 0;

    while (members != 0) {
        const uint32_t first = pv_bits_lowest_(members);
        const uint64_t zeros = ~(members >> first);
        const uint32_t length = zeros != 0 ? pv_bits_lowest_(zeros) : 64;

        seen |= scatter(&indexes[first], length, banks);
        members &= ~pv_bits_low_(first + length);
    }
    return seen;
}

static enum pv_status build_from_array(const struct pv_vp_way *way, const struct mask *mask,
                                       uint64_t *banks)
{
    const uint32_t words = mask->cpus / 64 + (mask->cpus % 64 != 0);
    uint32_t seen = 0;

    for (uint32_t word = 0; word < words; word++) {
        const uint32_t cpu = 64 * word;
        const uint64_t members = bits(mask, cpu, smaller(mask->cpus - cpu, 64));
        const uint32_t at = cpu - way->first;
        uint64_t known = 0;

        if (members == 0)
            continue;
        if (at < way->span)
            known = (uint64_t)pv_vp_present_(way, at / 32 + 1) << 32 | pv_vp_present_(way, at / 32);
        if ((members & ~known) != 0)
            return PV_NOT_FOUND;
        seen |= scatter_members(&way->words[at], members, banks);
    }
    return seen < PV_HV_VPS_MAX ? PV_OK : PV_NO_ROOM;
}

static enum pv_status build(const struct pv_vp_way *way, const struct mask *mask, uint64_t *banks)
{
    return way->runs != 0 ? build_from_runs(way, mask, banks) : build_from_array(way, mask, banks);
}

/* Which of the banks have a member. */
static enum pv_status finish(struct pv_vp_set *set, uint32_t banks, enum pv_status status)
{
    pv_vp_set_clear(set);
    if (status != PV_OK)
        return status;
    for (uint32_t n = 0; n < banks; n++)
        set->valid |= (uint64_t)(set->banks[n] != 0) << n;
    return set->valid != 0 ? PV_OK : PV_EMPTY;
}

static struct pv_vp_view start(struct pv_vp_set *set, const struct pv_vp_map *map,
                               enum pv_vp_key key)
{
    const struct pv_vp_view view = pv_vp_view_(map, key);

    memset(set->banks, 0, view.banks * sizeof(set->banks[0]));
    return view;
}

/* Every number below `length` is its own index: the mask is the set. */
static enum pv_status take_mask(struct pv_vp_set *set, uint32_t length, const struct mask *mask)
{
    const uint32_t cpus = smaller(length, mask->cpus);
    uint64_t valid = 0;

    for (uint32_t n = 0; n < cpus / 64; n++) {
        set->banks[n] = mask->words[n];
        valid |= (uint64_t)(set->banks[n] != 0) << n;
    }
    if (cpus % 64 != 0) {
        set->banks[cpus / 64] = bits(mask, cpus & ~63u, cpus % 64);
        valid |= (uint64_t)(set->banks[cpus / 64] != 0) << cpus / 64;
    }
    pv_vp_set_clear(set);
    if (!nobody(mask, cpus, mask->cpus))
        return PV_NOT_FOUND;
    set->valid = valid;
    return valid != 0 ? PV_OK : PV_EMPTY;
}

static enum pv_status translate_mask(struct pv_vp_set *set, const struct pv_vp_map *map,
                                     const struct mask *mask)
{
    struct pv_vp_view view;
    enum pv_status status;

    do {
        view = start(set, map, PV_VP_BY_CPU);
        status = build(&view.way, mask, set->banks);
    } while (!pv_vp_unchanged_(map, view.state));
    return finish(set, view.banks, status);
}

enum pv_status pv_vp_set_from_cpus(struct pv_vp_set *set, const struct pv_vp_map *map,
                                   const uint64_t *mask, uint32_t cpus)
{
    const uint64_t state = pv_vp_state_(map);
    const struct mask from = { mask, cpus };

    if ((state & PV_VP_STATE_IDENTITY) != 0)
        return take_mask(set, (uint32_t)(state & PV_VP_STATE_LENGTH_MASK), &from);
    return translate_mask(set, map, &from);
}

/* Keys of the other direction are the members. */
static enum pv_status gather(const struct pv_vp_way *way, uint64_t *banks)
{
    struct pv_vp_run run;
    uint32_t at = 0;

    while (pv_vp_way_next_(way, &at, &run)) {
        const uint32_t length = smaller(run.length, PV_HV_VPS_MAX);

        if (run.key > PV_HV_VPS_MAX - length)
            return PV_NO_ROOM;
        for (uint32_t i = 0; i < length;) {
            const uint32_t index = run.key + i;
            const uint32_t count = smaller(length - i, 64 - index % 64);

            banks[index / 64] |= pv_bits_low_(count) << index % 64;
            i += count;
        }
    }
    return PV_OK;
}

enum pv_status pv_vp_set_everyone(struct pv_vp_set *set, const struct pv_vp_map *map)
{
    struct pv_vp_view view;
    enum pv_status status;

    do {
        view = start(set, map, PV_VP_BY_INDEX);
        status = gather(&view.way, set->banks);
    } while (!pv_vp_unchanged_(map, view.state));
    status = finish(set, view.banks, status);
    set->everyone = status == PV_OK;
    return status;
}
