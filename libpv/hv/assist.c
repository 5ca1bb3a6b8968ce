/* SPDX-License-Identifier: MIT */
/*
 * The VP assist page. Zeroed before it is enabled: a stale "no EOI required" bit hangs the next
 * CPU that goes offline (Linux met this in 2019).
 */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"

#include <pv/os.h>

void pv_hv_assist_release_(struct pv_vp *vp)
{
    struct pv_hv_vp *hv = &vp->hv;

    if (hv->assist == NULL)
        return;
    if (hv->assist_adopted)
        pv_os_unmap(hv->assist);
    else
        pv_os_page_free(hv->assist, 1);
    hv->assist = NULL;
}

static enum pv_status adopt(struct pv_vp *vp, uint64_t gpa)
{
    struct pv_hv_vp *hv = &vp->hv;

    pv_hv_assist_release_(vp);
    hv->assist = (struct pv_hv_assist_page *)pv_os_map_gpa(gpa, PV_OS_READ_WRITE);
    hv->assist_gpa = gpa;
    hv->assist_adopted = true;
    return hv->assist != NULL ? PV_OK : PV_BAD_ADDRESS;
}

static enum pv_status provide(struct pv_vp *vp)
{
    struct pv_hv_vp *hv = &vp->hv;

    hv->assist_adopted = false;
    if (hv->assist == NULL)
        hv->assist = (struct pv_hv_assist_page *)pv_os_page_alloc(1);
    if (hv->assist == NULL)
        return PV_NO_MEMORY;
    memset(hv->assist, 0, PV_PAGE_BYTES);
    hv->assist_gpa = pv_os_virt_to_gpa(hv->assist);
    return hv->assist_gpa % PV_PAGE_BYTES == 0 ? PV_OK : PV_BAD_ADDRESS;
}

/* Tell the hypervisor, keeping the preserved bits, and look whether it took it. */
static enum pv_status tell(struct pv_vp *vp, uint64_t old)
{
    const uint64_t kept = old & ~(PV_HV_PAGE_NUMBER_MASK | PV_HV_PAGE_ENABLE);
    const uint64_t off = vp->hv.assist_gpa | kept;
    enum pv_status status = pv_hv_sreg_tell_(vp->guest, &vp->hv.told, PV_HV_SREG_VP_ASSIST_PAGE,
                                             off | PV_HV_PAGE_ENABLE, off);
    uint64_t now = 0;

    if (status == PV_OK)
        status = pv_hv_sreg_read_(vp->guest, PV_HV_SREG_VP_ASSIST_PAGE, &now);
    if (status == PV_OK && now != (off | PV_HV_PAGE_ENABLE))
        status = PV_REFUSED;
    return status;
}

static enum pv_status set_up(struct pv_vp *vp)
{
    uint64_t old;
    enum pv_status status = pv_hv_sreg_read_(vp->guest, PV_HV_SREG_VP_ASSIST_PAGE, &old);

    if (status != PV_OK)
        return status;
    if ((old & PV_HV_PAGE_ENABLE) != 0)
        return adopt(vp, old & PV_HV_PAGE_NUMBER_MASK);
    status = provide(vp);
    return status == PV_OK ? tell(vp, old) : status;
}

static void forget(struct pv_vp *vp)
{
    pv_told_take_back_one_(vp->guest, &vp->hv.told,
                           pv_hv_sreg_number_(PV_HV_SREG_VP_ASSIST_PAGE));
    pv_hv_assist_release_(vp);
}

/* After an offline: an adopted page may have moved, our own is placed again. */
enum pv_status pv_hv_assist_restore_(struct pv_vp *vp)
{
    enum pv_status status;

    if (vp->hv.assist_adopted)
        pv_hv_assist_release_(vp);
    status = set_up(vp);
    if (status != PV_OK)
        forget(vp);
    return status;
}

enum pv_status pv_hv_assist_enable(struct pv_vp *vp)
{
    const uint64_t needed = 1ull << PV_HV_PRIVILEGE_APIC_ACCESS;
    enum pv_status status;

    if (vp->guest == NULL || vp->hv.assist != NULL)
        return PV_BAD_STATE;
    if (vp->guest->hv.entry == 0 || (vp->guest->detect.hyperv.privileges & needed) == 0)
        return PV_UNSUPPORTED;
    status = set_up(vp);
    if (status != PV_OK)
        forget(vp);
    return status;
}

enum pv_status pv_hv_assist_disable(struct pv_vp *vp)
{
    if (vp->guest == NULL || vp->hv.assist == NULL)
        return PV_BAD_STATE;
    forget(vp);
    return PV_OK;
}
