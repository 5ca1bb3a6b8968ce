/* SPDX-License-Identifier: MIT */
/* LoongArch: on bare metal the hypervisor's CPUCFG words may trap, so the VM bit is asked first. */
#include "detect/detect_internal.h"
#include "pv_port.h"

#include <pv/abi/loongarch.h>

void pv_detect_loongarch_(struct pv_detect *detect)
{
    enum pv_detect_kind kind = PV_DETECT_UNKNOWN;

    if (!pv_port_is_vm())
        return;
    if (pv_port_cpucfg(PV_LOONGARCH_CPUCFG_SIGNATURE) == PV_LOONGARCH_SIGNATURE_KVM)
        kind = PV_DETECT_KVM;
    if (kind == PV_DETECT_KVM)
        detect->kvm.features = pv_port_cpucfg(PV_LOONGARCH_CPUCFG_FEATURES);
    (void)pv_detect_add_(detect, kind, 0, 0);
}
