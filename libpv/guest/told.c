/* SPDX-License-Identifier: MIT */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"
#include "steal/steal_internal.h"

void pv_told_add_(struct pv_told *told, enum pv_told_memory memory, enum pv_told_kind kind,
                  uint32_t number, uint64_t off)
{
    struct pv_told_entry *entry = &told->entries[told->count];

    entry->kind = kind;
    entry->memory = memory;
    entry->number = number;
    entry->off = off;
    /* A panic in an NMI may quiesce here: it must find a whole entry or none. */
    pv_port_compiler_barrier();
    told->count++;
}

/* Bit 0 is the enable bit of every page register. */
static bool msr_let_go(uint32_t msr, uint64_t off)
{
    pv_port_msr_write(msr, off);
    return (pv_port_msr_read(msr) & PV_HV_PAGE_ENABLE) == 0;
}

/* Did the hypervisor let go? */
static bool take_back(struct pv_guest *guest, const struct pv_told_entry *entry)
{
    if (entry->kind == PV_TOLD_GONE)
        return true;
    if (entry->kind == PV_TOLD_STEAL_AREA)
        return pv_steal_call_off_((enum pv_steal_backend)entry->number, entry->off);
    if (!PV_PORT_MSR)
        return pv_hv_sreg_set_block_(guest, entry->number, entry->off) == PV_OK;
    return msr_let_go(entry->number, entry->off);
}

/* A panic in an NMI may quiesce at any moment. It must find whole entries, each that is still to be
 * taken back among them; one that it takes back a second time does no harm. */
uint32_t pv_told_take_back_(struct pv_guest *guest, struct pv_told *told)
{
    uint32_t kept = 0;

    while (told->count > 0) {
        const struct pv_told_entry *entry = &told->entries[told->count - 1];

        if (!take_back(guest, entry))
            kept |= (uint32_t)entry->memory;
        pv_port_compiler_barrier();
        told->count--;
    }
    return kept;
}

/* The kind makes an entry whole, so it is written last, and the copy is there before the original
 * goes. */
static void move(struct pv_told_entry *to, struct pv_told_entry *from)
{
    to->memory = from->memory;
    to->number = from->number;
    to->off = from->off;
    pv_port_compiler_barrier();
    to->kind = from->kind;
    pv_port_compiler_barrier();
    from->kind = PV_TOLD_GONE;
}

static void close_gap(struct pv_told *told, uint32_t gap)
{
    told->entries[gap].kind = PV_TOLD_GONE;
    for (; gap + 1 < told->count; gap++)
        move(&told->entries[gap], &told->entries[gap + 1]);
    pv_port_compiler_barrier();
    told->count--;
}

bool pv_told_take_back_one_(struct pv_guest *guest, struct pv_told *told,
                            enum pv_told_memory memory)
{
    uint32_t i = told->count;
    bool taken;

    while (i > 0 && told->entries[i - 1].memory != memory)
        i--;
    if (i == 0)
        return true;
    taken = take_back(guest, &told->entries[i - 1]);
    close_gap(told, i - 1);
    return taken;
}
