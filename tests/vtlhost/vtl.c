/* SPDX-License-Identifier: MIT */
/*
 * VTLs: a processor has a context for each, and runs in one. What is shared stays in KVM's registers;
 * what is private is taken out and put in again at each switch (TLFS "Virtual Secure Mode").
 */
#include "host.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

uint8_t host_vtl_of(const struct host_vp *vp)
{
    return vp->host->model.cpus[vp->index].active_vtl;
}

static void leave(const struct host_registers *now, struct host_vtl *vtl)
{
    vtl->rip = now->general.rip;
    vtl->rsp = now->general.rsp;
    vtl->rflags = now->general.rflags;
    vtl->sregs = now->system;
    vtl->dr7 = now->debug.dr7;
    memcpy(vtl->msrs, now->msrs, sizeof(vtl->msrs));
    vtl->entered = true;
}

static struct kvm_segment segment_of(const struct pv_hv_x64_segment *from)
{
    const uint16_t attributes = from->attributes;

    return (struct kvm_segment){
        .base = from->base,
        .limit = from->limit,
        .selector = from->selector,
        .type = attributes & 15,
        .s = attributes >> 4 & 1,
        .dpl = attributes >> 5 & 3,
        .present = attributes >> 7 & 1,
        .avl = attributes >> 12 & 1,
        .l = attributes >> 13 & 1,
        .db = attributes >> 14 & 1,
        .g = attributes >> 15 & 1,
    };
}

static void load_context(struct host_vtl *vtl, const void *context_bytes)
{
    struct pv_hv_context_x64 context;

    memcpy(&context, context_bytes, sizeof(context));
    vtl->rip = context.rip;
    vtl->rsp = context.rsp;
    vtl->rflags = context.rflags;
    vtl->msrs[0] = context.pat;
    vtl->sregs.cs = segment_of(&context.cs);
    vtl->sregs.ds = segment_of(&context.ds);
    vtl->sregs.es = segment_of(&context.es);
    vtl->sregs.fs = segment_of(&context.fs);
    vtl->sregs.gs = segment_of(&context.gs);
    vtl->sregs.ss = segment_of(&context.ss);
    vtl->sregs.tr = segment_of(&context.tr);
    vtl->sregs.ldt = segment_of(&context.ldtr);
    vtl->sregs.gdt = (struct kvm_dtable){ .base = context.gdtr.base, .limit = context.gdtr.limit };
    vtl->sregs.idt = (struct kvm_dtable){ .base = context.idtr.base, .limit = context.idtr.limit };
    vtl->sregs.cr0 = context.cr0;
    vtl->sregs.cr3 = context.cr3;
    vtl->sregs.cr4 = context.cr4;
    vtl->sregs.efer = context.efer;
}

/* As it was enabled; what the context does not say is as after a reset, or as the VTL that was left has it. */
static void begin(struct host_vtl *vtl, const struct host_vtl *left, const void *context)
{
    *vtl = *left;
    vtl->dr7 = 0x400;
    memset(vtl->msrs, 0, sizeof(vtl->msrs));
    vtl->sregs.cr8 = 0;
    load_context(vtl, context);
}

/* CR2 is shared. */
static void enter(struct host_registers *now, const struct host_vtl *vtl)
{
    const uint64_t cr2 = now->system.cr2;

    now->general.rip = vtl->rip;
    now->general.rsp = vtl->rsp;
    now->general.rflags = vtl->rflags;
    now->system = vtl->sregs;
    now->system.cr2 = cr2;
    memset(now->system.interrupt_bitmap, 0, sizeof(now->system.interrupt_bitmap));
    now->debug.dr7 = vtl->dr7;
    memcpy(now->msrs, vtl->msrs, sizeof(now->msrs));
}

struct pv_hv_assist_page *host_assist_page(struct host_vp *vp, uint8_t vtl)
{
    const uint64_t msr = vp->host->model.cpus[vp->index].vtls[vtl].assist_page;

    if ((msr & PV_HV_PAGE_ENABLE) == 0)
        return NULL;
    return host_memory_at(vp->host, msr & PV_HV_PAGE_NUMBER_MASK, PV_PAGE_BYTES);
}

/* RAX and RCX belong to the switch itself: a return that is not fast loads them. */
static void load_rax_rcx(struct host_vp *vp, uint8_t left, struct kvm_regs *regs)
{
    const struct pv_hv_assist_page *page = host_assist_page(vp, left);

    if (page == NULL) {
        sim_complain(&vp->host->model, "VTL return without an assist page");
        return;
    }
    regs->rax = page->vtl_return_rax;
    regs->rcx = page->vtl_return_rcx;
}

static void tell_reason(struct host_vp *vp, uint8_t entered, uint32_t reason)
{
    struct pv_hv_assist_page *page = host_assist_page(vp, entered);

    if (page != NULL)
        page->vtl_entry_reason = reason;
}

void host_undefined_opcode(struct host_vp *vp)
{
    struct kvm_vcpu_events events;

    if (ioctl(vp->fd, KVM_GET_VCPU_EVENTS, &events) != 0)
        host_fail("KVM_GET_VCPU_EVENTS");
    events.exception.injected = 1;
    events.exception.nr = 6;
    events.exception.has_error_code = 0;
    if (ioctl(vp->fd, KVM_SET_VCPU_EVENTS, &events) != 0)
        host_fail("KVM_SET_VCPU_EVENTS");
}

void host_vtl_enter(struct host_vp *vp, uint8_t left, uint32_t reason)
{
    const uint8_t to = host_vtl_of(vp);
    struct host_vtl *vtl = &vp->vtls[to];

    vp->switches++;
    leave(&vp->now, &vp->vtls[left]);
    if (!vtl->entered)
        begin(vtl, &vp->vtls[left], vp->host->model.cpus[vp->index].vtls[to].context.bytes);
    if (to > left)
        tell_reason(vp, to, reason);
    enter(&vp->now, vtl);
    host_registers_store(vp);
}

/* The control word is in RCX, as the caller of the page has put it there. */
void host_vtl_switch(struct host_vp *vp, bool to_lower)
{
    struct sim_model *model = &vp->host->model;
    const uint8_t left = host_vtl_of(vp);
    struct kvm_regs *regs = &vp->now.general;
    bool allowed;

    host_exit_complete(vp);
    host_registers_fetch(vp);
    pthread_mutex_lock(&vp->host->lock);
    allowed = sim_model_vtl_switch(model, vp->index, to_lower, regs->rcx);
    pthread_mutex_unlock(&vp->host->lock);
    if (!allowed) {
        host_undefined_opcode(vp);
        return;
    }
    if (to_lower && regs->rcx != PV_HV_VTL_RETURN_FAST)
        load_rax_rcx(vp, left, regs);
    host_vtl_enter(vp, left, PV_HV_VTL_ENTRY_CALL);
}

/*
 * What the context does not say stays as it was set while the VP was stopped, of VTL 0 and of what all VTLs
 * share; the TLFS is silent. VTL 0 of a VP that starts in a higher one is as KVM has it now.
 */
void host_vp_start(struct host_vp *vp)
{
    const struct sim_vp_state *state = &vp->host->model.cpus[vp->index];
    struct kvm_mp_state mp = { .mp_state = KVM_MP_STATE_RUNNABLE };
    struct host_vtl *vtl = &vp->vtls[state->active_vtl];
    const uint8_t *context = state->vtls[state->active_vtl].context.bytes;

    host_registers_fetch_stopped(vp);
    leave(&vp->now, &vp->vtls[0]);
    if (state->active_vtl == 0)
        load_context(vtl, context);
    else
        begin(vtl, &vp->vtls[0], context);
    enter(&vp->now, vtl);
    host_registers_store(vp);
    if (ioctl(vp->fd, KVM_SET_MP_STATE, &mp) != 0)
        host_fail("KVM_SET_MP_STATE");
}
