/* SPDX-License-Identifier: MIT */
/*
 * A VTL touched memory that a higher one keeps from it: the higher one is entered and finds a message in
 * the intercept page, part of its VP assist page. The instruction stays to be done: whoever was
 * intercepted makes it again after the return, unless it was opened the page or moved on.
 */
#include "host.h"

#include <stdio.h>
#include <string.h>

#define GPA_INTERCEPT 0x80000001u /* HvMessageTypeGpaIntercept */
#define WRITE_BACK 6u

/* HV_MESSAGE with HV_X64_MEMORY_INTERCEPT_MESSAGE, as ../shared/abi has them. */
struct message {
    uint32_t type;
    uint8_t payload_bytes;
    uint8_t flags;
    uint16_t reserved0;
    uint64_t sender;
    uint32_t vp_index;
    uint8_t length_and_cr8;
    uint8_t access; /* 0 read, 1 write, 2 execute */
    uint16_t state;
    struct pv_hv_x64_segment cs;
    uint64_t rip;
    uint64_t rflags;
    uint32_t cache_type;
    uint8_t instruction_count;
    uint8_t access_info; /* bit 0: the GVA is valid */
    uint8_t tpr;
    uint8_t reserved1;
    uint64_t gva;
    uint64_t gpa;
    uint8_t instruction[16];
};
_Static_assert(sizeof(struct message) == 16 + 80, "HV_MESSAGE header and payload");

/* CPL, CR0.PE, CR0.AM, EFER.LMA, ..., VTL from bit 7 on. */
static uint16_t execution_state(const struct kvm_sregs *sregs, uint8_t vtl)
{
    return (uint16_t)(sregs->cs.dpl | (sregs->cr0 & 1) << 2 | (sregs->cr0 >> 18 & 1) << 3 |
                      (sregs->efer >> 10 & 1) << 4 | vtl << 7);
}

static struct pv_hv_x64_segment segment(const struct kvm_segment *from)
{
    return (struct pv_hv_x64_segment){
        .base = from->base,
        .limit = from->limit,
        .selector = from->selector,
        .attributes = (uint16_t)(from->type | from->s << 4 | from->dpl << 5 | from->present << 7 |
                                 from->avl << 12 | from->l << 13 | from->db << 14 | from->g << 15),
    };
}

/* As many bytes of the instruction as lie on its page; it may be shorter. */
static void fetch(struct host_vp *vp, struct message *message)
{
    uint64_t bytes, at;

    if (!host_translate(vp, message->cs.base + message->rip, &at))
        return;
    bytes = PV_PAGE_BYTES - at % PV_PAGE_BYTES;
    if (bytes > sizeof(message->instruction))
        bytes = sizeof(message->instruction);
    if (host_memory_read(vp->host, at, message->instruction, bytes))
        message->instruction_count = (uint8_t)bytes;
}

static struct message describe(struct host_vp *vp, uint8_t vtl, uint64_t gpa, uint32_t wanted)
{
    const struct host_registers *now = &vp->now;
    struct message message = {
        .type = GPA_INTERCEPT,
        .payload_bytes = sizeof(message) - 16,
        .vp_index = vp->index,
        .length_and_cr8 = (uint8_t)(now->system.cr8 << 4),
        .access = wanted == PV_HV_MAP_WRITE,
        .state = execution_state(&now->system, vtl),
        .cs = segment(&now->system.cs),
        .rip = now->general.rip,
        .rflags = now->general.rflags,
        .cache_type = WRITE_BACK,
        .tpr = (uint8_t)now->system.cr8,
        .gpa = gpa,
    };

    fetch(vp, &message);
    return message;
}

static bool deliver(struct host_vp *vp, const struct message *message)
{
    const uint8_t vtl = host_vtl_of(vp);
    struct pv_hv_assist_page *page = host_assist_page(vp, vtl);

    if (page == NULL ||
        (vp->host->model.partition_config[vtl] & SIM_VSM_CONFIG_INTERCEPT_PAGE) == 0)
        return false;
    memcpy(page->intercept_message, message, sizeof(*message));
    return true;
}

bool host_intercept(struct host_vp *vp, uint64_t gpa, uint32_t wanted)
{
    struct host *host = vp->host;
    const uint8_t left = host_vtl_of(vp);
    const struct message message = describe(vp, left, gpa, wanted);

    if (!sim_model_intercept(&host->model, vp->index, gpa / PV_PAGE_BYTES, wanted))
        return false;
    host_vtl_enter(vp, left, PV_HV_VTL_ENTRY_INTERCEPT);
    host->intercepts++;
    return deliver(vp, &message);
}

/*
 * Where the view is as wide as it may be and nothing is missing, another VP has had it widened in the meantime.
 * KVM does not say whether the VP read or wrote; if the instruction does not either, a read of what may be
 * read is none.
 */
static bool settle(struct host_vp *vp, const struct host_access *tried)
{
    const uint64_t page = tried->gpa / PV_PAGE_BYTES;
    const uint32_t missing = host_view_missing(vp, page);

    if (host_view_widen(vp, page) || missing == 0)
        return true;
    return host_intercept(vp, tried->gpa,
                          missing == PV_HV_MAP_WRITE || tried->write ? PV_HV_MAP_WRITE
                                                                     : PV_HV_MAP_READ);
}

/* Newer kernels tell the page, 6.12 does not. */
static bool what_was_tried(struct host_vp *vp, uint64_t gpa, struct host_access *tried)
{
    struct host_access decoded = { .gpa = HOST_GPA_UNKNOWN };
    const bool known = host_instruction_next(vp, &decoded);

    *tried = decoded;
    if (gpa == HOST_GPA_UNKNOWN)
        return known;
    if (!known || decoded.gpa / PV_PAGE_BYTES != gpa / PV_PAGE_BYTES)
        *tried = (struct host_access){ .gpa = gpa };
    return true;
}

bool host_memory_fault(struct host_vp *vp, uint64_t gpa)
{
    struct host *host = vp->host;
    struct host_access tried;
    bool known, settled;

    host_registers_fetch(vp);
    pthread_mutex_lock(&host->lock);
    known = what_was_tried(vp, gpa, &tried);
    settled = host_watch_guest(host, tried.gpa) || (known && settle(vp, &tried));
    if (host->trace)
        fprintf(stderr, "vp %u: tried to %s GPA 0x%llx, now in VTL %u\n", vp->index,
                tried.write ? "write" : "read", (unsigned long long)tried.gpa, host_vtl_of(vp));
    pthread_mutex_unlock(&host->lock);
    return settled;
}
