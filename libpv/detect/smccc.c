/* SPDX-License-Identifier: MIT */
/*
 * arm64: the ACPI FADT's hypervisor id, then the SMCCC vendor-hypervisor UID. Both, because old
 * Hyper-V hosts lack the UID call and device-tree guests have no FADT.
 */
#include "detect/detect_internal.h"
#include "pv_port.h"

#include <pv/abi/smccc.h>

static const struct {
    uint32_t uid[4];
    enum pv_detect_kind kind;
} uids[] = {
    {{PV_SMCCC_UID_HYPERV_0, PV_SMCCC_UID_HYPERV_1, PV_SMCCC_UID_HYPERV_2, PV_SMCCC_UID_HYPERV_3},
     PV_DETECT_HYPERV},
    {{PV_SMCCC_UID_KVM_0, PV_SMCCC_UID_KVM_1, PV_SMCCC_UID_KVM_2, PV_SMCCC_UID_KVM_3},
     PV_DETECT_KVM},
};

static void add_once(struct pv_detect *detect, enum pv_detect_kind kind)
{
    if (!pv_detect_has(detect, kind))
        (void)pv_detect_add_(detect, kind, 0, 0);
}

static void probe_fadt(struct pv_detect *detect, const char id[8])
{
    static const char none[8];

    if (memcmp(id, PV_FADT_HYPERV, 8) == 0)
        add_once(detect, PV_DETECT_HYPERV);
    else if (memcmp(id, PV_FADT_XEN, 8) == 0)
        add_once(detect, PV_DETECT_XEN);
    else if (memcmp(id, none, 8) != 0)
        add_once(detect, PV_DETECT_UNKNOWN);
}

static void probe_uid(struct pv_detect *detect, int conduit)
{
    const struct pv_port_smccc r = pv_port_smccc(conduit, PV_SMCCC_VENDOR_HYP_UID, 0);
    const uint32_t uid[4] = {(uint32_t)r.a0, (uint32_t)r.a1, (uint32_t)r.a2, (uint32_t)r.a3};

    if (uid[0] == (uint32_t)PV_SMCCC_NOT_SUPPORTED)
        return;
    for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
        if (memcmp(uid, uids[i].uid, sizeof(uid)) == 0)
            add_once(detect, uids[i].kind);
}

void pv_detect_smccc_(struct pv_detect *detect, const struct pv_detect_hints *hints)
{
    probe_fadt(detect, hints->fadt_hypervisor);
    if (hints->conduit == PV_DETECT_CONDUIT_HVC || hints->conduit == PV_DETECT_CONDUIT_SMC)
        probe_uid(detect, (int)hints->conduit);
}
