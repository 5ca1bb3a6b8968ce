/* SPDX-License-Identifier: MIT */
#include "trap.h"

#include "sim/sim.h"

#include <pv/abi/smccc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define INSN_BYTES 4

static struct sim_machine machine;
static uint64_t hvcs;

/* The other VTL adds one to every register it shares with us. */
static void other_vtl(void *context, struct sim_machine *on, struct sim_switch *what)
{
    (void)context;
    (void)on;
    for (int i = 0; i < PV_HV_VTL_SHARED; i++)
        what->shared[i]++;
}

/* A fast call on arm64 always has the whole block, in general registers that need no IRQs off; the
 * simulated machine thinks of XMM registers and would complain. */
static uint64_t hypercall(uintptr_t entry, uint64_t control, uint64_t *block)
{
    const bool irqs_off = pv_sim->irqs_off;
    uint64_t result;

    if ((control & PV_HV_CONTROL_FAST) == 0)
        return pv_port_hv_call(entry, control, block[0], block[1]);
    pv_sim->irqs_off = true;
    result = pv_port_hv_call_block(entry, control, block);
    pv_sim->irqs_off = irqs_off;
    return result;
}

/* Registers as unsigned long long in the signal frame, as uint64_t in libpv. */
static void smccc(uint64_t x[31])
{
    struct pv_port_smccc r;

    if (x[0] == PV_HV_SMCCC_CALL) {
        x[0] = hypercall(PV_PORT_ENTRY_SMCCC, x[1], &x[2]);
        return;
    }
    r = pv_port_smccc(PV_DETECT_CONDUIT_HVC, x[0], x[1]);
    x[0] = r.a0;
    x[1] = r.a1;
    x[2] = r.a2;
    x[3] = r.a3;
}

/* X18 is private; the registers above it move up by one. */
static void vtl_switch(bool to_lower, uint64_t x[31])
{
    uint64_t shared[PV_HV_VTL_SHARED];

    memcpy(shared, x, 18 * sizeof(x[0]));
    memcpy(shared + 18, x + 19, 12 * sizeof(x[0]));
    pv_port_vtl_switch(PV_PORT_ENTRY_SMCCC, to_lower, 0, shared);
    memcpy(x, shared, 18 * sizeof(x[0]));
    memcpy(x + 19, shared + 18, 12 * sizeof(x[0]));
}

static void hvc(uint32_t immediate, uint64_t x[31])
{
    hvcs++;
    switch (immediate) {
    case 0:
        smccc(x);
        break;
    case 1:
        x[0] = hypercall(PV_PORT_ENTRY_HVC1, x[0], &x[1]);
        break;
    case 2:
    case 3:
        vtl_switch(immediate == 3, x);
        break;
    default:
        abort();
    }
}

/* A64 encodings; Rt and immediates are masked out. */
#define IS(insn, mask, value) (((insn) & (mask)) == (value))

static void execute(uint32_t insn, uint64_t x[31])
{
    const uint32_t rt = insn & 31;

    if (IS(insn, 0xFFE0001F, 0xD4000002)) /* HVC #imm */
        hvc(insn >> 5 & 0xFFFF, x);
    else if (IS(insn, 0xFFFFFFE0, 0xD53B4220)) /* MRS Xt, DAIF */
        x[rt] = pv_sim->irqs_off ? 0xC0 : 0;
    else if (IS(insn, 0xFFFFFFE0, 0xD51B4220)) /* MSR DAIF, Xt */
        pv_sim->irqs_off = x[rt] != 0;
    else if (IS(insn, 0xFFFFF0FF, 0xD50340DF)) /* MSR DAIFSet, #imm */
        pv_sim->irqs_off = true;
    else
        abort();
}

static void on_trap(int number, siginfo_t *info, void *frame)
{
    mcontext_t *cpu = &((ucontext_t *)frame)->uc_mcontext;
    uint32_t insn;
    uint64_t x[31];

    (void)number;
    (void)info;
    memcpy(&insn, (const void *)(uintptr_t)cpu->pc, sizeof(insn));
    memcpy(x, cpu->regs, sizeof(x));
    execute(insn, x);
    memcpy(cpu->regs, x, sizeof(x));
    cpu->pc += INSN_BYTES;
}

void trap_machine(void)
{
    struct sigaction action;

    sim_machine_init(&machine, SIM_HYPERV_ARM64);
    machine.hooks.vtl = other_vtl;
    hvcs = 0;
    memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &action, NULL);
}

const char *trap_complaint(void)
{
    const char *complaint = sim_complaint(&machine);

    return complaint != NULL ? complaint : sim_os_leak(&machine);
}

bool trap_irqs_off(void)
{
    return pv_sim->irqs_off;
}

uint64_t trap_hvcs(void)
{
    return hvcs;
}
