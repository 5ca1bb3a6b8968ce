/* SPDX-License-Identifier: MIT */
/* MSRs of x86: those of Hyper-V are the model's. What would be #GP is a complaint. */
#include "sim/machine_internal.h"

#include <pv/abi/kvm.h>

/* Those of Xen and of KVM itself are not the model's. */
static bool is_hyperv(struct sim_machine *machine)
{
    if (machine->kind == SIM_HYPERV_X86 || machine->kind == SIM_KVM_X86)
        return true;
    sim_complain(&machine->model, "#GP: an MSR that is not there");
    return false;
}

uint64_t sim_port_msr_read(struct pv_sim *port, uint32_t msr)
{
    struct sim_machine *machine = sim_machine_of(port);
    const uint32_t vp = sim_index_of(port);
    uint64_t value = 0;

    __atomic_fetch_add(&machine->msr_reads, 1, __ATOMIC_RELAXED);
    if (msr == PV_KVM_MSR_STEAL_TIME)
        return sim_steal_msr_read(machine, vp);
    if (!sim_clock_msr_read(machine, vp, msr, &value) && is_hyperv(machine))
        (void)sim_model_msr_read(&machine->model, vp, msr, &value);
    return value;
}

/* What the write has changed, others see. */
static void follow(struct sim_machine *machine, uint32_t vp, uint32_t msr)
{
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
    case PV_HV_MSR_HYPERCALL:
        sim_hypercall_page_follow(machine);
        break;
    case PV_HV_MSR_VP_ASSIST_PAGE:
        sim_assist_page_follow(machine, vp, machine->model.cpus[vp].vtls[0].assist_page);
        break;
    default:
        break;
    }
}

static void write_hyperv(struct sim_machine *machine, uint32_t vp, uint32_t msr, uint64_t value)
{
    const uint64_t reference = machine->model.reference_msr[0];

    if (!is_hyperv(machine) || !sim_model_msr_write(&machine->model, vp, msr, value))
        return;
    if (msr == PV_HV_MSR_REFERENCE_TSC)
        sim_clock_reference_written(machine, reference);
    else
        follow(machine, vp, msr);
}

void sim_port_msr_write(struct pv_sim *port, uint32_t msr, uint64_t value)
{
    struct sim_machine *machine = sim_machine_of(port);
    const uint32_t vp = sim_index_of(port);

    machine->msr_writes++;
    if (sim_steal_xen_msr_write(machine, msr, value))
        return;
    if (msr == PV_KVM_MSR_STEAL_TIME)
        sim_steal_msr_write(machine, vp, value);
    else if (!sim_clock_msr_write(machine, vp, msr, value))
        write_hyperv(machine, vp, msr, value);
}

void sim_firmware_enable(struct sim_machine *machine, uint64_t os_id, uint32_t page, bool locked)
{
    machine->model.os_id[0] = os_id;
    machine->model.hypercall_msr[0] =
        sim_firmware_gpa(page) | PV_HV_PAGE_ENABLE | (locked ? PV_HV_PAGE_LOCKED : 0);
    sim_hypercall_page_follow(machine);
}
