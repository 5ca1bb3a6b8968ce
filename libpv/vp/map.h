/* SPDX-License-Identifier: MIT */
/*
 * How a map lies in memory, for its readers and its writer.
 *
 * state: generation, whether every number is its own index, and if so up to which. The image to read
 * is that of the generation's lowest bit; the writer prepares the other one. So a reader has what it
 * read from one whole map if the state is still the same afterwards.
 *
 * Words of an image may change under a reader that was overtaken. It finds out before it gives an
 * answer, and until then it can do no harm: the pointers and sizes of a way are checked to belong together
 * before they are followed, whatever the words then say stays within them, and memory is given back
 * only when no reader can be there.
 */
#ifndef PV_VP_MAP_INTERNAL_H
#define PV_VP_MAP_INTERNAL_H

#include <pv/vp/map.h>

#define PV_VP_STATE_LENGTH_MASK 0x1FFFull /* with IDENTITY: CPUs 0..length - 1 are VPs 0..length - 1 */
#define PV_VP_STATE_IDENTITY 0x2000ull
#define PV_VP_STATE_GENERATION 0x4000ull /* one of it */
PV_STATIC_ASSERT(PV_HV_VPS_MAX <= PV_VP_STATE_LENGTH_MASK, "every map may be an identity");

/* Memory for the words of an image: pages from the OS. */
struct pv_vp_block {
    struct pv_vp_block *next; /* retired */
    uint32_t pages;
    uint32_t words[];
};

/* Keys key .. key + length - 1 have the values value .. value + length - 1. */
struct pv_vp_run {
    uint32_t key;
    uint32_t value;
    uint32_t length;
};

static inline uint32_t pv_vp_word_(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline struct pv_vp_run pv_vp_run_(const struct pv_vp_way *way, uint32_t i)
{
    const struct pv_vp_run run = {
        .key = pv_vp_word_(&way->words[i]),
        .value = pv_vp_word_(&way->words[way->runs + i]),
        .length = pv_vp_word_(&way->words[2 * way->runs + i]),
    };

    return run;
}

/* Array: which of the keys first + 32 i .. first + 32 i + 31 are there. */
static inline uint32_t pv_vp_present_(const struct pv_vp_way *way, uint32_t i)
{
    return pv_vp_word_(&way->words[way->span + i]);
}

static inline uint64_t pv_vp_state_(const struct pv_vp_map *map)
{
    return __atomic_load_n(&map->state, __ATOMIC_ACQUIRE);
}

/* Nothing has changed since the state was loaded. */
static inline bool pv_vp_unchanged_(const struct pv_vp_map *map, uint64_t state)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&map->state, __ATOMIC_RELAXED) == state;
}

static inline const struct pv_vp_image *pv_vp_image_(const struct pv_vp_map *map, uint64_t state)
{
    return &map->images[(state & PV_VP_STATE_GENERATION) != 0];
}

enum pv_vp_key {
    PV_VP_BY_CPU,
    PV_VP_BY_INDEX,
};

/* One direction of the map as it was in one state. */
struct pv_vp_view {
    uint64_t state;
    struct pv_vp_way way;
    uint32_t banks;
};

static inline struct pv_vp_view pv_vp_view_once_(const struct pv_vp_map *map, enum pv_vp_key key)
{
    const uint64_t state = pv_vp_state_(map);
    const struct pv_vp_image *image = pv_vp_image_(map, state);
    const struct pv_vp_way *way = key == PV_VP_BY_CPU ? &image->by_cpu : &image->by_index;
    const struct pv_vp_view view = {
        .state = state,
        .way.words = __atomic_load_n(&way->words, __ATOMIC_RELAXED),
        .way.runs = pv_vp_word_(&way->runs),
        .way.first = pv_vp_word_(&way->first),
        .way.span = pv_vp_word_(&way->span),
        .banks = pv_vp_word_(&image->banks),
    };

    return view;
}

static inline struct pv_vp_view pv_vp_view_(const struct pv_vp_map *map, enum pv_vp_key key)
{
    struct pv_vp_view view = pv_vp_view_once_(map, key);

    while (!pv_vp_unchanged_(map, view.state))
        view = pv_vp_view_once_(map, key);
    return view;
}

/* The run at `*at`, which starts with 0 and is moved on; of an array, single keys. False at the end. */
bool pv_vp_way_next_(const struct pv_vp_way *way, uint32_t *at, struct pv_vp_run *run);

#endif
