/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 port's assembly on a real CPU, against a hypercall page of our own: KVM has neither XMM
 * output nor VTLs, but the instructions around them can be checked all the same.
 */
#include "port.h"

/* What the page saw; written by the code below, which the compiler does not look into. */
extern struct port_seen {
    uint64_t control;
    uint64_t rdx;
    uint64_t r8;
    uint64_t xmm[12];
} port_seen;
struct port_seen port_seen;

/*
 * A hypercall page: keeps RCX, RDX, R8 and XMM0-5, answers one register value in XMM1, and scribbles
 * over everything else that a hypercall may change.
 */
__asm__(".pushsection .text\n"
        "fake_hypercall:\n\t"
        "leaq port_seen(%rip), %r9\n\t"
        "movq %rcx, 0(%r9)\n\t"
        "movq %rdx, 8(%r9)\n\t"
        "movq %r8, 16(%r9)\n\t"
        "movups %xmm0, 24(%r9)\n\t"
        "movups %xmm1, 40(%r9)\n\t"
        "movups %xmm2, 56(%r9)\n\t"
        "movups %xmm3, 72(%r9)\n\t"
        "movups %xmm4, 88(%r9)\n\t"
        "movups %xmm5, 104(%r9)\n\t"
        "movabsq $0x1122334455667788, %rax\n\t"
        "movq %rax, %xmm1\n\t"
        "xorl %ecx, %ecx\n\t"
        "xorl %r10d, %r10d\n\t"
        "xorl %r11d, %r11d\n\t"
        "movabsq $0x0000000100000000, %rax\n\t" /* success, 1 rep */
        "ret\n\t"
        /* A VTL switch: adds one to every shared register. */
        ".balign 16\n"
        "fake_switch:\n\t"
        "incq %rdx\n\tincq %rbx\n\tincq %rsi\n\tincq %rdi\n\tincq %rbp\n\tincq %r8\n\tincq %r9\n\t"
        "incq %r10\n\tincq %r11\n\tincq %r12\n\tincq %r13\n\tincq %r14\n\tincq %r15\n\t"
        "movq %rcx, %rax\n\t"
        "ret\n\t"
        ".popsection");

extern const uint8_t fake_hypercall[];
extern const uint8_t fake_switch[];

static struct pv_guest guest;
static struct pv_vp vp;

static void pretend(void)
{
    guest.initialised = true;
    guest.hv.entry = (uintptr_t)fake_hypercall;
    guest.hv.conduit = PV_HV_CONDUIT_PAGE;
    guest.hv.forms = PV_HV_FORMS;
    guest.hv.vtl_call_offset = (uint16_t)(fake_switch - fake_hypercall);
    guest.hv.vtl_return_offset = guest.hv.vtl_call_offset;
    vp.guest = &guest;
    vp.hv.way_in = &guest.hv;
}

static void check_register_block(void)
{
    static const uint64_t pattern[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint64_t after[12];
    uint64_t value = 0;
    enum pv_status status;

    __asm__ volatile("movups 0(%0), %%xmm0\n\tmovups 16(%0), %%xmm1\n\tmovups 32(%0), %%xmm2\n\t"
                     "movups 48(%0), %%xmm3\n\tmovups 64(%0), %%xmm4\n\tmovups 80(%0), %%xmm5"
                     :
                     : "r"(pattern)
                     : "memory");
    status = pv_hv_regs_get64(&vp, PV_HV_REGISTER_VSM_VP_STATUS, &value, NULL);
    __asm__ volatile("movups %%xmm0, 0(%0)\n\tmovups %%xmm1, 16(%0)\n\tmovups %%xmm2, 32(%0)\n\t"
                     "movups %%xmm3, 48(%0)\n\tmovups %%xmm4, 64(%0)\n\tmovups %%xmm5, 80(%0)"
                     :
                     : "r"(after)
                     : "memory");
    tap_equal(status, PV_OK, "a register read in the register block");
    tap_equal(value, 0x1122334455667788, "its value came out of XMM1");
    tap_equal(port_seen.control,
              PV_HV_CODE_GET_VP_REGISTERS | PV_HV_CONTROL_FAST | 1ull << PV_HV_CONTROL_REPS_SHIFT,
              "control word in RCX");
    tap_equal(port_seen.rdx, PV_HV_PARTITION_SELF, "partition in RDX");
    tap_equal(port_seen.r8, PV_HV_VP_SELF, "VP and VTL in R8");
    tap_equal(port_seen.xmm[0], PV_HV_REGISTER_VSM_VP_STATUS, "register name in XMM0");
    tap_ok(memcmp(after, pattern, sizeof(after)) == 0, "XMM0-5 are restored");
    tap_equal(vp.hv.depth, 0, "no argument memory was used");
}

static void check_switch(enum pv_status status, const struct pv_hv_vtl_regs *regs, const char *what)
{
    uint32_t right = 0;

    for (uint64_t i = 0; i < 13; i++)
        right += regs->shared[i] == 100 + i + 1;
    tap_equal(status, PV_OK, what);
    tap_equal(right, 13, "13 shared registers went there and came back");
}

void check_port(void)
{
    struct pv_hv_vtl_regs regs;

    pretend();
    check_register_block();
    for (uint64_t i = 0; i < 13; i++)
        regs.shared[i] = 100 + i;
    check_switch(pv_hv_vtl_call(&vp, &regs), &regs, "VTL call through the code page");
    for (uint64_t i = 0; i < 13; i++)
        regs.shared[i] = 100 + i;
    check_switch(pv_hv_vtl_return(&vp, true, &regs), &regs,
                 "fast VTL return through the code page");
}
