/* SPDX-License-Identifier: MIT */
#include <pv/hv/hypercall.h>

static const struct pv_hv_status_info statuses[] = {
#define PV_HV_STATUS(number, NAME, retry, pv, meaning) \
    { number, PV_HV_RETRY_##retry, PV_##pv, #NAME, meaning },
#include <pv/abi/hv_status.def>
};

const struct pv_hv_status_info *pv_hv_status_find(uint16_t number)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].number == number)
            return &statuses[i];
    return NULL;
}

enum pv_status pv_hv_status_pv(uint16_t number)
{
    const struct pv_hv_status_info *info = pv_hv_status_find(number);

    return info != NULL ? (enum pv_status)info->pv : PV_REFUSED;
}
