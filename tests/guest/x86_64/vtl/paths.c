/* SPDX-License-Identifier: MIT */
/*
 * What each path costs: ticks for a call, the mean of many. In the lab a tick is an instruction of the whole
 * machine, so those of KVM and of the monitor are in it.
 */
#include "vtl.h"

#define LIST_XMM 4u /* no more fit: header and names take 32 bytes, and values 64, of 112 */
#define LIST_PAGE 16u
#define RSP 4u
#define MARK 0x5AA5C33C5AA5C33Cull

static const uint32_t names[LIST_PAGE] = {
    PV_HV_REGISTER_X64_RAX, PV_HV_REGISTER_X64_RCX, PV_HV_REGISTER_X64_RDX, PV_HV_REGISTER_X64_RBX,
    PV_HV_REGISTER_X64_RSP, PV_HV_REGISTER_X64_RBP, PV_HV_REGISTER_X64_RSI, PV_HV_REGISTER_X64_RDI,
    PV_HV_REGISTER_X64_R8,  PV_HV_REGISTER_X64_R9,  PV_HV_REGISTER_X64_R10, PV_HV_REGISTER_X64_R11,
    PV_HV_REGISTER_X64_R12, PV_HV_REGISTER_X64_R13, PV_HV_REGISTER_X64_R14, PV_HV_REGISTER_X64_R15,
};
static uint64_t last_set; /* in LSTAR, which nobody here needs */

/* ---- one call each; false: failed, or answered wrong ---- */

static bool hint(struct pv_vp *vp, uint64_t round)
{
    (void)round;
    return pv_hv_call_fast(vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, 1, 0, NULL) == PV_OK;
}

static bool query(struct pv_vp *vp, uint64_t round)
{
    uint8_t vtl = 0xFF;

    (void)round;
    return pv_hv_vtl_current(vp, &vtl, NULL) == PV_OK && vtl == 0;
}

static bool set_one(struct pv_vp *vp, uint64_t round)
{
    const struct pv_hv_register lstar = { .name = PV_HV_REGISTER_X64_LSTAR, .value.low = round };

    last_set = round;
    return pv_hv_regs_set(vp, pv_hv_target_self(), &lstar, 1, NULL, NULL) == PV_OK;
}

static bool get_one(struct pv_vp *vp, uint64_t round)
{
    uint64_t value = ~0ull;

    (void)round;
    return pv_hv_regs_get64(vp, PV_HV_REGISTER_X64_LSTAR, &value, NULL) == PV_OK &&
           value == last_set;
}

static bool get_few(struct pv_vp *vp, uint64_t round)
{
    struct pv_hv_register_value values[LIST_XMM];
    size_t done = 0;

    (void)round;
    return pv_hv_regs_get(vp, pv_hv_target_self(), names, values, LIST_XMM, &done, NULL) == PV_OK &&
           done == LIST_XMM;
}

/* The stack pointer is the one of them that can be told from here: a little below the values. */
static bool get_many(struct pv_vp *vp, uint64_t round)
{
    struct pv_hv_register_value values[LIST_PAGE];

    (void)round;
    return pv_hv_regs_get(vp, pv_hv_target_self(), names, values, LIST_PAGE, NULL, NULL) == PV_OK &&
           (uintptr_t)values - values[RSP].low < PV_PAGE_BYTES;
}

/* ---- many ---- */

static const struct path {
    const char *text;
    bool (*call)(struct pv_vp *vp, uint64_t round);
    bool by_page;
    uint32_t registers;
} paths[] = {
    { "  two registers, no output:          ", hint, false, 0 },
    { "  which VTL is this, XMM:            ", query, false, 1 },
    { "  which VTL is this, argument page:  ", query, true, 1 },
    { "  set a register, XMM:               ", set_one, false, 1 },
    { "  set a register, argument page:     ", set_one, true, 1 },
    { "  get a register, XMM:               ", get_one, false, 1 },
    { "  get a register, argument page:     ", get_one, true, 1 },
    { "  get 4 registers, XMM:              ", get_few, false, LIST_XMM },
    { "  get 4 registers, argument page:    ", get_few, true, LIST_XMM },
    { "  get 16 registers, argument page:   ", get_many, true, LIST_PAGE },
};

/* One call more shows that it goes where it is said to. */
static uint64_t path_wrong(const struct path *path, struct pv_vp *vp, uint32_t calls)
{
    const uint64_t before = kernel_ticks();
    struct touched touched;
    uint64_t ticks, wrong = 0;

    for (uint64_t round = 0; round < calls; round++)
        wrong += !path->call(vp, round);
    ticks = (kernel_ticks() - before) / calls;
    tap_note(path->text, ticks);
    if (path->registers > 1)
        tap_note("    for each register:               ", ticks / path->registers);
    page_watch(vp);
    wrong += !path->call(vp, calls);
    touched = page_touched();
    return wrong + (touched.by_guest != path->by_page) + (touched.by_hypercall != path->by_page);
}

/* In VTL 1: goes back and forth until it has been called so often. RAX arrives only if the return is not fast. */
void paths_serve(struct pv_hv_vtl_regs *regs)
{
    const uint64_t calls = regs->shared[VALUE];
    const bool fast = regs->shared[MORE] != 0;

    for (uint64_t i = 0; i < calls; i++) {
        if (pv_hv_vtl_return(&secure.vp, fast, regs) != PV_OK)
            kernel_exit(9);
        regs->shared[VALUE] += 1;
        regs->shared[PV_HV_VTL_RAX] = MARK;
    }
}

/* The last call does not come back from paths_serve, so there is one more. */
static uint64_t trips_by_return(const char *text, bool fast, uint32_t calls)
{
    struct pv_hv_vtl_regs regs = { { 0 } };
    uint64_t before, wrong;

    wrong = side_ask(DO_BACK_AND_FORTH, calls + 1ull, fast) != calls + 1ull;
    before = kernel_ticks();
    for (uint64_t i = 1; i <= calls; i++) {
        if (pv_hv_vtl_call(&normal.vp, &regs) != PV_OK)
            kernel_exit(8);
        wrong += regs.shared[VALUE] != i || (regs.shared[PV_HV_VTL_RAX] == MARK) == fast;
    }
    tap_note(text, (kernel_ticks() - before) / calls);
    return wrong + (side_ask(DO_BACK_AND_FORTH, 0, 0) != 1);
}

void paths_check(uint32_t calls)
{
    static struct way pages;
    struct pv_vp *by_page;
    uint64_t wrong = 0;

    if (calls == 0)
        return;
    by_page = way_up(&pages, NO_BLOCK);
    if (!tap_ok(by_page != NULL, "a guest that makes hypercalls by its argument page"))
        return;
    tap_note("ticks (in the lab: instructions, the monitor's too), mean of calls:", calls);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        wrong += path_wrong(&paths[i], paths[i].by_page ? by_page : &normal.vp, calls);
    tap_equal(wrong, 0, "each call by each path is answered, by the page where it says so");
    wrong = trips_by_return("  VTL 0, 1, 0, fast return:          ", true, calls);
    wrong += trips_by_return("  VTL 0, 1, 0, RAX and RCX by page:  ", false, calls);
    tap_equal(wrong, 0, "each call of VTL 1 comes back, by each kind of return");
}
