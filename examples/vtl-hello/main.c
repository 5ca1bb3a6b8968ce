/* SPDX-License-Identifier: MIT */
/* The normal side: begins in VTL 0, makes VTL 1 exist, and calls it. README.md explains each step. */
#include "hello.h"

#define US "VTL 0: "

static struct side normal;

/* Every step must succeed; if one does not, that is the last thing said. */
static void need(enum pv_status status, const char *what)
{
    if (status == PV_OK)
        return;
    kernel_puts(US "could not ");
    say(what, ": libpv's status is ", (uint64_t)status,
        status == PV_UNSUPPORTED ? ", there are no VTLs here" : "");
    kernel_exit(1);
}

/* One trip to VTL 1 and back. */
static uint64_t ask(uint64_t request, uint64_t value)
{
    struct pv_hv_vtl_regs regs = { .shared = { [HELLO_REQUEST] = request, [HELLO_VALUE] = value } };

    need(pv_hv_vtl_call(&normal.vp, &regs), "call VTL 1");
    return regs.shared[HELLO_VALUE];
}

static void make_vtl_1(void)
{
    const struct pv_vp_index myself = { PV_HV_VP_SELF };
    struct pv_hv_vtl_regs regs = { { 0 } };
    union pv_hv_context context;

    need(pv_hv_vtl_enable_partition(&normal.vp, 1, 0, NULL), "enable VTL 1 for the machine");
    secure_context(&context);
    need(pv_hv_vtl_enable_vp(&normal.vp, myself, 1, &context, NULL), "enable VTL 1 for this CPU");
    kernel_puts(US "VTL 1 exists now, and has not run yet.\n");
    need(pv_hv_vtl_call(&normal.vp, &regs), "call VTL 1");
    need((enum pv_status)ask(HELLO_STATUS, 0), "start libpv in VTL 1");
    kernel_puts(US "VTL 1 has started and returned to me.\n");
}

static void ask_where(void)
{
    uint8_t vtl = 0xFF;

    need(side_where(&normal, &vtl), "ask which VTL this is");
    say(US, "I ask the hypervisor: I run in VTL ", vtl, ".");
    say(US, "VTL 1 asked too, and tells me: it runs in VTL ", ask(HELLO_WHERE, 0), ".");
}

static void pass_registers(void)
{
    struct pv_hv_vtl_regs regs = { .shared = { [HELLO_REQUEST] = HELLO_ADD_ONE } };
    unsigned right = 0;

    for (unsigned i = HELLO_VALUE; i < PV_HV_VTL_RAX; i++)
        regs.shared[i] = 1000 * i;
    need(pv_hv_vtl_call(&normal.vp, &regs), "call VTL 1");
    for (unsigned i = HELLO_VALUE; i < PV_HV_VTL_RAX; i++)
        right += regs.shared[i] == 1000 * i + 1;
    say(US, "I sent 1000 over in RBX, and ", regs.shared[HELLO_VALUE], " came back.");
    say(US, "The same went well with ", right, " registers at once.");
    if (right != PV_HV_VTL_RAX - HELLO_VALUE)
        kernel_exit(1);
}

/* One instruction, of HELLO_WRITE_BYTES: VTL 1 comes between here. */
static void try_to_write(uint8_t *to, uint8_t value)
{
    __asm__ volatile("movb %%bl, (%%rdi)" : : "D"(to), "b"(value) : "memory");
}

static void lose_a_page(void)
{
    static volatile uint8_t page[PV_PAGE_BYTES] PV_ALIGNED(PV_PAGE_BYTES);

    page[0] = 42;
    need((enum pv_status)ask(HELLO_PROTECT, (uintptr_t)page), "have VTL 1 protect a page");
    say(US, "VTL 1 has made a page read-only for me. I read ", page[0], " in it.");
    try_to_write((uint8_t *)page, 43);
    say(US, "I wrote 43. It still says ", page[0], ".");
    say(US, "VTL 1 tells me how many such attempts it saw: ", ask(HELLO_ATTEMPTS, 0), ".");
    if (page[0] != 42)
        kernel_exit(1);
}

void kernel_main(void)
{
    need(side_up(&normal), "start libpv");
    make_vtl_1();
    ask_where();
    pass_registers();
    lose_a_page();
    kernel_puts(US "Goodbye.\n");
    kernel_exit(0);
}
