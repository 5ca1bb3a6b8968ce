/* SPDX-License-Identifier: MIT */
/*
 * The layout planner. All sizes are bytes and fit 32 bits with room to spare: a block has at most
 * 65535 (fixed) + 8 * 65 (variable header) + 65535 (tail) + 4095 * 255 (list) bytes before it is
 * compared with the room. tests/proof/plan.c proves the contract of pv_hv_plan for every shape.
 */
#include <pv/hv/call.h>
#include <pv/hv/state.h>

const struct pv_hv_room pv_hv_room_shared = { PV_PAGE_BYTES, 0, 8, false };
const struct pv_hv_room pv_hv_room_two_pages = { PV_PAGE_BYTES, PV_PAGE_BYTES, 8, false };
const struct pv_hv_room pv_hv_room_reserve = { PV_HV_RESERVE_BYTES, 0, 8, false };
const struct pv_hv_room pv_hv_room_x64_block = { PV_HV_X64_BLOCK_BYTES, 0, 16, false };
const struct pv_hv_room pv_hv_room_smccc_block = { PV_HV_ARM64_BLOCK_BYTES, 0, 16, false };
const struct pv_hv_room pv_hv_room_hvc1_block = { PV_HV_ARM64_BLOCK_BYTES, 0, 16, true };

/* The sizes of one call, fixed parts with variable header and tail added. */
struct sizes {
    uint32_t in;
    uint32_t in_rep;
    uint32_t out;
    uint32_t out_rep;
};

/* `align` is a power of two: room_suits. */
static uint32_t align_up(uint32_t bytes, uint32_t align)
{
    return (bytes + align - 1) & ~(align - 1);
}

static bool reps_suit(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape)
{
    if (info->kind == PV_HV_KIND_REP)
        return shape->reps >= 1 && shape->reps <= PV_HV_REPS_MAX;
    return shape->reps == 0;
}

static bool var_suits(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape)
{
    uint32_t qwords_max = 0;

    if (info->var == PV_HV_VAR_BANKS)
        qwords_max = PV_HV_SET_BANKS_MAX;
    if (info->var == PV_HV_VAR_MASK_BANKS)
        qwords_max = 1 + PV_HV_SET_BANKS_MAX;
    return shape->var_qwords <= qwords_max;
}

static bool tail_suits(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape)
{
    return shape->tail_bytes == 0 || info->var == PV_HV_VAR_TAIL_IN ||
           info->var == PV_HV_VAR_TAIL_OUT;
}

static bool room_suits(const struct pv_hv_room *room)
{
    return (room->align == 8 || room->align == 16) && room->in_bytes <= PV_PAGE_BYTES &&
           room->in_bytes % room->align == 0 && room->out_bytes <= PV_PAGE_BYTES &&
           room->out_bytes % room->align == 0 &&
           (room->out_bytes == 0 || room->in_bytes == PV_PAGE_BYTES);
}

static struct sizes sizes_of(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape)
{
    struct sizes sizes = {
        .in = info->in_bytes + 8u * shape->var_qwords,
        .in_rep = info->in_rep_bytes,
        .out = info->out_bytes,
        .out_rep = info->out_rep_bytes,
    };

    if (info->var == PV_HV_VAR_TAIL_IN)
        sizes.in += shape->tail_bytes;
    if (info->var == PV_HV_VAR_TAIL_OUT)
        sizes.out += shape->tail_bytes;
    return sizes;
}

/* Do both blocks fit with that many list elements? Blocks are padded to the alignment. */
static bool fits(const struct sizes *sizes, const struct pv_hv_room *room, uint32_t reps)
{
    const uint32_t in = align_up(sizes->in + reps * sizes->in_rep, room->align);
    const uint32_t out = align_up(sizes->out + reps * sizes->out_rep, room->align);

    if (room->out_bytes != 0)
        return in <= room->in_bytes && out <= room->out_bytes;
    return in + out <= room->in_bytes;
}

/*
 * The most elements up to `wanted` that fit; at least one must. Fewer always fit where more do, so
 * it is found bit by bit, from the highest one down.
 */
static uint32_t reps_fitting(const struct sizes *sizes, const struct pv_hv_room *room,
                             uint32_t wanted)
{
    uint32_t fit = 0;

    for (uint32_t step = (PV_HV_REPS_MAX + 1) / 2; step != 0; step /= 2)
        if (fit + step <= wanted && fits(sizes, room, fit + step))
            fit += step;
    return fit;
}

static uint32_t out_offset(const struct pv_hv_room *room, uint32_t in, uint32_t out)
{
    if (room->out_bytes != 0)
        return room->in_bytes;
    if (room->out_last)
        return room->in_bytes - align_up(out, room->align);
    return align_up(in, room->align);
}

static void lay_out(const struct sizes *sizes, const struct pv_hv_room *room, uint32_t reps,
                    struct pv_hv_plan *plan)
{
    const uint32_t in = sizes->in + reps * sizes->in_rep;
    const uint32_t out = sizes->out + reps * sizes->out_rep;

    plan->in_bytes = (uint16_t)in;
    plan->in_list = (uint16_t)sizes->in;
    plan->out_offset = out != 0 ? (uint16_t)out_offset(room, in, out) : 0;
    plan->out_bytes = (uint16_t)out;
    plan->out_list = (uint16_t)(plan->out_offset + sizes->out);
    plan->reps = (uint16_t)reps;
}

enum pv_status pv_hv_plan(enum pv_hv_call call, const struct pv_hv_shape *shape,
                          const struct pv_hv_room *room, struct pv_hv_plan *plan)
{
    static const struct pv_hv_shape plain;
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct sizes sizes;
    uint32_t reps = 0;

    if (shape == NULL)
        shape = &plain;
    if (info == NULL || !room_suits(room))
        return PV_INVALID;
    if (info->kind == PV_HV_KIND_OPAQUE || info->kind == PV_HV_KIND_SWITCH)
        return PV_UNSUPPORTED;
    if (!reps_suit(info, shape) || !var_suits(info, shape) || !tail_suits(info, shape))
        return PV_INVALID;
    sizes = sizes_of(info, shape);
    if (info->kind == PV_HV_KIND_REP)
        reps = reps_fitting(&sizes, room, shape->reps);
    if (info->kind == PV_HV_KIND_REP ? reps == 0 : !fits(&sizes, room, 0))
        return PV_NO_ROOM;
    lay_out(&sizes, room, reps, plan);
    plan->control = info->code | (uint64_t)shape->var_qwords << PV_HV_CONTROL_VAR_SHIFT |
                    (uint64_t)reps << PV_HV_CONTROL_REPS_SHIFT;
    return PV_OK;
}
