/* SPDX-License-Identifier: MIT */
/* Argument memory: what is asked of the OS, what a call touches, what fits into one call. TAP. */
#include "mock.h"

#include <stdio.h>
#include <string.h>

static struct pv_guest guest;
static struct pv_vp vp;
static unsigned tests, failures;

static void ok(bool good, const char *what, size_t figure)
{
    failures += !good;
    printf("%sok %u - %s: %zu\n", good ? "" : "not ", ++tests, what, figure);
}

/* One page of those given is the hypercall page. */
static size_t args_bytes(uint32_t arg_pages)
{
    mock_start(&guest, &vp, arg_pages, 0);
    return (mock_pages() - 1) * PV_PAGE_BYTES;
}

/* How many bytes of the argument page a VTL query changes. */
static size_t touched_by_vtl_query(void)
{
    uint8_t *page;
    size_t touched = 0;
    uint8_t vtl;

    mock_start(&guest, &vp, 1, 0);
    page = vp.hv.args;
    memset(page, 0xA5, PV_PAGE_BYTES);
    if (pv_hv_vtl_current(&vp, &vtl, NULL) != PV_OK)
        return PV_PAGE_BYTES;
    for (size_t i = 0; i < PV_PAGE_BYTES; i++)
        touched += page[i] != 0xA5;
    return touched;
}

static size_t registers_in(const struct pv_hv_room *room)
{
    const struct pv_hv_shape shape = { .reps = PV_HV_REPS_MAX };
    struct pv_hv_plan plan;

    return pv_hv_plan(PV_HV_CALL_GET_VP_REGISTERS, &shape, room, &plan) == PV_OK ? plan.reps : 0;
}

int main(void)
{
    const size_t shared = args_bytes(1);
    const size_t two_pages = args_bytes(2);
    const size_t touched = touched_by_vtl_query();

    ok(shared == 4096, "argument bytes per VP, one page shared", shared);
    ok(two_pages == 8192, "argument bytes per VP, two pages", two_pages);
    ok(touched == 0, "argument bytes touched by a VTL query with XMM output", touched);
    ok(sizeof(vp.hv.reserve) <= 256, "bytes of the nested reserve", sizeof(vp.hv.reserve));
    /* 16 bytes of header, then 4 bytes in and 16 out for each register. */
    ok(registers_in(&pv_hv_room_shared) == (4096 - 16) / 20, "registers per get call, one page",
       registers_in(&pv_hv_room_shared));
    ok(registers_in(&pv_hv_room_two_pages) == 4096 / 16, "registers per get call, two pages",
       registers_in(&pv_hv_room_two_pages));
    ok(registers_in(&pv_hv_room_reserve) == (256 - 16) / 20, "registers per get call, nested",
       registers_in(&pv_hv_room_reserve));
    ok(registers_in(&pv_hv_room_x64_block) >= 1, "registers per get call, x64 register block",
       registers_in(&pv_hv_room_x64_block));
    printf("# sizeof(struct pv_vp) %zu, sizeof(struct pv_guest) %zu\n", sizeof(vp), sizeof(guest));
    printf("1..%u\n", tests);
    return failures != 0;
}
