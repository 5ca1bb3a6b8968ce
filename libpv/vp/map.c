/* SPDX-License-Identifier: MIT */
/* Readers of a map. */
#include "vp/map.h"

#include "vp/bits.h"

/* So few runs are counted faster than halved: no load waits for another. */
#define FEW 8

/* Half of the keys are on each side: clang makes a branch of it unless it is told so. */
#if defined(__clang__)
#define PV_EITHER(condition) __builtin_unpredictable(condition)
#else
#define PV_EITHER(condition) (condition)
#endif

/* The last run that does not begin behind the key, or the first one. */
static uint32_t search(const struct pv_vp_way *way, uint32_t key)
{
    uint32_t base = 0;
    uint32_t left = way->runs;
    uint32_t before = 0;

    for (; left > FEW; left -= left / 2)
        base += PV_EITHER(pv_vp_word_(&way->words[base + left / 2]) <= key) ? left / 2 : 0;
    for (uint32_t i = 1; i < left; i++)
        before += pv_vp_word_(&way->words[base + i]) <= key;
    return base + before;
}

static bool find_in_array(const struct pv_vp_way *way, uint32_t key, uint32_t *value)
{
    const uint32_t at = key - way->first;

    if (at >= way->span || (pv_vp_present_(way, at / 32) >> at % 32 & 1) == 0)
        return false;
    *value = pv_vp_word_(&way->words[at]);
    return true;
}

static bool find(const struct pv_vp_way *way, uint32_t key, uint32_t *value)
{
    struct pv_vp_run run;

    if (way->runs == 0)
        return find_in_array(way, key, value);
    run = pv_vp_run_(way, search(way, key));
    if (key - run.key >= run.length)
        return false;
    *value = run.value + (key - run.key);
    return true;
}

static bool next_in_array(const struct pv_vp_way *way, uint32_t *at, struct pv_vp_run *run)
{
    for (; *at < way->span; *at = (*at | 31) + 1) {
        const uint32_t here = pv_vp_present_(way, *at / 32) >> *at % 32;
        if (here == 0)
            continue;
        *at += pv_bits_lowest_(here);
        run->key = way->first + *at;
        run->value = pv_vp_word_(&way->words[*at]);
        run->length = 1;
        ++*at;
        return true;
    }
    return false;
}

bool pv_vp_way_next_(const struct pv_vp_way *way, uint32_t *at, struct pv_vp_run *run)
{
    if (way->runs == 0)
        return next_in_array(way, at, run);
    if (*at == way->runs)
        return false;
    *run = pv_vp_run_(way, *at);
    ++*at;
    return true;
}

static enum pv_status look_up(const struct pv_vp_map *map, enum pv_vp_key by, uint32_t key,
                              uint32_t *value)
{
    struct pv_vp_view view;
    uint32_t found;
    bool there;

    do {
        view = pv_vp_view_(map, by);
        there = find(&view.way, key, &found);
    } while (!pv_vp_unchanged_(map, view.state));
    if (there)
        *value = found;
    return there ? PV_OK : PV_NOT_FOUND;
}

static enum pv_status translate(const struct pv_vp_map *map, enum pv_vp_key by, uint32_t key,
                                uint32_t *value)
{
    const uint64_t state = pv_vp_state_(map);

    if ((state & PV_VP_STATE_IDENTITY) == 0)
        return look_up(map, by, key, value);
    if (key >= (state & PV_VP_STATE_LENGTH_MASK))
        return PV_NOT_FOUND;
    *value = key;
    return PV_OK;
}

enum pv_status pv_vp_map_index(const struct pv_vp_map *map, struct pv_cpu cpu,
                               struct pv_vp_index *index)
{
    return translate(map, PV_VP_BY_CPU, cpu.value, &index->value);
}

enum pv_status pv_vp_map_cpu(const struct pv_vp_map *map, struct pv_vp_index index,
                             struct pv_cpu *cpu)
{
    return translate(map, PV_VP_BY_INDEX, index.value, &cpu->value);
}

uint32_t pv_vp_map_count(const struct pv_vp_map *map)
{
    uint64_t state;
    uint32_t count;

    do {
        state = pv_vp_state_(map);
        count = pv_vp_word_(&pv_vp_image_(map, state)->count);
    } while (!pv_vp_unchanged_(map, state));
    return count;
}
