/* SPDX-License-Identifier: MIT */
/* What a test asks at the end. */
#include "sim/machine_internal.h"

#include <stdio.h>
#include <stdlib.h>

const char *sim_complaint(struct sim_machine *machine)
{
    if (machine->model.complaint != NULL)
        return machine->model.complaint;
    if (!sim_canaries_intact(machine))
        return "a canary page was written";
    return sim_hypercall_page_intact(machine) ? NULL : "the hypercall page was written";
}

const char *sim_os_leak(const struct sim_machine *machine)
{
    if (machine->os.live_pages != 0)
        return "pages were not given back";
    return machine->os.maps == machine->os.unmaps ? NULL : "mappings were not undone";
}

static void insist(const char *why)
{
    if (why == NULL)
        return;
    (void)fprintf(stderr, "simulated machine: %s\n", why);
    abort();
}

void sim_assert_fair(struct sim_machine *machine)
{
    insist(sim_complaint(machine));
}

void sim_os_assert_clean(const struct sim_machine *machine)
{
    insist(sim_os_leak(machine));
}

void sim_assert_clean(struct sim_machine *machine)
{
    sim_assert_fair(machine);
    sim_os_assert_clean(machine);
    insist(sim_clock_left(machine));
    insist(sim_steal_left(machine));
}
