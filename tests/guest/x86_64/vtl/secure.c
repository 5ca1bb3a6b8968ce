/* SPDX-License-Identifier: MIT */
/* The secure side: begins in VTL 1, and serves one request after another. */
#include "vtl.h"

static uint8_t stack[STACK_BYTES] PV_ALIGNED(16);
static enum pv_status up;

static void tell(struct pv_hv_vtl_regs *regs)
{
    uint64_t *value = &regs->shared[VALUE];

    switch (regs->shared[REQUEST]) {
    case DO_TELL_STATUS:
        *value = (uint64_t)up;
        break;
    case DO_TELL_VTL:
        *value = query_wrong(&secure, 1);
        break;
    case DO_TELL_WRONG:
        *value = trips_wrong();
        break;
    case DO_STATE:
        *value = state_serve(regs);
        break;
    case DO_BACK_AND_FORTH:
        paths_serve(regs);
        break;
    default:
        if (!protect_serve(regs) && !second_serve(regs) && !stopped_serve(regs))
            *value = ~0ull;
    }
}

/*
 * Entered for an intercept, the registers are those that VTL 0 happened to have: they stay. That goes for
 * RAX and RCX too, so the return is not fast then.
 */
static bool serve(struct trip *trip)
{
    if (secure.vp.hv.assist->vtl_entry_reason == PV_HV_VTL_ENTRY_INTERCEPT) {
        protect_intercepted();
        return false;
    }
    if (trip->regs.shared[REQUEST] == DO_TRIP)
        return trips_serve(trip);
    tell(&trip->regs);
    return true;
}

static void begin(void)
{
    static struct trip trip;
    bool fast = true;

    state_secure_begins();
    up = side_up(&secure, NULL);
    while (trip_return(&secure.vp, fast, &trip) == PV_OK)
        fast = serve(&trip);
    kernel_exit(9);
}

void secure_context(union pv_hv_context *context)
{
    side_context(context, begin, stack);
    state_context(context);
}
