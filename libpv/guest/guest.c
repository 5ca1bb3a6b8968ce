/* SPDX-License-Identifier: MIT */
/* The life of a guest and of its VPs; each area does its part. */
#include "clock/clock_internal.h"
#include "guest/told.h"
#include "hv/hv_internal.h"
#include "pv_port.h"
#include "steal/steal_internal.h"

/* Detection and everything that follows from it; also on resume, when the host may be another. */
static enum pv_status set_up(struct pv_guest *guest)
{
    pv_detect_probe(&guest->detect, &guest->config.hints);
    return pv_hv_enable_(guest);
}

enum pv_status pv_guest_init(struct pv_guest *guest, const struct pv_guest_config *config)
{
    static const struct pv_guest_config detect_only;
    enum pv_status status;

    if (guest->initialised)
        return PV_BAD_STATE;
    if (config == NULL)
        config = &detect_only;
    status = pv_hv_config_check_(&config->hv);
    if (status == PV_OK)
        status = pv_clock_config_check_(&config->clock);
    if (status != PV_OK)
        return status;
    guest->config = *config;
    guest->initialised = true;
    return set_up(guest);
}

enum pv_status pv_vp_online(struct pv_guest *guest, struct pv_vp *vp)
{
    enum pv_status status;

    if (!guest->initialised || vp->guest != NULL)
        return PV_BAD_STATE;
    vp->guest = guest;
    status = pv_hv_vp_online_(vp);
    if (status != PV_OK) {
        vp->guest = NULL;
        return status;
    }
    vp->hw_id.value = pv_port_hw_id();
    pv_clock_vp_online_(vp);
    pv_steal_vp_online_(vp);
    return PV_OK;
}

static void go_offline(struct pv_vp *vp)
{
    uint32_t kept;

    vp->hv.way_in = NULL;
    pv_steal_vp_offline_(vp);
    pv_clock_vp_offline_(vp);
    kept = pv_told_take_back_(vp->guest, &vp->told);
    vp->hv.assist_stuck |= (kept & PV_TOLD_HV_ASSIST) != 0;
    vp->steal.stuck |= (kept & PV_TOLD_STEAL) != 0;
    vp->clock.stuck |= (kept & PV_TOLD_CLOCK) != 0;
    vp->guest = NULL;
}

enum pv_status pv_vp_offline(struct pv_vp *vp)
{
    if (vp->guest == NULL)
        return PV_BAD_STATE;
    if (vp->hv.innermost != NULL)
        return PV_BUSY;
    go_offline(vp);
    return PV_OK;
}

/* All are released; what the hypervisor keeps of one does not hold up the others. */
static enum pv_status first_failure(enum pv_status a, enum pv_status b)
{
    return a != PV_OK ? a : b;
}

enum pv_status pv_vp_release(struct pv_vp *vp)
{
    enum pv_status status;

    if (vp->guest != NULL)
        return PV_BAD_STATE;
    status = pv_steal_vp_release_(vp);
    status = first_failure(status, pv_clock_vp_release_(vp));
    return first_failure(status, pv_hv_vp_release_(vp));
}

enum pv_status pv_guest_quiesce(struct pv_guest *guest, struct pv_vp *vp)
{
    uint32_t kept;

    if (!guest->initialised)
        return PV_BAD_STATE;
    if (vp != NULL && vp->guest != NULL)
        go_offline(vp);
    pv_clock_quiesce_(guest);
    kept = pv_hv_disable_(guest);
    guest->clock.page_stuck |= (kept & PV_TOLD_CLOCK) != 0;
    return PV_OK;
}

enum pv_status pv_guest_resume(struct pv_guest *guest, struct pv_vp *vp)
{
    enum pv_status status;

    if (!guest->initialised || guest->hv.entry != 0)
        return PV_BAD_STATE;
    status = set_up(guest);
    if (status == PV_OK && vp != NULL)
        status = pv_vp_online(guest, vp);
    return status;
}

enum pv_status pv_guest_release(struct pv_guest *guest, struct pv_vp *vp)
{
    enum pv_status status = pv_guest_quiesce(guest, vp);

    if (status != PV_OK)
        return status;
    guest->initialised = false;
    status = pv_clock_release_(guest);
    return first_failure(status, pv_hv_page_release_(guest));
}
