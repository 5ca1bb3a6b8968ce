/* SPDX-License-Identifier: MIT */
/* What both sides do alike, and what the freestanding port wants from a kernel. */
#include "pv_freestanding.h"
#include "vtl.h"

struct side normal, secure;

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    tap_say(text);
}

enum pv_status side_up(struct side *side, struct pv_hv_result *result)
{
    static const struct pv_guest_config config = { .hv.os_id = 0xFF00000001000000ull };
    enum pv_status status = pv_guest_init(&side->guest, &config);

    if (status == PV_OK)
        status = pv_vp_online(&side->guest, &side->vp);
    if (status == PV_OK)
        status = pv_hv_assist_enable(&side->vp);
    if (status == PV_OK)
        status = pv_hv_vtl_switch_init(&side->vp, result);
    return status;
}

uint64_t side_ask(enum request what, uint64_t value, uint64_t more)
{
    struct pv_hv_vtl_regs regs = { .shared = { [REQUEST] = what, [VALUE] = value, [MORE] = more } };

    if (pv_hv_vtl_call(&normal.vp, &regs) != PV_OK)
        kernel_exit(8);
    return regs.shared[VALUE];
}

struct table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* As the caller has it, but for where it begins. */
void side_context(union pv_hv_context *context, void (*begin)(void), uint8_t *stack)
{
    struct pv_hv_start_x64 start = { 0 };
    struct table gdt, idt;

    __asm__ volatile("sgdt %0" : "=m"(gdt));
    __asm__ volatile("sidt %0" : "=m"(idt));
    __asm__ volatile("mov %%cr3, %0" : "=r"(start.cr3));
    __asm__ volatile("mov %%cs, %0" : "=r"(start.cs));
    __asm__ volatile("mov %%ss, %0" : "=r"(start.ss));
    start.rip = (uintptr_t)begin;
    start.rsp = (uintptr_t)(stack + STACK_BYTES - 8);
    start.gdt_base = gdt.base;
    start.gdt_limit = gdt.limit;
    start.idt_base = idt.base;
    start.idt_limit = idt.limit;
    pv_hv_context_x64(&context->x64, &start);
}
