/* SPDX-License-Identifier: MIT */
/* KVM's wall clock: when kvmclock was 0, plus kvmclock. */
#include "clock/clock_internal.h"
#include "pv_port.h"

#include <pv/config.h>
#include <pv/os.h>

static bool copy_once(const volatile struct pv_kvm_wall_clock *area, struct pv_clock_wall *wall)
{
    const uint32_t version = area->version;

    pv_port_read_barrier();
    wall->seconds = area->seconds;
    wall->nanoseconds = area->nanoseconds;
    pv_port_read_barrier();
    return (version & 1) == 0 && area->version == version && version != 0 &&
           wall->nanoseconds < PV_CLOCK_NS_PER_SECOND;
}

static bool copy(const volatile struct pv_kvm_wall_clock *area, struct pv_clock_wall *wall)
{
    for (unsigned tries = 0; tries < PV_CONFIG_SEQUENCE_RETRIES; tries++) {
        if (copy_once(area, wall))
            return true;
        pv_port_relax();
    }
    return false;
}

/* Each write of the MSR has the host fill the area, and perhaps again when the guest is moved: so
 * that it forgets the area, 0 is written last. */
static enum pv_status read_boot_time(struct pv_guest *guest, struct pv_clock_wall *wall)
{
    const volatile struct pv_kvm_wall_clock *area =
        (const volatile struct pv_kvm_wall_clock *)(void *)guest->clock.scratch;
    const uint64_t gpa = pv_os_virt_to_gpa(guest->clock.scratch);
    bool valid;

    if (gpa % sizeof(guest->clock.scratch) != 0)
        return PV_BAD_ADDRESS;
    memset(guest->clock.scratch, 0, sizeof(guest->clock.scratch));
    pv_port_msr_write(PV_KVM_MSR_WALL_CLOCK, gpa);
    valid = copy(area, wall);
    pv_port_msr_write(PV_KVM_MSR_WALL_CLOCK, 0);
    return valid ? PV_OK : PV_MALFORMED;
}

static enum pv_status read_time(struct pv_vp *vp, struct pv_kvm_time *time)
{
    const volatile struct pv_kvm_time *area =
        (const volatile struct pv_kvm_time *)vp->clock.shared;

    if (vp->clock.on && vp->guest->clock.source == PV_CLOCK_KVM)
        return pv_clock_kvm_copy_(area, time) ? PV_OK : PV_MALFORMED;
    return pv_clock_kvm_sample_(vp->guest, time);
}

static void add(struct pv_clock_wall *wall, uint64_t ns)
{
    const uint64_t sum = wall->nanoseconds + ns % PV_CLOCK_NS_PER_SECOND;

    wall->seconds += ns / PV_CLOCK_NS_PER_SECOND + sum / PV_CLOCK_NS_PER_SECOND;
    wall->nanoseconds = (uint32_t)(sum % PV_CLOCK_NS_PER_SECOND);
}

enum pv_status pv_clock_wall(struct pv_vp *vp, struct pv_clock_wall *wall)
{
    struct pv_clock_wall boot;
    struct pv_kvm_time time;
    enum pv_status status;

    if (vp->guest == NULL)
        return PV_BAD_STATE;
    if (!pv_clock_kvm_offered_(vp->guest) || !pv_clock_host_trusted_(vp->guest))
        return PV_UNSUPPORTED;
    status = read_time(vp, &time);
    if (status == PV_OK)
        status = read_boot_time(vp->guest, &boot);
    if (status != PV_OK)
        return status;
    add(&boot, pv_clock_kvm_time_(&time, pv_port_counter()));
    *wall = boot;
    return PV_OK;
}
