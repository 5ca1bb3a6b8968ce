/* SPDX-License-Identifier: MIT */
#include "hv/hv_internal.h"

#include <pv/hv/regs.h>

bool pv_hv_target_ok_(const struct pv_vp *vp, struct pv_hv_target target)
{
    const unsigned input_vtl_bits = PV_HV_INPUT_VTL_USE | PV_HV_VTL_MAX;

    return pv_hv_index_ok_(vp->guest, target.index) && (target.input_vtl & ~input_vtl_bits) == 0;
}

static enum pv_status transfer(struct pv_vp *vp, struct pv_hv_target target,
                               struct pv_hv_list list, size_t *done, struct pv_hv_result *result)
{
    const struct pv_hv_vp_registers_header header = {
        .partition = PV_HV_PARTITION_SELF,
        .vp_index = target.index.value,
        .input_vtl = target.input_vtl,
    };
    enum pv_status status;

    list.header = &header;
    list.done = 0;
    if (pv_hv_ready_(vp) && !pv_hv_target_ok_(vp, target))
        status = PV_INVALID;
    else
        status = pv_hv_call_list(vp, &list, result);
    if (done != NULL)
        *done = list.done;
    return status;
}

enum pv_status pv_hv_regs_get(struct pv_vp *vp, struct pv_hv_target target, const uint32_t *names,
                              struct pv_hv_register_value *values, size_t count, size_t *done,
                              struct pv_hv_result *result)
{
    const struct pv_hv_list list = {
        .call = PV_HV_CALL_GET_VP_REGISTERS,
        .in = names,
        .out = values,
        .count = count,
    };

    return transfer(vp, target, list, done, result);
}

enum pv_status pv_hv_regs_set(struct pv_vp *vp, struct pv_hv_target target,
                              const struct pv_hv_register *registers, size_t count, size_t *done,
                              struct pv_hv_result *result)
{
    const struct pv_hv_list list = {
        .call = PV_HV_CALL_SET_VP_REGISTERS,
        .in = registers,
        .count = count,
    };

    return transfer(vp, target, list, done, result);
}

enum pv_status pv_hv_regs_get64(struct pv_vp *vp, uint32_t name, uint64_t *value,
                                struct pv_hv_result *result)
{
    struct pv_hv_register_value read;
    enum pv_status status =
        pv_hv_regs_get(vp, pv_hv_target_self(), &name, &read, 1, NULL, result);

    if (status == PV_OK)
        *value = read.low;
    return status;
}
