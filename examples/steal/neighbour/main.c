/* SPDX-License-Identifier: MIT */
/*
 * A guest that keeps its CPU busy for a while and leaves: what the monitor's CPUs lose their time
 * to. It waits by libpv's delay, which spins and needs no clock.
 */
#include "kernel.h"
#include "pv_freestanding.h"

#ifndef NEIGHBOUR_SECONDS
#define NEIGHBOUR_SECONDS 10
#endif

#define NS_PER_SECOND 1000000000ull

bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    return kernel_set_exec(page, access == PV_OS_READ_EXECUTE);
}

void pv_freestanding_log(const char *text)
{
    kernel_puts(text);
    kernel_puts("\n");
}

void kernel_main(void)
{
    const struct pv_guest_config config = {
        .hints.conduit = (enum pv_detect_conduit)kernel_conduit(),
        .clock.counter_hz = kernel_ticks_per_second(),
    };
    enum pv_status status = pv_guest_init(&pv_freestanding_guest, &config);

    if (status == PV_OK)
        status = pv_clock_delay(&pv_freestanding_guest, NEIGHBOUR_SECONDS * NS_PER_SECOND);
    kernel_exit(status != PV_OK);
}
