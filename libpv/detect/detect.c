/* SPDX-License-Identifier: MIT */
#include "detect/detect_internal.h"
#include "pv_port.h"

static const char *const names[PV_DETECT_KINDS] = {
    [PV_DETECT_NONE] = "none",       [PV_DETECT_HYPERV] = "Hyper-V",
    [PV_DETECT_KVM] = "KVM",         [PV_DETECT_XEN] = "Xen",
    [PV_DETECT_VMWARE] = "VMware",   [PV_DETECT_BHYVE] = "bhyve",
    [PV_DETECT_ACRN] = "ACRN",       [PV_DETECT_JAILHOUSE] = "Jailhouse",
    [PV_DETECT_QEMU_TCG] = "QEMU TCG", [PV_DETECT_UNKNOWN] = "unknown",
};

struct pv_detect_interface *pv_detect_add_(struct pv_detect *detect, enum pv_detect_kind kind,
                                           uint32_t base, uint32_t max_leaf)
{
    struct pv_detect_interface *added = &detect->interfaces[detect->count++];

    added->kind = kind;
    added->base = base;
    added->max_leaf = max_leaf;
    detect->kinds |= 1u << kind;
    if (detect->count == 1)
        detect->kind = kind;
    return added;
}

void pv_detect_probe(struct pv_detect *detect, const struct pv_detect_hints *hints)
{
    static const struct pv_detect_hints no_hints;

    memset(detect, 0, sizeof(*detect));
    if (PV_PORT_CPUID)
        pv_detect_cpuid_(detect);
    if (PV_PORT_SMCCC)
        pv_detect_smccc_(detect, hints != NULL ? hints : &no_hints);
    if (PV_PORT_SBI)
        pv_detect_sbi_(detect);
    if (PV_PORT_LOONGARCH)
        pv_detect_loongarch_(detect);
}

bool pv_detect_has(const struct pv_detect *detect, enum pv_detect_kind kind)
{
    return (unsigned)kind < PV_DETECT_KINDS && (detect->kinds >> kind & 1) != 0;
}

const struct pv_detect_interface *pv_detect_find(const struct pv_detect *detect,
                                                 enum pv_detect_kind kind)
{
    for (uint32_t i = 0; i < detect->count; i++)
        if (detect->interfaces[i].kind == kind)
            return &detect->interfaces[i];
    return NULL;
}

const char *pv_detect_name(enum pv_detect_kind kind)
{
    return (unsigned)kind < PV_DETECT_KINDS ? names[kind] : "?";
}
