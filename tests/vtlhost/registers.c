/* SPDX-License-Identifier: MIT */
/*
 * The registers that HvCallGetVpRegisters and HvCallSetVpRegisters name, where KVM has them.
 *
 * A VP that makes a hypercall has its registers in `now`: those of the VTL it runs in and those that
 * all VTLs share. What a VTL that does not run has for itself is in `vtls`, from its first entry on: until
 * then it has a context to begin with and nothing else, and its own registers are out of reach.
 * Another VP's are KVM's. The model lets them be named while that VP is stopped; it is in VTL 0 then, and
 * they are brought to `now` for each access. What is set there stays, but for what the VP's start says.
 */
#include "host.h"

#include <stddef.h>
#include <string.h>

/* ---- where a register is ---- */

enum kind { QWORD, VECTOR, SEGMENT, TABLE };

struct place {
    enum kind kind;
    void *at; /* NULL: not a register of the processor */
};

/* Names count up in the order of the instruction encoding, not of struct kvm_regs. */
static uint64_t *general(struct host_registers *now, uint32_t name)
{
    struct kvm_regs *r = &now->general;
    uint64_t *const order[] = {
        (uint64_t *)&r->rax, (uint64_t *)&r->rcx, (uint64_t *)&r->rdx, (uint64_t *)&r->rbx,
        NULL,                (uint64_t *)&r->rbp, (uint64_t *)&r->rsi, (uint64_t *)&r->rdi,
        (uint64_t *)&r->r8,  (uint64_t *)&r->r9,  (uint64_t *)&r->r10, (uint64_t *)&r->r11,
        (uint64_t *)&r->r12, (uint64_t *)&r->r13, (uint64_t *)&r->r14, (uint64_t *)&r->r15,
    };

    return name <= PV_HV_REGISTER_X64_R15 ? order[name - PV_HV_REGISTER_X64_RAX] : NULL;
}

/* What all VTLs of a VP share (TLFS "Virtual Trust Level State Isolation"). */
static struct place shared_place(struct host_registers *now, uint32_t name)
{
    if (name >= PV_HV_REGISTER_X64_RAX && name <= PV_HV_REGISTER_X64_R15)
        return (struct place){ QWORD, general(now, name) };
    if (name >= PV_HV_REGISTER_X64_XMM0 && name <= PV_HV_REGISTER_X64_XMM15)
        return (struct place){ VECTOR, now->xmm[name - PV_HV_REGISTER_X64_XMM0] };
    if (name >= PV_HV_REGISTER_X64_DR0 && name <= PV_HV_REGISTER_X64_DR3)
        return (struct place){ QWORD, &now->debug.db[name - PV_HV_REGISTER_X64_DR0] };
    if (name == PV_HV_REGISTER_X64_CR2)
        return (struct place){ QWORD, &now->system.cr2 };
    return (struct place){ QWORD, NULL };
}

/* One VTL's own, wherever they are now. */
struct own {
    uint64_t *rip, *rsp, *rflags, *dr7, *msrs;
    struct kvm_sregs *system;
};

static struct own own_of(struct host_vp *vp, uint8_t vtl)
{
    struct host_registers *now = &vp->now;
    struct host_vtl *kept = &vp->vtls[vtl];

    if (vtl != host_vtl_of(vp))
        return (struct own){ &kept->rip, &kept->rsp, &kept->rflags, &kept->dr7, kept->msrs,
                             &kept->sregs };
    return (struct own){ (uint64_t *)&now->general.rip, (uint64_t *)&now->general.rsp,
                         (uint64_t *)&now->general.rflags, (uint64_t *)&now->debug.dr7, now->msrs,
                         &now->system };
}

static struct kvm_segment *segment(struct kvm_sregs *system, uint32_t name)
{
    struct kvm_segment *const order[] = { &system->es, &system->cs, &system->ss,  &system->ds,
                                          &system->fs, &system->gs, &system->ldt, &system->tr };

    return order[name - PV_HV_REGISTER_X64_ES];
}

static uint64_t *own_qword(const struct own *own, uint32_t name)
{
    switch (name) {
    case PV_HV_REGISTER_X64_RIP: return own->rip;
    case PV_HV_REGISTER_X64_RSP: return own->rsp;
    case PV_HV_REGISTER_X64_RFLAGS: return own->rflags;
    case PV_HV_REGISTER_X64_DR7: return own->dr7;
    case PV_HV_REGISTER_X64_CR0: return (uint64_t *)&own->system->cr0;
    case PV_HV_REGISTER_X64_CR3: return (uint64_t *)&own->system->cr3;
    case PV_HV_REGISTER_X64_CR4: return (uint64_t *)&own->system->cr4;
    case PV_HV_REGISTER_X64_CR8: return (uint64_t *)&own->system->cr8;
    case PV_HV_REGISTER_X64_EFER: return (uint64_t *)&own->system->efer;
    case PV_HV_REGISTER_X64_APIC_BASE: return (uint64_t *)&own->system->apic_base;
    case PV_HV_REGISTER_X64_PAT: return &own->msrs[0];
    case PV_HV_REGISTER_X64_SYSENTER_CS: return &own->msrs[1];
    case PV_HV_REGISTER_X64_SYSENTER_ESP: return &own->msrs[2];
    case PV_HV_REGISTER_X64_SYSENTER_EIP: return &own->msrs[3];
    case PV_HV_REGISTER_X64_STAR: return &own->msrs[4];
    case PV_HV_REGISTER_X64_LSTAR: return &own->msrs[5];
    case PV_HV_REGISTER_X64_CSTAR: return &own->msrs[6];
    case PV_HV_REGISTER_X64_SFMASK: return &own->msrs[7];
    case PV_HV_REGISTER_X64_KERNEL_GS_BASE: return &own->msrs[8];
    default: return NULL;
    }
}

static struct place own_place(const struct own *own, uint32_t name)
{
    if (name >= PV_HV_REGISTER_X64_ES && name <= PV_HV_REGISTER_X64_TR)
        return (struct place){ SEGMENT, segment(own->system, name) };
    if (name == PV_HV_REGISTER_X64_IDTR || name == PV_HV_REGISTER_X64_GDTR)
        return (struct place){ TABLE, name == PV_HV_REGISTER_X64_IDTR ? &own->system->idt
                                                                      : &own->system->gdt };
    return (struct place){ QWORD, own_qword(own, name) };
}

/* ---- its value ---- */

/* HV_X64_SEGMENT_REGISTER: base, limit, selector, attributes. */
static struct pv_hv_register_value of_segment(const struct kvm_segment *s)
{
    const uint64_t attributes = s->type | s->s << 4 | s->dpl << 5 | s->present << 7 |
                                s->avl << 12 | s->l << 13 | s->db << 14 | s->g << 15;

    return (struct pv_hv_register_value){
        s->base, s->limit | (uint64_t)s->selector << 32 | attributes << 48
    };
}

/* HV_X64_TABLE_REGISTER: three words of padding, limit, base. */
static struct pv_hv_register_value of_table(const struct kvm_dtable *table)
{
    return (struct pv_hv_register_value){ (uint64_t)table->limit << 48, table->base };
}

static void to_segment(struct kvm_segment *s, struct pv_hv_register_value value)
{
    const uint16_t attributes = (uint16_t)(value.high >> 48);

    *s = (struct kvm_segment){
        .base = value.low, .limit = (uint32_t)value.high, .selector = (uint16_t)(value.high >> 32),
        .type = attributes & 15, .s = attributes >> 4 & 1, .dpl = attributes >> 5 & 3,
        .present = attributes >> 7 & 1, .avl = attributes >> 12 & 1, .l = attributes >> 13 & 1,
        .db = attributes >> 14 & 1, .g = attributes >> 15 & 1,
    };
}

static uint16_t find(struct host_vp *vp, uint8_t vtl, uint32_t name, struct place *place)
{
    struct own own;

    *place = shared_place(&vp->now, name);
    if (place->at != NULL)
        return PV_HV_STATUS_SUCCESS;
    own = own_of(vp, vtl);
    *place = own_place(&own, name);
    if (place->at == NULL)
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    return vtl == host_vtl_of(vp) || vp->vtls[vtl].entered ? PV_HV_STATUS_SUCCESS
                                                           : PV_HV_STATUS_INVALID_VTL_STATE;
}

/* Up to date. KVM gives the registers of a VP that is in the guest when it comes out, and not before. */
static uint16_t find_now(struct host *host, uint32_t vp, uint8_t vtl, uint32_t name,
                         struct place *place)
{
    struct host_vp *target = &host->vp[vp];
    const uint16_t status = find(target, vtl, name, place);

    if (status != PV_HV_STATUS_SUCCESS || vp == host->calling)
        return status;
    if (target->in_guest)
        return PV_HV_STATUS_INVALID_VP_STATE;
    host_registers_fetch_stopped(target);
    return PV_HV_STATUS_SUCCESS;
}

uint16_t host_register_get(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                           struct pv_hv_register_value *value)
{
    struct place place;
    const uint16_t status = find_now(owner, vp, vtl, name, &place);

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    *value = (struct pv_hv_register_value){ 0, 0 };
    if (place.kind == SEGMENT)
        *value = of_segment(place.at);
    else if (place.kind == TABLE)
        *value = of_table(place.at);
    else
        memcpy(value, place.at, place.kind == VECTOR ? 16 : 8);
    return PV_HV_STATUS_SUCCESS;
}

static void put(const struct place *place, struct pv_hv_register_value value)
{
    if (place->kind == SEGMENT)
        to_segment(place->at, value);
    else if (place->kind == TABLE)
        *(struct kvm_dtable *)place->at =
            (struct kvm_dtable){ .base = value.high, .limit = (uint16_t)(value.low >> 48) };
    else
        memcpy(place->at, &value, place->kind == VECTOR ? 16 : 8);
}

/* What a VTL that does not run has for itself KVM sees when that VTL is entered, and not before. */
uint16_t host_register_set(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                           struct pv_hv_register_value value)
{
    struct host *host = owner;
    struct place place;
    const uint16_t status = find_now(host, vp, vtl, name, &place);

    if (status != PV_HV_STATUS_SUCCESS)
        return status;
    if (place.kind == QWORD && value.high != 0)
        return PV_HV_STATUS_INVALID_REGISTER_VALUE;
    put(&place, value);
    return host_registers_try(&host->vp[vp]) ? PV_HV_STATUS_SUCCESS
                                             : PV_HV_STATUS_INVALID_REGISTER_VALUE;
}
