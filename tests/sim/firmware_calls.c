/* SPDX-License-Identifier: MIT */
/* SMCCC of arm64 and SBI of riscv64: only what tells who the hypervisor is. */
#include "sim/machine_internal.h"

#include <pv/abi/sbi.h>
#include <pv/abi/smccc.h>

struct pv_port_smccc sim_port_smccc(struct pv_sim *port, int conduit, uint64_t function,
                                    uint64_t argument)
{
    struct sim_machine *machine = sim_machine_of(port);
    const struct pv_port_smccc uid = { PV_SMCCC_UID_HYPERV_0, PV_SMCCC_UID_HYPERV_1,
                                       PV_SMCCC_UID_HYPERV_2, PV_SMCCC_UID_HYPERV_3 };
    const struct pv_port_smccc none = { PV_SMCCC_NOT_SUPPORTED, 0, 0, 0 };

    if (machine->kind == SIM_KVM_ARM64)
        return sim_steal_smccc(machine, sim_index_of(port), conduit, function, argument);
    if (machine->no_uid || conduit != machine->uid_conduit || function != PV_SMCCC_VENDOR_HYP_UID)
        return none;
    return uid;
}

static unsigned long sbi_value(const struct sim_machine *machine, unsigned long function,
                               unsigned long argument)
{
    switch (function) {
    case PV_SBI_BASE_SPEC_VERSION:
        return machine->sbi_spec;
    case PV_SBI_BASE_IMPL_ID:
        return machine->sbi_implementation;
    case PV_SBI_BASE_IMPL_VERSION:
        return machine->sbi_version;
    default:
        return argument == PV_SBI_EXT_STA && !machine->sbi_no_sta;
    }
}

struct pv_port_sbi sim_port_sbi(struct pv_sim *port, unsigned long extension,
                                unsigned long function, const unsigned long arguments[3])
{
    struct sim_machine *machine = sim_machine_of(port);
    struct pv_port_sbi answer = { -2, 0 }; /* not supported */

    if (extension == PV_SBI_EXT_STA && function == PV_SBI_STA_SET_SHMEM && !machine->sbi_no_sta)
        return sim_steal_sbi(machine, sim_index_of(port), arguments);
    if (extension != PV_SBI_EXT_BASE || function > PV_SBI_BASE_PROBE)
        return answer;
    answer.error = 0;
    answer.value = sbi_value(machine, function, arguments[0]);
    return answer;
}
