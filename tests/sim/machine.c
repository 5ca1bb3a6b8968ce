/* SPDX-License-Identifier: MIT */
/* Put the parts of a machine together. */
#include "sim/machine_internal.h"

#include <string.h>

_Thread_local struct pv_sim *pv_sim;

static void init_cpus(struct sim_machine *machine)
{
    const bool x86 = sim_is_x86(machine);
    const bool arm64 = sim_is_arm64(machine);

    for (uint32_t i = 0; i < SIM_VPS_MAX; i++) {
        struct sim_cpu *cpu = &machine->cpus[i];

        memset(cpu, 0, sizeof(*cpu));
        cpu->index = i;
        cpu->port.machine = machine;
        cpu->port.has_cpuid = x86;
        cpu->port.has_msr = x86;
        cpu->port.has_smccc = arm64;
        cpu->port.has_sbi = machine->kind == SIM_RISCV_KVM;
        cpu->port.has_hv = x86 || arm64;
        cpu->port.has_xen = x86;
        cpu->port.has_vmware = x86;
        cpu->port.has_loongarch = machine->kind == SIM_KVM_LOONGARCH;
        cpu->port.has_kvm = x86;
        cpu->port.hw_id = x86 || arm64 ? SIM_HW_ID(i) : 0;
        cpu->port.counter = sim_port_counter;
        cpu->port.cpuid = sim_port_cpuid;
        cpu->port.msr_read = sim_port_msr_read;
        cpu->port.msr_write = sim_port_msr_write;
        cpu->port.smccc = sim_port_smccc;
        cpu->port.sbi = sim_port_sbi;
        cpu->port.xen_call = sim_port_xen_call;
        cpu->port.vmware_call = sim_port_vmware_call;
        cpu->port.cpucfg = sim_port_cpucfg;
        cpu->port.kvm_call = sim_port_kvm_call;
        cpu->port.halt = sim_port_halt;
        cpu->port.hv_call = sim_port_hv_call;
        cpu->port.hv_call_block = sim_port_hv_call_block;
        cpu->port.hv_block_usable = sim_port_block_usable;
        cpu->port.vtl_switch = sim_port_vtl_switch;
    }
}

/* What KVM offers of Hyper-V. */
static void init_kvm(struct sim_model *model)
{
    model->kvm = true;
    model->features = PV_HV_FEATURE_XMM_INPUT;
    model->privileges = 0xFFull | 1ull << PV_HV_PRIVILEGE_POST_MESSAGES |
                        1ull << PV_HV_PRIVILEGE_SIGNAL_EVENTS;
}

static void init_arm64(struct sim_machine *machine)
{
    struct sim_model *model = &machine->model;

    model->arm64 = true;
    model->code_offsets = SIM_NO_CODE_OFFSETS;
    model->version.low = 0x000A000000004F7Cull; /* 10.0, build 20348 */
    model->info[0].high = 0x1234;               /* the feature word of arm64 */
}

static void init_model(struct sim_machine *machine)
{
    struct sim_model *model = &machine->model;

    sim_model_init(model);
    model->vps = 4;
    model->memory.owner = machine;
    model->memory.read = sim_memory_read;
    model->memory.write = sim_memory_write;
    if (machine->kind == SIM_KVM_X86)
        init_kvm(model);
    if (machine->kind == SIM_HYPERV_ARM64)
        init_arm64(machine);
}

static void init_sbi(struct sim_machine *machine)
{
    machine->sbi_spec = 2ul << 24;
    machine->sbi_implementation = 3;
    machine->sbi_version = 0x60C00;
}

/* RAM is left alone: pages are zeroed when they are given. */
void sim_machine_init(struct sim_machine *machine, enum sim_kind kind)
{
    const size_t memory = offsetof(struct sim_machine, kind);

    memset((uint8_t *)machine + memory, 0, sizeof(*machine) - memory);
    memset(machine->firmware, 0xCC, sizeof(machine->firmware));
    machine->kind = kind;
    machine->uid_conduit = 1;
    init_model(machine);
    init_sbi(machine);
    sim_steal_init(machine);
    sim_kvm_init(machine);
    init_cpus(machine);
    sim_clock_init(machine);
    machine->page_is_written = kind == SIM_KVM_X86;
    sim_use(machine, 0);
}

void sim_use(struct sim_machine *machine, uint32_t index)
{
    pv_sim = &machine->cpus[index].port;
}

struct sim_machine *sim_machine_of(const struct pv_sim *port)
{
    return (struct sim_machine *)port->machine;
}

void sim_isolate(struct sim_machine *machine)
{
    struct sim_visibility *visibility = &machine->model.visibility;

    visibility->first = SIM_GPA_BASE >> 12;
    visibility->pages = SIM_VISIBILITY_PAGES;
    visibility->changing = sim_alias_check;
}

uint64_t sim_calls(const struct sim_machine *machine)
{
    return machine->model.seen.calls;
}
