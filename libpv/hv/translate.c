/* SPDX-License-Identifier: MIT */
#include "hv/hv_internal.h"

#include <pv/hv/vtl.h>

#define FLAGS (PV_HV_TRANSLATE_READ | PV_HV_TRANSLATE_WRITE | PV_HV_TRANSLATE_EXECUTE |            \
               PV_HV_TRANSLATE_PRIVILEGE_EXEMPT)
#define PAGE_SHIFT 12
#define GPA_PAGE_MAX ((1ull << (64 - PAGE_SHIFT)) - 1)

static enum pv_status decode(const struct pv_hv_translate_output *out, uint64_t va,
                             struct pv_hv_translation *translation)
{
    if (out->gpa_page > GPA_PAGE_MAX)
        return PV_MALFORMED;
    translation->code = (uint32_t)out->result;
    translation->cache_type = (uint8_t)(out->result >> 32);
    translation->overlay_page = (out->result >> 40 & 1) != 0;
    translation->gpa = out->gpa_page << PAGE_SHIFT | (va & (PV_PAGE_BYTES - 1));
    return PV_OK;
}

enum pv_status pv_hv_translate(struct pv_vp *vp, struct pv_hv_target target, uint64_t flags,
                               uint64_t va, struct pv_hv_translation *translation,
                               struct pv_hv_result *result)
{
    const struct pv_hv_translate_input in = {
        .partition = PV_HV_PARTITION_SELF,
        .vp_index = target.index.value,
        .control_flags = flags | (uint64_t)target.input_vtl << PV_HV_TRANSLATE_VTL_SHIFT,
        .gva_page = va >> PAGE_SHIFT,
    };
    struct pv_hv_translate_output out;
    enum pv_status status;

    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if (!pv_hv_target_ok_(vp, target) || (flags & ~FLAGS) != 0)
        return PV_INVALID;
    status = pv_hv_call_simple(vp, PV_HV_CALL_TRANSLATE_VIRTUAL_ADDRESS, &in, &out, result);
    return status == PV_OK ? decode(&out, va, translation) : status;
}
