/* SPDX-License-Identifier: MIT */
/* The steps that begin and end something: guests, VPs, sleep, another host. */
#ifndef FUZZ_ENGINE_LIFE_H
#define FUZZ_ENGINE_LIFE_H

#include "fuzz/engine.h"

/* After going online there is nothing open any more; the kernel that had it open is gone. */
static void follow_online(bool was_offline)
{
    struct nest *nest = this_nest();

    world.can_call[world.cpu] |= was_offline && this_vp()->guest != NULL && world.guest.hv.entry;
    if (!was_offline || this_vp()->hv.innermost != NULL)
        return;
    while (nest->count > 0)
        nest->open[--nest->count]->begun = false;
    world.irqs_off[world.cpu] = false;
    pv_sim->irqs_off = false;
}

static void close_calls(void)
{
    struct nest *nest = this_nest();

    while (nest->count > 0) {
        struct slot *slot = nest->open[--nest->count];

        INSIST(pv_hv_end(this_vp(), &slot->args) == PV_OK, "the innermost call must end");
        slot->begun = false;
        world.irqs_off[world.cpu] = nest->irqs_off[nest->count];
    }
}

static void go_to(uint32_t cpu)
{
    world.cpu = cpu;
    sim_use(&machine, cpu);
}

/* Quiesce and release are for the last CPU that runs. */
static void offline_others(void)
{
    const uint32_t here = world.cpu;

    go_to(1 - here);
    if (this_vp()->guest != NULL) {
        close_calls();
        INSIST(pv_vp_offline(this_vp()) == PV_OK, "a CPU must go offline");
    }
    world.can_call[world.cpu] = false;
    go_to(here);
}

/* Open calls are abandoned: their blocks are not touched any more. libpv keeps no list of those in two
 * registers, so the kernel forgets them itself. */
static void abandon_calls(void)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (!slots[i].begun || slots[i].cpu != world.cpu)
            continue;
        slots[i].usable = false;
        if (slots[i].claims)
            continue;
        memset(&slots[i], 0, sizeof(slots[i]));
    }
}

static struct pv_vp *vp_if_online(void)
{
    return this_vp()->guest != NULL ? this_vp() : NULL;
}

static void do_init(void)
{
    const uint8_t flags = next8();
    const bool was = world.guest.initialised;
    struct pv_guest_config config;
    enum pv_status status;

    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = (flags & 1) != 0 ? take64(&world.input) : 0x8100000000000042ull;
    config.hv.arg_pages = (flags & 2) != 0 ? 2 : flags >> 6;
    config.hv.forms_off = (flags & 4) != 0 ? next8() & 0x1F : 0;
    config.hv.conduit = world.hvc1 ? PV_HV_CONDUIT_HVC1 : PV_HV_CONDUIT_DEFAULT;
    if ((flags & 8) != 0)
        config.hv.conduit = (enum pv_hv_conduit)(next8() % 5);
    world.bound = LIFE_BOUND;
    status = pv_guest_init(&world.guest, (flags & 48) == 48 ? NULL : &config);
    check_status(status);
    INSIST((status == PV_BAD_STATE) == was, "init twice");
}

static void do_online(void)
{
    const bool can = world.guest.initialised && this_vp()->guest == NULL;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    status = pv_vp_online(&world.guest, this_vp());
    check_status(status);
    INSIST((status == PV_BAD_STATE) == !can, "online out of order");
    INSIST((status == PV_OK) == (can && this_vp()->guest != NULL), "online or not");
    follow_online(can);
}

static void do_offline(void)
{
    const bool online = this_vp()->guest != NULL;
    enum pv_status expected = PV_OK;

    if (this_nest()->count != 0)
        expected = PV_BUSY;
    if (!online)
        expected = PV_BAD_STATE;
    world.bound = LIFE_BOUND;
    INSIST(pv_vp_offline(this_vp()) == expected, "status of offline");
    world.can_call[world.cpu] &= expected != PV_OK;
}

static void do_switch(void)
{
    go_to(next8() % CPUS);
}

/* Memory that the hypervisor or the kernel does not let go of is the one reason not to. */
static void check_release(enum pv_status status)
{
    const bool lost = world.lied || world.refused || world.protect_failures;

    INSIST(status == PV_OK || (lost && (status == PV_REFUSED || status == PV_BAD_ADDRESS)),
           "status of release");
}

static void do_vp_release(void)
{
    const bool online = this_vp()->guest != NULL;
    const enum pv_status status = pv_vp_release(this_vp());

    INSIST((status == PV_BAD_STATE) == online, "release of an online VP");
    if (online)
        return;
    check_release(status);
    abandon_calls();
}

static void quiesce(void)
{
    const enum pv_status expected = world.guest.initialised ? PV_OK : PV_BAD_STATE;

    offline_others();
    abandon_calls();
    INSIST(pv_guest_quiesce(&world.guest, vp_if_online()) == expected, "status of quiesce");
    INSIST(world.guest.hv.entry == 0, "hypercalls are on after quiesce");
    world.can_call[world.cpu] = false;
}

static void do_quiesce(void)
{
    world.bound = LIFE_BOUND;
    quiesce();
}

static void do_resume(void)
{
    const bool with_vp = (next8() & 1) == 0;
    const bool can = world.guest.initialised && world.guest.hv.entry == 0;
    const bool was_offline = can && with_vp && this_vp()->guest == NULL;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    status = pv_guest_resume(&world.guest, with_vp ? this_vp() : NULL);
    check_status(status);
    INSIST(can || status == PV_BAD_STATE, "resume out of order");
    follow_online(was_offline);
}

static void do_release(void)
{
    const bool was = world.guest.initialised;
    enum pv_status status;

    world.bound = LIFE_BOUND;
    offline_others();
    abandon_calls();
    status = pv_guest_release(&world.guest, vp_if_online());
    INSIST((status == PV_BAD_STATE) == !was, "release out of order");
    if (!was)
        return;
    check_release(status);
    world.can_call[world.cpu] = false;
}

/* Suspended here, resumed there: other features, other limits. */
static void do_migrate(void)
{
    world.bound = LIFE_BOUND;
    quiesce();
    take_host();
}

#endif
