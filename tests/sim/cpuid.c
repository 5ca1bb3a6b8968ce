/* SPDX-License-Identifier: MIT */
/* CPUID of the simulated machines. */
#include "sim/machine_internal.h"

#include <pv/abi/kvm.h>

#define BASE 0x40000000u
#define KVM_BASE 0x40000100u
#define HYPERVISOR_PRESENT (1u << 31)
#define BUILD 20348u
#define VERSION_10_0 (10u << 16)
#define SPIN_NEVER 0xFFFFFFFFu

void sim_cpuid_set(struct sim_machine *machine, uint32_t leaf, uint32_t eax, uint32_t ebx,
                   uint32_t ecx, uint32_t edx)
{
    uint32_t i = 0;

    while (i < machine->leaf_count && machine->leaves[i].leaf != leaf)
        i++;
    if (i == SIM_LEAVES_MAX)
        return;
    machine->leaf_count += i == machine->leaf_count;
    machine->leaves[i].leaf = leaf;
    machine->leaves[i].value = (struct pv_port_cpuid){ eax, ebx, ecx, edx };
}

static struct pv_port_cpuid leaf_of(uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
{
    return (struct pv_port_cpuid){ eax, ebx, ecx, edx };
}

static struct pv_port_cpuid hyperv_leaf(const struct sim_model *model, uint32_t number)
{
    const uint32_t hints = PV_HV_HINT_REMOTE_FLUSH | PV_HV_HINT_EX_PROCESSOR_MASKS;

    switch (number) {
    case PV_HV_CPUID_VENDOR: /* "Microsoft Hv" */
        return leaf_of(BASE + PV_HV_CPUID_ISOLATION, 0x7263694D, 0x666F736F, 0x76482074);
    case PV_HV_CPUID_INTERFACE:
        return leaf_of(PV_HV_INTERFACE_HV1, 0, 0, 0);
    case PV_HV_CPUID_VERSION:
        return leaf_of(BUILD, VERSION_10_0, 0, 0);
    case PV_HV_CPUID_FEATURES:
        return leaf_of((uint32_t)model->privileges, (uint32_t)(model->privileges >> 32), 0,
                       model->features);
    case PV_HV_CPUID_HINTS:
        return leaf_of(hints, SPIN_NEVER, 46, 0);
    case PV_HV_CPUID_LIMITS:
        return leaf_of(model->max_vps, model->max_vps, 0, 0);
    default:
        return leaf_of(0, 0, 0, 0);
    }
}

static struct pv_port_cpuid kvm_leaf(const struct sim_kvm *kvm, uint32_t base, uint32_t number)
{
    if (number == 0)
        return leaf_of(base + PV_KVM_CPUID_FEATURES, 0x4B4D564B, 0x564B4D56, 0x4D);
    return number == PV_KVM_CPUID_FEATURES ? leaf_of(kvm->features, 0, 0, kvm->hints)
                                           : leaf_of(0, 0, 0, 0);
}

/* Without a hypervisor these leaves do not exist; Intel then shows its highest basic leaf. */
static struct pv_port_cpuid bare_leaf(uint32_t leaf)
{
    return leaf == 1 ? leaf_of(0x806F8, 0, 0x77FAFBBF, 0xBFEBFBFF)
                     : leaf_of(0x07, 0x340, 0x340, 0x24000000);
}

static struct pv_port_cpuid machine_leaf(const struct sim_machine *machine, uint32_t leaf)
{
    if (machine->kind == SIM_BARE)
        return bare_leaf(leaf);
    if (leaf == 1)
        return leaf_of(0x806F8, 0, HYPERVISOR_PRESENT, 0);
    if (machine->kind == SIM_KVM_X86 && leaf >= KVM_BASE && leaf <= KVM_BASE + 1)
        return kvm_leaf(&machine->kvm, KVM_BASE, leaf - KVM_BASE);
    if (machine->kind == SIM_KVM_NATIVE_X86)
        return leaf >> 8 == BASE >> 8 ? kvm_leaf(&machine->kvm, BASE, leaf - BASE)
                                      : leaf_of(0, 0, 0, 0);
    return leaf >= BASE ? hyperv_leaf(&machine->model, leaf - BASE) : leaf_of(0, 0, 0, 0);
}

struct pv_port_cpuid sim_port_cpuid(struct pv_sim *port, uint32_t leaf, uint32_t subleaf)
{
    const struct sim_machine *machine = sim_machine_of(port);

    (void)subleaf;
    for (uint32_t i = 0; i < machine->leaf_count; i++)
        if (machine->leaves[i].leaf == leaf)
            return machine->leaves[i].value;
    if (machine->kind == SIM_XEN_X86 && leaf >= BASE)
        return sim_xen_leaf(machine, sim_index_of(port), leaf - BASE);
    if (machine->kind == SIM_VMWARE_X86 && leaf >= BASE)
        return sim_vmware_leaf(machine, leaf - BASE);
    return machine_leaf(machine, leaf);
}
