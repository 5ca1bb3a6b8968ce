/* SPDX-License-Identifier: MIT */
/* Firmware is always called, and tells who it is. */
#include "checks.h"

void check_machine(const struct pv_detect *detect)
{
    tap_ok(detect->sbi.spec_major > 0 || detect->sbi.spec_minor > 1, "firmware tells its version");
    tap_ok(!pv_detect_has(detect, PV_DETECT_HYPERV), "no Hyper-V was found");
    check_without_hyperv();
}
