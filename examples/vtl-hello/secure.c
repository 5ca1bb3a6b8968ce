/* SPDX-License-Identifier: MIT */
/* The secure side: begins in VTL 1 with a stack of its own, and serves one request after another. */
#include "hello.h"

#define STACK_BYTES 16384u

static struct side secure;
static uint8_t stack[STACK_BYTES] PV_ALIGNED(16);
static enum pv_status up;
static uint64_t attempts;

/*
 * Protection is switched on once and cannot be switched off; pages nobody names stay as they are.
 * Bit 12: intercepts are told in the assist page (otherwise by a message and an interrupt).
 */
static enum pv_status protect(uint64_t address)
{
    const uint64_t page = address / PV_PAGE_BYTES;
    struct pv_hv_vsm_partition_config config = { 0 };
    enum pv_status status = pv_hv_vsm_config_get(&secure.vp, 1, &config, NULL);

    config.protect = true;
    config.default_mask = 0xF;
    config.raw |= 1ull << 12;
    if (status == PV_OK)
        status = pv_hv_vsm_config_set(&secure.vp, 1, &config, NULL);
    if (status == PV_OK)
        status = pv_hv_vtl_protect(&secure.vp, 0, PV_HV_MAP_READ, &page, 1, NULL, NULL);
    return status;
}

/* VTL 0 stands on the write it was not allowed; let it go on behind that. */
static void intercepted(void)
{
    const struct pv_hv_target vtl_0 = { { PV_HV_VP_SELF }, pv_hv_input_vtl(0) };
    const uint32_t name = PV_HV_REGISTER_X64_RIP;
    struct pv_hv_register rip = { .name = name };

    attempts++;
    if (pv_hv_regs_get(&secure.vp, vtl_0, &name, &rip.value, 1, NULL, NULL) != PV_OK)
        kernel_exit(1);
    rip.value.low += HELLO_WRITE_BYTES;
    if (pv_hv_regs_set(&secure.vp, vtl_0, &rip, 1, NULL, NULL) != PV_OK)
        kernel_exit(1);
}

static void serve(struct pv_hv_vtl_regs *regs)
{
    uint64_t *value = &regs->shared[HELLO_VALUE];
    uint8_t vtl = 0xFF;

    switch (regs->shared[HELLO_REQUEST]) {
    case HELLO_STATUS:
        *value = (uint64_t)up;
        break;
    case HELLO_WHERE:
        if (side_where(&secure, &vtl) != PV_OK)
            vtl = 0xFF;
        *value = vtl;
        break;
    case HELLO_ADD_ONE:
        for (unsigned i = HELLO_VALUE; i < PV_HV_VTL_RAX; i++)
            regs->shared[i] += 1;
        break;
    case HELLO_PROTECT:
        *value = (uint64_t)protect(*value);
        break;
    case HELLO_ATTEMPTS:
        *value = attempts;
        break;
    default:
        *value = ~0ull;
    }
}

/*
 * The hypervisor jumps here at the first call, and only then. To return to VTL 0 is a function call
 * that comes back at the next entry, with VTL 0's registers of that moment.
 */
static _Noreturn void begin(void)
{
    static struct pv_hv_vtl_regs regs;

    up = side_up(&secure);
    while (up == PV_OK && pv_hv_vtl_return(&secure.vp, false, &regs) == PV_OK) {
        if (secure.vp.hv.assist->vtl_entry_reason == PV_HV_VTL_ENTRY_INTERCEPT)
            intercepted();
        else
            serve(&regs);
    }
    say("VTL 1: ", "libpv did not come up, status ", (uint64_t)up, "");
    kernel_exit(1);
}

struct table {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* The tables are VTL 0's own, for shortness: one that protects something has its own. */
void secure_context(union pv_hv_context *context)
{
    struct pv_hv_start_x64 start = { .rip = (uintptr_t)begin };
    struct table gdt, idt;

    __asm__ volatile("sgdt %0" : "=m"(gdt));
    __asm__ volatile("sidt %0" : "=m"(idt));
    __asm__ volatile("mov %%cr3, %0" : "=r"(start.cr3));
    __asm__ volatile("mov %%cs, %0" : "=r"(start.cs));
    __asm__ volatile("mov %%ss, %0" : "=r"(start.ss));
    start.rsp = (uintptr_t)(stack + STACK_BYTES - 8); /* as if begin() had been called */
    start.gdt_base = gdt.base;
    start.gdt_limit = gdt.limit;
    start.idt_base = idt.base;
    start.idt_limit = idt.limit;
    pv_hv_context_x64(&context->x64, &start);
}
