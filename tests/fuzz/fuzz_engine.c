/* SPDX-License-Identifier: MIT */
/*
 * The input is a program: which machine, then steps, each a call of libpv's API with arguments, or
 * something that happens to the machine. The kernel that runs it keeps to the documented contexts
 * (one CPU at a time, others offline before quiesce) and to nothing else: calls come in any order,
 * nest, are left open, and their arguments are arbitrary. Held after every step:
 *
 *   - the guest has broken no rule of the TLFS, and canary pages are intact (machine.h)
 *   - hypercalls per API call are bounded, whatever the hypervisor answers
 *   - IRQs are off exactly while a call with memory is open, else as the kernel had them
 *   - output is written on PV_OK only, and never beyond what was asked for
 *   - statuses are among the enum, and those that follow from the order of calls are right
 *
 * At the end everything is released: no page is missing and the hypervisor knows of none.
 *
 * fuzz: -max_len=600 -len_control=20
 */
#include "fuzz/engine_calls.h"
#include "fuzz/engine_life.h"
#include "fuzz/engine_vtl.h"

/* ---- what happens to the machine ---- */

static void do_behave(void)
{
    behave(SIM_BEHAVIOURS);
}

/* Refusals are no lies. */
static void do_refuse(void)
{
    struct sim_model *model = &machine.model;
    const uint8_t flags = next8();

    model->refuse = (flags & 1) != 0 ? next8() : 0;
    model->fail_status = (flags & 2) != 0 ? next8() : 0;
    model->fail_element = (flags & 2) != 0 ? next8() : 0;
    world.refused |= (flags & 3) != 0;
}

static void do_os_failure(void)
{
    struct sim_os *os = &machine.os;
    const uint8_t what = next8();
    uint32_t *const counters[] = { &os->fail.alloc, &os->fail.protect, &os->fail.virt_to_gpa,
                                   &os->fail.map, &os->fail.skew };

    *counters[what % 5] = what / 5 % 8;
    world.protect_failures |= os->fail.protect != 0;
    os->gpa_skew = take16(&world.input);
}

/* The kernel itself turns them on and off, but not while a call of its own is open. */
static void do_irq(void)
{
    if (this_nest()->count != 0)
        return;
    world.irqs_off[world.cpu] = !world.irqs_off[world.cpu];
    pv_sim->irqs_off = world.irqs_off[world.cpu];
}

/* ---- the program ---- */

static void (*const steps[])(void) = {
    do_init,     do_online,   do_offline,    do_switch, do_vp_release, do_quiesce,    do_resume,
    do_release,  do_migrate,  do_behave,     do_answer, do_refuse,     do_os_failure, do_irq,
    do_begin,    do_write,    do_issue,      do_end,    do_whole,      do_fast,       do_simple,
    do_list,     do_gpa,      do_read,       do_assist, do_translate,  do_set_up_vtl, do_protect,
    do_regs_get, do_regs_set, do_switch_vtl,
};

static void check_step(uint64_t calls_before)
{
    INSIST(sim_calls(&machine) - calls_before <= world.bound, "too many hypercalls");
    check_complaints();
    for (uint32_t i = 0; i < CPUS; i++) {
        INSIST(machine.cpus[i].port.irqs_off == world.irqs_off[i], "IRQ state");
        INSIST(world.vps[i].hv.depth == depth_of(&nests[i]), "nesting depth");
        INSIST(world.vps[i].told.count <= PV_TOLD_MAX, "registry overrun");
    }
    INSIST(world.guest.told.count <= PV_TOLD_MAX, "registry overrun");
}

static void step(void)
{
    const uint64_t before = sim_calls(&machine);

    world.bound = 0;
    steps[next8() % (sizeof(steps) / sizeof(steps[0]))]();
    check_step(before);
}

/* Most programs begin as most kernels do. */
static void start(struct input input)
{
    world_clear(input);
    memset(slots, 0, sizeof(slots));
    memset(nests, 0, sizeof(nests));
    take_machine();
    if (next8() % 4 == 3)
        return;
    do_init();
    do_online();
}

/* An honest end: whatever came before, everything can be given back. */
static void finish(void)
{
    stop_lying();
    memset(&machine.os.fail, 0, sizeof(machine.os.fail));
    go_to(0);
    close_calls();
    offline_others();
    if (world.guest.initialised)
        check_release(pv_guest_release(&world.guest, vp_if_online()));
    for (uint32_t i = 0; i < CPUS; i++)
        check_release(pv_vp_release(&world.vps[i]));
    pv_os_page_free(world.pages, 2);
    check_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start((struct input){ data, size });
    while (world.input.left != 0)
        step();
    finish();
    return 0;
}
