/* SPDX-License-Identifier: MIT */
/*
 * The registers that HvCallGetVpRegisters and HvCallSetVpRegisters name, where KVM has them.
 *
 * A VP that makes a hypercall has its registers in `now`: those of the VTL it runs in and those that
 * all VTLs share. What a VTL that does not run has for itself is in `vtls`. Another VP's are KVM's while
 * it runs, and out of reach.
 */
#include "host.h"

#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

static const uint32_t msr_numbers[HOST_VTL_MSRS] = {
    0x277,      /* PAT */
    0x174,      /* SYSENTER_CS */
    0x175,      /* SYSENTER_ESP */
    0x176,      /* SYSENTER_EIP */
    0xC0000081, /* STAR */
    0xC0000082, /* LSTAR */
    0xC0000083, /* CSTAR */
    0xC0000084, /* SFMASK */
    0xC0000102, /* KERNEL_GS_BASE */
    0xC0000103, /* TSC_AUX */
};

struct msrs {
    struct kvm_msrs head;
    struct kvm_msr_entry entries[HOST_VTL_MSRS];
};

static struct msrs msrs_named(const uint64_t values[HOST_VTL_MSRS])
{
    struct msrs msrs = { .head.nmsrs = HOST_VTL_MSRS };

    for (uint32_t i = 0; i < HOST_VTL_MSRS; i++) {
        msrs.entries[i].index = msr_numbers[i];
        msrs.entries[i].data = values[i];
    }
    return msrs;
}

/* KVM_RUN leaves most of the registers in kvm_run, and takes them from there. */
static void fetch_rest(struct host_vp *vp, struct host_registers *now)
{
    struct msrs msrs = msrs_named(now->msrs);

    if (ioctl(vp->fd, KVM_GET_FPU, &now->fpu) != 0 ||
        ioctl(vp->fd, KVM_GET_DEBUGREGS, &now->debug) != 0 ||
        ioctl(vp->fd, KVM_GET_MSRS, &msrs) != (int)HOST_VTL_MSRS)
        host_fail("registers");
    for (uint32_t i = 0; i < HOST_VTL_MSRS; i++)
        now->msrs[i] = msrs.entries[i].data;
}

void host_registers_fetch(struct host_vp *vp)
{
    struct host_registers *now = &vp->now;

    memset(now, 0, sizeof(*now)); /* padding too: stored is what differs */
    now->general = vp->run->s.regs.regs;
    now->system = vp->run->s.regs.sregs;
    fetch_rest(vp, now);
    vp->fetched = *now;
}

void host_registers_store(struct host_vp *vp)
{
    const struct host_registers *now = &vp->now;
    const struct host_registers *was = &vp->fetched;
    struct msrs msrs = msrs_named(now->msrs);

    vp->run->s.regs.regs = now->general;
    vp->run->s.regs.sregs = now->system;
    vp->run->kvm_dirty_regs |= KVM_SYNC_X86_REGS;
    if (memcmp(&now->system, &was->system, sizeof(now->system)) != 0)
        vp->run->kvm_dirty_regs |= KVM_SYNC_X86_SREGS;
    if ((memcmp(&now->fpu, &was->fpu, sizeof(now->fpu)) != 0 &&
         ioctl(vp->fd, KVM_SET_FPU, &now->fpu) != 0) ||
        (memcmp(&now->debug, &was->debug, sizeof(now->debug)) != 0 &&
         ioctl(vp->fd, KVM_SET_DEBUGREGS, &now->debug) != 0) ||
        (memcmp(now->msrs, was->msrs, sizeof(now->msrs)) != 0 &&
         ioctl(vp->fd, KVM_SET_MSRS, &msrs) != (int)HOST_VTL_MSRS))
        host_fail("registers");
}

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
        return (struct place){ VECTOR, now->fpu.xmm[name - PV_HV_REGISTER_X64_XMM0] };
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

static struct place place_of(struct host_vp *vp, uint8_t vtl, uint32_t name)
{
    const struct own own = own_of(vp, vtl);
    const struct place shared = shared_place(&vp->now, name);

    return shared.at != NULL ? shared : own_place(&own, name);
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

static bool reachable(struct host *host, uint32_t vp)
{
    return vp == host->calling;
}

uint16_t host_register_get(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                           struct pv_hv_register_value *value)
{
    struct host *host = owner;
    const struct place place = place_of(&host->vp[vp], vtl, name);

    if (place.at == NULL)
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    if (!reachable(host, vp))
        return PV_HV_STATUS_INVALID_VP_STATE;
    *value = (struct pv_hv_register_value){ 0, 0 };
    if (place.kind == SEGMENT)
        *value = of_segment(place.at);
    else if (place.kind == TABLE)
        *value = of_table(place.at);
    else
        memcpy(value, place.at, place.kind == VECTOR ? 16 : 8);
    return PV_HV_STATUS_SUCCESS;
}

uint16_t host_register_set(void *owner, uint32_t vp, uint8_t vtl, uint32_t name,
                           struct pv_hv_register_value value)
{
    struct host *host = owner;
    const struct place place = place_of(&host->vp[vp], vtl, name);

    if (place.at == NULL)
        return PV_HV_STATUS_UNKNOWN_REGISTER_NAME;
    if (!reachable(host, vp))
        return PV_HV_STATUS_INVALID_VP_STATE;
    if (place.kind == QWORD && value.high != 0)
        return PV_HV_STATUS_INVALID_REGISTER_VALUE;
    if (place.kind == SEGMENT)
        to_segment(place.at, value);
    else if (place.kind == TABLE)
        *(struct kvm_dtable *)place.at =
            (struct kvm_dtable){ .base = value.high, .limit = (uint16_t)(value.low >> 48) };
    else
        memcpy(place.at, &value, place.kind == VECTOR ? 16 : 8);
    return PV_HV_STATUS_SUCCESS;
}
