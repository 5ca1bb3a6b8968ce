/* SPDX-License-Identifier: MIT */
/*
 * Further processors: VP 1 is started in VTL 0 and gets VTL 1 there; VP 2, if the machine has one, is started
 * in VTL 1 at once.
 */
#include "cpu.h"
#include "vtl.h"

#ifndef PATIENCE
#define PATIENCE 200000000u /* rounds of a few instructions */
#endif
#define FIRST 1u
#define LAST 2u

/* One processor, as both sides have it. */
struct second {
    struct pv_vp normal, secure;
    uint8_t normal_stack[STACK_BYTES] PV_ALIGNED(16);
    uint8_t secure_stack[STACK_BYTES] PV_ALIGNED(16);
    uint32_t normal_vtl, secure_vtl; /* plus 1; 0: has not said yet */
    uint32_t trips;                  /* calls that came back */
};

static struct second seconds[LAST + 1];

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint32_t where(struct side *side, struct pv_vp *vp)
{
    uint8_t vtl = 0xFE;

    if (pv_vp_online(&side->guest, vp) != PV_OK || pv_hv_vtl_current(vp, &vtl, NULL) != PV_OK)
        return 0xFF;
    return vtl + 1u;
}

/* Nobody hands a starting processor an argument: it asks its APIC. */
static struct second *myself(void)
{
    return &seconds[kernel_hardware_id()];
}

static void begin_secure(void)
{
    struct second *me = myself();
    struct pv_hv_vtl_regs regs = { { 0 } };

    store(&me->secure_vtl, where(&secure, &me->secure));
    if (load(&me->normal_vtl) == 0)
        halt(); /* there is no VTL 0 to return to but the reset vector */
    for (;;) {
        if (pv_hv_vtl_return(&me->secure, true, &regs) != PV_OK)
            kernel_exit(9);
        regs.shared[VALUE] += 1;
    }
}

void second_begin(void)
{
    struct second *me = myself();
    struct pv_hv_vtl_regs regs = { { 0 } };

    stopped_arrive();
    kernel_cpu_init(kernel_hardware_id());
    store(&me->normal_vtl, where(&normal, &me->normal));
    while (load(&me->secure_vtl) == 0)
        if (pv_hv_vtl_call(&me->normal, &regs) != PV_OK)
            kernel_exit(8);
    for (uint32_t i = 0; i < 100; i++)
        if (pv_hv_vtl_call(&me->normal, &regs) == PV_OK && regs.shared[VALUE] == i + 1)
            store(&me->trips, i + 1);
    halt();
}

/* No PAUSE: an emulated processor stops at each, and counts one instruction for it. */
static bool wait_for(const uint32_t *word, uint32_t least)
{
    for (uint32_t i = 0; i < PATIENCE && load(word) < least; i++)
        ;
    return load(word) >= least;
}

/* In VTL 1, as TLFS wants it for every VP but the first. */
bool second_serve(struct pv_hv_vtl_regs *regs)
{
    const struct pv_vp_index index = { (uint32_t)regs->shared[VALUE] };
    const bool start = regs->shared[MORE] != 0;
    union pv_hv_context context;

    if (regs->shared[REQUEST] != DO_ENABLE_VP)
        return false;
    side_context(&context, begin_secure, seconds[index.value].secure_stack);
    regs->shared[VALUE] = (uint64_t)pv_hv_vtl_enable_vp(&secure.vp, index, 1, &context, NULL);
    if (start)
        regs->shared[VALUE] += 100 * (uint64_t)pv_hv_vp_start(&secure.vp, index, 1, &context, NULL);
    return true;
}

static void check_first(void)
{
    struct second *first = &seconds[FIRST];
    struct pv_vp_index index = { 0 };
    struct pv_hv_result result = { 0 };
    union pv_hv_context context;
    bool other;

    tap_equal(pv_hv_vp_index_find(&normal.vp, (struct pv_hw_id){ FIRST }, 0, &index, &result),
              PV_OK, "the second processor has an index");
    other = index.value != normal.vp.hv.index.value; /* a hypervisor that lies may name this one */
    if (tap_ok(other, "which is not this one's"))
        stopped_check(index);
    side_context(&context, stopped_begin, first->normal_stack);
    tap_equal(pv_hv_vtl_enable_vp(&normal.vp, index, 1, &context, &result), PV_DENIED,
              "VTL 0 cannot say where its VTL 1 begins");
    tap_equal(side_ask(DO_ENABLE_VP, index.value, 0), PV_OK, "VTL 1 can");
    tap_equal(pv_hv_vp_start(&normal.vp, index, 0, &context, &result), PV_OK, "it is started");
    tap_ok(wait_for(&first->normal_vtl, 1), "and runs");
    tap_equal(load(&first->normal_vtl), 0 + 1, "in VTL 0");
    tap_equal(pv_hv_vp_start(&normal.vp, index, 0, &context, &result), PV_REFUSED,
              "it cannot be started again");
    tap_equal(result.status, PV_HV_STATUS_INVALID_VP_STATE, "for it runs");
    if (other)
        stopped_check_running(index);
    tap_ok(wait_for(&first->secure_vtl, 1), "it calls its own VTL 1");
    tap_equal(load(&first->secure_vtl), 1 + 1, "which is VTL 1");
    tap_ok(wait_for(&first->trips, 100), "a hundred times");
}

/* A processor in VTL 1 alone. */
static void check_last(void)
{
    tap_equal(side_ask(DO_ENABLE_VP, LAST, 1), 0, "the third processor is started in VTL 1");
    tap_ok(wait_for(&seconds[LAST].secure_vtl, 1), "and runs");
    tap_equal(load(&seconds[LAST].secure_vtl), 1 + 1, "in VTL 1");
}

static unsigned processors(void)
{
    outw(0x510, 5);
    return inb(0x511);
}

void second_check(void)
{
    if (processors() <= FIRST) {
        tap_say("one processor only: none to start");
        return;
    }
    check_first();
    if (processors() > LAST)
        check_last();
}
