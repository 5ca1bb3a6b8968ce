/* SPDX-License-Identifier: MIT */
/* VTL call and return: a near call into the hypercall page on x64, HVC #2 and #3 on arm64. */
#include "hv/hv_internal.h"
#include "pv_port.h"

#include <pv/hv/vtl.h>

static bool by_code_page(const struct pv_guest *guest)
{
    return guest->hv.conduit == PV_HV_CONDUIT_PAGE;
}

enum pv_status pv_hv_vtl_switch_init(struct pv_vp *vp, struct pv_hv_result *result)
{
    struct pv_hv_vsm_code_offsets offsets;
    enum pv_status status;

    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if (!by_code_page(vp->guest))
        return PV_OK;
    status = pv_hv_vsm_code_offsets(vp, &offsets, result);
    if (status != PV_OK)
        return status;
    vp->guest->hv.vtl_call_offset = offsets.call;
    vp->guest->hv.vtl_return_offset = offsets.ret;
    return PV_OK;
}

/* The offset is unknown (0) until pv_hv_vtl_switch_init. */
static enum pv_status enter(struct pv_vp *vp, bool to_lower, uint64_t control,
                            struct pv_hv_vtl_regs *regs)
{
    const struct pv_hv_guest *hv = &vp->guest->hv;
    const uint16_t offset = to_lower ? hv->vtl_return_offset : hv->vtl_call_offset;

    if (by_code_page(vp->guest) && offset == 0)
        return PV_UNSUPPORTED;
    pv_port_vtl_switch(hv->entry + offset, to_lower, control, regs->shared);
    return PV_OK;
}

enum pv_status pv_hv_vtl_call(struct pv_vp *vp, struct pv_hv_vtl_regs *regs)
{
    return pv_hv_ready_(vp) ? enter(vp, false, 0, regs) : PV_BAD_STATE;
}

/* RAX and RCX of the lower VTL; false: there is no page to put them in. */
static bool lay_out(const struct pv_vp *vp, const struct pv_hv_vtl_regs *regs)
{
    struct pv_hv_assist_page *page = vp->hv.assist;

    if (page == NULL)
        return false;
    page->vtl_return_rax = regs->shared[PV_HV_VTL_RAX];
    page->vtl_return_rcx = regs->shared[PV_HV_VTL_RCX];
    return true;
}

enum pv_status pv_hv_vtl_return(struct pv_vp *vp, bool fast, struct pv_hv_vtl_regs *regs)
{
    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if (!fast && by_code_page(vp->guest) && !lay_out(vp, regs))
        return PV_UNSUPPORTED;
    return enter(vp, true, fast ? PV_HV_VTL_RETURN_FAST : 0, regs);
}
