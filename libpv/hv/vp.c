/* SPDX-License-Identifier: MIT */
/* One VP's part: its index, its argument memory, its assist page. */
#include "guest/told.h"
#include "hv/hv_internal.h"

#include <pv/os.h>

bool pv_hv_index_ok_(const struct pv_guest *guest, struct pv_vp_index index)
{
    const uint32_t max = guest->detect.hyperv.max_vps;

    if (index.value == PV_HV_VP_SELF)
        return true;
    return index.value != PV_HV_VP_ANY && (max == 0 || index.value < max);
}

static enum pv_status read_index(struct pv_vp *vp)
{
    uint64_t index;
    enum pv_status status = pv_hv_sreg_read_(vp->guest, PV_HV_SREG_VP_INDEX, &index);

    if (status != PV_OK)
        return status;
    vp->hv.index.value = (uint32_t)index;
    if (index >= PV_HV_VP_SELF || !pv_hv_index_ok_(vp->guest, vp->hv.index))
        return PV_MALFORMED;
    return PV_OK;
}

/* Two pages are given as one physically contiguous area, so both have one GPA. */
static enum pv_status provide_args(struct pv_vp *vp)
{
    struct pv_hv_vp *hv = &vp->hv;

    if (hv->args == NULL) {
        hv->args_pages = vp->guest->config.hv.arg_pages == 2 ? 2 : 1;
        hv->args = pv_os_page_alloc(hv->args_pages);
    }
    if (hv->args == NULL)
        return PV_NO_MEMORY;
    hv->args_gpa = pv_os_virt_to_gpa(hv->args);
    return hv->args_gpa % PV_PAGE_BYTES == 0 ? PV_OK : PV_BAD_ADDRESS;
}

/* PV_GPA_NONE fails both tests of a GPA, here and above: it is odd and at the end of a page. */
static enum pv_status provide_reserve(struct pv_vp *vp)
{
    struct pv_hv_vp *hv = &vp->hv;
    const uint64_t gpa = pv_os_virt_to_gpa(hv->reserve);

    hv->reserve_gpa = gpa;
    if (gpa % 8 != 0 || gpa % PV_PAGE_BYTES > PV_PAGE_BYTES - PV_HV_RESERVE_BYTES)
        return PV_BAD_ADDRESS;
    return PV_OK;
}

enum pv_status pv_hv_vp_online_(struct pv_vp *vp)
{
    enum pv_status status;

    /* A call that was open on quiesce is gone. */
    vp->hv.depth = 0;
    vp->hv.innermost = NULL;
    if (vp->guest->hv.entry == 0)
        return PV_OK;
    status = read_index(vp);
    if (status == PV_OK)
        status = provide_args(vp);
    if (status == PV_OK)
        status = provide_reserve(vp);
    if (status == PV_OK && vp->hv.assist != NULL)
        status = pv_hv_assist_restore_(vp);
    if (status == PV_OK)
        vp->hv.way_in = &vp->guest->hv;
    return status;
}

enum pv_status pv_hv_vp_release_(struct pv_vp *vp)
{
    struct pv_hv_vp *hv = &vp->hv;

    if (hv->args != NULL)
        pv_os_page_free(hv->args, hv->args_pages);
    hv->args = NULL;
    return pv_hv_assist_release_(vp);
}
