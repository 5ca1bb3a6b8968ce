/* SPDX-License-Identifier: MIT */
/*
 * The planner, for every call, every shape and every room: each plan obeys the hypervisor's rules
 * and takes as many list elements as there is room for, and each refusal is right.
 *
 * What fits is said here once more, not as the planner computes it (padded sums, a search by bits) but
 * as the hypervisor sees it: two intervals of bytes in one page.
 *
 * cbmc: --unwindset reps_fitting.0:13 --unwind 80 --object-bits 12 --conversion-check
 * sources: libpv/hv/plan.c libpv/hv/calls.c
 * part: -DPARTS=4 -DPART=0
 * part: -DPARTS=4 -DPART=1
 * part: -DPARTS=4 -DPART=2
 * part: -DPARTS=4 -DPART=3
 * full: -DPARTS=2 -DPART=0 -DPV_HV_ABI_ARM64=1
 * full: -DPARTS=2 -DPART=1 -DPV_HV_ABI_ARM64=1
 * bug: unaligned-output libpv/hv/plan.c s/return align_up(in, room->align)/return in/
 * bug: one-rep-too-many libpv/hv/plan.c s/reps = reps_fitting(.*);/reps = 1 + reps_fitting(\&sizes, room, shape->reps);/
 * bug: fewer-than-fit libpv/hv/plan.c s/(PV_HV_REPS_MAX + 1) \/ 2/1024/
 * bug: no-variable-header libpv/hv/plan.c s/info->in_bytes + 8u \* shape->var_qwords/info->in_bytes/
 * bug: output-past-end libpv/hv/plan.c s/return in + out <= room->in_bytes/return in <= room->in_bytes/
 * bug: second-page-late libpv/hv/plan.c s/room->in_bytes == PV_PAGE_BYTES)/true)/
 * bug: no-rep-limit libpv/hv/plan.c s/ && shape->reps <= PV_HV_REPS_MAX//
 */
#include <pv/hv/call.h>

enum pv_hv_call nondet_call(void);
struct pv_hv_shape nondet_shape(void);
struct pv_hv_room nondet_room(void);

/* Bytes of both blocks with `reps` list elements, from the table. */
struct blocks {
    uint32_t in_fixed;
    uint32_t in;
    uint32_t out_fixed;
    uint32_t out;
};

static struct blocks blocks_of(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                               uint32_t reps)
{
    struct blocks b = { info->in_bytes, 0, info->out_bytes, 0 };

    b.in_fixed += 8 * (uint32_t)shape->var_qwords;
    if (info->var == PV_HV_VAR_TAIL_IN)
        b.in_fixed += shape->tail_bytes;
    if (info->var == PV_HV_VAR_TAIL_OUT)
        b.out_fixed += shape->tail_bytes;
    b.in = b.in_fixed + reps * info->in_rep_bytes;
    b.out = b.out_fixed + reps * info->out_rep_bytes;
    return b;
}

/* Is there a place for the output, behind the input, aligned, that ends inside the room? */
static bool room_for(const struct pv_hv_room *room, const struct blocks *b)
{
    uint32_t place;

    if (b->in > room->in_bytes)
        return false;
    if (room->out_bytes != 0)
        return b->out <= room->out_bytes;
    place = b->in + (room->align - b->in % room->align) % room->align;
    return b->out == 0 || place + b->out <= room->in_bytes;
}

static bool shape_suits(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape)
{
    const bool is_rep = info->kind == PV_HV_KIND_REP;
    const bool has_tail = info->var == PV_HV_VAR_TAIL_IN || info->var == PV_HV_VAR_TAIL_OUT;
    const bool has_mask = info->var == PV_HV_VAR_MASK_BANKS;
    const bool has_var = info->var == PV_HV_VAR_BANKS || has_mask;

    if (is_rep ? shape->reps < 1 || shape->reps > 4095 : shape->reps != 0)
        return false;
    if (!has_tail && shape->tail_bytes != 0)
        return false;
    return shape->var_qwords <= (has_var ? has_mask ? 65 : 64 : 0);
}

static bool room_ok(const struct pv_hv_room *room)
{
    return (room->align == 8 || room->align == 16) && room->in_bytes <= 4096 &&
           room->out_bytes <= 4096 && room->in_bytes % room->align == 0 &&
           room->out_bytes % room->align == 0 &&
           (room->out_bytes == 0 || room->in_bytes == 4096);
}

static void check_places(const struct pv_hv_room *room, const struct blocks *b,
                         const struct pv_hv_plan *plan)
{
    const uint32_t end = (uint32_t)plan->out_offset + plan->out_bytes;

    /* Sizes as the table says, lists behind the fixed parts. */
    __CPROVER_assert(plan->in_bytes == b->in && plan->in_list == b->in_fixed, "input sizes");
    __CPROVER_assert(plan->out_bytes == b->out, "output size");
    __CPROVER_assert(plan->out_list == plan->out_offset + b->out_fixed, "output list");
    /* Inside the room; input starts it. */
    __CPROVER_assert(plan->in_bytes <= room->in_bytes, "input inside");
    __CPROVER_assert(plan->in_bytes <= 4096, "input in one page");
    if (plan->out_bytes == 0) {
        __CPROVER_assert(plan->out_offset == 0, "no output, no place");
        return;
    }
    __CPROVER_assert(end <= (uint32_t)room->in_bytes + room->out_bytes, "output inside");
    __CPROVER_assert(plan->out_offset >= plan->in_bytes, "disjoint");
    __CPROVER_assert(plan->out_offset % room->align == 0, "output aligned");
    __CPROVER_assert(room->out_bytes == 0 || plan->out_offset == room->in_bytes, "own area");
    __CPROVER_assert(plan->out_offset / 4096 == (end - 1) / 4096, "output in one page");
    if (room->out_last && room->out_bytes == 0)
        __CPROVER_assert(room->in_bytes - end < room->align, "output last");
}

static void check_reps(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                       const struct pv_hv_room *room, const struct pv_hv_plan *plan)
{
    const struct blocks more = blocks_of(info, shape, plan->reps + 1u);

    if (info->kind != PV_HV_KIND_REP) {
        __CPROVER_assert(plan->reps == 0, "simple calls have no reps");
        return;
    }
    __CPROVER_assert(plan->reps >= 1 && plan->reps <= shape->reps, "reps in range");
    __CPROVER_assert(plan->reps == shape->reps || !room_for(room, &more), "reps maximal");
}

static void check_control(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                          const struct pv_hv_plan *plan)
{
    const uint64_t control = plan->control;

    __CPROVER_assert((control & 0xFFFF) == info->code, "code");
    __CPROVER_assert((control >> 16 & 1) == 0, "not fast");
    __CPROVER_assert((control >> 17 & 0x3FF) == shape->var_qwords, "variable header size");
    __CPROVER_assert((control >> 27 & 0x1F) == 0, "reserved, nested");
    __CPROVER_assert((control >> 32 & 0xFFF) == plan->reps, "rep count");
    __CPROVER_assert(control >> 44 == 0, "start index and reserved");
}

static void check_ok(const struct pv_hv_call_info *info, const struct pv_hv_shape *shape,
                     const struct pv_hv_room *room, const struct pv_hv_plan *plan)
{
    const struct blocks b = blocks_of(info, shape, plan->reps);

    __CPROVER_assert(info->kind == PV_HV_KIND_SIMPLE || info->kind == PV_HV_KIND_REP, "issuable");
    check_places(room, &b, plan);
    check_reps(info, shape, room, plan);
    check_control(info, shape, plan);
}

/* The one answer that is right, from the contract in pv/hv/call.h. */
static enum pv_status right_answer(const struct pv_hv_call_info *info,
                                   const struct pv_hv_shape *shape, const struct pv_hv_room *room)
{
    struct blocks least;

    if (info == NULL || !room_ok(room))
        return PV_INVALID;
    if (info->kind == PV_HV_KIND_SWITCH || info->kind == PV_HV_KIND_OPAQUE)
        return PV_UNSUPPORTED;
    if (!shape_suits(info, shape))
        return PV_INVALID;
    least = blocks_of(info, shape, info->kind == PV_HV_KIND_REP);
    return room_for(room, &least) ? PV_OK : PV_NO_ROOM;
}

/* The rooms there are pass the room test. */
static void check_rooms(void)
{
    __CPROVER_assert(room_ok(&pv_hv_room_shared) && room_ok(&pv_hv_room_two_pages) &&
                         room_ok(&pv_hv_room_reserve) && room_ok(&pv_hv_room_x64_block) &&
                         room_ok(&pv_hv_room_smccc_block) && room_ok(&pv_hv_room_hvc1_block),
                     "rooms");
}

static void check(enum pv_hv_call call, uint8_t align)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const struct pv_hv_shape shape = nondet_shape();
    struct pv_hv_room room = nondet_room();
    struct pv_hv_plan plan;
    enum pv_status status;

    room.align = align;
    status = pv_hv_plan(call, &shape, &room, &plan);
    __CPROVER_assert(status == right_answer(info, &shape, &room), "status");
    if (status == PV_OK)
        check_ok(info, &shape, &room, &plan);
}

/* What the calls in main leave out. */
static void check_no_call_or_room(void)
{
    const enum pv_hv_call no_call = nondet_call();
    const struct pv_hv_shape shape = nondet_shape();
    struct pv_hv_room room = nondet_room();
    struct pv_hv_plan plan;

    __CPROVER_assume((unsigned)no_call >= PV_HV_CALLS);
    __CPROVER_assert(pv_hv_call_info(no_call) == NULL, "no call");
    __CPROVER_assert(pv_hv_plan(PV_HV_CALLS, &shape, &room, &plan) == PV_INVALID, "no call");
    __CPROVER_assume(room.align != 8 && room.align != 16);
    __CPROVER_assert(pv_hv_plan(PV_HV_CALL_POST_MESSAGE, &shape, &room, &plan) == PV_INVALID,
                     "no room");
}

/* A call and an alignment at a time, because constants make the arithmetic cheap to prove. */
static void check_call(enum pv_hv_call call)
{
    check(call, 8);
    check(call, 16);
}

/* The proof takes every PARTS-th call; without PARTS, as for the bugs, one of each kind. */
int main(void)
{
#ifdef PARTS
    check_rooms();
    check_no_call_or_room();
    for (unsigned call = PART; call < PV_HV_CALLS; call += PARTS)
        check_call((enum pv_hv_call)call);
#else
    check_call(PV_HV_CALL_GET_VP_REGISTERS);
    check_call(PV_HV_CALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX);
    check_call(PV_HV_CALL_RETRIEVE_DEBUG_DATA);
    check_call(PV_HV_CALL_ACCEPT_GPA_PAGES);
#endif
    return 0;
}
