/* SPDX-License-Identifier: MIT */
#include "hv/hv_internal.h"
#include "pv_port.h"

/* The TLFS shows the count as 64 bits and as 32 with a reserved half: below 2^32 both are the same. */
enum pv_status pv_hv_spin_notify(struct pv_vp *vp, uint64_t spins)
{
    const uint32_t count[2] = { spins < 0xFFFFFFFFu ? (uint32_t)spins : 0xFFFFFFFFu, 0 };
    uint64_t in;

    if (!pv_hv_ready_(vp))
        return PV_BAD_STATE;
    if (vp->guest->detect.hyperv.spin_retries == PV_HV_SPIN_OFF)
        return PV_UNSUPPORTED;
    memcpy(&in, count, sizeof(in));
    return pv_hv_call_fast(vp, PV_HV_CALL_NOTIFY_LONG_SPIN_WAIT, in, 0, NULL);
}
