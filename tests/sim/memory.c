/* SPDX-License-Identifier: MIT */
/*
 * Guest physical memory. GPAs have nothing in common with the VA, so a mix-up cannot go unseen:
 * pages from pv_os_page_alloc lie above 4 GiB, other kernel memory is given GPAs page by page in
 * the order it is asked for, firmware pages have fixed ones.
 */
#include "sim/machine_internal.h"

#include <string.h>

/* Other kernel memory is only known by the byte asked for; the reserve of a VP is what it is. */
#define STRAY_BYTES_MAX PV_HV_RESERVE_BYTES

struct sim_page *sim_page_of(struct sim_machine *machine, const void *address)
{
    const uintptr_t offset = (uintptr_t)address - (uintptr_t)machine->ram;

    return offset < sizeof(machine->ram) ? &machine->os.pages[offset / PV_PAGE_BYTES] : NULL;
}

static bool given(const struct sim_page *page)
{
    return page->use == SIM_PAGE_GIVEN || page->use == SIM_PAGE_FOLLOW;
}

static void *ram_at(struct sim_machine *machine, uint64_t offset, size_t bytes)
{
    const size_t last = (size_t)(offset + bytes - 1) / PV_PAGE_BYTES;

    if (offset + bytes > sizeof(machine->ram))
        return NULL;
    for (size_t i = (size_t)offset / PV_PAGE_BYTES; i <= last; i++)
        if (!given(&machine->os.pages[i]))
            return NULL;
    return (uint8_t *)machine->ram + offset;
}

/* Every second page of GPA space, so that neighbours in VA are no neighbours in GPA. */
static void *stray_at(struct sim_machine *machine, uint64_t offset, size_t bytes)
{
    const uint64_t slot = offset / (2 * PV_PAGE_BYTES);
    const uint64_t in_page = offset % (2 * PV_PAGE_BYTES);

    if (slot >= machine->os.strays || bytes > STRAY_BYTES_MAX || in_page + bytes > PV_PAGE_BYTES)
        return NULL;
    return (uint8_t *)machine->os.stray[slot] + in_page; /* NOLINT: an address kept as a number */
}

static void *firmware_at(struct sim_machine *machine, uint64_t offset, size_t bytes)
{
    if (offset + bytes > sizeof(machine->firmware))
        return NULL;
    return (uint8_t *)machine->firmware + offset;
}

void *sim_memory_at(struct sim_machine *machine, uint64_t gpa, size_t bytes)
{
    if (bytes == 0 || gpa > 1ull << 52)
        return NULL;
    if (gpa >= SIM_STRAY_BASE)
        return stray_at(machine, gpa - SIM_STRAY_BASE, bytes);
    if (gpa >= SIM_GPA_BASE)
        return ram_at(machine, gpa - SIM_GPA_BASE, bytes);
    return gpa >= SIM_FIRMWARE_BASE ? firmware_at(machine, gpa - SIM_FIRMWARE_BASE, bytes) : NULL;
}

bool sim_memory_read(void *machine, uint64_t gpa, void *to, size_t bytes)
{
    const void *from = sim_memory_at((struct sim_machine *)machine, gpa, bytes);

    if (from != NULL && to != NULL)
        memcpy(to, from, bytes);
    return from != NULL;
}

bool sim_memory_write(void *machine, uint64_t gpa, const void *from, size_t bytes)
{
    void *to = sim_memory_at((struct sim_machine *)machine, gpa, bytes);

    if (to != NULL)
        memcpy(to, from, bytes);
    return to != NULL;
}

uint64_t sim_firmware_gpa(uint32_t page)
{
    return SIM_FIRMWARE_BASE + page * (uint64_t)PV_PAGE_BYTES;
}

static uint64_t stray_gpa(struct sim_os *os, uintptr_t address)
{
    const uintptr_t page = address & ~(uintptr_t)(PV_PAGE_BYTES - 1);
    uint32_t slot = 0;

    while (slot < os->strays && os->stray[slot] != page)
        slot++;
    if (slot == SIM_STRAY_MAX)
        return PV_GPA_NONE;
    os->stray[slot] = page;
    os->strays += slot == os->strays;
    return SIM_STRAY_BASE + slot * 2ull * PV_PAGE_BYTES + (address - page);
}

static uint64_t gpa_of(struct sim_machine *machine, const void *address)
{
    const uintptr_t offset = (uintptr_t)address - (uintptr_t)machine->ram;

    return offset < sizeof(machine->ram) ? SIM_GPA_BASE + offset
                                         : stray_gpa(&machine->os, (uintptr_t)address);
}

static bool strikes(uint32_t *countdown)
{
    return *countdown != 0 && --*countdown == 0;
}

uint64_t pv_os_virt_to_gpa(const void *address)
{
    struct sim_machine *machine = sim_machine_of(pv_sim);
    const uint64_t gpa = gpa_of(machine, address);

    if (strikes(&machine->os.fail.virt_to_gpa))
        return PV_GPA_NONE;
    return strikes(&machine->os.fail.skew) ? gpa + machine->os.gpa_skew : gpa;
}
