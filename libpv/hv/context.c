/* SPDX-License-Identifier: MIT */
/* Initial VP contexts. */
#include "pv_port.h"

#include <pv/hv/vtl.h>

/* Present, system-valid attributes in the VMCS order of HV_X64_SEGMENT_REGISTER. */
#define ATTRIBUTES_CODE64 0xA09Bu
#define ATTRIBUTES_DATA 0xC093u
#define ATTRIBUTES_TSS_BUSY 0x8Bu
#define ATTRIBUTES_LDT 0x82u
#define LIMIT_FLAT 0xFFFFFFFFu

#define RFLAGS_FIXED 0x2u
#define EFER_LME_LMA_NXE 0xD00u
#define CR0_PG_WP_NE_ET_MP_PE 0x80010033u
#define CR4_OSFXSR_PAE 0x220u
#define PAT_RESET 0x0007040600070406ull

static struct pv_hv_x64_segment segment(uint16_t selector, uint16_t attributes)
{
    const struct pv_hv_x64_segment flat = {
        .limit = LIMIT_FLAT,
        .selector = selector,
        .attributes = attributes,
    };

    return flat;
}

void pv_hv_context_x64(struct pv_hv_context_x64 *context, const struct pv_hv_start_x64 *start)
{
    const struct pv_hv_x64_segment data = segment(start->ss, ATTRIBUTES_DATA);

    memset(context, 0, sizeof(*context));
    context->rip = start->rip;
    context->rsp = start->rsp;
    context->rflags = RFLAGS_FIXED;
    context->cs = segment(start->cs, ATTRIBUTES_CODE64);
    context->ds = data;
    context->es = data;
    context->fs = data;
    context->gs = data;
    context->ss = data;
    context->tr = segment(0, ATTRIBUTES_TSS_BUSY);
    context->ldtr = segment(0, ATTRIBUTES_LDT);
    context->gdtr.base = start->gdt_base;
    context->gdtr.limit = start->gdt_limit;
    context->idtr.base = start->idt_base;
    context->idtr.limit = start->idt_limit;
    context->efer = EFER_LME_LMA_NXE;
    context->cr0 = CR0_PG_WP_NE_ET_MP_PE;
    context->cr3 = start->cr3;
    context->cr4 = CR4_OSFXSR_PAE;
    context->pat = PAT_RESET;
}

void pv_hv_context_arm64(struct pv_hv_context_arm64 *context, uint64_t pc, uint64_t sp,
                         uint64_t sctlr)
{
    memset(context, 0, sizeof(*context));
    context->pc = pc;
    context->sp_el1 = sp;
    context->sctlr_el1 = sctlr;
}
