/* SPDX-License-Identifier: MIT */
/*
 * Time as the guest is told: the reference counter and the reference TSC page come from the same
 * scale and offset, so that they agree to the unit (TLFS "Timers"); VP_RUNTIME is its thread's.
 */
#include "host.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define TSC 0x10u
#define APIC_HZ 1000000000u /* KVM's local APIC counts nanoseconds */
#define NS_PER_UNIT 100u

struct one_msr {
    struct kvm_msrs head;
    struct kvm_msr_entry entry;
};

static uint64_t tsc_of(const struct host_vp *vp)
{
    struct one_msr msr = { .head.nmsrs = 1, .entry.index = TSC };

    if (ioctl(vp->fd, KVM_GET_MSRS, &msr) != 1)
        host_fail("the guest's TSC");
    return msr.entry.data;
}

/* Asked for by the VP itself: another one's TSC cannot be read while it runs, and is the same. */
static uint64_t reference(void *owner, uint32_t vp)
{
    const struct host *host = owner;

    return sim_reference_count(&host->reference, tsc_of(&host->vp[vp]));
}

static uint64_t run(void *owner, uint32_t vp)
{
    const struct host *host = owner;
    struct timespec used;
    clockid_t clock;

    if (pthread_getcpuclockid(host->vp[vp].thread, &clock) != 0 || clock_gettime(clock, &used) != 0)
        host_fail("a thread's clock");
    return ((uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec) / NS_PER_UNIT;
}

/* Sequence 0 is "invalid"; the scale never changes, so one number is enough. */
void host_clock_create(struct host *host)
{
    const long khz = ioctl(host->vp[0].fd, KVM_GET_TSC_KHZ, 0);

    if (khz <= 0)
        host_fail("KVM_GET_TSC_KHZ");
    host->model.tsc_hz = (uint64_t)khz * 1000;
    host->model.apic_hz = APIC_HZ;
    host->reference = sim_reference_tsc(1, host->model.tsc_hz, tsc_of(&host->vp[0]), 0);
    host->model.time = (struct sim_time){ host, reference, run };
}

void host_clock_page_follow(struct host *host, uint8_t vtl)
{
    uint8_t page[PV_PAGE_BYTES] = { 0 };

    memcpy(page, &host->reference, sizeof(host->reference));
    host_overlay_place(host, &host->reference_page[vtl], host->model.reference_msr[vtl], page);
}
