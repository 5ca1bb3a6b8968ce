/* SPDX-License-Identifier: MIT */
/* The pv_os_* services of the simulated kernel: each allocation between two canary pages. */
#include "sim/machine_internal.h"

#include <string.h>

#define CANARY 0x5Au

static struct sim_machine *here(void)
{
    return sim_machine_of(pv_sim);
}

static bool fails(uint32_t *countdown)
{
    return *countdown != 0 && --*countdown == 0;
}

static bool run_free(const struct sim_os *os, size_t first, size_t pages)
{
    for (size_t i = first; i < first + pages; i++)
        if (os->pages[i].use != SIM_PAGE_FREE)
            return false;
    return true;
}

/* First fit. SIM_PAGES if there is none. */
static size_t find_run(const struct sim_os *os, size_t pages)
{
    for (size_t i = 0; i + pages <= SIM_PAGES; i++)
        if (run_free(os, i, pages))
            return i;
    return SIM_PAGES;
}

static void set_canary(struct sim_machine *machine, size_t index)
{
    machine->os.pages[index].use = SIM_PAGE_CANARY;
    memset(machine->ram[index], CANARY, PV_PAGE_BYTES);
}

static void *give(struct sim_machine *machine, size_t first, size_t pages)
{
    struct sim_page *page = &machine->os.pages[first];

    page->use = SIM_PAGE_GIVEN;
    page->pages = (uint32_t)pages;
    page->access = PV_OS_READ_WRITE;
    for (size_t i = 1; i < pages; i++)
        page[i].use = SIM_PAGE_FOLLOW;
    memset(machine->ram[first], 0, pages * PV_PAGE_BYTES);
    machine->os.live_pages += (uint32_t)pages;
    return machine->ram[first];
}

void *pv_os_page_alloc(size_t pages)
{
    struct sim_machine *machine = here();
    const size_t first = find_run(&machine->os, pages + 2);

    machine->os.allocs++;
    if (fails(&machine->os.fail.alloc) || first == SIM_PAGES)
        return NULL;
    set_canary(machine, first);
    set_canary(machine, first + pages + 1);
    return give(machine, first + 1, pages);
}

/* Still named by a register of the hypervisor? */
static bool still_told(struct sim_machine *machine, const void *address)
{
    const uint64_t gpa =
        SIM_GPA_BASE + (uint64_t)((const uint8_t *)address - (const uint8_t *)machine->ram);

    if (machine->hypercall_page.on && machine->hypercall_page.gpa == gpa)
        return true;
    if (machine->clock.page.on && machine->clock.page.gpa == gpa)
        return true;
    for (uint32_t i = 0; i < SIM_VPS_MAX; i++) {
        const uint64_t value = machine->model.cpus[i].vtls[0].assist_page;

        if ((value & PV_HV_PAGE_ENABLE) != 0 && (value & PV_HV_PAGE_NUMBER_MASK) == gpa)
            return true;
    }
    return false;
}

static const char *why_not_free(struct sim_machine *machine, const void *address, size_t pages)
{
    const struct sim_page *page = sim_page_of(machine, address);

    if (page == NULL || page->use != SIM_PAGE_GIVEN || page->pages != pages)
        return "pv_os_page_free of what was not given";
    if (page->access != PV_OS_READ_WRITE)
        return "pv_os_page_free of a page that is not writable";
    if (still_told(machine, address))
        return "pv_os_page_free of a page that the hypervisor still uses";
    return sim_canaries_intact(machine) ? NULL : "a canary page was written";
}

void pv_os_page_free(void *address, size_t pages)
{
    struct sim_machine *machine = here();
    const char *why = why_not_free(machine, address, pages);
    struct sim_page *page = sim_page_of(machine, address);

    machine->os.frees++;
    if (why != NULL) {
        if (page != NULL && still_told(machine, address))
            machine->os.kept_pages += (uint32_t)pages;
        sim_complain(&machine->model, why);
        return;
    }
    machine->os.live_pages -= (uint32_t)pages;
    memset(address, 0xEE, pages * PV_PAGE_BYTES);
    memset(page - 1, 0, (pages + 2) * sizeof(*page));
}

static bool canary_intact(const uint8_t *bytes)
{
    return bytes[0] == CANARY && memcmp(bytes, bytes + 1, PV_PAGE_BYTES - 1) == 0;
}

bool sim_canaries_intact(const struct sim_machine *machine)
{
    for (uint32_t i = 0; i < SIM_PAGES; i++)
        if (machine->os.pages[i].use == SIM_PAGE_CANARY && !canary_intact(machine->ram[i]))
            return false;
    return true;
}

bool pv_os_page_protect(void *address, enum pv_os_access access)
{
    struct sim_machine *machine = here();
    struct sim_page *page = sim_page_of(machine, address);

    machine->os.protects++;
    if (page == NULL || page->use != SIM_PAGE_GIVEN) {
        sim_complain(&machine->model, "pv_os_page_protect of what was not given");
        return false;
    }
    if (fails(&machine->os.fail.protect))
        return false;
    page->access = access;
    return true;
}

static bool is_firmware(const struct sim_machine *machine, const void *address, size_t *page)
{
    const uintptr_t offset = (uintptr_t)address - (uintptr_t)machine->firmware;

    *page = offset / PV_PAGE_BYTES;
    return offset < sizeof(machine->firmware);
}

static bool is_shared(struct sim_machine *machine, uint64_t gpa)
{
    const uint8_t *visibility = sim_visibility_of(&machine->model, gpa >> 12);

    return visibility != NULL && *visibility != PV_HV_VISIBILITY_PRIVATE;
}

void *pv_os_map_gpa(uint64_t gpa, enum pv_os_access access)
{
    struct sim_machine *machine = here();
    void *address = sim_memory_at(machine, gpa, PV_PAGE_BYTES);
    size_t page;

    if (access == PV_OS_READ_WRITE && is_shared(machine, gpa))
        sim_complain(&machine->model, "pv_os_map_gpa of a page that the host sees");
    if (access == PV_OS_READ_WRITE && sim_alias_is_mapped(machine, gpa >> 12))
        sim_complain(&machine->model, "a page is zeroed that others can still write");
    if (fails(&machine->os.fail.map) || address == NULL)
        return NULL;
    machine->os.maps++;
    if (is_firmware(machine, address, &page))
        machine->os.mapped[page]++;
    return address;
}

void pv_os_unmap(void *address)
{
    struct sim_machine *machine = here();
    size_t page;

    machine->os.unmaps++;
    if (!is_firmware(machine, address, &page))
        return;
    if (machine->os.mapped[page] == 0)
        sim_complain(&machine->model, "pv_os_unmap of what was not mapped");
    else
        machine->os.mapped[page]--;
}

uint64_t pv_os_grace_begin(void)
{
    return ++here()->os.grace.begun;
}

bool pv_os_grace_over(uint64_t wait)
{
    const struct sim_grace *grace = &here()->os.grace;

    if (wait == 0 || wait > grace->begun)
        sim_complain(&here()->model, "pv_os_grace_over of a wait that was not begun");
    return !grace->held || wait <= grace->over;
}

void pv_os_log(const char *text)
{
    struct sim_os *os = &here()->os;
    size_t length = strlen(text);

    if (length >= sizeof(os->log))
        length = sizeof(os->log) - 1;
    os->logs++;
    memcpy(os->log, text, length);
    os->log[length] = '\0';
}
