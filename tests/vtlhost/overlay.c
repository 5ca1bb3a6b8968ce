/* SPDX-License-Identifier: MIT */
/* Pages that the hypervisor lays over guest memory; what the RAM underneath holds comes back. */
#include "host.h"

#include <string.h>

static void lift(struct host *host, struct host_overlay *overlay)
{
    if (overlay->on)
        memcpy(host->memory + overlay->gpa, overlay->hidden, PV_PAGE_BYTES);
    overlay->on = false;
}

void host_overlay_place(struct host *host, struct host_overlay *overlay, uint64_t value,
                        const void *content)
{
    const uint64_t gpa = value & PV_HV_PAGE_NUMBER_MASK;
    void *at;

    lift(host, overlay);
    at = host_memory_at(host, gpa, PV_PAGE_BYTES);
    if ((value & PV_HV_PAGE_ENABLE) == 0 || at == NULL)
        return;
    memcpy(overlay->hidden, at, PV_PAGE_BYTES);
    memcpy(at, content, PV_PAGE_BYTES);
    overlay->gpa = gpa;
    overlay->on = true;
}
