/* SPDX-License-Identifier: MIT */
/*
 * Which VTL is this? The answer comes in XMM registers where there are any, and then neither this guest nor
 * the hypervisor touches the argument page; otherwise both do. (Two registers are too few: 20 bytes go in
 * and 16 come out.) The monitor of tests/vtlhost is asked who has: it has ports for that.
 */
#include "cpu.h"
#include "vtl.h"

#define NO_BLOCK (PV_HV_FORM_BLOCK_INPUT | PV_HV_FORM_BLOCK_OUTPUT)
/* A page number, or 0 for no more. Read: touched by the guest; and behind it: by hypercalls. */
#define WATCH 0x520u

/* A guest of its own for each set of forms; what it finds it adopts. One VTL at a time is here. */
struct way {
    struct pv_guest guest;
    struct pv_vp vp;
    struct pv_guest_config config;
};

struct touched {
    bool by_guest, by_hypercall;
};

static enum pv_status watched_query(struct pv_vp *vp, uint8_t *told, struct touched *touched)
{
    enum pv_status status;

    outw(WATCH, (uint16_t)(vp->hv.args_gpa / PV_PAGE_BYTES));
    status = pv_hv_vtl_current(vp, told, NULL);
    touched->by_guest = inb(WATCH) != 0;
    touched->by_hypercall = inb(WATCH + 1) != 0;
    outw(WATCH, 0);
    return status;
}

static uint64_t wrong_by(struct way *way, uint32_t off, uint8_t vtl)
{
    const bool by_page = off != 0;
    struct touched touched;
    uint8_t told = 0xFF;

    way->config =
        (struct pv_guest_config){ .hv = { .os_id = 0xFF00000001000000ull, .forms_off = off } };
    if (pv_guest_init(&way->guest, &way->config) != PV_OK ||
        pv_vp_online(&way->guest, &way->vp) != PV_OK)
        return 100;
    if (watched_query(&way->vp, &told, &touched) != PV_OK)
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
