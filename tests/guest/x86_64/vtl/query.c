/* SPDX-License-Identifier: MIT */
/*
 * Which VTL is this? The answer comes in XMM registers where there are any, and then neither this guest nor
 * the hypervisor touches the argument page; otherwise both do. (Two registers are too few: 20 bytes go in
 * and 16 come out.) The monitor of tests/vtlhost is asked who has: it has ports for that.
 */
#include "cpu.h"
#include "vtl.h"

/* A page number, or 0 for no more. Read: touched by the guest; and behind it: by hypercalls. */
#define WATCH 0x520u

struct pv_vp *way_up(struct way *way, uint32_t forms_off)
{
    way->config = (struct pv_guest_config){
        .hv = { .os_id = 0xFF00000001000000ull, .forms_off = forms_off },
    };
    if (pv_guest_init(&way->guest, &way->config) != PV_OK ||
        pv_vp_online(&way->guest, &way->vp) != PV_OK)
        return NULL;
    return &way->vp;
}

void page_watch(const struct pv_vp *vp)
{
    outw(WATCH, (uint16_t)(vp->hv.args_gpa / PV_PAGE_BYTES));
}

struct touched page_touched(void)
{
    const struct touched touched = { inb(WATCH) != 0, inb(WATCH + 1) != 0 };

    outw(WATCH, 0);
    return touched;
}

static uint64_t wrong_by(struct way *way, uint32_t off, uint8_t vtl)
{
    const bool by_page = off != 0;
    struct pv_vp *vp = way_up(way, off);
    struct touched touched;
    enum pv_status status;
    uint8_t told = 0xFF;

    if (vp == NULL)
        return 100;
    page_watch(vp);
    status = pv_hv_vtl_current(vp, &told, NULL);
    touched = page_touched();
    if (status != PV_OK)
        return 10;
    return (told != vtl) + 2u * (touched.by_guest != by_page) +
           4u * (touched.by_hypercall != by_page);
}

uint64_t query_wrong(struct side *side, uint8_t vtl)
{
    static struct way ways[2][2];
    struct way *mine = ways[side == &secure];

    return wrong_by(&mine[0], 0, vtl) + 1000 * wrong_by(&mine[1], NO_BLOCK, vtl);
}
