/* SPDX-License-Identifier: MIT */
/* Interrupts for many VPs. */
#include "hv/hv_internal.h"
#include "pv_port.h"

/* Two registers where they may be used, whatever the engine finds where not. */
static enum pv_status send_mask(struct pv_vp *vp, uint32_t vector, uint64_t mask,
                                struct pv_hv_result *result)
{
    const enum pv_hv_call call = PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI;
    const struct pv_hv_ipi ipi = { .vector = vector, .processor_mask = mask };
    uint64_t in[2];

    if (vp->hv.way_in->fast_entry == 0)
        return pv_hv_call_simple(vp, call, &ipi, NULL, result);
    memcpy(in, &ipi, sizeof(in));
    return pv_hv_call_fast(vp, call, in[0], in[1], result);
}

static enum pv_status send_banks(struct pv_vp *vp, uint32_t vector, const struct pv_vp_set *set,
                                 const struct pv_hv_whom *whom, struct pv_hv_result *result)
{
    const struct pv_hv_shape shape = { .var_qwords = whom->banks };
    struct pv_hv_ipi_ex_header *in;
    struct pv_hv_args args;
    enum pv_status status =
        pv_hv_begin(vp, PV_HV_CALL_SEND_SYNTHETIC_CLUSTER_IPI_EX, &shape, &args);

    if (status != PV_OK)
        return status;
    in = (struct pv_hv_ipi_ex_header *)args.in;
    in->vector = vector;
    return pv_hv_send_(vp, &args, set, whom, &in->set, result);
}

enum pv_status pv_hv_ipi_send(struct pv_vp *vp, uint32_t vector, const struct pv_vp_set *whom,
                              struct pv_hv_result *result)
{
    struct pv_hv_whom named;
    enum pv_status status;
    uint32_t advice;

    if (vector < PV_HV_IPI_VECTOR_MIN || vector > PV_HV_IPI_VECTOR_MAX)
        return PV_INVALID;
    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    advice = pv_hv_advice_(vp->guest);
    status = pv_hv_whom_(whom, advice, &named);
    if (status == PV_OK && (advice & PV_HV_HINT_CLUSTER_IPI) == 0)
        status = PV_UNSUPPORTED;
    if (status != PV_OK)
        return status;
    if (named.naming == PV_HV_NAMING_MASK)
        return send_mask(vp, vector, named.mask, result);
    return send_banks(vp, vector, whom, &named, result);
}
