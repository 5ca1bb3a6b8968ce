/* SPDX-License-Identifier: MIT */
/*
 * What the guest sees of its memory. KVM has one address space for all processors, so there is one view
 * at a time: the rights of the lowest VTL that runs. A processor that enters the guest in a lower VTL
 * narrows the view before it does. One in a higher VTL goes on with the narrow view until it touches
 * something that it may and the lower one may not; then the others are called out and the view is widened.
 *
 * Rights are those of the mapping that KVM takes guest memory from: KVM answers EFAULT where they are
 * missing, with the instruction not begun. KVM tells no more than the page then: what may be read
 * may be executed, what may be written may be read, and no rights at all are taken for a read.
 */
#include "host.h"

#include <sys/mman.h>

static int rights_of(const struct host *host, uint8_t vtl, uint64_t page)
{
    const uint32_t mask = sim_model_rights(&host->model, vtl, page);

    if ((mask & PV_HV_MAP_READ) == 0)
        return PROT_NONE;
    return (mask & PV_HV_MAP_WRITE) != 0 ? PROT_READ | PROT_WRITE : PROT_READ;
}

static void grant(struct host *host, uint64_t page, uint64_t pages, int rights)
{
    const uint64_t all = host->memory_bytes / PV_PAGE_BYTES;

    if (page >= all || pages > all - page)
        return;
    if (mprotect(host->guest_memory + page * PV_PAGE_BYTES, pages * PV_PAGE_BYTES, rights) != 0)
        host_fail("rights to guest memory");
}

/* No page of this number exists, so what is said of it is said of all that nobody has named. */
#define UNNAMED (~0ull >> 12)

static void show(struct host *host, uint8_t vtl)
{
    const struct sim_model *model = &host->model;
    const int others = rights_of(host, vtl, UNNAMED);

    if (others != host->view_others)
        grant(host, 0, host->memory_bytes / PV_PAGE_BYTES, others);
    host->view_others = others;
    for (uint32_t i = 0; i < model->protected_count; i++)
        grant(host, model->protected_pages[i], 1, rights_of(host, vtl, model->protected_pages[i]));
    host->view = vtl;
    if (host->watch.hidden)
        host_view_follow(host, host->watch.page);
}

/* Where the view is stale, what is shown next grants what is not as the others. */
void host_view_follow(struct host *host, uint64_t page)
{
    if (host->watch.hidden)
        grant(host, page, 1, PROT_NONE);
    else
        grant(host, page, 1,
              host->view < SIM_VTLS ? rights_of(host, host->view, page) : host->view_others);
}

void host_view_narrow(struct host_vp *vp)
{
    const uint8_t vtl = host_vtl_of(vp);

    if (vp->host->view > vtl)
        show(vp->host, vtl);
}

void host_view_stale(struct host *host)
{
    host->view = SIM_VTLS;
}

bool host_view_widen(struct host_vp *vp, uint64_t page)
{
    struct host *host = vp->host;
    const uint8_t vtl = host_vtl_of(vp);

    if (host->view >= vtl || rights_of(host, vtl, page) == rights_of(host, host->view, page))
        return false;
    host_gate_close(vp);
    show(host, vtl);
    host_gate_open(vp);
    return true;
}

uint32_t host_view_missing(const struct host_vp *vp, uint64_t page)
{
    const int rights = rights_of(vp->host, host_vtl_of(vp), page);

    if (rights == PROT_NONE)
        return PV_HV_MAP_READ | PV_HV_MAP_WRITE;
    return rights == PROT_READ ? PV_HV_MAP_WRITE : 0;
}
