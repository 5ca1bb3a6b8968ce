/* SPDX-License-Identifier: MIT */
/*
 * Many calls. Each way every register that the VTLs share has a number that depends on the round, the
 * register and the direction, and whoever receives it compares.
 */
#include "vtl.h"

#define THERE 0x1111000000000000ull
#define BACK 0x2222000000000000ull
#define FIRST_FREE 3u /* RDX, RBX and RSI carry the request */

_Static_assert(offsetof(struct trip, xmm) == 120, "as trip.S has it");

static uint64_t wrong_there;

static uint64_t number(uint64_t round, uint32_t at, uint64_t direction)
{
    return direction + (round << 8 | at) * 0x9E3779B1u;
}

static void fill(struct trip *trip, uint64_t round, uint64_t direction)
{
    for (uint32_t i = FIRST_FREE; i < PV_HV_VTL_SHARED; i++)
        trip->regs.shared[i] = number(round, i, direction);
    for (uint32_t i = 0; i < XMM_QWORDS; i++)
        trip->xmm[i] = number(round, 0x80 + i, direction);
}

static unsigned wrong(const struct trip *trip, uint32_t registers, uint64_t round,
                      uint64_t direction)
{
    unsigned count = 0;

    for (uint32_t i = FIRST_FREE; i < registers; i++)
        count += trip->regs.shared[i] != number(round, i, direction);
    for (uint32_t i = 0; i < XMM_QWORDS; i++)
        count += trip->xmm[i] != number(round, 0x80 + i, direction);
    return count;
}

/* RAX and RCX, the last two, carry a call; back they go by a return that is not fast. */
static bool is_fast(uint64_t round)
{
    return round % 2 == 0;
}

bool trips_serve(struct trip *trip)
{
    const uint64_t round = trip->regs.shared[MORE];

    wrong_there += wrong(trip, PV_HV_VTL_RAX, round, THERE);
    fill(trip, round, BACK);
    trip->regs.shared[VALUE] = ~round;
    return is_fast(round);
}

uint64_t trips_wrong(void)
{
    return wrong_there;
}

static uint64_t one(uint64_t round)
{
    struct trip trip;

    fill(&trip, round, THERE);
    trip.regs.shared[REQUEST] = DO_TRIP;
    trip.regs.shared[VALUE] = 0;
    trip.regs.shared[MORE] = round;
    if (trip_call(&normal.vp, &trip) != PV_OK)
        kernel_exit(8);
    return wrong(&trip, is_fast(round) ? PV_HV_VTL_RAX : PV_HV_VTL_SHARED, round, BACK) +
           (trip.regs.shared[VALUE] != ~round) +
           (trip.regs.shared[MORE] != round);
}

void trips_check(uint32_t rounds)
{
    uint64_t wrong_back = 0;
    uint64_t before;

    before = kernel_ticks();
    for (uint64_t round = 0; round < rounds; round++)
        wrong_back += one(round);
    before = kernel_ticks() - before;
    tap_note("round trips:", rounds);
    tap_note("ticks for each, registers filled and compared:", before / rounds);
    tap_equal(side_ask(DO_TELL_WRONG, 0, 0), 0, "registers and XMM0-15 arrive in VTL 1");
    tap_equal(wrong_back, 0, "and those of VTL 1 in VTL 0");
}
