/* SPDX-License-Identifier: MIT */
/* The mappings that the simulated kernel has of its pages. */
#include "sim/machine_internal.h"

static struct sim_machine *here(void)
{
    return sim_machine_of(pv_sim);
}

static void fault(const char *text)
{
    sim_complain(&here()->model, text);
}

struct sim_alias *sim_alias_add(struct sim_machine *machine, uint64_t va, uint64_t gpa)
{
    struct sim_aliases *aliases = &machine->os.aliases;

    if (aliases->count == SIM_ALIASES_MAX)
        return NULL;
    aliases->of[aliases->count] = (struct sim_alias){ .va = va, .gpa = gpa, .mapped = true };
    return &aliases->of[aliases->count++];
}

static struct sim_alias *find(uint64_t va, uint64_t gpa)
{
    struct sim_aliases *aliases = &here()->os.aliases;

    for (uint32_t i = 0; i < aliases->count; i++)
        if (aliases->of[i].va == va && aliases->of[i].gpa == gpa)
            return &aliases->of[i];
    fault("a mapping that the kernel does not have");
    return NULL;
}

bool pv_os_alias_unmap(uint64_t va, uint64_t gpa)
{
    struct sim_os *os = &here()->os;
    struct sim_alias *alias = find(va, gpa);

    os->aliases.unmaps++;
    if (alias == NULL || (os->fail.alias != 0 && --os->fail.alias == 0))
        return false;
    if (!alias->mapped)
        fault("pv_os_alias_unmap of what is not mapped");
    alias->mapped = false;
    return true;
}

void pv_os_alias_map(uint64_t va, uint64_t gpa, bool shared)
{
    const uint8_t *visibility = sim_visibility_of(&here()->model, gpa >> 12);
    struct sim_alias *alias = find(va, gpa);

    here()->os.aliases.maps++;
    if (alias == NULL)
        return;
    if (alias->mapped)
        fault("pv_os_alias_map of what is mapped");
    if (visibility != NULL && shared != (*visibility != PV_HV_VISIBILITY_PRIVATE))
        fault("pv_os_alias_map otherwise than the host sees the page");
    alias->mapped = true;
    alias->shared = shared;
}

bool sim_alias_is_mapped(const struct sim_machine *machine, uint64_t page)
{
    const struct sim_aliases *aliases = &machine->os.aliases;

    for (uint32_t i = 0; i < aliases->count; i++)
        if (aliases->of[i].gpa >> 12 == page && aliases->of[i].mapped)
            return true;
    return false;
}

void sim_alias_check(void *owner, uint64_t page)
{
    struct sim_machine *machine = (struct sim_machine *)owner;

    if (!machine->os.aliases.unwatched && sim_alias_is_mapped(machine, page))
        sim_complain(&machine->model, "visibility of a page changed while it was mapped");
}
