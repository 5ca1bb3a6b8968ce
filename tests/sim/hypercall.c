/* SPDX-License-Identifier: MIT */
/* The hypercall instruction and the VTL switch, as the port makes them. */
#include "sim/machine_internal.h"

#include <string.h>

#define REFUSED PV_HV_STATUS_INVALID_HYPERCALL_CODE

/* Where the hypercall page is; the guest may run it only where it may not write it. */
static const char *why_not_page(struct sim_machine *machine, uintptr_t entry)
{
    const struct sim_overlay *overlay = &machine->hypercall_page;
    const void *at = sim_memory_at(machine, overlay->gpa, PV_PAGE_BYTES);
    const struct sim_page *page = sim_page_of(machine, at);

    if (!overlay->on || at == NULL || entry != (uintptr_t)at)
        return "#UD: called something that is not the hypercall page";
    if (page != NULL && page->access != PV_OS_READ_EXECUTE)
        return "the hypercall page was executed while writable";
    return sim_hypercall_page_intact(machine) ? NULL : "the hypercall page was written";
}

static const char *why_not(struct sim_machine *machine, uintptr_t entry)
{
    if (sim_is_x86(machine))
        return why_not_page(machine, entry);
    return entry == PV_PORT_ENTRY_SMCCC || entry == PV_PORT_ENTRY_HVC1 ? NULL
                                                                       : "no such conduit";
}

static enum sim_convention convention(const struct sim_machine *machine, uintptr_t entry)
{
    if (sim_is_x86(machine))
        return SIM_X64;
    return entry == PV_PORT_ENTRY_SMCCC ? SIM_SMCCC : SIM_HVC1;
}

static uint64_t trap(struct pv_sim *port, uintptr_t entry, struct sim_registers *registers)
{
    struct sim_machine *machine = sim_machine_of(port);
    const char *why = why_not(machine, entry);
    uint64_t result;

    if (why != NULL) {
        sim_complain(&machine->model, why);
        return REFUSED;
    }
    registers->convention = convention(machine, entry);
    if (machine->hooks.call != NULL &&
        machine->hooks.call(machine->hooks.context, machine, registers, &result))
        return result;
    return sim_model_call(&machine->model, sim_index_of(port), registers);
}

uint64_t sim_port_hv_call(struct pv_sim *port, uintptr_t entry, uint64_t control, uint64_t in,
                          uint64_t out)
{
    struct sim_registers registers = { .control = control, .in = in, .out = out };

    if ((control & PV_HV_CONTROL_FAST) == 0 && !port->irqs_off)
        sim_machine_of(port)->irqs_on++;
    return trap(port, entry, &registers);
}

uint64_t sim_port_hv_call_block(struct pv_sim *port, uintptr_t entry, uint64_t control,
                                uint64_t block[PV_PORT_BLOCK_QWORDS])
{
    struct sim_machine *machine = sim_machine_of(port);
    struct sim_registers registers = {
        .control = control, .in = block[0], .out = block[1], .block = block
    };

    machine->block_irqs_on += !port->irqs_off;
    if (!port->irqs_off)
        sim_complain(&machine->model, "register block used with IRQs on");
    if (machine->sse_off)
        sim_complain(&machine->model, "#NM: register block used while it may not be");
    return trap(port, entry, &registers);
}

bool sim_port_block_usable(struct pv_sim *port)
{
    return !sim_machine_of(port)->sse_off;
}

/* A return that is not fast takes RAX and RCX from the assist page of the VTL that is left. */
static void load_rax_rcx(struct sim_machine *machine, uint32_t vp,
                         uint64_t shared[PV_HV_VTL_SHARED])
{
    const uint64_t value = machine->model.cpus[vp].vtls[0].assist_page;
    struct pv_hv_assist_page page;

    if ((value & PV_HV_PAGE_ENABLE) == 0 ||
        !sim_memory_read(machine, value & PV_HV_PAGE_NUMBER_MASK, &page, sizeof(page))) {
        sim_complain(&machine->model, "VTL return without an assist page");
        return;
    }
    shared[PV_HV_VTL_RAX] = page.vtl_return_rax;
    shared[PV_HV_VTL_RCX] = page.vtl_return_rcx;
}

/* They make the call, unless a return that is not fast loads them. */
static void hand_over_rax_rcx(struct sim_machine *machine, uint32_t vp,
                              const struct sim_switch *what)
{
    what->shared[PV_HV_VTL_RAX] = what->offset;
    what->shared[PV_HV_VTL_RCX] = what->control;
    if (what->to_lower && what->control == 0)
        load_rax_rcx(machine, vp, what->shared);
}

static uintptr_t code_offset(struct sim_machine *machine, bool to_lower)
{
    const uint32_t offsets = machine->model.code_offsets;

    return to_lower ? offsets >> 12 & 0xFFF : offsets & 0xFFF;
}

static const char *why_no_switch(struct sim_machine *machine, uintptr_t entry, bool to_lower)
{
    if (!sim_is_x86(machine))
        return why_not(machine, entry);
    return why_not_page(machine, entry - code_offset(machine, to_lower));
}

void sim_port_vtl_switch(struct pv_sim *port, uintptr_t entry, bool to_lower, uint64_t control,
                         uint64_t shared[PV_HV_VTL_SHARED])
{
    struct sim_machine *machine = sim_machine_of(port);
    const uint32_t vp = sim_index_of(port);
    const uint8_t home = machine->model.cpus[vp].active_vtl;
    const char *why = why_no_switch(machine, entry, to_lower);
    struct sim_switch what = { to_lower, control, code_offset(machine, to_lower), shared };

    machine->vtl_switches++;
    if (why == NULL && !sim_model_vtl_switch(&machine->model, vp, to_lower, control))
        why = "#UD: VTL switch that the VTL state does not allow";
    if (why != NULL) {
        sim_complain(&machine->model, why);
        return;
    }
    if (sim_is_x86(machine))
        hand_over_rax_rcx(machine, vp, &what);
    if (machine->hooks.vtl != NULL)
        machine->hooks.vtl(machine->hooks.context, machine, &what);
    machine->model.cpus[vp].active_vtl = home;
}
