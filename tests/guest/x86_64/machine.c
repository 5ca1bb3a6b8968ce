/* SPDX-License-Identifier: MIT */
/* The port's assembly anywhere, and all of Hyper-V where there is Hyper-V. */
#include "checks.h"
#include "hyperv.h"
#include "port.h"

static void check_memory_only(void)
{
    struct pv_vp *vp = hyperv_start(1, PV_HV_FORM_FAST | PV_HV_FORM_BLOCK_INPUT);

    check_page(vp);
    check_calls(vp, "memory");
    check_lists(vp);
    check_nesting(vp);
    hyperv_stop(vp);
}

static void check_two_pages(void)
{
    struct pv_vp *vp = hyperv_start(2, PV_HV_FORM_FAST | PV_HV_FORM_BLOCK_INPUT);

    check_calls(vp, "two pages");
    check_lists(vp);
    hyperv_stop(vp);
}

static void check_every_form(void)
{
    struct pv_vp *vp = hyperv_start(1, 0);

    check_calls(vp, "cheapest form");
    check_lists(vp);
    check_xmm_preserved(vp);
    check_refusals(vp);
    check_assist(vp);
    check_quiesce_resume(vp);
    check_two_vps(vp);
    hyperv_stop(vp);
}

void check_machine(const struct pv_detect *detect)
{
    /* A direct call reaches no other page than the kernel's own. */
    if (!PV_CONFIG_HV_DIRECT_CALL)
        check_port();
    if (pv_detect_has(detect, PV_DETECT_HYPERV)) {
        check_detection();
        check_memory_only();
        check_two_pages();
        check_every_form();
    } else {
        check_without_hyperv();
    }
}
