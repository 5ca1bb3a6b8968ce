/* SPDX-License-Identifier: MIT */
/*
 * A page that the guest wants watched: does it touch it, does a hypercall? The guest has no rights to the
 * page until it touches it the first time, which is all that is counted of it.
 */
#include "host.h"

/* With the lock held. */
static void give_back(struct host *host)
{
    host->watch.hidden = false;
    host_view_follow(host, host->watch.page);
}

void host_watch(struct host *host, uint64_t page)
{
    struct host_watch *watch = &host->watch;

    pthread_mutex_lock(&host->lock);
    if (watch->hidden)
        give_back(host);
    *watch = (struct host_watch){ .page = page, .hidden = page != 0 };
    host_view_follow(host, page);
    pthread_mutex_unlock(&host->lock);
}

/* If nobody can tell what the guest has touched, it is this page. */
bool host_watch_guest(struct host *host, uint64_t gpa)
{
    struct host_watch *watch = &host->watch;

    if (!watch->hidden || (gpa != HOST_GPA_UNKNOWN && gpa / PV_PAGE_BYTES != watch->page))
        return false;
    watch->by_guest = 1;
    give_back(host);
    return true;
}

void host_watch_hypercall(struct host *host, uint64_t gpa, size_t bytes)
{
    struct host_watch *watch = &host->watch;

    if (watch->page != 0 && watch->by_hypercalls < UINT8_MAX &&
        watch->page >= gpa / PV_PAGE_BYTES && watch->page <= (gpa + bytes - 1) / PV_PAGE_BYTES)
        watch->by_hypercalls++;
}
