/* SPDX-License-Identifier: MIT */
/* How fast the processor's counter and the APIC timer run, by whoever knows. */
#include "clock/clock_internal.h"
#include "clock/scale.h"
#include "pv_port.h"

#include <pv/abi/hv.h>
#include <pv/abi/vmware.h>
#include <pv/config.h>

#define LEAF_TSC 0x15u
#define LEAF_POWER 0x80000007u
#define POWER_EDX_TSC_INVARIANT (1u << 8)
#define KHZ 1000u

/* x86 must promise it; elsewhere the architecture does. */
bool pv_clock_counter_invariant_(void)
{
    if (!PV_PORT_CPUID)
        return true;
    return pv_port_cpuid(0x80000000u, 0).eax >= LEAF_POWER &&
           (pv_port_cpuid(LEAF_POWER, 0).edx & POWER_EDX_TSC_INVARIANT) != 0;
}

/* TSC = crystal * EBX / EAX; 0 where a part of it is not told. */
static uint64_t processor_hz(void)
{
    struct pv_port_cpuid leaf;

    if (!PV_PORT_CPUID)
        return pv_port_counter_hz();
    if (pv_port_cpuid(0, 0).eax < LEAF_TSC)
        return 0;
    leaf = pv_port_cpuid(LEAF_TSC, 0);
    return leaf.eax != 0 ? (uint64_t)leaf.ecx * leaf.ebx / leaf.eax : 0;
}

/* Reading the MSRs needs the privilege and the feature (TLFS "Timers"). */
static uint64_t hyperv_hz(const struct pv_guest *guest, uint32_t msr)
{
    const struct pv_detect_hyperv *hyperv = &guest->detect.hyperv;

    if (!PV_PORT_MSR || (hyperv->privileges >> PV_HV_PRIVILEGE_FREQUENCY & 1) == 0 ||
        (hyperv->features & PV_HV_FEATURE_FREQUENCY) == 0)
        return 0;
    return pv_port_msr_read(msr);
}

/* VMware's leaf, which QEMU offers for KVM as well. */
static struct pv_port_cpuid timing_leaf(const struct pv_guest *guest)
{
    const struct pv_detect_interface *found = pv_detect_find(&guest->detect, PV_DETECT_VMWARE);
    struct pv_port_cpuid leaf = { 0, 0, 0, 0 };

    if (found == NULL)
        found = pv_detect_find(&guest->detect, PV_DETECT_KVM);
    if (PV_PORT_CPUID && found != NULL && found->max_leaf - found->base >= PV_VMWARE_CPUID_TIMING)
        leaf = pv_port_cpuid(found->base + PV_VMWARE_CPUID_TIMING, 0);
    return leaf;
}

/* kvmclock tells without being the clock; once is enough. */
static uint64_t kvm_hz(struct pv_guest *guest)
{
    struct pv_kvm_time time;

    if (guest->clock.counter_hz == 0 && pv_clock_kvm_offered_(guest) &&
        pv_clock_kvm_sample_(guest, &time) == PV_OK)
        guest->clock.counter_hz = pv_clock_kvm_hz_(&time);
    return guest->clock.counter_hz;
}

static uint64_t host_hz(struct pv_guest *guest)
{
    uint64_t hz = hyperv_hz(guest, PV_HV_MSR_TSC_FREQUENCY);

    if (!pv_clock_plausible_hz_(hz))
        hz = (uint64_t)timing_leaf(guest).eax * KHZ;
    return pv_clock_plausible_hz_(hz) ? hz : kvm_hz(guest);
}

uint64_t pv_clock_counter_hz(struct pv_guest *guest)
{
    uint64_t hz = guest->config.clock.counter_hz;

    if (hz == 0)
        hz = processor_hz();
    if (!pv_clock_plausible_hz_(hz) && pv_clock_host_trusted_(guest))
        hz = host_hz(guest);
    return pv_clock_plausible_hz_(hz) ? hz : 0;
}

uint64_t pv_clock_apic_hz(const struct pv_guest *guest)
{
    uint64_t hz = 0;

    if (pv_clock_host_trusted_(guest))
        hz = hyperv_hz(guest, PV_HV_MSR_APIC_FREQUENCY);
    if (!pv_clock_plausible_hz_(hz) && pv_clock_host_trusted_(guest))
        hz = (uint64_t)timing_leaf(guest).ebx * KHZ;
    return pv_clock_plausible_hz_(hz) ? hz : 0;
}
