/* SPDX-License-Identifier: MIT */
/*
 * The VP assist page. Zeroed before it is enabled: a stale "no EOI required" bit hangs the next
 * CPU that goes offline (Linux met this in 2019).
 */
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"

#include <pv/os.h>

enum pv_status pv_hv_assist_release_(struct pv_vp *vp)
{
    struct pv_hv_vp *hv = &vp->hv;
    const bool stuck = hv->assist_stuck;

    if (hv->assist == NULL)
        return PV_OK;
    if (stuck)
        pv_os_log("libpv: the hypervisor keeps the VP assist page; it is not given back");
    else if (hv->assist_adopted)
        pv_os_unmap(hv->assist);
    else
        pv_os_page_free(hv->assist, 1);
    hv->assist = NULL;
    hv->assist_stuck = false;
    return stuck ? PV_REFUSED : PV_OK;
}

static void drop_page(struct pv_vp *vp)
{
    const enum pv_status released = pv_hv_assist_release_(vp);

    (void)released; /* a page that stays with the hypervisor has been logged */
}

static enum pv_status adopt(struct pv_vp *vp, uint64_t gpa)
{
    struct pv_hv_vp *hv = &vp->hv;

    drop_page(vp);
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
    enum pv_status status = pv_hv_sreg_tell_(vp->guest, &vp->told, PV_HV_SREG_VP_ASSIST_PAGE,
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
    const uint64_t needed = 1ull << PV_HV_PRIVILEGE_APIC_ACCESS;
    enum pv_status status;
    uint64_t old;

    if ((vp->guest->detect.hyperv.privileges & needed) == 0)
        return PV_UNSUPPORTED;
    status = pv_hv_sreg_read_(vp->guest, PV_HV_SREG_VP_ASSIST_PAGE, &old);
    if (status != PV_OK)
        return status;
    if ((old & PV_HV_PAGE_ENABLE) != 0)
        return adopt(vp, old & PV_HV_PAGE_NUMBER_MASK);
    status = provide(vp);
    return status == PV_OK ? tell(vp, old) : status;
}

/* PV_REFUSED if the hypervisor does not let go of the page, which is then lost. */
static enum pv_status forget(struct pv_vp *vp)
{
    if (!pv_told_take_back_one_(vp->guest, &vp->told, PV_TOLD_HV_ASSIST))
        vp->hv.assist_stuck = true;
    return pv_hv_assist_release_(vp);
}

static enum pv_status set_up_or_forget(struct pv_vp *vp)
{
    const enum pv_status status = set_up(vp);
    enum pv_status forgotten;

    if (status == PV_OK)
        return PV_OK;
    forgotten = forget(vp);
    (void)forgotten; /* a page that stays with the hypervisor has been logged */
    return status;
}

/* After an offline: an adopted page may have moved, our own is placed again. */
enum pv_status pv_hv_assist_restore_(struct pv_vp *vp)
{
    if (vp->hv.assist_adopted || vp->hv.assist_stuck)
        drop_page(vp);
    return set_up_or_forget(vp);
}

enum pv_status pv_hv_assist_enable(struct pv_vp *vp)
{
    if (vp->guest == NULL || vp->hv.assist != NULL)
        return PV_BAD_STATE;
    if (!pv_hv_ready_(vp))
        return PV_UNSUPPORTED;
    return set_up_or_forget(vp);
}

enum pv_status pv_hv_assist_disable(struct pv_vp *vp)
{
    if (vp->guest == NULL || vp->hv.assist == NULL)
        return PV_BAD_STATE;
    return forget(vp);
}
