/* SPDX-License-Identifier: MIT */
/* Enable VTLs, start VPs in them, protect memory from the lower ones. */
#include "hv/hv_internal.h"
#include "pv_port.h"

#include <pv/hv/vtl.h>

enum pv_status pv_hv_vtl_enable_partition(struct pv_vp *vp, uint8_t vtl, uint8_t flags,
                                          struct pv_hv_result *result)
{
    const struct pv_hv_enable_partition_vtl in = {
        .partition = PV_HV_PARTITION_SELF,
        .target_vtl = vtl,
        .flags = flags,
    };

    if (vtl < 1 || vtl > PV_HV_VTL_MAX || (flags & ~PV_HV_ENABLE_VTL_MBEC) != 0)
        return PV_INVALID;
    return pv_hv_call_simple(vp, PV_HV_CALL_ENABLE_PARTITION_VTL, &in, NULL, result);
}

/* The two calls that hand over an initial context share their layout. */
static enum pv_status call_with_context(struct pv_vp *vp, enum pv_hv_call call,
                                        struct pv_vp_index index, uint8_t vtl,
                                        const union pv_hv_context *context,
                                        struct pv_hv_result *result)
{
    struct {
        struct pv_hv_vp_vtl_header header;
        union pv_hv_context context;
    } in;

    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if (!pv_hv_index_ok_(vp->guest, index) || vtl > PV_HV_VTL_MAX)
        return PV_INVALID;
    memset(&in.header, 0, sizeof(in.header));
    in.header.partition = PV_HV_PARTITION_SELF;
    in.header.vp_index = index.value;
    in.header.target_vtl = vtl;
    in.context = *context;
    return pv_hv_call_simple(vp, call, &in, NULL, result);
}

enum pv_status pv_hv_vtl_enable_vp(struct pv_vp *vp, struct pv_vp_index index, uint8_t vtl,
                                   const union pv_hv_context *context, struct pv_hv_result *result)
{
    struct pv_hv_result answer = { 0, 0 };
    enum pv_status status;

    if (vtl < 1)
        return PV_INVALID;
    status = call_with_context(vp, PV_HV_CALL_ENABLE_VP_VTL, index, vtl, context, &answer);
    pv_hv_give_(result, answer);
    return answer.status == PV_HV_STATUS_VTL_ALREADY_ENABLED ? PV_OK : status;
}

enum pv_status pv_hv_vp_start(struct pv_vp *vp, struct pv_vp_index index, uint8_t vtl,
                              const union pv_hv_context *context, struct pv_hv_result *result)
{
    return call_with_context(vp, PV_HV_CALL_START_VIRTUAL_PROCESSOR, index, vtl, context, result);
}

enum pv_status pv_hv_vp_index_find(struct pv_vp *vp, struct pv_hw_id id, uint8_t vtl,
                                   struct pv_vp_index *index, struct pv_hv_result *result)
{
    const struct pv_hv_vp_index_header header = {
        .partition = PV_HV_PARTITION_SELF,
        .target_vtl = vtl,
    };
    const uint32_t apic_id = (uint32_t)id.value;
    struct pv_vp_index found;
    struct pv_hv_list list = {
        .call = PV_HV_CALL_GET_VP_INDEX_FROM_APIC_ID,
        .header = &header,
        .in = PV_HV_ABI_ARM64 ? (const void *)&id.value : &apic_id,
        .out = &found.value,
        .count = 1,
    };
    enum pv_status status;

    if (vtl > PV_HV_VTL_MAX || (!PV_HV_ABI_ARM64 && id.value != apic_id))
        return PV_INVALID;
    status = pv_hv_call_list(vp, &list, result);
    if (status != PV_OK)
        return status;
    if (found.value >= PV_HV_VP_SELF || !pv_hv_index_ok_(vp->guest, found))
        return PV_MALFORMED;
    *index = found;
    return PV_OK;
}

enum pv_status pv_hv_vtl_protect(struct pv_vp *vp, uint8_t input_vtl, uint32_t mask,
                                 const uint64_t *gpa_pages, size_t count, size_t *done,
                                 struct pv_hv_result *result)
{
    const struct pv_hv_protection_header header = {
        .partition = PV_HV_PARTITION_SELF,
        .map_flags = mask,
        .input_vtl = input_vtl,
    };
    struct pv_hv_list list = {
        .call = PV_HV_CALL_MODIFY_VTL_PROTECTION_MASK,
        .header = &header,
        .in = gpa_pages,
        .count = count,
    };
    const bool in_range = mask <= 0xF && (input_vtl & ~(PV_HV_INPUT_VTL_USE | PV_HV_VTL_MAX)) == 0;
    enum pv_status status = in_range ? pv_hv_call_list(vp, &list, result) : PV_INVALID;

    if (done != NULL)
        *done = list.done;
    return status;
}
