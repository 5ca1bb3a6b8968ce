/* SPDX-License-Identifier: MIT */
/* riscv64: who implements the SBI. Firmware such as OpenSBI is not a hypervisor. */
#include "detect/detect_internal.h"
#include "pv_port.h"

#include <pv/abi/sbi.h>

static const struct {
    uint64_t implementation;
    enum pv_detect_kind kind;
} implementations[] = {
    { PV_SBI_IMPL_KVM, PV_DETECT_KVM },
    { PV_SBI_IMPL_XEN, PV_DETECT_XEN },
    { PV_SBI_IMPL_XVISOR, PV_DETECT_UNKNOWN },
};

/* Value of a base function, 0 if the call fails. */
static unsigned long base(unsigned long function, unsigned long argument)
{
    const struct pv_port_sbi r = pv_port_sbi(PV_SBI_EXT_BASE, function, argument, 0, 0);

    return r.error == 0 ? r.value : 0;
}

void pv_detect_sbi_(struct pv_detect *detect)
{
    const unsigned long spec = base(PV_SBI_BASE_SPEC_VERSION, 0);
    struct pv_detect_sbi *sbi = &detect->sbi;

    sbi->spec_major = (uint32_t)(spec >> 24 & 0x7F);
    sbi->spec_minor = (uint32_t)(spec & 0xFFFFFF);
    sbi->implementation = base(PV_SBI_BASE_IMPL_ID, 0);
    sbi->version = base(PV_SBI_BASE_IMPL_VERSION, 0);
    sbi->steal_time = sbi->spec_major >= 2 && base(PV_SBI_BASE_PROBE, PV_SBI_EXT_STA) != 0;
    for (size_t i = 0; i < sizeof(implementations) / sizeof(implementations[0]); i++)
        if (sbi->implementation == implementations[i].implementation)
            (void)pv_detect_add_(detect, implementations[i].kind, 0, 0);
}
