/* SPDX-License-Identifier: MIT */
/*
 * Text of arbitrary control words, blocks and results, and plans of arbitrary shapes in arbitrary
 * rooms. The first byte says which; the rest is what that one takes.
 *
 * fuzz: -max_len=400 -use_value_profile=1
 */
#include "fuzz/input.h"

#include <pv/pv.h>

#define GUARD 0xA5
#define GUARD_BYTES 32u
#define SMALL_MAX 700u
#define LARGE_BYTES 65536u /* holds the text of every input of 400 bytes, uncut */

static char small[SMALL_MAX + GUARD_BYTES];
static char large[LARGE_BYTES + GUARD_BYTES];

/* ---- text ---- */

static bool guarded(const char *from)
{
    for (size_t i = 0; i < GUARD_BYTES; i++)
        if ((uint8_t)from[i] != GUARD)
            return false;
    return true;
}

static bool readable(const char *text)
{
    while ((*text >= ' ' && *text <= '~') || *text == '\n')
        text++;
    return *text == '\0';
}

/* Terminated inside its size, nothing written behind it; cut exactly when the answer says so. */
static void check_text(const char *text, size_t size, enum pv_status status)
{
    INSIST(guarded(text + size), "text written past its size");
    INSIST(status == PV_OK || status == PV_NO_ROOM, "status of a text");
    if (size == 0) {
        INSIST(status == PV_NO_ROOM, "a text fits no bytes");
        return;
    }
    INSIST(memchr(text, '\0', size) != NULL, "text not terminated");
    INSIST(readable(text), "text not readable");
    INSIST(status == PV_OK || strlen(text) == size - 1, "text cut too early");
}

/* What the small buffer got is the start of the whole, which has all the room it needs. */
static void check_cut(size_t size, enum pv_status status, enum pv_status whole)
{
    check_text(small, size, status);
    check_text(large, LARGE_BYTES, whole);
    INSIST(whole == PV_OK, "a text that does not fit anywhere");
    INSIST(size == 0 || strncmp(small, large, strlen(small)) == 0, "a cut text differs");
    INSIST((status == PV_OK) == (strlen(large) < size), "a text was cut without need");
}

static size_t take_size(struct input *input)
{
    memset(small, GUARD, sizeof(small));
    memset(large + LARGE_BYTES, GUARD, GUARD_BYTES);
    return take16(input) % (SMALL_MAX + 1);
}

/* Half of them of calls in the table, so that the rest of the word matters. */
static uint64_t take_control(struct input *input)
{
    const uint64_t control = take64(input);
    const uint8_t which = take8(input);
    const struct pv_hv_call_info *info = pv_hv_call_info((enum pv_hv_call)(which >> 1));

    if ((which & 1) == 0 || info == NULL)
        return control;
    return (control & ~PV_HV_CONTROL_CODE_MASK) | info->code;
}

/* The block in memory of exactly its size, so that one byte read beyond is seen. */
static void fuzz_decode(struct input *input)
{
    const size_t size = take_size(input);
    const uint64_t control = take_control(input);
    const size_t bytes = input->left;
    uint8_t *block = bytes != 0 ? (uint8_t *)malloc(bytes) : NULL;
    enum pv_status status;

    if (bytes != 0)
        take(input, block, bytes);
    status = pv_hv_decode(control, block, bytes, small, size);
    check_cut(size, status, pv_hv_decode(control, block, bytes, large, LARGE_BYTES));
    free(block);
}

static void fuzz_result(struct input *input)
{
    const size_t size = take_size(input);
    const uint64_t result = take64(input);
    const enum pv_status status = pv_hv_decode_result(result, small, size);

    check_cut(size, status, pv_hv_decode_result(result, large, LARGE_BYTES));
}

/* ---- plans ---- */

/* A block of a call as the table has it, worked out apart from the planner. */
struct blocks {
    uint64_t in, out;
};

static struct blocks blocks_of(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                               uint32_t reps)
{
    struct blocks blocks = {
        .in = info->in_bytes + 8ull * shape->var_qwords + (uint64_t)reps * info->in_rep_bytes,
        .out = info->out_bytes + (uint64_t)reps * info->out_rep_bytes,
    };

    blocks.in += info->var == PV_HV_VAR_TAIL_IN ? shape->tail_bytes : 0;
    blocks.out += info->var == PV_HV_VAR_TAIL_OUT ? shape->tail_bytes : 0;
    return blocks;
}

static uint64_t padded(uint64_t bytes, uint64_t align)
{
    return bytes + (align - bytes % align) % align;
}

static bool has_room(const struct pv_hv_room *room, struct blocks blocks)
{
    const uint64_t in = padded(blocks.in, room->align);
    const uint64_t out = padded(blocks.out, room->align);

    if (room->out_bytes != 0)
        return in <= room->in_bytes && out <= room->out_bytes;
    return in + out <= room->in_bytes;
}

static void check_places(const struct pv_hv_room *room, struct blocks blocks,
                         const struct pv_hv_plan *plan)
{
    const uint32_t end = (uint32_t)plan->out_offset + plan->out_bytes;

    INSIST(plan->in_bytes == blocks.in && plan->out_bytes == blocks.out, "size of a block");
    INSIST(plan->in_bytes <= room->in_bytes, "input outside its room");
    if (plan->out_bytes == 0)
        return;
    INSIST(plan->out_offset % room->align == 0, "output not aligned");
    INSIST(plan->out_offset >= plan->in_bytes, "input and output overlap");
    INSIST(end <= (uint32_t)room->in_bytes + room->out_bytes, "output outside its room");
    INSIST(room->out_bytes == 0 || plan->out_offset == room->in_bytes, "output in the wrong area");
    /* An area of its own is a page where the first one is; other sizes are the caller's affair. */
    if (room->out_bytes == 0 || room->in_bytes == PV_PAGE_BYTES)
        INSIST(plan->out_offset / PV_PAGE_BYTES == (end - 1) / PV_PAGE_BYTES, "page crossed");
    if (room->out_last && room->out_bytes == 0)
        INSIST(room->in_bytes - end < room->align, "output not last");
}

static void check_lists(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                        const struct pv_hv_plan *plan)
{
    const uint32_t in_list = (uint32_t)plan->in_bytes - plan->in_list;
    const uint32_t out_list = (uint32_t)plan->out_offset + plan->out_bytes - plan->out_list;

    INSIST(in_list == (uint32_t)plan->reps * info->in_rep_bytes, "place of the input list");
    INSIST(out_list == (uint32_t)plan->reps * info->out_rep_bytes, "place of the output list");
    INSIST(plan->reps <= shape->reps, "more elements than wanted");
    INSIST(plan->control == (info->code | (uint64_t)shape->var_qwords << PV_HV_CONTROL_VAR_SHIFT |
                             (uint64_t)plan->reps << PV_HV_CONTROL_REPS_SHIFT),
           "control word of a plan");
}

static void check_plan(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                       const struct pv_hv_room *room, const struct pv_hv_plan *plan)
{
    check_places(room, blocks_of(info, shape, plan->reps), plan);
    check_lists(info, shape, plan);
    if (info->kind != PV_HV_KIND_REP)
        return;
    INSIST(plan->reps >= 1, "a list without elements");
    INSIST(plan->reps == shape->reps || !has_room(room, blocks_of(info, shape, plan->reps + 1u)),
           "one more element had fitted");
}

/* Nothing is written unless there is a plan, and "no room" is the truth. */
static void check_refusal(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                          const struct pv_hv_room *room, const struct pv_hv_plan *plan,
                          enum pv_status status)
{
    const uint32_t least = info != NULL && info->kind == PV_HV_KIND_REP ? 1 : 0;

    for (size_t i = 0; i < sizeof(*plan); i++)
        INSIST(((const uint8_t *)plan)[i] == GUARD, "a refused plan was written");
    INSIST(status == PV_INVALID || status == PV_UNSUPPORTED || status == PV_NO_ROOM,
           "status of a refused plan");
    if (status == PV_NO_ROOM)
        INSIST(!has_room(room, blocks_of(info, shape, least)), "there was room");
}

static struct pv_hv_room take_room(struct input *input)
{
    const struct pv_hv_room *const known[] = {
        &pv_hv_room_shared,    &pv_hv_room_two_pages,   &pv_hv_room_reserve,
        &pv_hv_room_x64_block, &pv_hv_room_smccc_block, &pv_hv_room_hvc1_block,
    };
    const uint8_t which = take8(input) % 8;
    struct pv_hv_room room;

    if (which < 6)
        return *known[which];
    room.in_bytes = take16(input);
    room.out_bytes = take16(input);
    room.align = take8(input);
    room.out_last = (take8(input) & 1) != 0;
    return room;
}

static void draw(enum pv_hv_call call, const struct pv_hv_room *room, const struct pv_hv_plan *plan,
                 size_t size)
{
    const enum pv_status status = pv_hv_draw(call, room, plan, small, size);

    check_cut(size, status, pv_hv_draw(call, room, plan, large, LARGE_BYTES));
}

static void fuzz_plan(struct input *input)
{
    const size_t size = take_size(input);
    const enum pv_hv_call call = (enum pv_hv_call)(take8(input) % (PV_HV_CALLS + 1));
    const struct pv_hv_room room = take_room(input);
    const struct pv_hv_shape shape = { .reps = take32(input) & 0x1FFF,
                                       .var_qwords = take16(input),
                                       .tail_bytes = take16(input) };
    struct pv_hv_plan plan;
    enum pv_status status;

    memset(&plan, GUARD, sizeof(plan));
    status = pv_hv_plan(call, &shape, &room, &plan);
    if (status != PV_OK) {
        check_refusal(pv_hv_call_info(call), &shape, &room, &plan, status);
        return;
    }
    check_plan(pv_hv_call_info(call), &shape, &room, &plan);
    draw(call, &room, &plan, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = { data, size };

    switch (take8(&input) % 4) {
    case 0:
        fuzz_result(&input);
        break;
    case 1:
        fuzz_plan(&input);
        break;
    default:
        fuzz_decode(&input);
        break;
    }
    return 0;
}
