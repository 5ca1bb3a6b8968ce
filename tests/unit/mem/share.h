/* SPDX-License-Identifier: MIT */
/*
 * What the tests of page visibility share: an isolated guest on Hyper-V or KVM, what it shares, and
 * snapshots of everything that a change that fails must leave alone.
 *
 * A test starts with share_up and ends in share_down, the teardown of SHARE_TEST.
 */
#ifndef UNIT_MEM_SHARE_H
#define UNIT_MEM_SHARE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "sim/sim.h"

#include <pv/mem.h>

#define OS_ID 0x8FEDCBA987654321ull
#define P(page) (SIM_GPA_BASE + (uint64_t)(page) * PV_PAGE_BYTES)
#define WIDE 100u /* first page without bytes that tests use */
/* How many kinds of hosts there are. Registers of 32 bits do not hold the GPAs of this machine. */
#define HOSTS (sizeof(long) < 8 ? 1 : 2)
#define PAGES SIM_VISIBILITY_PAGES

static struct sim_machine machine;
static struct pv_guest guest;
static struct pv_vp vp;
static struct pv_mem_shares shares;
static struct pv_mem_alias_map aliases;
static struct pv_mem_cache alias_cache;
static struct pv_hv_args outer; /* a hypercall that is open all the time */
static bool nested;

#define assert_status(call, status) assert_int_equal((call), (status))
#define SHARE_TEST(name) cmocka_unit_test_teardown(name, share_down)

static inline void share_up_without(enum sim_kind kind, uint64_t os_id, uint32_t forms_off)
{
    struct pv_guest_config config;

    sim_machine_init(&machine, kind);
    sim_isolate(&machine);
    memset(&guest, 0, sizeof(guest));
    memset(&vp, 0, sizeof(vp));
    memset(&aliases, 0, sizeof(aliases));
    memset(&config, 0, sizeof(config));
    config.hints.conduit = PV_DETECT_CONDUIT_HVC;
    config.hv.os_id = os_id;
    config.hv.forms_off = forms_off;
    assert_status(pv_guest_init(&guest, &config), PV_OK);
    assert_status(pv_vp_online(&guest, &vp), PV_OK);
    assert_status(pv_mem_alias_init(&aliases, PV_MEM_ALIASES_RARE), PV_OK);
    pv_mem_cache_init(&alias_cache, &aliases.descriptors, 40);
    pv_mem_shares_init(&shares, &aliases);
}

/* Only the argument page: 510 pages in one call. */
static inline void share_up_hyperv(void)
{
    share_up_without(SIM_HYPERV_X86, OS_ID, PV_HV_FORM_BLOCK_INPUT | PV_HV_FORM_BLOCK_OUTPUT);
}

static inline void share_up_kvm(void)
{
    share_up_without(SIM_KVM_NATIVE_X86, 0, 0);
}

/* No more than the reserve: 30 pages in one call. */
#define NESTED_PAGES 30u
static inline void share_up_nested(void)
{
    share_up_hyperv();
    assert_status(pv_hv_begin(&vp, PV_HV_CALL_POST_MESSAGE, NULL, &outer), PV_OK);
    nested = true;
}

static inline void share_up(bool kvm)
{
    if (kvm)
        share_up_kvm();
    else
        share_up_hyperv();
}

static inline int share_down(void **state)
{
    (void)state;
    if (nested)
        assert_status(pv_hv_end(&vp, &outer), PV_OK);
    nested = false;
    pv_mem_map_release(&shares.ranges);
    pv_mem_alias_release(&aliases);
    if (vp.guest != NULL)
        assert_status(pv_vp_offline(&vp), PV_OK);
    assert_status(pv_vp_release(&vp), PV_OK);
    assert_status(pv_guest_release(&guest, NULL), PV_OK);
    assert_null(sim_complaint(&machine));
    assert_null(sim_os_leak(&machine));
    assert_false(pv_sim->irqs_off);
    return 0;
}

/* ---- memory ---- */

/* Pages of RAM with something in them, the first one's number. */
static inline uint64_t full_pages(size_t pages)
{
    uint8_t *bytes = (uint8_t *)pv_os_page_alloc(pages);

    assert_non_null(bytes);
    memset(bytes, 0xA5, pages * PV_PAGE_BYTES);
    return (pv_os_virt_to_gpa(bytes) - SIM_GPA_BASE) / PV_PAGE_BYTES;
}

static inline void free_pages(uint64_t page, size_t pages)
{
    pv_os_page_free(machine.ram[page], pages);
}

/* ---- aliases ---- */

static inline void share_cover(uint64_t page, uint64_t pages)
{
    assert_status(pv_mem_alias_cover(&aliases, P(page), pages), PV_OK);
}

/* The n-th mapping of a page. */
static inline void share_map(uint64_t page, uint32_t n)
{
    const uint64_t va = 0xFFFF800000000000ull + (n << 28) + P(page);

    assert_status(pv_mem_cache_top_up(&alias_cache, 1), PV_OK);
    assert_status(pv_mem_alias_add(&aliases, &alias_cache, P(page), va), PV_OK);
    assert_non_null(sim_alias_add(&machine, va, P(page)));
}

/* ---- what there is ---- */

#define SNAP_REGIONS 256u

/* Everything that a change that is undone must not change. */
struct snapshot {
    uint8_t visibility[PAGES];
    struct sim_alias aliases[SIM_ALIASES_MAX];
    struct pv_mem_region regions[SNAP_REGIONS];
    uint32_t count;
    uint64_t leaked;
    uint32_t live_regions;
};

static inline void snap(struct snapshot *to)
{
    struct pv_mem_cursor cursor = pv_mem_map_from(&shares.ranges, 0);
    struct pv_mem_region region;

    memset(to, 0, sizeof(*to));
    memcpy(to->visibility, machine.model.visibility.of, sizeof(to->visibility));
    memcpy(to->aliases, machine.os.aliases.of, sizeof(to->aliases));
    to->leaked = shares.leaked;
    while (pv_mem_cursor_next(&cursor, &region)) {
        assert_true(to->count < SNAP_REGIONS);
        if (region.flags != PV_MEM_PRIVATE) /* waits for memory to go */
            memcpy(&to->regions[to->count++], &region, sizeof(region));
    }
}

static inline void assert_regions_equal(const struct snapshot *a, const struct snapshot *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        assert_int_equal(a->regions[i].gpa, b->regions[i].gpa);
        assert_int_equal(a->regions[i].pages, b->regions[i].pages);
        assert_int_equal(a->regions[i].flags, b->regions[i].flags);
        assert_int_equal(a->regions[i].id, b->regions[i].id);
    }
}

static inline void assert_aliases_equal(const struct snapshot *a, const struct snapshot *b)
{
    for (uint32_t i = 0; i < machine.os.aliases.count; i++) {
        assert_int_equal(a->aliases[i].mapped, b->aliases[i].mapped);
        assert_int_equal(a->aliases[i].shared, b->aliases[i].shared);
    }
}

static inline void assert_as_before(const struct snapshot *before)
{
    static struct snapshot now;

    snap(&now);
    assert_memory_equal(before->visibility, now.visibility, sizeof(now.visibility));
    assert_regions_equal(before, &now);
    assert_aliases_equal(before, &now);
    assert_int_equal(before->leaked, now.leaked);
}

static inline uint32_t state_of(uint64_t page)
{
    struct pv_mem_region region;

    if (pv_mem_map_find_gpa(&shares.ranges, P(page), &region) != PV_OK ||
        region.flags == PV_MEM_PRIVATE)
        return 0;
    return region.flags;
}

static inline void assert_states(uint64_t first, uint64_t end, uint32_t state)
{
    for (uint64_t page = first; page < end; page++)
        assert_int_equal(state_of(page), state);
}

static inline void assert_visible(uint64_t first, uint64_t end, uint8_t visibility)
{
    for (uint64_t page = first; page < end; page++)
        assert_int_equal(machine.model.visibility.of[page], visibility);
}

/* What is written down is what the host does, and what is mapped is mapped that way. */
static inline void assert_consistent(void)
{
    for (uint64_t page = 0; page < PAGES; page++)
        if (state_of(page) != PV_MEM_UNKNOWN)
            assert_int_equal(machine.model.visibility.of[page],
                             state_of(page) == PV_MEM_SHARED ? PV_HV_VISIBILITY_SHARED
                                                             : PV_HV_VISIBILITY_PRIVATE);
    for (uint32_t i = 0; i < machine.os.aliases.count; i++) {
        const struct sim_alias *alias = &machine.os.aliases.of[i];
        const uint32_t state = state_of((alias->gpa - SIM_GPA_BASE) / PV_PAGE_BYTES);

        assert_int_equal(alias->mapped, state != PV_MEM_UNKNOWN);
        if (alias->mapped)
            assert_int_equal(alias->shared, state == PV_MEM_SHARED);
    }
}

/* Region by region: first page, pages, state. */
static inline void assert_ranges(const uint64_t (*wanted)[3], size_t count)
{
    struct pv_mem_cursor cursor = pv_mem_map_from(&shares.ranges, 0);
    struct pv_mem_region region;

    for (size_t i = 0; i < count; i++) {
        assert_true(pv_mem_cursor_next(&cursor, &region));
        assert_int_equal(region.gpa, P(wanted[i][0]));
        assert_int_equal(region.id, region.gpa / PV_PAGE_BYTES);
        assert_int_equal(region.pages, wanted[i][1]);
        assert_int_equal(region.flags, wanted[i][2]);
    }
    assert_false(pv_mem_cursor_next(&cursor, &region));
}

static inline uint64_t unknown_pages(void)
{
    uint64_t pages = 0;

    for (uint64_t page = 0; page < PAGES; page++)
        pages += state_of(page) == PV_MEM_UNKNOWN;
    return pages;
}

static inline enum pv_status share(uint64_t page, uint64_t pages)
{
    return pv_mem_share(&vp, &shares, P(page), pages, PV_MEM_KEEP, NULL);
}

static inline enum pv_status unshare(uint64_t page, uint64_t pages)
{
    return pv_mem_unshare(&vp, &shares, P(page), pages, NULL);
}

static inline void reshare(uint64_t page, uint64_t pages)
{
    assert_status(share(page, pages), PV_OK);
}

/* ---- a host that refuses ---- */

/* Each page at which a change fails; towards shared, towards private. */
struct refusal {
    bool page[2][PAGES];
    uint32_t calls; /* elements that the host has looked at */
    bool starves;   /* from the first one on there is no memory */
};

static struct refusal refusal;

/* No page is given any more, until share_feed. */
static inline void share_starve(uint32_t pages_left)
{
    uint32_t given = 0;

    for (uint32_t i = 0; i < SIM_PAGES; i++)
        if (machine.os.pages[i].use == SIM_PAGE_FREE && given++ >= pages_left)
            machine.os.pages[i].use = SIM_PAGE_FOLLOW;
}

static inline void share_feed(void)
{
    for (uint32_t i = 0; i < SIM_PAGES; i++)
        if (machine.os.pages[i].use == SIM_PAGE_FOLLOW)
            machine.os.pages[i].use = SIM_PAGE_FREE;
    machine.os.grace.held = false;
}

static inline uint16_t refuse(void *context, uint64_t page, uint32_t visibility)
{
    struct refusal *of = (struct refusal *)context;

    if (of->calls++ == 0 && of->starves) {
        machine.os.grace.held = true;
        share_starve(0);
    }
    return of->page[visibility == 0][page - (SIM_GPA_BASE >> 12)] ? PV_HV_STATUS_OPERATION_DENIED
                                                                  : 0;
}

static inline void refuse_none(void)
{
    memset(&refusal, 0, sizeof(refusal));
    machine.model.visibility.context = &refusal;
    machine.model.visibility.refuse = refuse;
}

#endif
