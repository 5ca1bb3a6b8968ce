/* SPDX-License-Identifier: MIT */
/*
 * What a hypercall may do with memory: read the pages of its arguments, write the page of its output, and
 * neither if it is fast (TLFS "Hypercall Inputs and Outputs").
 */
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

    guard->on = true;
    guard->fast = (call->control & PV_HV_CONTROL_FAST) != 0;
    guard->in = call->in / PV_PAGE_BYTES;
    guard->out = call->out / PV_PAGE_BYTES;
    guard->calls++;
    memset(guard->pages, 0, sizeof(guard->pages));
    if (guard->wanted && host->vps == 1 && !guard->fast)
        keep_neighbours(host);
}

/* SIM_SCRIBBLE spoils the page of the input where there is no output. */
static bool allowed(const struct host *host, uint64_t page, bool write)
{
    const struct host_guard *guard = &host->guard;
    const bool in_too = !write || host->model.behaviour == SIM_SCRIBBLE;

    return !guard->fast && (page == guard->out || (in_too && page == guard->in));
}

void host_guard_access(struct host *host, uint64_t gpa, size_t bytes, bool write)
{
    struct host_guard *guard = &host->guard;

    if (!guard->on || bytes == 0)
        return;
    host_watch_hypercall(host, gpa, bytes);
    guard->reads += !write;
    guard->writes += write;
    if (guard->wanted && (!allowed(host, gpa / PV_PAGE_BYTES, write) ||
                          !allowed(host, (gpa + bytes - 1) / PV_PAGE_BYTES, write)))
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
