/* SPDX-License-Identifier: MIT */
/*
 * A map of memory regions, step by step beside an array that is searched from its start; memory runs
 * out when the input says so, and readers take as long as it says.
 *
 * fuzz: -max_len=512
 */
#define MODEL_MAX 512u

#include "fuzz/input.h"
#include "sim/sim.h"
#include "unit/mem/map_compare.h"

#define ALLOCATIONS_MAX (SIM_PAGES / 3) /* a page between two canaries each */

static struct sim_machine machine; /* for its pages */
static struct input input;
static struct pv_mem_map map;
static struct model seen, draft;
static struct pv_mem_cursor overtaken; /* made when the wait for its reader began */
static struct model then;
static bool reading;

static struct model *now(void)
{
    return map.open ? &draft : &seen;
}

static void insist_agrees(const char *differs)
{
    INSIST(differs == NULL, differs);
}

/* ---- numbers: near to each other mostly, of every size, and at the ends ---- */

static uint64_t number(uint64_t end)
{
    const uint8_t kind = take8(&input), value = take8(&input);

    switch (kind & 7) {
    case 0:
        return take64(&input);
    case 1:
        return end - value;
    case 2:
        return (uint64_t)value << (kind >> 3) % 8 * 7;
    case 3:
        return take16(&input);
    default:
        return value % 64;
    }
}

static uint64_t address(void)
{
    const uint64_t page = number(MODEL_SPACE);

    return (page << 12) + (page % 251 == 250);
}

static uint64_t id(void)
{
    const struct model *m = now();
    const uint8_t which = take8(&input);

    return m->count != 0 && which % 8 != 0 ? m->regions[which % m->count].id : number(~0ull);
}

static struct model_step change(uint8_t what)
{
    struct model_step step = { .what = (enum model_what)(what % 6) };
    const uint8_t va = take8(&input);

    if (step.what != ADD)
        step.id = id();
    if (step.what == ADD || step.what == CHANGE)
        step.region.id = va % 3 != 0 ? number(~0ull) : step.id;
    if (step.what != REMOVE) {
        step.region.gpa = address();
        step.region.pages = number(MODEL_SPACE);
        step.region.va = va % 4 == 0   ? PV_MEM_VA_NONE
                         : va % 4 == 1 ? (uint64_t)(va / 4) << 12
                                       : address();
        step.region.flags = va;
    }
    return step;
}

/* ---- steps ---- */

static void arm(uint8_t what)
{
    machine.os.fail.alloc = (what & 0xC0) == 0xC0 ? 1 + (what >> 4 & 3) : 0;
}

static bool short_of_memory(void)
{
    return machine.os.fail.alloc == 0 || machine.os.live_pages >= ALLOCATIONS_MAX;
}

static void make_change(uint8_t what)
{
    const struct model_step step = change(what / 8);
    const uint32_t right = model_right(now(), &step);
    const bool armed = (arm(what), machine.os.fail.alloc != 0);
    enum pv_status status;

    if (step.what == ADD && now()->count == MODEL_MAX)
        return;
    status = model_do_to(&map, &step);
    if (status == PV_NO_MEMORY) {
        INSIST((armed && short_of_memory()) || machine.os.live_pages >= ALLOCATIONS_MAX, "no memory");
        return;
    }
    INSIST((right >> status & 1) != 0, "status of a change");
    if (status == PV_OK)
        model_do(now(), &step);
}

static void batch(uint8_t what)
{
    const bool open = map.open;
    const enum pv_status wanted = open ? PV_OK : PV_BAD_STATE;

    switch (what % 3) {
    case 0:
        INSIST(pv_mem_map_begin(&map) == (open ? PV_BAD_STATE : PV_OK), "begin");
        if (!open)
            model_copy(&draft, &seen);
        break;
    case 1:
        INSIST(pv_mem_map_commit(&map) == wanted, "commit");
        if (open)
            model_copy(&seen, &draft);
        break;
    default:
        INSIST(pv_mem_map_cancel(&map) == wanted, "cancel");
        break;
    }
}

/* Then the next change asks for nothing. */
static void reserve(uint8_t what)
{
    const struct model_step step = change(what / 8);
    const struct pv_mem_region highest = { .pages = MODEL_SPACE, .id = ~0ull };
    const uint32_t right = model_right(now(), &step);
    const uint32_t allocs = machine.os.allocs;
    enum pv_status status = pv_mem_map_reserve(&map, 1, &highest);

    INSIST(status == PV_OK || machine.os.live_pages >= ALLOCATIONS_MAX, "reserve");
    if (status != PV_OK || map.open || now()->count == MODEL_MAX)
        return;
    INSIST(machine.os.allocs - allocs <= 16, "pages that one change needs");
    machine.os.fail.alloc = 1;
    status = model_do_to(&map, &step);
    INSIST(machine.os.fail.alloc == 1, "the OS was asked although memory was reserved");
    INSIST((right >> status & 1) != 0, "status of a reserved change");
    if (status == PV_OK)
        model_do(now(), &step);
}

/* A reader sees the map of its beginning, flags apart, which are stored into what everybody sees. */
static void end_reading(void)
{
    struct pv_mem_region region;

    for (size_t i = 0; reading && i < then.count; i++) {
        INSIST(pv_mem_cursor_next(&overtaken, &region), "the end, overtaken");
        region.flags = then.regions[i].flags;
        INSIST(model_same(&region, &then.regions[i]), "a region, overtaken");
    }
    INSIST(!reading || !pv_mem_cursor_next(&overtaken, &region), "no end, overtaken");
    reading = false;
    machine.os.grace.held = false;
}

static void begin_reading(void)
{
    machine.os.grace.over = machine.os.grace.begun;
    machine.os.grace.held = true;
    model_copy(&then, &seen);
    overtaken = pv_mem_map_from(&map, 0);
    reading = true;
}

static void release(void)
{
    end_reading();
    pv_mem_map_release(&map);
    INSIST(machine.os.live_pages == 0, "pages left");
    INSIST(sim_complaint(&machine) == NULL, sim_complaint(&machine));
    seen.count = 0;
}

static void compare(size_t stride)
{
    insist_agrees(model_differs(&map, &seen, stride));
    if (!map.open)
        insist_agrees(model_differs_in_memory(&map));
    INSIST(pv_mem_map_use(&map).pages == machine.os.live_pages, "pages");
}

static void step(void)
{
    const uint8_t what = take8(&input);

    switch (what % 8) {
    case 0:
        batch(what / 8);
        break;
    case 1:
        if (reading)
            end_reading();
        else
            begin_reading();
        break;
    case 2:
        if (what == 2)
            release();
        else if (what / 8 % 2 == 0)
            reserve(take8(&input));
        else
            pv_mem_map_reclaim(&map);
        break;
    default:
        make_change(what);
        break;
    }
    machine.os.fail.alloc = 0;
    compare(seen.count / 8 + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (pv_sim == NULL)
        sim_machine_init(&machine, SIM_BARE);
    input.at = data;
    input.left = size;
    memset(&map, 0, sizeof(map));
    pv_mem_map_init(&map);
    seen.count = 0;
    while (input.left != 0)
        step();
    compare(1);
    release();
    return 0;
}
