/* SPDX-License-Identifier: MIT */
/* RISC-V SBI 2.0, chapter "Steal-time Accounting Extension". The host zeroes the area. */
#include "pv_port.h"
#include "steal/steal_internal.h"

#include <pv/abi/sbi.h>

#define NOT_SUPPORTED (-2)

bool pv_steal_sbi_offered_(const struct pv_guest *guest)
{
    return PV_PORT_SBI && guest->detect.sbi.steal_time;
}

/* An address travels as two registers. */
static unsigned long high_part(uint64_t gpa)
{
    return sizeof(unsigned long) == 8 ? 0 : (unsigned long)(gpa >> 32);
}

enum pv_status pv_steal_sbi_tell_(struct pv_vp *vp)
{
    const enum pv_status status = pv_steal_provide_(vp);
    const uint64_t gpa = vp->steal.gpa;

    if (status != PV_OK)
        return status;
    pv_steal_told_(vp, PV_STEAL_SBI, 0);
    return pv_steal_answer_(vp, pv_port_sbi(PV_SBI_EXT_STA, PV_SBI_STA_SET_SHMEM,
                                            (unsigned long)gpa, high_part(gpa), 0)
                                    .error);
}

bool pv_steal_sbi_off_(void)
{
    const long error = pv_port_sbi(PV_SBI_EXT_STA, PV_SBI_STA_SET_SHMEM, ~0ul, ~0ul, 0).error;

    return error == 0 || error == NOT_SUPPORTED;
}
