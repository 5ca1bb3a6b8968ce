/* SPDX-License-Identifier: MIT */
/* Which source, and the clock's life in the guest and on its VPs. */
#include "clock/clock_internal.h"
#include "clock/scale.h"
#include "guest/told.h"
#include "monotone/monotone.h"

#include <pv/os.h>

static const char *const names[PV_CLOCK_SOURCES] = {
    [PV_CLOCK_NONE] = "none",
    [PV_CLOCK_COUNTER] = "counter",
    [PV_CLOCK_HV_PAGE] = "Hyper-V reference TSC",
    [PV_CLOCK_KVM] = "kvmclock",
    [PV_CLOCK_HV_COUNTER] = "Hyper-V reference counter",
    [PV_CLOCK_UNSURE_COUNTER] = "counter, not known to be invariant",
};

const char *pv_clock_name(enum pv_clock_source source)
{
    return (unsigned)source < PV_CLOCK_SOURCES ? names[source] : "?";
}

enum pv_status pv_clock_config_check_(const struct pv_clock_config *config)
{
    if ((unsigned)config->trust > PV_CLOCK_TRUST_COUNTER)
        return PV_INVALID;
    if (config->counter_hz != 0 && !pv_clock_plausible_hz_(config->counter_hz))
        return PV_INVALID;
    return PV_OK;
}

/* ---- the choice ---- */

/* SNP, TDX, CCA and what comes after them; VBS isolates from other guests' code in this one. */
bool pv_clock_host_trusted_(const struct pv_guest *guest)
{
    if (guest->config.clock.trust == PV_CLOCK_TRUST_AUTO)
        return guest->detect.hyperv.isolation <= PV_DETECT_ISOLATION_VBS;
    return guest->config.clock.trust == PV_CLOCK_TRUST_HOST;
}

static bool offered_by_host(const struct pv_guest *guest, enum pv_clock_source source)
{
    if (!pv_clock_host_trusted_(guest))
        return false;
    switch (source) {
    case PV_CLOCK_HV_PAGE:
        return pv_clock_hv_page_offered_(guest);
    case PV_CLOCK_KVM:
        return pv_clock_kvm_offered_(guest);
    default:
        return pv_clock_hv_counter_offered_(guest);
    }
}

static bool offered(struct pv_guest *guest, enum pv_clock_source source)
{
    if ((guest->config.clock.sources_off >> source & 1) != 0)
        return false;
    switch (source) {
    case PV_CLOCK_COUNTER:
        return pv_clock_counter_invariant_() && pv_clock_counter_hz(guest) != 0;
    case PV_CLOCK_UNSURE_COUNTER:
        return pv_clock_counter_hz(guest) != 0;
    default:
        return offered_by_host(guest, source);
    }
}

enum pv_clock_source pv_clock_probe(struct pv_guest *guest)
{
    for (unsigned source = PV_CLOCK_COUNTER; source < PV_CLOCK_SOURCES; source++)
        if (offered(guest, (enum pv_clock_source)source))
            return (enum pv_clock_source)source;
    return PV_CLOCK_NONE;
}

/* ---- the guest's part ---- */

/* The host may tell a frequency when asked once and none when asked again. */
static enum pv_status measure_by(struct pv_guest *guest, uint64_t hz)
{
    if (hz == 0)
        return PV_UNSUPPORTED;
    guest->clock.scale = pv_clock_scale_for_(hz);
    return PV_OK;
}

static enum pv_status prepare(struct pv_guest *guest, enum pv_clock_source source)
{
    const bool counter = source == PV_CLOCK_COUNTER || source == PV_CLOCK_UNSURE_COUNTER;

    if (!offered(guest, source))
        return PV_UNSUPPORTED;
    if (counter)
        return measure_by(guest, pv_clock_counter_hz(guest));
    if (source == PV_CLOCK_HV_PAGE)
        return pv_clock_hv_page_enable_(guest);
    return PV_OK;
}

static enum pv_status choose(struct pv_guest *guest, enum pv_clock_source asked)
{
    struct pv_clock_guest *clock = &guest->clock;
    enum pv_status status;

    if (clock->source != PV_CLOCK_NONE)
        return asked == PV_CLOCK_BEST || asked == clock->source ? PV_OK : PV_BAD_STATE;
    status = prepare(guest, asked);
    if (status == PV_OK)
        clock->source = asked;
    return status;
}

/* ---- a VP's part ---- */

static void count_on(struct pv_vp *vp, const struct pv_clock_reading *reading)
{
    struct pv_clock_guest *clock = &vp->guest->clock;

    clock->unstable = reading->unstable;
    pv_monotone_restart_(&clock->now, reading->ns, pv_monotone_last_(&clock->now));
    pv_clock_epoch_moved_(vp->guest);
}

/* The first VP after a choice sets the clock going. */
static enum pv_status join(struct pv_vp *vp, bool first)
{
    struct pv_clock_reading reading;
    enum pv_status status = PV_OK;

    if (vp->guest->clock.source == PV_CLOCK_KVM)
        status = pv_clock_kvm_tell_(vp);
    if (status != PV_OK)
        return status;
    if (!pv_clock_read_first_(vp, &reading))
        return PV_MALFORMED;
    vp->clock.offset = 0;
    if (first)
        count_on(vp, &reading);
    vp->clock.on = true;
    return PV_OK;
}

static void leave(struct pv_vp *vp)
{
    if (!pv_told_take_back_one_(vp->guest, &vp->told, PV_TOLD_CLOCK))
        vp->clock.stuck = true;
}

static void unchoose(struct pv_guest *guest)
{
    if (!pv_told_take_back_one_(guest, &guest->told, PV_TOLD_CLOCK))
        guest->clock.page_stuck = true;
    guest->clock.source = PV_CLOCK_NONE;
}

static enum pv_status set_up_one(struct pv_vp *vp, enum pv_clock_source source)
{
    const bool first = vp->guest->clock.source == PV_CLOCK_NONE;
    enum pv_status status = choose(vp->guest, source);

    if (status != PV_OK)
        return status;
    status = join(vp, first);
    if (status == PV_OK)
        return PV_OK;
    leave(vp);
    if (first)
        unchoose(vp->guest);
    return status;
}

/* A source that is offered may still fail, and then the next one may not. */
static enum pv_status set_up_best(struct pv_vp *vp)
{
    enum pv_status status = PV_UNSUPPORTED;

    for (unsigned source = PV_CLOCK_COUNTER; status != PV_OK && source < PV_CLOCK_SOURCES; source++)
        if (offered(vp->guest, (enum pv_clock_source)source))
            status = set_up_one(vp, (enum pv_clock_source)source);
    return status;
}

static enum pv_status set_up(struct pv_vp *vp)
{
    if (vp->clock.asked == PV_CLOCK_BEST && vp->guest->clock.source == PV_CLOCK_NONE)
        return set_up_best(vp);
    return set_up_one(vp, vp->clock.asked);
}

enum pv_status pv_clock_enable(struct pv_vp *vp, enum pv_clock_source source)
{
    if (vp->guest == NULL || vp->clock.on)
        return PV_BAD_STATE;
    if ((unsigned)source >= PV_CLOCK_SOURCES)
        return PV_INVALID;
    vp->clock.asked = source;
    vp->clock.status = set_up(vp);
    vp->clock.wanted = vp->clock.status == PV_OK;
    return vp->clock.status;
}

void pv_clock_vp_online_(struct pv_vp *vp)
{
    if (vp->clock.wanted)
        vp->clock.status = set_up(vp);
}

void pv_clock_vp_offline_(struct pv_vp *vp)
{
    vp->clock.on = false;
}

enum pv_status pv_clock_vp_release_(struct pv_vp *vp)
{
    struct pv_clock_vp *clock = &vp->clock;

    if (clock->mapped != NULL)
        pv_os_unmap(clock->mapped);
    clock->mapped = NULL;
    clock->wanted = false;
    if (!clock->stuck)
        return PV_OK;
    pv_os_log("libpv: the hypervisor keeps the clock area; struct pv_vp must stay");
    return PV_REFUSED;
}

/* The host may be another when the clock is taken up again, so it starts beyond what it gave. */
void pv_clock_quiesce_(struct pv_guest *guest)
{
    struct pv_clock_guest *clock = &guest->clock;

    clock->counter_hz = 0;
    if (clock->source == PV_CLOCK_NONE)
        return;
    clock->now.last += PV_CLOCK_GRAIN_NS;
    clock->source = PV_CLOCK_NONE;
}

enum pv_status pv_clock_release_(struct pv_guest *guest)
{
    const enum pv_status status = pv_clock_hv_page_release_(guest);

    return guest->clock.scratch_stuck ? PV_REFUSED : status;
}
