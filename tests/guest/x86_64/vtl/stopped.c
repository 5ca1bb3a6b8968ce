/* SPDX-License-Identifier: MIT */
/*
 * Registers of a processor that has not been started: they are set and read from another one, and those that
 * the context of its start does not name are there when it runs. Once it runs they are its own.
 */
#include "cpu.h"
#include "vtl.h"

#define MSR_LSTAR 0xC0000082u
#define MSR_FS_BASE 0xC0000100u
#define MSR_KERNEL_GS_BASE 0xC0000102u
#define NOT_CANONICAL 0x0080000000000000ull
#define REFUSED 0xF000u /* a status behind it */

/* One of each kind, in the order of the TLFS. The segment is one that real mode has as well. */
enum { R15, XMM7, CR2, DR0, FS, IDTR, KERNEL_GS_BASE, LSTAR, WANTED };
static const struct pv_hv_register wanted[WANTED] = {
    [R15] = { .name = PV_HV_REGISTER_X64_R15, .value = { 0x1515151515151515ull, 0 } },
    [XMM7] = { .name = PV_HV_REGISTER_X64_XMM0 + 7,
               .value = { 0x7070707070707070ull, 0x0707070707070707ull } },
    [CR2] = { .name = PV_HV_REGISTER_X64_CR2, .value = { 0x2222200000ull, 0 } },
    [DR0] = { .name = PV_HV_REGISTER_X64_DR0, .value = { 0xD0D0000ull, 0 } },
    [FS] = { .name = PV_HV_REGISTER_X64_FS, .value = { 0x23450, 0x009323450000FFFFull } },
    [IDTR] = { .name = PV_HV_REGISTER_X64_IDTR, .value = { 0x0123ull << 48, 0x7654000 } },
    [KERNEL_GS_BASE] = { .name = PV_HV_REGISTER_X64_KERNEL_GS_BASE,
                         .value = { 0x6500000000ull, 0 } },
    [LSTAR] = { .name = PV_HV_REGISTER_X64_LSTAR, .value = { 0xFFFFFFFF81234560ull, 0 } },
};

/* As VP 1 finds them; by the compiler's leave the first two only before any C runs. */
static struct pv_hv_register_value found[WANTED] __attribute__((used));

__attribute__((naked)) void stopped_begin(void)
{
    __asm__ volatile("mov %r15, found(%rip)\n\t"
                     "movups %xmm7, found+16(%rip)\n\t"
                     "jmp second_begin");
}

void stopped_arrive(void)
{
    struct descriptor_table idt;

    __asm__ volatile("sidt %0" : "=m"(idt));
    __asm__ volatile("mov %%cr2, %0" : "=r"(found[CR2].low));
    __asm__ volatile("mov %%dr0, %0" : "=r"(found[DR0].low));
    found[FS].low = read_msr(MSR_FS_BASE);
    found[IDTR].high = idt.base;
    found[KERNEL_GS_BASE].low = read_msr(MSR_KERNEL_GS_BASE);
    found[LSTAR].low = read_msr(MSR_LSTAR);
}

/* Bit n: the n-th is another. */
static uint64_t others(const struct pv_hv_register_value *values)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < WANTED; i++)
        bits |= (uint64_t)(memcmp(&values[i], &wanted[i].value, sizeof(values[i])) != 0) << i;
    return bits;
}

static uint64_t read_others(struct pv_hv_target target)
{
    struct pv_hv_register_value values[WANTED] = { { 0 } };
    uint32_t names[WANTED];

    for (unsigned i = 0; i < WANTED; i++)
        names[i] = wanted[i].name;
    if (pv_hv_regs_get(&normal.vp, target, names, values, WANTED, NULL, NULL) != PV_OK)
        return ~0ull;
    return others(values);
}

static void check_refused_value(struct pv_hv_target target)
{
    const struct pv_hv_register bad = { .name = PV_HV_REGISTER_X64_LSTAR,
                                        .value = { NOT_CANONICAL, 0 } };
    struct pv_hv_result result = { 0 };

    tap_equal(pv_hv_regs_set(&normal.vp, target, &bad, 1, NULL, &result), PV_REFUSED,
              "but not LSTAR to what no processor takes");
    tap_equal(result.status, PV_HV_STATUS_INVALID_REGISTER_VALUE, "for its value");
    tap_equal(read_others(target), 0, "and they are as before");
}

/* In VTL 1: LSTAR of VP VALUE as a VTL has it, MORE an HV_INPUT_VTL. */
bool stopped_serve(struct pv_hv_vtl_regs *regs)
{
    const struct pv_hv_target target = { { (uint32_t)regs->shared[VALUE] },
                                         (uint8_t)regs->shared[MORE] };
    const uint32_t name = PV_HV_REGISTER_X64_LSTAR;
    struct pv_hv_register_value value = { 0, 0 };
    struct pv_hv_result result = { 0 };

    if (regs->shared[REQUEST] != DO_TELL_LSTAR)
        return false;
    regs->shared[VALUE] = REFUSED;
    if (pv_hv_regs_get(&secure.vp, target, &name, &value, 1, NULL, &result) == PV_OK)
        regs->shared[VALUE] = value.low;
    else
        regs->shared[VALUE] += result.status;
    return true;
}

void stopped_check(struct pv_vp_index index)
{
    const struct pv_hv_target target = { index, 0 };

    tap_equal(pv_hv_regs_set(&normal.vp, target, wanted, WANTED, NULL, NULL), PV_OK,
              "registers of a processor that is stopped can be set");
    tap_equal(read_others(target), 0, "and read");
    check_refused_value(target);
    tap_equal(side_ask(DO_TELL_LSTAR, index.value, pv_hv_input_vtl(0)), wanted[LSTAR].value.low,
              "VTL 1 reads what VTL 0 has there");
    tap_equal(side_ask(DO_TELL_LSTAR, index.value, 0), REFUSED + PV_HV_STATUS_INVALID_VTL_STATE,
              "and nothing of a VTL 1 that was never entered");
}

void stopped_check_running(struct pv_vp_index index)
{
    const struct pv_hv_target target = { index, 0 };
    const uint64_t named = 1u << FS | 1u << IDTR; /* by the context */
    struct pv_hv_register_value value;
    struct pv_hv_result result = { 0 };

    tap_equal(others(found), named, "what was set has arrived, but for what the context names");
    tap_equal(found[FS].low, 0, "which is as the context says");
    tap_equal(pv_hv_regs_set(&normal.vp, target, wanted, 1, NULL, &result), PV_REFUSED,
              "a register of a processor that runs cannot be set");
    tap_equal(result.status, PV_HV_STATUS_INVALID_VP_STATE, "for it runs");
    tap_equal(pv_hv_regs_get(&normal.vp, target, &wanted[R15].name, &value, 1, NULL, &result),
              PV_REFUSED, "nor read");
    tap_equal(result.status, PV_HV_STATUS_INVALID_VP_STATE, "for the same reason");
}
