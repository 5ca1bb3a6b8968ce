/* SPDX-License-Identifier: MIT */
/*
 * begin, issue, end: the argument memory of one call, in registers where it fits, otherwise in the
 * VP's page, or in the VP's reserve if the page is taken.
 *
 * Nesting is last in, first out (an NMI ends its calls before the interrupted code goes on), so the
 * plain vp->hv.depth and vp->hv.innermost are safe against it: whatever it interrupts, it finds either
 * the old or the new value, and leaves it as found.
 */
#include "hv/hv_internal.h"
#include "pv_port.h"

static void point(const struct pv_hv_plan *plan, const struct pv_hv_call_info *info,
                  uint8_t *base, struct pv_hv_args *args)
{
    const bool has_in_list = plan->in_bytes > plan->in_list;
    const bool has_out_list = plan->out_offset + plan->out_bytes > plan->out_list;

    args->in = info->in_bytes != 0 ? base : NULL;
    args->var = plan->in_list > info->in_bytes ? base + info->in_bytes : NULL;
    args->in_list = has_in_list ? base + plan->in_list : NULL;
    args->out = plan->out_list > plan->out_offset ? base + plan->out_offset : NULL;
    args->out_list = has_out_list ? base + plan->out_list : NULL;
    args->reps = plan->reps;
    args->control = plan->control;
    args->result.status = PV_HV_STATUS_SUCCESS;
    args->result.reps = 0;
}

/* Zero what the caller may leave unset: everything before the list, and the padding after it. */
static void clear(const struct pv_hv_plan *plan, uint8_t *base)
{
    memset(base, 0, plan->in_list);
    memset(base + plan->in_bytes, 0, (8u - plan->in_bytes % 8u) % 8u);
}

/* Which register form the planned call can take; MEMORY if none. */
static uint32_t register_form(const struct pv_guest *guest, const struct pv_hv_plan *plan)
{
    uint32_t needed = PV_HV_FORM_BLOCK_INPUT;

    if (plan->in_bytes <= 16 && plan->out_bytes == 0 && (guest->hv.forms & PV_HV_FORM_FAST) != 0)
        return PV_HV_FORM_FAST;
    if (plan->out_bytes != 0)
        needed |= PV_HV_FORM_BLOCK_OUTPUT;
    return (guest->hv.forms & needed) == needed ? PV_HV_FORM_BLOCK_INPUT : PV_HV_FORM_MEMORY;
}

/*
 * The block's registers belong to the interrupted context and to whoever interrupts: IRQs stay off
 * until the end, so that nobody switches them off (CR0.TS) or changes them in between.
 */
static bool claim_block(struct pv_hv_args *args)
{
    args->irq = pv_port_irq_save();
    if (pv_port_hv_block_usable())
        return true;
    pv_port_irq_restore(args->irq);
    return false;
}

/* PV_NO_ROOM if registers do not do. */
static enum pv_status begin_in_registers(const struct pv_guest *guest, enum pv_hv_call call,
                                         const struct pv_hv_shape *shape, struct pv_hv_args *args)
{
    const struct pv_hv_call_info *info = pv_hv_call_info(call);
    struct pv_hv_plan plan;
    enum pv_status status = pv_hv_plan(call, shape, pv_hv_block_room_(guest), &plan);

    if (status != PV_OK)
        return status;
    if (info->fast == PV_HV_FAST_NO || (shape != NULL && plan.reps != shape->reps))
        return PV_NO_ROOM;
    args->form = register_form(guest, &plan);
    if (args->form == PV_HV_FORM_MEMORY ||
        (args->form == PV_HV_FORM_BLOCK_INPUT && !claim_block(args)))
        return PV_NO_ROOM;
    args->in_bytes = plan.in_bytes;
    memset(args->block, 0, sizeof(args->block));
    point(&plan, info, (uint8_t *)args->block, args);
    args->control |= PV_HV_CONTROL_FAST;
    return PV_OK;
}

/* Lay the call out in the memory of this nesting level. */
static enum pv_status plan_in_memory(struct pv_vp *vp, enum pv_hv_call call,
                                     const struct pv_hv_shape *shape, struct pv_hv_args *args)
{
    struct pv_hv_vp *hv = &vp->hv;
    const struct pv_hv_room *page =
        hv->args_pages == 2 ? &pv_hv_room_two_pages : &pv_hv_room_shared;
    const bool nested = args->level != 0;
    uint8_t *base = nested ? hv->reserve : (uint8_t *)hv->args;
    const uint64_t gpa = nested ? hv->reserve_gpa : hv->args_gpa;
    struct pv_hv_plan plan;
    enum pv_status status = pv_hv_plan(call, shape, nested ? &pv_hv_room_reserve : page, &plan);

    if (status == PV_NO_ROOM && nested)
        return PV_BUSY;
    if (status != PV_OK)
        return status;
    clear(&plan, base);
    point(&plan, pv_hv_call_info(call), base, args);
    args->in_gpa = plan.in_bytes != 0 ? gpa : 0;
    args->out_gpa = plan.out_bytes != 0 ? gpa + plan.out_offset : 0;
    return PV_OK;
}

/* Open calls form a chain from the innermost outwards: they end in reverse order, since each puts the
 * IRQ state of its begin back. */
static void enter(struct pv_vp *vp, struct pv_hv_args *args)
{
    args->outer = vp->hv.innermost;
    vp->hv.innermost = args;
}

static void leave(struct pv_vp *vp, const struct pv_hv_args *args)
{
    pv_port_compiler_barrier();
    vp->hv.innermost = args->outer;
    if (args->form == PV_HV_FORM_MEMORY)
        vp->hv.depth = args->level;
    pv_port_irq_restore(args->irq);
}

static enum pv_status begin_in_memory(struct pv_vp *vp, enum pv_hv_call call,
                                      const struct pv_hv_shape *shape, struct pv_hv_args *args)
{
    const uintptr_t irq = pv_port_irq_save();
    enum pv_status status;

    if (vp->hv.depth == 2) {
        pv_port_irq_restore(irq);
        return PV_BUSY;
    }
    args->irq = irq;
    args->form = PV_HV_FORM_MEMORY;
    args->level = vp->hv.depth;
    vp->hv.depth = args->level + 1;
    enter(vp, args);
    pv_port_compiler_barrier();
    status = plan_in_memory(vp, call, shape, args);
    if (status != PV_OK)
        leave(vp, args);
    return status;
}

enum pv_status pv_hv_begin(struct pv_vp *vp, enum pv_hv_call call, const struct pv_hv_shape *shape,
                           struct pv_hv_args *args)
{
    enum pv_status status;

    args->self = NULL;
    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    status = begin_in_registers(vp->guest, call, shape, args);
    if (status == PV_NO_ROOM)
        status = begin_in_memory(vp, call, shape, args);
    else if (status == PV_OK && args->form == PV_HV_FORM_BLOCK_INPUT)
        enter(vp, args);
    if (status == PV_OK)
        args->self = args;
    return status;
}

/* Begun, and nothing begun after it is still open. */
static bool innermost(const struct pv_vp *vp, const struct pv_hv_args *args)
{
    return args->self == args && (args->form == PV_HV_FORM_FAST || vp->hv.innermost == args);
}

enum pv_status pv_hv_issue(struct pv_vp *vp, struct pv_hv_args *args)
{
    struct pv_hv_issue issue;

    if (!pv_hv_ready_(vp) || !innermost(vp, args))
        return PV_BAD_STATE;
    issue.control = args->control;
    issue.in = args->form == PV_HV_FORM_MEMORY ? args->in_gpa : args->block[0];
    issue.out = args->form == PV_HV_FORM_MEMORY ? args->out_gpa : args->block[1];
    issue.block = args->form == PV_HV_FORM_BLOCK_INPUT ? args->block : NULL;
    issue.block_in_bytes = args->in_bytes;
    return pv_hv_run_(vp->guest->hv.entry, &issue, &args->result);
}

enum pv_status pv_hv_end(struct pv_vp *vp, struct pv_hv_args *args)
{
    if (!innermost(vp, args))
        return PV_BAD_STATE;
    args->self = NULL;
    if (args->form != PV_HV_FORM_FAST)
        leave(vp, args);
    return PV_OK;
}
