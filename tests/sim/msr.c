/* SPDX-License-Identifier: MIT */
/* Synthetic MSRs of x86, as the TLFS rules them. What would be #GP is a complaint. */
#include "sim/machine_internal.h"

#include <pv/abi/kvm.h>

#define PRESERVED 0xFFCull /* HYPERCALL 11:2 */
#define ASSIST_PRESERVED 0xFFEull

static void fault(struct sim_machine *machine, const char *text)
{
    sim_complain(&machine->model, text);
}

/* The privilege bit without which the MSR does not exist. */
static int privilege_of(uint32_t msr)
{
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
    case PV_HV_MSR_HYPERCALL:
        return PV_HV_PRIVILEGE_HYPERCALL;
    case PV_HV_MSR_VP_INDEX:
        return PV_HV_PRIVILEGE_VP_INDEX;
    case PV_HV_MSR_VP_RUNTIME:
        return PV_HV_PRIVILEGE_VP_RUNTIME;
    case PV_HV_MSR_VP_ASSIST_PAGE:
        return PV_HV_PRIVILEGE_APIC_ACCESS;
    case PV_HV_MSR_TIME_REF_COUNT:
        return PV_HV_PRIVILEGE_TIME_REF_COUNT;
    case PV_HV_MSR_REFERENCE_TSC:
        return PV_HV_PRIVILEGE_REFERENCE_TSC;
    case PV_HV_MSR_TSC_FREQUENCY:
    case PV_HV_MSR_APIC_FREQUENCY:
        return PV_HV_PRIVILEGE_FREQUENCY;
    default:
        return PV_HV_PRIVILEGE_NONE;
    }
}

static bool exists(struct sim_machine *machine, uint32_t msr)
{
    const bool hyperv = machine->kind == SIM_HYPERV_X86 || machine->kind == SIM_KVM_X86;

    if (sim_is_kvm(machine) && msr >> 8 == PV_KVM_MSR_WALL_CLOCK >> 8)
        return true;
    if (hyperv && (machine->model.privileges >> privilege_of(msr) & 1) != 0)
        return true;
    fault(machine, "#GP: an MSR that is not there");
    return false;
}

static uint64_t register_of(struct sim_machine *machine, uint32_t vp, uint32_t name)
{
    struct pv_hv_register_value value;

    (void)sim_register_get(&machine->model, vp, 0, name, &value);
    return value.low;
}

uint64_t sim_port_msr_read(struct pv_sim *port, uint32_t msr)
{
    struct sim_machine *machine = sim_machine_of(port);
    const uint32_t vp = sim_index_of(port);
    uint64_t value;

    __atomic_fetch_add(&machine->msr_reads, 1, __ATOMIC_RELAXED);
    if (msr == PV_KVM_MSR_STEAL_TIME)
        return sim_steal_msr_read(machine, vp);
    if (!exists(machine, msr))
        return 0;
    if (sim_clock_msr_read(machine, vp, msr, &value))
        return value;
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
        return register_of(machine, vp, PV_HV_REGISTER_GUEST_OS_ID);
    case PV_HV_MSR_HYPERCALL:
        return machine->hypercall_msr | machine->page_reserved;
    case PV_HV_MSR_VP_INDEX:
        return register_of(machine, vp, PV_HV_REGISTER_VP_INDEX);
    case PV_HV_MSR_VP_RUNTIME:
        return register_of(machine, vp, PV_HV_REGISTER_VP_RUNTIME);
    default:
        return machine->model.cpus[vp].vtls[0].assist_page | machine->page_reserved;
    }
}

/* An identity of 0 takes the hypercall page away. */
static void write_os_id(struct sim_machine *machine, uint64_t value)
{
    if (value == 0 && (machine->hypercall_msr & PV_HV_PAGE_ENABLE) != 0)
        fault(machine, "OS id cleared while the hypercall page was on");
    machine->model.os_id = value;
    if (value == 0)
        machine->hypercall_msr &= ~PV_HV_PAGE_ENABLE;
    sim_hypercall_page_follow(machine);
}

static uint64_t as_enabled(const struct sim_machine *machine, uint64_t value)
{
    if (machine->model.os_id == 0 || sim_behaves(&machine->model, SIM_PAGE_NEVER_ENABLED))
        return value & ~PV_HV_PAGE_ENABLE;
    if (sim_behaves(&machine->model, SIM_PAGE_ELSEWHERE))
        return value + PV_PAGE_BYTES;
    return value;
}

static void write_hypercall(struct sim_machine *machine, uint64_t value)
{
    if ((machine->hypercall_msr & PV_HV_PAGE_LOCKED) != 0) {
        fault(machine, "#GP: HYPERCALL is locked");
        return;
    }
    if ((value & PRESERVED) != machine->page_reserved)
        fault(machine, "reserved bits of HYPERCALL not preserved");
    machine->hypercall_msr = as_enabled(machine, value & ~PRESERVED);
    sim_hypercall_page_follow(machine);
}

static void write_assist(struct sim_machine *machine, uint32_t vp, uint64_t value)
{
    const struct pv_hv_register_value wanted = { value & ~ASSIST_PRESERVED, 0 };

    if ((value & ASSIST_PRESERVED) != machine->page_reserved)
        fault(machine, "reserved bits of VP_ASSIST_PAGE not preserved");
    (void)sim_register_set(&machine->model, vp, 0, PV_HV_REGISTER_VP_ASSIST_PAGE, wanted);
    sim_assist_page_follow(machine, vp, machine->model.cpus[vp].vtls[0].assist_page);
}

void sim_port_msr_write(struct pv_sim *port, uint32_t msr, uint64_t value)
{
    struct sim_machine *machine = sim_machine_of(port);

    machine->msr_writes++;
    if (sim_steal_xen_msr_write(machine, msr, value))
        return;
    if (msr == PV_KVM_MSR_STEAL_TIME) {
        sim_steal_msr_write(machine, sim_index_of(port), value);
        return;
    }
    if (!exists(machine, msr) || sim_clock_msr_write(machine, sim_index_of(port), msr, value))
        return;
    switch (msr) {
    case PV_HV_MSR_GUEST_OS_ID:
        write_os_id(machine, value);
        break;
    case PV_HV_MSR_HYPERCALL:
        write_hypercall(machine, value);
        break;
    case PV_HV_MSR_VP_ASSIST_PAGE:
        write_assist(machine, sim_index_of(port), value);
        break;
    default:
        fault(machine, "#GP: the MSR cannot be written");
    }
}

void sim_firmware_enable(struct sim_machine *machine, uint64_t os_id, uint32_t page, bool locked)
{
    machine->model.os_id = os_id;
    machine->hypercall_msr =
        sim_firmware_gpa(page) | PV_HV_PAGE_ENABLE | (locked ? PV_HV_PAGE_LOCKED : 0);
    sim_hypercall_page_follow(machine);
}
