/* SPDX-License-Identifier: MIT */
/* The steps that make a hypercall: in parts, whole, in registers, a list, with a GPA. */
#ifndef FUZZ_ENGINE_CALLS_H
#define FUZZ_ENGINE_CALLS_H

#include "fuzz/engine.h"

/* ---- begin, issue, end ---- */

static struct slot *take_slot(void)
{
    return &slots[next8() % SLOTS];
}

static bool inside(const void *part, size_t bytes, const void *area, size_t area_bytes)
{
    const uintptr_t offset = (uintptr_t)part - (uintptr_t)area;

    return part == NULL || (offset <= area_bytes && bytes <= area_bytes - offset);
}

static bool in_its_memory(const struct slot *slot, const void *part, size_t bytes)
{
    const struct pv_hv_vp *hv = &this_vp()->hv;

    if (!slot->memory)
        return inside(part, bytes, slot->args.block, sizeof(slot->args.block));
    if (depth_of(this_nest()) == 1)
        return inside(part, bytes, hv->args, hv->args_pages * (size_t)PV_PAGE_BYTES);
    return inside(part, bytes, hv->reserve, sizeof(hv->reserve));
}

static bool is_zero(const void *from, size_t bytes)
{
    const uint8_t *at = (const uint8_t *)from;

    while (bytes > 0 && at[bytes - 1] == 0)
        bytes--;
    return bytes == 0;
}

static void check_blocks(const struct slot *slot, const struct pv_hv_shape *shape)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(slot->call);
    const struct pv_hv_args *args = &slot->args;
    const size_t in_list = (size_t)args->reps * info->in_rep_bytes;
    const size_t out_list = (size_t)args->reps * info->out_rep_bytes;

    INSIST((args->in != NULL) == (info->in_bytes != 0), "fixed input");
    INSIST((args->in_list != NULL) == (in_list != 0), "input list");
    INSIST((args->out_list != NULL) == (out_list != 0), "output list");
    INSIST(info->kind != PV_HV_KIND_REP || args->reps != 0, "no elements");
    INSIST(args->reps <= shape->reps, "more elements than wanted");
    INSIST(in_its_memory(slot, args->in, info->in_bytes), "input outside its memory");
    INSIST(in_its_memory(slot, args->in_list, in_list), "input list outside its memory");
    INSIST(in_its_memory(slot, args->out, info->out_bytes), "output outside its memory");
    INSIST(in_its_memory(slot, args->out_list, out_list), "output list outside its memory");
    INSIST(args->in == NULL || is_zero(args->in, info->in_bytes), "input not zeroed");
    INSIST(args->var == NULL || is_zero(args->var, 8u * shape->var_qwords), "header not zeroed");
}

static void opened(struct slot *slot, bool irqs_off)
{
    struct nest *nest = this_nest();

    slot->begun = true;
    slot->usable = true;
    slot->cpu = world.cpu;
    slot->memory = slot->args.form == PV_HV_FORM_MEMORY;
    slot->claims = slot->args.form != PV_HV_FORM_FAST;
    if (!slot->claims)
        return;
    nest->irqs_off[nest->count] = irqs_off;
    nest->open[nest->count++] = slot;
    world.irqs_off[world.cpu] = true;
    INSIST(depth_of(nest) <= 2, "nested too deep");
}

static void check_begin(enum pv_status status)
{
    check_status(status);
    INSIST(ready() || status == PV_BAD_STATE, "begin out of order");
    INSIST(status != PV_NO_ROOM || depth_of(this_nest()) == 0,
           "a nested call has no room: PV_BUSY");
}

/* An args whose call is open is not begun again: that would lose the call. */
static void begin(struct slot *slot)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_shape shape = take_shape(call);
    const bool irqs_off = world.irqs_off[world.cpu];
    enum pv_status status;

    if (slot->begun && slot->claims)
        return;
    slot->call = call;
    slot->begun = false;
    slot->memory = false;
    status = pv_hv_begin(this_vp(), call, &shape, &slot->args);
    check_begin(status);
    if (status != PV_OK)
        return;
    opened(slot, irqs_off);
    check_blocks(slot, &shape);
}

static void do_begin(void)
{
    begin(take_slot());
}

/* All the caller may write: there is no gap between the fixed input and the list. */
static void write_blocks(const struct slot *slot)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(slot->call);
    const struct pv_hv_args *args = &slot->args;
    uint8_t *in = (uint8_t *)args->in;
    size_t bytes = info->in_bytes;

    if (args->in_list != NULL)
        bytes = (size_t)((uint8_t *)args->in_list - in) + (size_t)args->reps * info->in_rep_bytes;
    if (in != NULL)
        fill(slot->call, in, bytes);
}

static void do_write(void)
{
    const struct slot *slot = take_slot();

    if (slot->begun && slot->usable)
        write_blocks(slot);
}

/* Calls in two registers keep no order; all others end in reverse. */
static bool innermost(const struct slot *slot)
{
    return slot->begun && (!slot->claims || is_last(slot));
}

static void check_issue(const struct slot *slot, enum pv_status status)
{
    const struct pv_hv_result result = slot->args.result;

    check_status(status);
    INSIST((status == PV_BAD_STATE) == !(ready() && innermost(slot)), "issue out of order");
    if (status == PV_BAD_STATE)
        return;
    INSIST(result.reps <= slot->args.reps, "more elements done than there are");
    INSIST(status != PV_OK || (result.status == 0 && result.reps == slot->args.reps),
           "success without success");
}

static void issue(struct slot *slot)
{
    world.bound = bound_of(slot->args.reps);
    check_issue(slot, pv_hv_issue(this_vp(), &slot->args));
}

static void do_issue(void)
{
    issue(take_slot());
}

static void end(struct slot *slot)
{
    const bool can = innermost(slot);
    enum pv_status status;

    status = pv_hv_end(this_vp(), &slot->args);
    INSIST(status == (can ? PV_OK : PV_BAD_STATE), "end out of order");
    if (!can)
        return;
    slot->begun = false;
    if (slot->claims && is_last(slot))
        world.irqs_off[world.cpu] = this_nest()->irqs_off[--this_nest()->count];
}

static void do_end(void)
{
    end(take_slot());
}

/* The usual order, in one step. */
static void do_whole(void)
{
    struct slot *slot = take_slot();

    begin(slot);
    if (slot->begun && slot->usable)
        write_blocks(slot);
    issue(slot);
    end(slot);
}

/* ---- shortcuts ---- */

static void do_fast(void)
{
    const enum pv_hv_call call = take_call();
    const uint64_t in0 = take64(&world.input);
    const uint64_t in1 = take64(&world.input);
    struct pv_hv_result result = { 0, 0 };
    enum pv_status status;

    world.bound = TRIES;
    status = pv_hv_call_fast(this_vp(), call, in0, in1, &result);
    check_status(status);
    INSIST(status != PV_OK || (ready() && result.status == 0 && result.reps == 0), "fast success");
}

static void do_simple(void)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const size_t out_bytes = info != NULL ? info->out_bytes : 0;
    uint8_t *in = input_of(call, info != NULL ? info->in_bytes : 0);
    uint8_t *out = output_of(out_bytes);
    struct pv_hv_result result;
    enum pv_status status;

    world.bound = TRIES;
    status = pv_hv_call_simple(this_vp(), call, in, out, &result);
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
    check_output(status, out, out_bytes);
    free(out);
    free(in);
}

/* Long enough for several batches, also of those calls that have no elements to copy. */
static size_t take_count(const struct pv_hv_call_info *info)
{
    const bool empty = info == NULL || info->in_rep_bytes + info->out_rep_bytes == 0;

    return take16(&world.input) % (empty ? 9000 : 600);
}

static void check_list(enum pv_status status, size_t done, size_t count, const uint8_t *out,
                       size_t bytes)
{
    check_status(status);
    INSIST(done <= count, "more elements done than there are");
    INSIST(status != PV_OK || (count != 0 && done == count), "success without success");
    if (out != NULL)
        check_fresh(out + done * bytes, (count - done) * bytes);
}

static void do_list(void)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    const size_t count = take_count(info);
    const size_t out_bytes = info != NULL ? info->out_rep_bytes : 0;
    const size_t header = info != NULL ? info->in_bytes : 0;
    const size_t in_bytes = info != NULL ? info->in_rep_bytes : 0;
    uint8_t *in = input_of(call, header + count * in_bytes);
    uint8_t *out = output_of(count * out_bytes);
    struct pv_hv_list list = {
        .call = call, .header = in, .in = in + header, .out = out, .count = count, .done = 77
    };

    world.bound = 2 * bound_of(count);
    check_list(pv_hv_call_list(this_vp(), &list, NULL), list.done, count, out, out_bytes);
    free(out);
    free(in);
}

/* Mostly in the kernel's own two pages, else where there is no memory at all. */
static uint64_t take_gpa(void)
{
    const uint8_t which = next8();
    const uint64_t offset = take16(&world.input) % PV_PAGE_BYTES & ((which & 1) != 0 ? ~0u : ~7u);
    const uint64_t page = world.pages_gpa + (which >> 1 & 1) * PV_PAGE_BYTES;

    if (which < 0xF0)
        return page + offset;
    return which < 0xF8 ? offset : ~offset;
}

static void fill_at(enum pv_hv_call call, const struct pv_hv_shape *shape, uint64_t gpa)
{
    const size_t room = PV_PAGE_BYTES - gpa % PV_PAGE_BYTES;
    struct pv_hv_plan plan;
    uint8_t *in;

    if (pv_hv_plan(call, shape, &pv_hv_room_two_pages, &plan) != PV_OK)
        return;
    in = (uint8_t *)sim_memory_at(&machine, gpa, 1);
    if (in != NULL)
        fill(call, in, plan.in_bytes < room ? plan.in_bytes : room);
}

static void do_gpa(void)
{
    const enum pv_hv_call call = take_call();
    const struct pv_hv_shape shape = take_shape(call);
    const uint64_t in_gpa = take_gpa();
    const uint64_t out_gpa = take_gpa();
    enum pv_status status;

    fill_at(call, &shape, in_gpa);
    world.bound = bound_of(shape.reps & 0xFFF);
    status = pv_hv_call_gpa(this_vp(), call, &shape, in_gpa, out_gpa, NULL);
    check_status(status);
    INSIST(status != PV_OK || ready(), "success out of order");
}

#endif
