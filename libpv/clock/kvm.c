/* SPDX-License-Identifier: MIT */
/* kvmclock: time, TSC frequency and an area per VP (Linux Documentation/virt/kvm/x86/msr.rst). */
#include "clock/clock_internal.h"
#include "clock/scale.h"
#include "guest/told.h"
#include "pv_port.h"

#include <pv/config.h>
#include <pv/os.h>

bool pv_clock_kvm_offered_(const struct pv_guest *guest)
{
    return PV_PORT_CPUID && (guest->detect.kvm.features & PV_KVM_FEATURE_CLOCKSOURCE2) != 0;
}

/* ---- the fields ---- */

/* Shifts beyond 31 would lose the multiplier; no host has a use for them. */
static bool plausible(const struct pv_kvm_time *time)
{
    return time->tsc_to_system_mul != 0 && time->tsc_shift >= -31 && time->tsc_shift <= 31;
}

/* A stamp of the future, seen where the TSCs of two CPUs differ, is as good as now: as an unsigned
 * difference it would be centuries. */
uint64_t pv_clock_kvm_time_(const struct pv_kvm_time *time, uint64_t tsc)
{
    uint64_t passed = tsc - time->tsc_timestamp;

    if (passed >> 63 != 0)
        passed = 0;
    if (time->tsc_shift < 0)
        return time->system_time + pv_clock_multiply_shift_(passed >> -time->tsc_shift,
                                                            time->tsc_to_system_mul, 32);
    return time->system_time + pv_clock_multiply_shift_(passed, time->tsc_to_system_mul,
                                                        32u - (uint32_t)time->tsc_shift);
}

uint64_t pv_clock_kvm_hz_(const struct pv_kvm_time *time)
{
    uint64_t hz;

    if (!plausible(time))
        return 0;
    hz = ((uint64_t)PV_CLOCK_NS_PER_SECOND << 32) / time->tsc_to_system_mul;
    hz = time->tsc_shift < 0 ? hz << -time->tsc_shift : hz >> time->tsc_shift;
    return pv_clock_plausible_hz_(hz) ? hz : 0;
}

/* ---- the protocol ---- */

/* One try: the fields, and if `tsc` is wanted the counter, between two looks at the version. */
static bool copy_once(const volatile struct pv_kvm_time *area, struct pv_kvm_time *copy,
                      uint64_t *tsc)
{
    const uint32_t version = area->version;

    pv_port_read_barrier();
    if (tsc != NULL)
        *tsc = pv_port_counter();
    copy->tsc_timestamp = area->tsc_timestamp;
    copy->system_time = area->system_time;
    copy->tsc_to_system_mul = area->tsc_to_system_mul;
    copy->tsc_shift = area->tsc_shift;
    copy->flags = area->flags;
    pv_port_read_barrier();
    return (version & 1) == 0 && area->version == version && plausible(copy);
}

bool pv_clock_kvm_copy_(const volatile struct pv_kvm_time *area, struct pv_kvm_time *copy)
{
    for (unsigned tries = 0; tries < PV_CONFIG_SEQUENCE_RETRIES; tries++) {
        if (copy_once(area, copy, NULL))
            return true;
        pv_port_relax();
    }
    return false;
}

/* Is it news that the guest was stopped? In our area we clear the flag, and the host tolerates that
 * this races with its update; in another's it is news until its owner does. */
static bool stopped_anew(struct pv_vp *vp, bool stopped)
{
    volatile struct pv_kvm_time *area = (volatile struct pv_kvm_time *)vp->clock.shared;
    const bool ours = vp->clock.shared == vp->clock.area;
    const bool known = vp->clock.stopped;

    vp->clock.stopped = stopped && !ours;
    if (stopped && ours)
        area->flags = (uint8_t)(area->flags & ~PV_KVM_TIME_STOPPED);
    return stopped && !known;
}

bool pv_clock_kvm_read_(struct pv_vp *vp, struct pv_clock_reading *reading)
{
    const uint32_t feature = vp->guest->detect.kvm.features;
    struct pv_kvm_time time;
    uint64_t tsc;

    if (!copy_once((const volatile struct pv_kvm_time *)vp->clock.shared, &time, &tsc))
        return false;
    reading->ns = pv_clock_kvm_time_(&time, tsc);
    reading->unstable = (feature & PV_KVM_FEATURE_CLOCK_STABLE) == 0 ||
                        (time.flags & PV_KVM_TIME_STABLE) == 0;
    reading->moved = stopped_anew(vp, (time.flags & PV_KVM_TIME_STOPPED) != 0);
    return true;
}

/* ---- registering ---- */

static enum pv_status adopt(struct pv_vp *vp, uint64_t gpa)
{
    struct pv_clock_vp *clock = &vp->clock;

    if (clock->mapped == NULL || clock->gpa != gpa) {
        if (clock->mapped != NULL)
            pv_os_unmap(clock->mapped);
        clock->mapped = pv_os_map_gpa(gpa - gpa % PV_PAGE_BYTES, PV_OS_READ_ONLY);
    }
    clock->gpa = gpa;
    clock->shared = NULL;
    if (clock->mapped == NULL || gpa % PV_PAGE_BYTES > PV_PAGE_BYTES - sizeof(struct pv_kvm_time))
        return PV_BAD_ADDRESS;
    clock->shared = (uint8_t *)clock->mapped + gpa % PV_PAGE_BYTES;
    return PV_OK;
}

static enum pv_status place(struct pv_vp *vp)
{
    struct pv_clock_vp *clock = &vp->clock;
    const uint64_t gpa = pv_os_virt_to_gpa(clock->area);
    const uint64_t value = gpa | PV_KVM_ENABLE;

    if (gpa % sizeof(clock->area) != 0)
        return PV_BAD_ADDRESS;
    memset(clock->area, 0, sizeof(clock->area));
    clock->shared = clock->area;
    clock->gpa = gpa;
    clock->stuck = false;
    pv_told_add_(&vp->told, PV_TOLD_CLOCK, PV_TOLD_MSR, PV_KVM_MSR_SYSTEM_TIME, 0);
    pv_port_msr_write(PV_KVM_MSR_SYSTEM_TIME, value);
    return pv_port_msr_read(PV_KVM_MSR_SYSTEM_TIME) == value ? PV_OK : PV_REFUSED;
}

static enum pv_status learn_hz(struct pv_vp *vp)
{
    struct pv_kvm_time time;

    if (!pv_clock_kvm_copy_((const volatile struct pv_kvm_time *)vp->clock.shared, &time))
        return PV_MALFORMED;
    vp->guest->clock.counter_hz = pv_clock_kvm_hz_(&time);
    return PV_OK;
}

/* As after a restored snapshot, or where the host did not let go. */
static bool is_still_ours(const struct pv_clock_vp *clock, uint64_t gpa)
{
    return clock->shared == clock->area && clock->gpa == gpa;
}

/* SeaBIOS leaves an area registered on the boot CPU, in memory that is the kernel's by now. */
enum pv_status pv_clock_kvm_tell_(struct pv_vp *vp)
{
    const uint64_t old = pv_port_msr_read(PV_KVM_MSR_SYSTEM_TIME);
    const uint64_t gpa = old & ~(uint64_t)PV_KVM_ENABLE;
    enum pv_status status;

    if (vp->guest->config.areas_adopt && (old & PV_KVM_ENABLE) != 0 &&
        !is_still_ours(&vp->clock, gpa))
        status = adopt(vp, gpa);
    else
        status = place(vp);
    return status == PV_OK ? learn_hz(vp) : status;
}

/* What is registered is the kernel's or ours, and not what firmware left behind. */
static bool is_in_use(const struct pv_guest *guest)
{
    return guest->config.areas_adopt || guest->clock.source == PV_CLOCK_KVM;
}

enum pv_status pv_clock_kvm_sample_(struct pv_guest *guest, struct pv_kvm_time *time)
{
    volatile struct pv_kvm_time *area =
        (volatile struct pv_kvm_time *)(void *)guest->clock.scratch;
    const uint64_t gpa = pv_os_virt_to_gpa(guest->clock.scratch);
    const uint64_t old = pv_port_msr_read(PV_KVM_MSR_SYSTEM_TIME);
    bool valid;

    if (gpa % sizeof(guest->clock.scratch) != 0)
        return PV_BAD_ADDRESS;
    memset(guest->clock.scratch, 0, sizeof(guest->clock.scratch));
    pv_told_add_(&guest->told, PV_TOLD_CLOCK, PV_TOLD_MSR, PV_KVM_MSR_SYSTEM_TIME, 0);
    pv_port_msr_write(PV_KVM_MSR_SYSTEM_TIME, gpa | PV_KVM_ENABLE);
    valid = pv_clock_kvm_copy_(area, time);
    if (!pv_told_take_back_one_(guest, &guest->told, PV_TOLD_CLOCK))
        guest->clock.scratch_stuck = true;
    else if ((old & PV_KVM_ENABLE) != 0 && is_in_use(guest))
        pv_port_msr_write(PV_KVM_MSR_SYSTEM_TIME, old);
    return valid ? PV_OK : PV_MALFORMED;
}
