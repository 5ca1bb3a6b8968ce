/* SPDX-License-Identifier: MIT */
/* Firmware says how it is called; a call through it found the hypervisor, or found none. */
#include "checks.h"

void check_machine(const struct pv_detect *detect)
{
    tap_ok(kernel_conduit() != KERNEL_CONDUIT_NONE, "the device tree has a conduit");
    tap_ok(!pv_detect_has(detect, PV_DETECT_HYPERV), "no Hyper-V was found");
    check_without_hyperv();
}
