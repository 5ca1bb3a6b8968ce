/* SPDX-License-Identifier: MIT */
/* VMware's steal clock (Linux arch/x86/kernel/cpu/vmware.c). */
#include "pv_port.h"
#include "steal/steal_internal.h"

#include <pv/abi/vmware.h>

/* Whether there is a steal clock turns out when it is asked for. */
bool pv_steal_vmware_offered_(const struct pv_guest *guest)
{
    return PV_PORT_VMWARE && pv_detect_find(&guest->detect, PV_DETECT_VMWARE) != NULL;
}

/* Called where VMware was found. */
static enum pv_port_vmware way_in(const struct pv_guest *guest)
{
    const struct pv_detect_interface *vmware =
        pv_detect_find(&guest->detect, PV_DETECT_VMWARE);
    uint32_t ways = 0;

    if (vmware->max_leaf - vmware->base >= PV_VMWARE_CPUID_TIMING)
        ways = pv_port_cpuid(vmware->base + PV_VMWARE_CPUID_TIMING, 0).ecx;
    if ((ways & PV_VMWARE_VMMCALL) != 0)
        return PV_PORT_VMWARE_VMMCALL;
    return (ways & PV_VMWARE_VMCALL) != 0 ? PV_PORT_VMWARE_VMCALL : PV_PORT_VMWARE_PORT;
}

static PV_NOINLINE uint32_t steal_clock(enum pv_port_vmware way, uint64_t argument)
{
    return pv_port_vmware_call(way, PV_VMWARE_COMMAND_STEAL_CLOCK, argument);
}

enum pv_status pv_steal_vmware_tell_(struct pv_vp *vp)
{
    const enum pv_port_vmware way = way_in(vp->guest);
    const enum pv_status status = pv_steal_provide_(vp);
    uint32_t answer;

    if (status != PV_OK)
        return status;
    pv_steal_told_(vp, PV_STEAL_VMWARE, way);
    answer = steal_clock(way, vp->steal.gpa);
    if (answer == PV_VMWARE_STEAL_ABSENT)
        return PV_UNSUPPORTED;
    return pv_steal_answer_(vp, (int64_t)answer - PV_VMWARE_STEAL_ENABLED);
}

bool pv_steal_vmware_off_(uint64_t how)
{
    return steal_clock((enum pv_port_vmware)how, PV_VMWARE_STEAL_OFF) != PV_VMWARE_STEAL_ENABLED;
}
