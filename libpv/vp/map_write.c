/* SPDX-License-Identifier: MIT */
/*
 * The writer of a map: it reads the image in use as a stream of runs, with one key put in or left out,
 * and writes the other image from that; once to see what form is smaller, and once for good.
 */
#include "vp/map.h"

#include <pv/os.h>

#include "pv_port.h"

/* A map with one key more or less, in one direction. */
struct change {
    const struct pv_vp_way *from;
    struct pv_vp_run run; /* of length 1 */
    bool add;
};

/* What the stream makes of itself. */
struct shape {
    uint32_t runs;
    uint32_t keys;
    uint32_t first_key;
    uint32_t last_key;
};

/* Where the stream goes: neighbours are joined in `open` until the next one does not fit. */
struct sink {
    struct pv_vp_run open; /* length 0: none yet */
    struct shape shape;
    struct pv_vp_way *to; /* NULL: only measure */
    uint32_t *words;
};

static void set(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static void write_array(const struct sink *sink)
{
    const struct pv_vp_run *run = &sink->open;

    for (uint32_t i = 0; i < run->length; i++) {
        const uint32_t at = run->key - sink->to->first + i;
        uint32_t *present = &sink->words[sink->to->span + at / 32];

        set(&sink->words[at], run->value + i);
        set(present, *present | 1u << at % 32);
    }
}

static void write_run(const struct sink *sink)
{
    const size_t runs = sink->to->runs;
    uint32_t *word = &sink->words[sink->shape.runs];

    set(word, sink->open.key);
    set(word + runs, sink->open.value);
    set(word + 2 * runs, sink->open.length);
}

static void end_run(struct sink *sink)
{
    if (sink->open.length == 0)
        return;
    if (sink->to != NULL && sink->to->runs == 0)
        write_array(sink);
    else if (sink->to != NULL)
        write_run(sink);
    if (sink->shape.runs == 0)
        sink->shape.first_key = sink->open.key;
    sink->shape.last_key = sink->open.key + (sink->open.length - 1);
    sink->shape.keys += sink->open.length;
    sink->shape.runs++;
    sink->open.length = 0;
}

/* `run` continues `open` in both numbers. Keys ascend, so only the value could have wrapped. */
static bool adjoins(const struct pv_vp_run *open, const struct pv_vp_run *run)
{
    return open->length != 0 && run->key - open->key == open->length &&
           run->value - open->value == open->length && run->value > open->value;
}

static void emit(struct sink *sink, uint32_t key, uint32_t value, uint32_t length)
{
    const struct pv_vp_run run = { key, value, length };

    if (length == 0)
        return;
    if (adjoins(&sink->open, &run)) {
        sink->open.length += length;
        return;
    }
    end_run(sink);
    sink->open = run;
}

/* The run without one of its keys. */
static void emit_around(struct sink *sink, const struct pv_vp_run *run, uint32_t key)
{
    const uint32_t before = key - run->key;

    emit(sink, run->key, run->value, before);
    emit(sink, key + 1, run->value + before + 1, run->length - before - 1);
}

static void stream(const struct change *change, struct sink *sink)
{
    const struct pv_vp_run *added = change->add ? &change->run : NULL;
    struct pv_vp_run run;
    uint32_t at = 0;

    while (pv_vp_way_next_(change->from, &at, &run)) {
        if (added != NULL && added->key < run.key) {
            emit(sink, added->key, added->value, 1);
            added = NULL;
        }
        if (!change->add && change->run.key - run.key < run.length)
            emit_around(sink, &run, change->run.key);
        else
            emit(sink, run.key, run.value, run.length);
    }
    if (added != NULL)
        emit(sink, added->key, added->value, 1);
    end_run(sink);
}

/* Words of each direction for which one page does. */
#define PAGE_WORDS ((PV_PAGE_BYTES - sizeof(struct pv_vp_block)) / sizeof(uint32_t) / 2)

static uint32_t run_words(const struct shape *shape)
{
    return 3 * shape->runs;
}

/* The smaller form; but short runs that need a page anyway are quicker as an array that fits it. */
static bool array_is_better(const struct shape *shape, uint64_t words)
{
    const bool short_runs = shape->runs > PV_VP_IMAGE_WORDS / 6 && shape->keys < 8 * shape->runs;

    return words < run_words(shape) || (short_runs && words <= PAGE_WORDS);
}

/* An array starts and ends where a word of a CPU mask does. Gives the words of the form. */
static uint32_t choose(const struct shape *shape, struct pv_vp_way *way)
{
    const uint32_t first = shape->first_key & ~63u;
    const uint64_t span = (shape->last_key | 63ull) + 1 - first;

    way->runs = shape->runs;
    way->first = first;
    way->span = 0;
    if (!array_is_better(shape, span + span / 32))
        return run_words(shape);
    way->runs = 0;
    way->span = (uint32_t)span;
    return way->span + way->span / 32;
}

static uint32_t measure(const struct change *change, struct pv_vp_way *way, uint32_t *last_key)
{
    struct sink sink = { .to = NULL };

    stream(change, &sink);
    *last_key = sink.shape.last_key;
    return choose(&sink.shape, way);
}

static void write_way(const struct change *change, const struct pv_vp_way *form, uint32_t *words,
                      struct pv_vp_way *way)
{
    struct sink sink = { .to = way, .words = words };

    __atomic_store_n(&way->words, words, __ATOMIC_RELAXED);
    set(&way->runs, form->runs);
    set(&way->first, form->first);
    set(&way->span, form->span);
    for (uint32_t i = 0; i < form->span / 32; i++)
        set(&words[form->span + i], 0);
    stream(change, &sink);
}

static void retire(struct pv_vp_map *map, struct pv_vp_block *block)
{
    if (block == NULL)
        return;
    block->next = map->retired;
    map->retired = block;
}

/* Doubling each time keeps what is outgrown smaller than what is in use. */
static uint32_t *provide(struct pv_vp_map *map, struct pv_vp_image *image, uint32_t words)
{
    const size_t bytes = sizeof(struct pv_vp_block) + words * sizeof(uint32_t);
    struct pv_vp_block *block = image->block;
    uint32_t pages = 1;

    if (words <= PV_VP_IMAGE_WORDS)
        return image->words;
    while (pages * (size_t)PV_PAGE_BYTES < bytes)
        pages *= 2;
    if (block != NULL && block->pages >= pages)
        return block->words;
    block = pv_os_page_alloc(pages);
    if (block == NULL)
        return NULL;
    block->pages = pages;
    retire(map, image->block);
    image->block = block;
    return block->words;
}

static uint64_t next_state(uint64_t state, const struct pv_vp_image *image)
{
    const struct pv_vp_way *way = &image->by_cpu;
    const uint64_t generation = (state & ~(PV_VP_STATE_GENERATION - 1)) + PV_VP_STATE_GENERATION;

    if (image->count == 0)
        return generation | PV_VP_STATE_IDENTITY;
    if (way->runs == 1 && way->words[0] == 0 && way->words[1] == 0)
        return generation | PV_VP_STATE_IDENTITY | image->count;
    return generation;
}

/* What the new image will be. */
struct plan {
    struct pv_vp_way by_cpu;
    struct pv_vp_way by_index;
    uint32_t cpu_words;
    uint32_t index_words;
    uint32_t banks;
};

static struct plan make_plan(const struct change *by_cpu, const struct change *by_index)
{
    struct plan plan;
    uint32_t last;

    plan.cpu_words = measure(by_cpu, &plan.by_cpu, &last);
    plan.index_words = measure(by_index, &plan.by_index, &last);
    plan.banks = last < PV_HV_VPS_MAX ? last / 64 + 1 : PV_HV_SET_BANKS_MAX;
    return plan;
}

static enum pv_status change_map(struct pv_vp_map *map, uint32_t cpu, uint32_t index, bool add)
{
    const uint64_t state = map->state;
    const struct pv_vp_image *from = pv_vp_image_(map, state);
    struct pv_vp_image *to = &map->images[from == &map->images[0]];
    const struct change by_cpu = { &from->by_cpu, { cpu, index, 1 }, add };
    const struct change by_index = { &from->by_index, { index, cpu, 1 }, add };
    const struct plan plan = make_plan(&by_cpu, &by_index);
    uint32_t *words = provide(map, to, plan.cpu_words + plan.index_words);

    if (words == NULL)
        return PV_NO_MEMORY;
    /* Readers of the generation before the last may still look at this image: whoever sees a word of
     * the new one then also sees that his state is over. Pairs with pv_vp_unchanged_. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    write_way(&by_cpu, &plan.by_cpu, words, &to->by_cpu);
    write_way(&by_index, &plan.by_index, words + plan.cpu_words, &to->by_index);
    set(&to->count, add ? from->count + 1 : from->count - 1);
    set(&to->banks, plan.banks);
    /* And who sees the new state sees all of its image. Pairs with pv_vp_state_. */
    __atomic_store_n(&map->state, next_state(state, to), __ATOMIC_RELEASE);
    return PV_OK;
}

void pv_vp_map_init(struct pv_vp_map *map, uint32_t max_vps)
{
    memset(map, 0, sizeof(*map));
    map->max_vps = max_vps;
    map->state = PV_VP_STATE_IDENTITY;
}

enum pv_status pv_vp_map_add(struct pv_vp_map *map, struct pv_cpu cpu, struct pv_vp_index index)
{
    struct pv_vp_index other_index;
    struct pv_cpu other_cpu;

    if (map->max_vps != 0 && index.value >= map->max_vps)
        return PV_INVALID;
    if (pv_vp_map_index(map, cpu, &other_index) == PV_OK ||
        pv_vp_map_cpu(map, index, &other_cpu) == PV_OK)
        return PV_EXISTS;
    if (pv_vp_map_count(map) == PV_HV_VPS_MAX)
        return PV_NO_ROOM;
    return change_map(map, cpu.value, index.value, true);
}

enum pv_status pv_vp_map_remove(struct pv_vp_map *map, struct pv_cpu cpu)
{
    struct pv_vp_index index;
    const enum pv_status status = pv_vp_map_index(map, cpu, &index);

    return status == PV_OK ? change_map(map, cpu.value, index.value, false) : status;
}

static size_t block_bytes(const struct pv_vp_block *block)
{
    return block != NULL ? block->pages * (size_t)PV_PAGE_BYTES : 0;
}

size_t pv_vp_map_bytes(const struct pv_vp_map *map)
{
    size_t bytes = block_bytes(map->images[0].block) + block_bytes(map->images[1].block);

    for (const struct pv_vp_block *block = map->retired; block != NULL; block = block->next)
        bytes += block_bytes(block);
    return bytes;
}

void pv_vp_map_reclaim(struct pv_vp_map *map)
{
    while (map->retired != NULL) {
        struct pv_vp_block *block = map->retired;

        map->retired = block->next;
        pv_os_page_free(block, block->pages);
    }
}

void pv_vp_map_release(struct pv_vp_map *map)
{
    retire(map, map->images[0].block);
    retire(map, map->images[1].block);
    pv_vp_map_reclaim(map);
    pv_vp_map_init(map, map->max_vps);
}
