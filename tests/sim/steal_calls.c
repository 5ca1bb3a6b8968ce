/* SPDX-License-Identifier: MIT */
/*
 * How the guest tells the host its stolen-time area: MSR, SMCCC, SBI and the hypercalls of
 * LoongArch, Xen and VMware. Numbers are written out, as the specifications have them.
 */
#include "sim/steal_internal.h"

#include <string.h>

static const uint8_t blank[SIM_STEAL_BYTES];

void sim_steal_init(struct sim_machine *machine)
{
    struct sim_steal *steal = &machine->steal;

    steal->xen_gpa = true;
    steal->xen_flags = 1u << 3;
    steal->xen_msr = 0x40000000;
    steal->smccc_version = 0x10001;
    steal->pv_time_gpa = sim_firmware_gpa(1);
    steal->cpucfg_signature = 0x004D564B;
    steal->cpucfg_features = 1u << 2;
}

static void fault(struct sim_machine *machine, const char *text)
{
    sim_complain(&machine->model, text);
}

static void tell(struct sim_machine *machine, uint32_t vp, uint64_t gpa)
{
    if (machine->steal.vps[vp].foreign)
        fault(machine, "somebody else's stolen-time area was touched");
    if (!machine->steal.ignores)
        sim_steal_turn_on(machine, vp, gpa, false);
}

/* ---- KVM on x86: bit 0 enables, bits 5:1 are reserved ---- */

static bool has_msr(struct sim_machine *machine, uint32_t vp)
{
    const uint32_t base = machine->kind == SIM_KVM_X86 ? 0x40000100 : 0x40000000;

    if (sim_is_kvm(machine) &&
        (sim_port_cpuid(&machine->cpus[vp].port, base + 1, 0).eax >> 5 & 1) != 0)
        return true;
    fault(machine, "#GP: STEAL_TIME is not there");
    return false;
}

uint64_t sim_steal_msr_read(struct sim_machine *machine, uint32_t vp)
{
    const struct sim_steal_vp *steal = &machine->steal.vps[vp];

    return has_msr(machine, vp) && steal->on ? steal->at | 1 : 0;
}

void sim_steal_msr_write(struct sim_machine *machine, uint32_t vp, uint64_t value)
{
    const uint64_t gpa = value & ~1ull;

    if (!has_msr(machine, vp))
        return;
    if ((value & 1) == 0)
        (void)sim_steal_turn_off(machine, vp);
    else if ((value & 0x3E) != 0)
        fault(machine, "#GP: reserved bits of STEAL_TIME");
    else if (!sim_steal_area_usable(machine, gpa))
        fault(machine, "a stolen-time area that is not guest memory");
    else if (machine->steal.refuse == 0)
        tell(machine, vp, gpa);
}

/* ---- arm64: Arm DEN0057A ---- */

/* Each call gives the VP's own structure, and starts counting from 0. */
static uint64_t pv_time_st(struct sim_machine *machine, uint32_t vp)
{
    const struct sim_steal *steal = &machine->steal;
    const uint64_t gpa = steal->pv_time_gpa + vp * (uint64_t)SIM_STEAL_BYTES;
    uint8_t content[SIM_STEAL_BYTES] = { 0 };

    if (steal->refuse != 0)
        return (uint64_t)steal->refuse;
    memcpy(content, &steal->revision, sizeof(steal->revision));
    memcpy(content + 4, &steal->attributes, sizeof(steal->attributes));
    if (sim_steal_area_usable(machine, gpa))
        sim_steal_turn_on_fresh(machine, vp, gpa, content);
    return gpa;
}

/* Calls of the 32-bit convention leave the upper half of X0 alone: here it is 0. */
static uint64_t smccc_answer(struct sim_machine *machine, uint32_t vp, uint64_t function,
                             uint64_t argument)
{
    const struct sim_steal *steal = &machine->steal;
    const bool asked_features = function == 0x80000001 && argument == 0xC5000020;
    const bool asked_stolen = function == 0xC5000020 && argument == 0xC5000021;

    if (function == 0x80000000)
        return steal->smccc_version;
    if (function != 0x8600FF01 && steal->smccc_version < 0x10001)
        fault(machine, "a call that SMCCC 1.0 does not have");
    if (asked_features)
        return steal->no_pv_time_features ? 0xFFFFFFFF : 0;
    if (asked_stolen)
        return steal->no_stolen_time ? ~0ull : 0;
    return function == 0xC5000021 ? pv_time_st(machine, vp) : ~0ull;
}

struct pv_port_smccc sim_steal_smccc(struct sim_machine *machine, uint32_t vp, int conduit,
                                     uint64_t function, uint64_t argument)
{
    const struct pv_port_smccc uid = { 0xB66FB428, 0xE911C52E, 0x564BCAA9, 0x743A004D };
    struct pv_port_smccc answer = { ~0ull, 0, 0, 0 };

    if (conduit != machine->uid_conduit)
        fault(machine, "#UD: the other conduit");
    else if (function == 0x8600FF01 && !machine->no_uid)
        return uid;
    else
        answer.a0 = smccc_answer(machine, vp, function, argument);
    return answer;
}

/* ---- riscv64: SBI STA ---- */

static long sbi_turn_off(struct sim_machine *machine, uint32_t vp)
{
    return sim_steal_turn_off(machine, vp) ? 0 : -1; /* FAILED */
}

/* XLEN is that of the machine that runs the test. */
static uint64_t joined(unsigned long low, unsigned long high)
{
    return sizeof(low) == 8 ? low : (uint64_t)high << 32 | low;
}

static long sbi_set(struct sim_machine *machine, uint32_t vp, const unsigned long arguments[3])
{
    const uint64_t gpa = joined(arguments[0], arguments[1]);

    if (arguments[2] != 0 || (arguments[0] & 63) != 0)
        return -3; /* INVALID_PARAM */
    if ((sizeof(long) == 8 && arguments[1] != 0) || !sim_steal_area_usable(machine, gpa))
        return -5; /* INVALID_ADDRESS */
    if (!machine->steal.ignores)
        sim_steal_turn_on_fresh(machine, vp, gpa, blank);
    return 0;
}

struct pv_port_sbi sim_steal_sbi(struct sim_machine *machine, uint32_t vp,
                                 const unsigned long arguments[3])
{
    struct pv_port_sbi answer = { (long)machine->steal.refuse, 0 };

    if (arguments[0] == ~0ul && arguments[1] == ~0ul && arguments[2] == 0)
        answer.error = sbi_turn_off(machine, vp);
    else if (answer.error == 0)
        answer.error = sbi_set(machine, vp, arguments);
    if (answer.error != 0 && machine->steal.refuse == 0 && !machine->steal.keeps)
        fault(machine, "a stolen-time area that SBI does not take");
    return answer;
}

/* ---- LoongArch ---- */

uint32_t sim_port_cpucfg(struct pv_sim *port, uint32_t word)
{
    struct sim_machine *machine = sim_machine_of(port);

    if (port->bare_metal)
        fault(machine, "a CPUCFG word of hypervisors on bare metal");
    if (word == 0x40000000)
        return machine->steal.cpucfg_signature;
    return word == 0x40000004 ? machine->steal.cpucfg_features : 0;
}

static long notify(struct sim_machine *machine, uint32_t vp, uint64_t value)
{
    if (value == 0)
        return sim_steal_turn_off(machine, vp) ? 0 : -2;
    if (machine->steal.refuse != 0)
        return (long)machine->steal.refuse;
    if ((value & 0x3F) != 1 || !sim_steal_area_usable(machine, value & ~63ull)) {
        fault(machine, "a stolen-time area that LoongArch KVM does not take");
        return -2;
    }
    tell(machine, vp, value & ~63ull);
    return 0;
}

long sim_steal_kvm_call(struct pv_sim *port, unsigned long function, unsigned long a,
                        unsigned long b)
{
    if (function != 2)
        return -1; /* no such code */
    return a == 1u << 2 ? notify(sim_machine_of(port), sim_index_of(port), b) : -2;
}

/* ---- Xen ---- */

struct pv_port_cpuid sim_xen_leaf(const struct sim_machine *machine, uint32_t vp, uint32_t number)
{
    const struct pv_port_cpuid first = { 0x40000005, 0x566E6558, 0x65584D4D, 0x4D4D566E };
    const struct pv_port_cpuid pages = { 1, machine->steal.xen_msr, 0, 0 };
    const struct pv_port_cpuid hvm = { machine->steal.xen_flags, SIM_XEN_VCPU(vp), 0, 0 };
    const struct pv_port_cpuid none = { 0, 0, 0, 0 };

    if (number == 0)
        return first;
    if (number == 2)
        return pages;
    return number == 4 ? hvm : none;
}

/* Whoever fills a page with calls in 64-bit mode has 64 bits from then on. */
bool sim_steal_xen_msr_write(struct sim_machine *machine, uint32_t msr, uint64_t value)
{
    struct sim_steal *steal = &machine->steal;
    void *page = sim_memory_at(machine, value, PV_PAGE_BYTES);

    if (machine->kind != SIM_XEN_X86 || msr != steal->xen_msr)
        return false;
    steal->xen_pages++;
    if (value % PV_PAGE_BYTES != 0 || page == NULL)
        fault(machine, "a page for Xen's calls that is not guest memory");
    else
        memset(page, 0xC3, PV_PAGE_BYTES);
    steal->xen_64 |= !steal->xen_deaf;
    return true;
}

static void *pointed(unsigned long address)
{
    return (void *)(uintptr_t)address; /* NOLINT: an argument of a hypercall */
}

/* { which word, its 32 bits }: by GPA is feature 18. */
static long get_features(const struct sim_machine *machine, uint32_t *info)
{
    info[1] = info[0] == 0 && machine->steal.xen_gpa ? 1u << 18 : 0;
    return 0;
}

static long register_by_gpa(struct sim_machine *machine, uint32_t vp, uint64_t gpa)
{
    if (!machine->steal.xen_gpa)
        return -38; /* ENOSYS */
    if (gpa == ~0ull)
        return sim_steal_turn_off(machine, vp) ? 0 : -22;
    if (!sim_steal_area_usable(machine, gpa)) {
        fault(machine, "a stolen-time area that Xen does not take");
        return -22; /* EINVAL */
    }
    tell(machine, vp, gpa);
    return 0;
}

static long register_runstate(struct sim_machine *machine, uint32_t vp, unsigned long command,
                              uint64_t address)
{
    if (machine->steal.refuse != 0 && address != ~0ull)
        return (long)machine->steal.refuse;
    if (command == 14)
        return register_by_gpa(machine, vp, address);
    sim_steal_turn_on(machine, vp, address, true);
    return 0;
}

static long vcpu_op(struct sim_machine *machine, uint32_t vp, const unsigned long arguments[3])
{
    uint64_t address;

    if (arguments[1] != SIM_XEN_VCPU(vp))
        fault(machine, "another VCPU's number");
    if (arguments[0] != 5 && arguments[0] != 14)
        return -38;
    memcpy(&address, pointed(arguments[2]), sizeof(address));
    return register_runstate(machine, vp, arguments[0], address);
}

static long vm_assist(struct sim_machine *machine, const unsigned long arguments[3])
{
    if (arguments[0] != 0 || arguments[1] != 5 || machine->steal.xen_no_flag)
        return -22;
    machine->steal.xen_flag = true;
    return 0;
}

long sim_port_xen_call(struct pv_sim *port, unsigned long operation,
                       const unsigned long arguments[3])
{
    struct sim_machine *machine = sim_machine_of(port);

    if (machine->kind != SIM_XEN_X86)
        fault(machine, "a hypercall of Xen elsewhere");
    if (operation == 17 && arguments[0] == 6)
        return get_features(machine, (uint32_t *)pointed(arguments[1]));
    if (operation == 21)
        return vm_assist(machine, arguments);
    return operation == 24 ? vcpu_op(machine, sim_index_of(port), arguments) : -38;
}

/* ---- VMware ---- */

struct pv_port_cpuid sim_vmware_leaf(const struct sim_machine *machine, uint32_t number)
{
    const struct pv_port_cpuid first = { 0x40000010, 0x61774D56, 0x4D566572, 0x65726177 };
    const struct pv_port_cpuid timing = { 2000000, 66000, machine->steal.vmware_ways, 0 };
    const struct pv_port_cpuid none = { 0, 0, 0, 0 };

    if (number == 0)
        return first;
    return number == 0x10 ? timing : none;
}

static enum pv_port_vmware way_in(const struct sim_machine *machine)
{
    if ((machine->steal.vmware_ways & 1) != 0)
        return PV_PORT_VMWARE_VMMCALL;
    return (machine->steal.vmware_ways & 2) != 0 ? PV_PORT_VMWARE_VMCALL : PV_PORT_VMWARE_PORT;
}

/* 1: enabled, 0: disabled, all ones: there is none. */
static uint32_t steal_clock(struct sim_machine *machine, uint32_t vp, uint64_t argument)
{
    if (machine->steal.vmware_absent)
        return 0xFFFFFFFF;
    if (argument == 1)
        return sim_steal_turn_off(machine, vp) ? 0 : 1;
    if (machine->steal.refuse != 0)
        return (uint32_t)machine->steal.refuse;
    if (!sim_steal_area_usable(machine, argument)) {
        fault(machine, "a stolen-time area that VMware does not take");
        return 0;
    }
    tell(machine, vp, argument);
    return machine->steal.ignores ? 0 : 1;
}

uint32_t sim_port_vmware_call(struct pv_sim *port, enum pv_port_vmware way, uint32_t command,
                              uint64_t argument)
{
    struct sim_machine *machine = sim_machine_of(port);

    if (machine->kind != SIM_VMWARE_X86 || command != 91)
        fault(machine, "an unknown command of VMware");
    if (way != way_in(machine))
        fault(machine, "#UD: VMware is not reached this way");
    return steal_clock(machine, sim_index_of(port), argument);
}
