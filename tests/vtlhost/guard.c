/* SPDX-License-Identifier: MIT */
/* Where a hypercall may write: the page of its output (TLFS "Hypercall Inputs and Outputs"). */
#include "host.h"

#include <string.h>

static const uint8_t *page_at(struct host *host, uint64_t page)
{
    return host_memory_at(host, page * PV_PAGE_BYTES, PV_PAGE_BYTES);
}

/* Pages beside the arguments' that are not an argument themselves. */
static void keep_neighbours(struct host *host)
{
    struct host_guard *guard = &host->guard;
    const uint64_t beside[4] = { guard->in - 1, guard->in + 1, guard->out - 1, guard->out + 1 };

    for (uint32_t i = 0; i < 4; i++) {
        const uint8_t *from = page_at(host, beside[i]);

        guard->pages[i] = 0;
        if (from == NULL || beside[i] == guard->in || beside[i] == guard->out)
            continue;
        guard->pages[i] = beside[i];
        memcpy(guard->content[i], from, PV_PAGE_BYTES);
    }
}

void host_guard_begin(struct host *host, const struct sim_registers *call)
{
    struct host_guard *guard = &host->guard;

    guard->on = guard->wanted;
    guard->fast = (call->control & PV_HV_CONTROL_FAST) != 0;
    guard->in = call->in / PV_PAGE_BYTES;
    guard->out = call->out / PV_PAGE_BYTES;
    guard->calls += guard->on;
    memset(guard->pages, 0, sizeof(guard->pages));
    if (guard->on && host->vps == 1 && !guard->fast)
        keep_neighbours(host);
}

/* SIM_SCRIBBLE spoils the page of the input where there is no output. */
static bool allowed(const struct host *host, uint64_t page)
{
    const struct host_guard *guard = &host->guard;
    const bool scribbles = host->model.behaviour == SIM_SCRIBBLE && page == guard->in;

    return !guard->fast && (page == guard->out || scribbles);
}

void host_guard_write(struct host *host, uint64_t gpa, size_t bytes)
{
    struct host_guard *guard = &host->guard;

    if (!guard->on || bytes == 0)
        return;
    guard->writes++;
    if (!allowed(host, gpa / PV_PAGE_BYTES) || !allowed(host, (gpa + bytes - 1) / PV_PAGE_BYTES))
        guard->outside++;
}

void host_guard_end(struct host *host)
{
    struct host_guard *guard = &host->guard;

    for (uint32_t i = 0; i < 4; i++)
        if (guard->pages[i] != 0 &&
            memcmp(page_at(host, guard->pages[i]), guard->content[i], PV_PAGE_BYTES) != 0)
            guard->outside++;
    guard->on = false;
}
