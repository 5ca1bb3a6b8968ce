/* SPDX-License-Identifier: MIT */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"

void pv_told_add_(struct pv_told *told, enum pv_told_kind kind, uint32_t number, uint64_t off)
{
    struct pv_told_entry *entry = &told->entries[told->count++];

    entry->kind = kind;
    entry->number = number;
    entry->off = off;
}

/* A register that the hypervisor no longer takes cannot be helped here. */
static void take_back(struct pv_guest *guest, const struct pv_told_entry *entry)
{
    if (entry->kind == PV_TOLD_MSR)
        pv_port_msr_write(entry->number, entry->off);
    else
        (void)pv_hv_sreg_set_block_(guest, entry->number, entry->off);
}

void pv_told_take_back_(struct pv_guest *guest, struct pv_told *told)
{
    while (told->count > 0)
        take_back(guest, &told->entries[--told->count]);
}

void pv_told_take_back_one_(struct pv_guest *guest, struct pv_told *told, uint32_t number)
{
    uint32_t i = told->count;

    while (i > 0 && told->entries[i - 1].number != number)
        i--;
    if (i == 0)
        return;
    take_back(guest, &told->entries[i - 1]);
    for (told->count--; i <= told->count; i++)
        told->entries[i - 1] = told->entries[i];
}
