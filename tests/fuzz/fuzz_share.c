/* SPDX-License-Identifier: MIT */
/*
 * Pages shared and taken back in any order, on Hyper-V or KVM, inside another call or not, while
 * memory runs out, mappings stay, and the host refuses any page or answers anything. Held after
 * each:
 *
 *   - as many pages are unknown as were reported; nothing maps them, and all else is mapped as it
 *     is written down
 *   - a change that fails without a leak leaves map, host and mappings as they were
 *   - no page changes while it is mapped
 *   - while the host tells the truth, what is written down is what it does
 *   - hypercalls are bounded, whatever is answered; IRQs and nesting are as before
 *
 * fuzz: -max_len=160 -len_control=20
 */
#include "fuzz/machine.h"

#include <pv/config.h>
#include <pv/mem.h>

#define TRIES (PV_CONFIG_HV_TIMEOUT_RETRIES + 1u)
#define FIRST ((SIM_GPA_BASE >> 12) + SIM_PAGES)
#define SPAN 640u
#define MAPPED 48u /* of them the first ones have aliases */

static struct pv_mem_shares shares;
static struct pv_mem_alias_map aliases;
static struct pv_mem_cache cache;
static uint8_t refused[SPAN]; /* bit 0: to be shared, bit 1: to be private */

struct state {
    uint8_t visibility[SPAN];
    uint8_t flags[SPAN];
    struct sim_alias aliases[4 * MAPPED];
    uint64_t leaked;
};

/* ---- what there is ---- */

static void look_at_map(struct state *state)
{
    struct pv_mem_cursor cursor = pv_mem_map_from(&shares.ranges, 0);
    struct pv_mem_region region;

    while (pv_mem_cursor_next(&cursor, &region)) {
        const uint64_t page = (region.gpa >> 12) - FIRST;

        INSIST(page < SPAN && region.pages <= SPAN - page, "a page that nobody asked for");
        if (region.flags != PV_MEM_PRIVATE)
            memset(state->flags + page, (int)region.flags, (size_t)region.pages);
    }
}

static void look(struct state *state)
{
    memset(state, 0, sizeof(*state));
    memcpy(state->visibility, sim_visibility_of(&machine.model, FIRST), SPAN);
    look_at_map(state);
    for (uint32_t i = 0; i < machine.os.aliases.count; i++) {
        state->aliases[i].mapped = machine.os.aliases.of[i].mapped;
        state->aliases[i].shared = machine.os.aliases.of[i].shared;
    }
    state->leaked = shares.leaked;
}

static void check_pages(const struct state *now)
{
    uint64_t unknown = 0;

    for (uint32_t page = 0; page < SPAN; page++) {
        const uint8_t flags = now->flags[page];

        INSIST(flags == 0 || flags == PV_MEM_SHARED || flags == PV_MEM_UNKNOWN, "state");
        unknown += flags == PV_MEM_UNKNOWN;
        if (!world.lied && flags != PV_MEM_UNKNOWN)
            INSIST(now->visibility[page] == (flags == PV_MEM_SHARED ? 3 : 0), "visibility");
    }
    INSIST(unknown == shares.leaked, "unknown pages");
}

static void check_mappings(const struct state *now, bool reconciled)
{
    for (uint32_t i = 0; i < machine.os.aliases.count; i++) {
        const struct sim_alias *alias = &machine.os.aliases.of[i];
        const uint8_t flags = now->flags[(alias->gpa >> 12) - FIRST];

        INSIST(alias->mapped || flags == PV_MEM_UNKNOWN, "not mapped again");
        INSIST(!alias->mapped || reconciled || flags != PV_MEM_UNKNOWN, "leaked and mapped");
        if (flags != PV_MEM_UNKNOWN)
            INSIST(alias->shared == (flags == PV_MEM_SHARED), "mapped otherwise");
    }
}

/* Mappings are made as the guest believes, which a lie makes false; and a host that writes over
 * its own input finds something else there when it goes on. */
static bool own_doing(const char *complaint)
{
    return strstr(complaint, "otherwise than the host") != NULL ||
           strstr(complaint, "a partition other than the caller's") != NULL;
}

static void check_complaint(void)
{
    const char *complaint = sim_complaint(&machine);

    if (complaint != NULL && world.lied && own_doing(complaint))
        machine.model.complaint = NULL;
    else
        INSIST(complaint == NULL, complaint);
}

/* ---- steps ---- */

static bool reconciled;

static uint16_t refuse(void *context, uint64_t page, uint32_t visibility)
{
    (void)context;
    if (page - FIRST >= SPAN || (refused[page - FIRST] >> (visibility == 0) & 1) == 0)
        return 0;
    return PV_HV_STATUS_OPERATION_DENIED;
}

static void take_range(uint64_t *page, uint64_t *pages)
{
    const uint8_t how = next8();
    const uint64_t limit = (how & 1) != 0 ? MAPPED : SPAN;

    *page = take16(&world.input) % limit;
    *pages = 1 + take16(&world.input) % (limit - *page);
}

static void do_change(void)
{
    const bool to_share = (next8() & 1) != 0;
    struct state before, after;
    struct pv_hv_result result;
    uint64_t page, pages, gpa;
    enum pv_status status;

    take_range(&page, &pages);
    gpa = (FIRST + page) << 12;
    look(&before);
    world.bound = 4 * (SPAN + 1) * TRIES;
    if (to_share)
        status = pv_mem_share(this_vp(), &shares, gpa, pages, PV_MEM_KEEP, &result);
    else
        status = pv_mem_unshare(this_vp(), &shares, gpa, pages, &result);
    INSIST((unsigned)status <= PV_LEAKED && status != PV_INVALID, "status");
    look(&after);
    if (status == PV_OK)
        for (uint64_t i = page; i < page + pages; i++)
            INSIST(after.flags[i] == (to_share ? PV_MEM_SHARED : 0), "not changed");
    INSIST(status != PV_OK || before.leaked == after.leaked, "leaked with success");
    INSIST(status == PV_LEAKED || before.leaked == after.leaked, "leaked and not said");
    if (status != PV_OK && before.leaked == after.leaked && world.lied)
        memcpy(after.visibility, before.visibility, SPAN);
    if (status != PV_OK && before.leaked == after.leaked)
        INSIST(memcmp(&before, &after, sizeof(before)) == 0, "not as before");
}

static void do_compare(void)
{
    const uint64_t leaked = shares.leaked;
    enum pv_status status;
    uint64_t lost;

    world.bound = 2 * (SPAN + 1) * TRIES;
    status = pv_mem_reconcile(this_vp(), &shares, &lost, NULL);
    INSIST((unsigned)status <= PV_LEAKED, "status");
    INSIST(shares.leaked == leaked + lost, "lost");
    INSIST(world.lied || lost == 0, "lost although the host agrees");
    reconciled |= lost != 0;
}

static void do_ask(void)
{
    uint8_t visibility[SPAN];
    uint64_t page, pages;
    enum pv_status status;

    take_range(&page, &pages);
    world.bound = 2 * (SPAN + 1) * TRIES;
    status = pv_mem_query(this_vp(), (FIRST + page) << 12, pages, visibility, NULL);
    INSIST((unsigned)status <= PV_LEAKED, "status");
    for (uint64_t i = 0; status == PV_OK && i < pages; i++) {
        INSIST(visibility[i] <= 3 && visibility[i] != 2, "answer");
        INSIST(world.lied || visibility[i] == *sim_visibility_of(&machine.model, FIRST + page + i),
               "answer");
    }
}

/* The map goes on telling the truth only if all is shared again; so that is all there is to it. */
static void do_all(void)
{
    const bool watched = machine.os.aliases.unwatched;
    static uint8_t visibility[SPAN];
    enum pv_status status;
    uint64_t left, seen = 0;

    memcpy(visibility, sim_visibility_of(&machine.model, FIRST), SPAN);
    machine.os.aliases.unwatched = true;
    world.bound = 4 * (SPAN + 1) * TRIES;
    status = pv_mem_unshare_all(this_vp(), &shares, &left);
    for (uint64_t i = 0; i < SPAN; i++)
        seen += *sim_visibility_of(&machine.model, FIRST + i) != 0;
    INSIST((status == PV_OK) <= (left == 0), "left");
    INSIST(world.lied || seen <= left, "more left than said");
    memcpy(sim_visibility_of(&machine.model, FIRST), visibility, SPAN);
    machine.os.aliases.unwatched = watched;
    shares.ended = false;
}

static void do_refuse(void)
{
    memset(refused, 0, sizeof(refused));
    for (uint32_t n = next8() % 8; n > 0; n--) {
        const uint16_t where = take16(&world.input);

        refused[where % SPAN] = (uint8_t)(where >> 14);
    }
}

static void do_fail(void)
{
    const uint8_t how = next8();

    machine.os.fail.alloc = how & 3;
    machine.os.fail.alias = how >> 2 & 31;
    machine.os.grace.held = (how & 128) != 0;
}

static void do_behave(void)
{
    behave(SIM_RANDOM + 1);
}

static void (*const steps[])(void) = { do_change, do_change, do_refuse,  do_change,
                                       do_all,    do_fail,   do_compare, do_change,
                                       do_ask,    do_behave, do_answer };

static void step(void)
{
    const uint32_t depth = this_vp()->hv.depth;
    const uint64_t before = sim_calls(&machine);
    const bool irqs_off = pv_sim->irqs_off;
    struct state now;

    world.bound = 0;
    steps[next8() % (sizeof(steps) / sizeof(steps[0]))]();
    INSIST(sim_calls(&machine) - before <= world.bound, "too many hypercalls");
    INSIST(this_vp()->hv.depth == depth && pv_sim->irqs_off == irqs_off, "nesting, IRQs");
    look(&now);
    check_pages(&now);
    check_mappings(&now, reconciled);
    check_complaint();
}

/* ---- the machine ---- */

static void map_pages(void)
{
    pv_mem_cache_init(&cache, &aliases.descriptors, 40);
    INSIST(pv_mem_alias_cover(&aliases, FIRST << 12, MAPPED) == PV_OK, "cover");
    for (uint32_t i = 0; i < 2 * MAPPED; i++) {
        const uint64_t gpa = (FIRST + i % 7 * i % MAPPED) << 12, va = (0x100000ull + i) << 12;

        INSIST(pv_mem_cache_top_up(&cache, 1) == PV_OK, "top up");
        INSIST(pv_mem_alias_add(&aliases, &cache, gpa, va) == PV_OK, "alias");
        (void)sim_alias_add(&machine, va, gpa);
    }
}

static void bring_up(void)
{
    static const enum sim_kind kinds[4] = { SIM_HYPERV_X86, SIM_HYPERV_ARM64, SIM_KVM_NATIVE_X86,
                                            SIM_HYPERV_X86 };
    const uint8_t flags = next8();
    struct pv_guest_config config;

    sim_machine_init(&machine, kinds[flags & 3]);
    sim_isolate(&machine);
    machine.hooks.call = answer;
    machine.model.visibility.refuse = refuse;
    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = (flags & 3) == 2 ? 0 : 0x8100000000000042ull;
    config.hv.arg_pages = (flags >> 2) % 3;
    config.hv.forms_off = (flags >> 4 & 7u) << 1;
    INSIST(pv_guest_init(&world.guest, &config) == PV_OK, "init");
    INSIST(pv_vp_online(&world.guest, this_vp()) == PV_OK, "online");
    memset(&aliases, 0, sizeof(aliases));
    INSIST(pv_mem_alias_init(&aliases, PV_MEM_ALIASES_RARE) == PV_OK, "aliases");
    pv_mem_shares_init(&shares, &aliases);
    map_pages();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pv_hv_args outer[2];
    uint32_t open;

    world_clear((struct input){ data, size });
    memset(refused, 0, sizeof(refused));
    reconciled = false;
    bring_up();
    open = nest(outer);
    while (world.input.left != 0)
        step();
    unnest(outer, open);
    stop_lying();
    memset(&machine.os.fail, 0, sizeof(machine.os.fail));
    pv_mem_map_release(&shares.ranges);
    pv_mem_alias_release(&aliases);
    (void)!pv_guest_release(&world.guest, this_vp());
    (void)!pv_vp_release(this_vp());
    INSIST(sim_os_leak(&machine) == NULL, "memory leaked");
    return 0;
}
