/* SPDX-License-Identifier: MIT */
/*
 * arm64 paravirtualised time (Arm DEN0057A). The host chooses the area and keeps it; asking again
 * may put its value back to 0. There is no call to take it back, and nothing of ours to take back.
 */
#include "area/area.h"
#include "steal/steal_internal.h"

#include <pv/abi/smccc.h>

static int conduit(const struct pv_guest *guest)
{
    return (int)guest->config.hints.conduit;
}

static uint64_t ask(const struct pv_guest *guest, uint64_t function, uint64_t argument)
{
    return pv_port_smccc(conduit(guest), function, argument).a0;
}

/* Functions of the 32-bit convention answer in W0. Below 1.1, asking further is not allowed. */
bool pv_steal_pv_time_offered_(const struct pv_guest *guest)
{
    if (!PV_PORT_SMCCC || conduit(guest) == PV_DETECT_CONDUIT_NONE)
        return false;
    if ((int32_t)ask(guest, PV_SMCCC_VERSION, 0) < (int32_t)PV_SMCCC_VERSION_1_1)
        return false;
    if ((int32_t)ask(guest, PV_SMCCC_ARCH_FEATURES, PV_SMCCC_PV_TIME_FEATURES) < 0)
        return false;
    return ask(guest, PV_SMCCC_PV_TIME_FEATURES, PV_SMCCC_PV_TIME_ST) == 0;
}

enum pv_status pv_steal_pv_time_check_(struct pv_steal_vp *steal)
{
    const volatile struct pv_smccc_stolen_time *area =
        (const volatile struct pv_smccc_stolen_time *)steal->shared;

    steal->revision = area->revision;
    steal->attributes = area->attributes;
    return steal->revision == 0 && steal->attributes == 0 ? PV_OK : PV_UNSUPPORTED;
}

static bool plausible(uint64_t gpa)
{
    const unsigned bits = pv_port_physical_bits();

    return gpa != 0 && gpa >> (bits - 1) >> 1 == 0;
}

enum pv_status pv_steal_pv_time_tell_(struct pv_vp *vp)
{
    const uint64_t gpa = ask(vp->guest, PV_SMCCC_PV_TIME_ST, 0);
    enum pv_status status;

    if ((int64_t)gpa < 0)
        return pv_steal_answer_(vp, (int64_t)gpa);
    if (!plausible(gpa))
        return PV_BAD_ADDRESS;
    status = pv_steal_map_(vp, gpa);
    return status == PV_OK ? pv_steal_pv_time_check_(&vp->steal) : status;
}
