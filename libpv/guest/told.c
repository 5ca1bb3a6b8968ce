/* SPDX-License-Identifier: MIT */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"

void pv_told_add_(struct pv_told *told, enum pv_told_kind kind, uint32_t number, uint64_t off)
{
    struct pv_told_entry *entry = &told->entries[told->count];

    entry->kind = kind;
    entry->number = number;
    entry->off = off;
    /* A panic in an NMI may quiesce here: it must find a whole entry or none. */
    pv_port_compiler_barrier();
    told->count++;
}

/* Did the hypervisor let go? Bit 0 is the enable bit of every page register. */
static bool take_back(struct pv_guest *guest, const struct pv_told_entry *entry)
{
    if (entry->kind == PV_TOLD_HV_REGISTER)
        return pv_hv_sreg_set_block_(guest, entry->number, entry->off) == PV_OK;
    pv_port_msr_write(entry->number, entry->off);
    return (pv_port_msr_read(entry->number) & PV_HV_PAGE_ENABLE) == 0;
}

bool pv_told_take_back_(struct pv_guest *guest, struct pv_told *told)
{
    bool all = true;

    while (told->count > 0)
        all &= take_back(guest, &told->entries[--told->count]);
    return all;
}

bool pv_told_take_back_one_(struct pv_guest *guest, struct pv_told *told, uint32_t number)
{
    uint32_t i = told->count;
    bool taken;

    while (i > 0 && told->entries[i - 1].number != number)
        i--;
    if (i == 0)
        return true;
    taken = take_back(guest, &told->entries[i - 1]);
    for (told->count--; i <= told->count; i++)
        told->entries[i - 1] = told->entries[i];
    return taken;
}
