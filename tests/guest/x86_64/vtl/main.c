/* SPDX-License-Identifier: MIT */
/* Two trust levels on one processor: VTL 0 enables VTL 1, calls it, and checks what there is to check. */
#include "vtl.h"

static void come_up(void)
{
    struct pv_hv_result result = { 0 };
    struct pv_hv_vtl_regs regs = { { 0 } };
    union pv_hv_context context;

    tap_equal(side_up(&normal, &result), PV_OK, "VTL 0 comes up");
    tap_equal(pv_hv_vtl_enable_partition(&normal.vp, 1, 0, &result), PV_OK,
              "VTL 1 of the partition");
    secure_context(&context);
    tap_equal(pv_hv_vtl_enable_vp(&normal.vp, (struct pv_vp_index){ PV_HV_VP_SELF }, 1, &context,
                                  &result),
              PV_OK, "VTL 1 of the VP");
    if (!tap_equal(pv_hv_vtl_call(&normal.vp, &regs), PV_OK, "the first call") ||
        !tap_equal(side_ask(DO_TELL_STATUS, 0, 0), PV_OK, "VTL 1 comes up"))
        tap_done();
}

void kernel_main(void)
{
    come_up();
    tap_equal(query_wrong(&normal, 0), 0,
              "VTL 0 is told that it is, by XMM without its argument page, and by the page");
    tap_equal(side_ask(DO_TELL_VTL, 0, 0), 0,
              "VTL 1 is told that it is, by XMM without its argument page, and by the page");
    state_check();
    protect_check();
    second_check();
    trips_check(VTL_ROUNDS);
    paths_check(VTL_CALLS);
    tap_done();
}
