/* SPDX-License-Identifier: MIT */
/*
 * Pages that the hypervisor lays over guest memory. On Hyper-V the RAM underneath is hidden and
 * comes back; KVM writes a few bytes of code into the RAM, where they stay.
 */
#include "sim/machine_internal.h"

#include <string.h>

#define REST 0xCCu /* int3 */

static const uint8_t code[4] = { 0x0F, 0x01, 0xC1, 0xC3 }; /* vmcall; ret */

static void lift(struct sim_machine *machine, struct sim_overlay *overlay, bool keeps_content)
{
    uint8_t *at = (uint8_t *)sim_memory_at(machine, overlay->gpa, PV_PAGE_BYTES);

    if (overlay->on && at != NULL && !keeps_content)
        memcpy(at, overlay->hidden, PV_PAGE_BYTES);
    overlay->on = false;
}

void sim_overlay_place(struct sim_machine *machine, struct sim_overlay *overlay, uint64_t value,
                       bool keeps_content, const uint8_t *fill, size_t bytes)
{
    const uint64_t gpa = value & PV_HV_PAGE_NUMBER_MASK;
    uint8_t *at;

    lift(machine, overlay, keeps_content);
    at = (uint8_t *)sim_memory_at(machine, gpa, PV_PAGE_BYTES);
    if ((value & PV_HV_PAGE_ENABLE) == 0 || at == NULL)
        return;
    memcpy(overlay->hidden, at, PV_PAGE_BYTES);
    memcpy(at, fill, bytes);
    memcpy(overlay->shown, fill, bytes);
    overlay->shown_bytes = bytes;
    overlay->on = true;
    overlay->gpa = gpa;
}

/* What the hypercall page shows, and how much of the page it covers. */
static size_t page_content(const struct sim_machine *machine, uint8_t content[PV_PAGE_BYTES])
{
    const bool zero = sim_behaves(&machine->model, SIM_PAGE_ZERO);
    const bool ones = sim_behaves(&machine->model, SIM_PAGE_ONES);

    memset(content, zero ? 0x00 : ones ? 0xFF : REST, PV_PAGE_BYTES);
    if (!zero && !ones)
        memcpy(content, code, sizeof(code));
    return machine->page_is_written ? sizeof(code) : PV_PAGE_BYTES;
}

void sim_hypercall_page_follow(struct sim_machine *machine)
{
    uint8_t content[PV_PAGE_BYTES];
    const size_t bytes = page_content(machine, content);

    if (!sim_hypercall_page_intact(machine))
        sim_complain(&machine->model, "the hypercall page was written");
    sim_overlay_place(machine, &machine->hypercall_page, machine->model.hypercall_msr[0],
                      machine->page_is_written, content, bytes);
}

bool sim_hypercall_page_intact(struct sim_machine *machine)
{
    const struct sim_overlay *overlay = &machine->hypercall_page;
    const void *at = sim_memory_at(machine, overlay->gpa, PV_PAGE_BYTES);

    return !overlay->on || at == NULL || memcmp(at, overlay->shown, overlay->shown_bytes) == 0;
}

/* A fresh assist page is zero. */
void sim_assist_page_follow(struct sim_machine *machine, uint32_t vp, uint64_t value)
{
    static const uint8_t blank[PV_PAGE_BYTES];

    sim_overlay_place(machine, &machine->assist_pages[vp], value, false, blank, sizeof(blank));
}
