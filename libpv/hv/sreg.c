/* SPDX-License-Identifier: MIT */
/*
 * Synthetic registers. x86 has them as MSRs; arm64 has them as VP registers, reached by register
 * calls that need neither a page nor an identity (TLFS lists which ones may be read that early).
 */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"

static const struct {
    uint32_t msr;
    uint32_t vp_register;
    enum pv_told_memory memory; /* that it gives the hypervisor */
} numbers[] = {
    [PV_HV_SREG_GUEST_OS_ID] = { PV_HV_MSR_GUEST_OS_ID, PV_HV_REGISTER_GUEST_OS_ID,
                                 PV_TOLD_NOTHING },
    [PV_HV_SREG_VP_INDEX] = { PV_HV_MSR_VP_INDEX, PV_HV_REGISTER_VP_INDEX, PV_TOLD_NOTHING },
    [PV_HV_SREG_VP_ASSIST_PAGE] = { PV_HV_MSR_VP_ASSIST_PAGE, PV_HV_REGISTER_VP_ASSIST_PAGE,
                                    PV_TOLD_HV_ASSIST },
};

/* A list call with one element on the calling VP, planned for and run in the register block. */
struct block_call {
    struct pv_hv_plan plan;
    PV_ALIGNED(16) uint64_t block[PV_PORT_BLOCK_QWORDS];
};

/* The plan cannot fail: one element of either call fits every register block. If it did, it would
 * stay zero, and the hypervisor refuses call code 0. */
static void prepare(const struct pv_guest *guest, enum pv_hv_call code, const void *element,
                    size_t bytes, struct block_call *call)
{
    static const struct pv_hv_shape one = { .reps = 1 };
    const struct pv_hv_vp_registers_header header = {
        .partition = PV_HV_PARTITION_SELF,
        .vp_index = PV_HV_VP_SELF,
    };
    uint8_t *bytes_of_block = (uint8_t *)call->block;
    enum pv_status planned;

    memset(call, 0, sizeof(*call));
    planned = pv_hv_plan(code, &one, pv_hv_block_room_(guest), &call->plan);
    (void)planned;
    memcpy(bytes_of_block, &header, sizeof(header));
    memcpy(bytes_of_block + call->plan.in_list, element, bytes);
}

static enum pv_status run(const struct pv_guest *guest, struct block_call *call)
{
    const struct pv_hv_issue issue = {
        .control = call->plan.control | PV_HV_CONTROL_FAST,
        .block = call->block,
        .block_in_bytes = call->plan.in_bytes,
    };
    struct pv_hv_result result;
    enum pv_status status;
    uintptr_t irq;

    /* A CPU that goes offline after the guest was quiesced has nobody to tell. */
    if (guest->hv.entry == 0)
        return PV_BAD_STATE;
    irq = pv_port_irq_save();
    status = pv_hv_run_(guest->hv.entry, &issue, &result);
    pv_port_irq_restore(irq);
    return status;
}

enum pv_status pv_hv_sreg_get_block_(struct pv_guest *guest, uint32_t name,
                                     struct pv_hv_register_value *value)
{
    struct block_call call;
    enum pv_status status;

    prepare(guest, PV_HV_CALL_GET_VP_REGISTERS, &name, sizeof(name), &call);
    status = run(guest, &call);
    if (status == PV_OK)
        memcpy(value, (const uint8_t *)call.block + call.plan.out_list, sizeof(*value));
    return status;
}

enum pv_status pv_hv_sreg_set_block_(struct pv_guest *guest, uint32_t name, uint64_t value)
{
    const struct pv_hv_register element = { .name = name, .value = { .low = value } };
    struct block_call call;

    prepare(guest, PV_HV_CALL_SET_VP_REGISTERS, &element, sizeof(element), &call);
    return run(guest, &call);
}

uint32_t pv_hv_sreg_number_(enum pv_hv_sreg sreg)
{
    return PV_PORT_MSR ? numbers[sreg].msr : numbers[sreg].vp_register;
}

enum pv_status pv_hv_sreg_read_(struct pv_guest *guest, enum pv_hv_sreg sreg, uint64_t *value)
{
    struct pv_hv_register_value read = { 0, 0 };
    enum pv_status status;

    if (PV_PORT_MSR) {
        *value = pv_port_msr_read(numbers[sreg].msr);
        return PV_OK;
    }
    status = pv_hv_sreg_get_block_(guest, numbers[sreg].vp_register, &read);
    *value = read.low;
    return status;
}

enum pv_status pv_hv_sreg_write_(struct pv_guest *guest, enum pv_hv_sreg sreg, uint64_t value)
{
    if (!PV_PORT_MSR)
        return pv_hv_sreg_set_block_(guest, numbers[sreg].vp_register, value);
    pv_port_msr_write(numbers[sreg].msr, value);
    return PV_OK;
}

enum pv_status pv_hv_sreg_tell_(struct pv_guest *guest, struct pv_told *told, enum pv_hv_sreg sreg,
                                uint64_t value, uint64_t off)
{
    const enum pv_told_kind kind = PV_PORT_MSR ? PV_TOLD_MSR : PV_TOLD_HV_REGISTER;

    pv_told_add_(told, numbers[sreg].memory, kind, pv_hv_sreg_number_(sreg), off);
    return pv_hv_sreg_write_(guest, sreg, value);
}
