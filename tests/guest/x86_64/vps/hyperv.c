/* SPDX-License-Identifier: MIT */
/* Flushes and interrupts by Hyper-V's calls, in registers and in memory. */
#include "stale.h"
#include "vps.h"

#define TRIES 12u
#define RANGES 20u /* too many for registers, and more than KVM keeps page by page */
#define CANARY 0x5A

/* Where the page that is watched stands among the ranges. */
static const struct pv_hv_gva_range *ranges(size_t count)
{
    static struct pv_hv_gva_range list[RANGES];

    for (size_t i = 0; i < count; i++) {
        list[i].start = 0x10000000 + i * 2 * KERNEL_PAGE_SIZE;
        list[i].bytes = KERNEL_PAGE_SIZE;
    }
    list[count - 1].start = stale_page();
    return list;
}

static uint64_t this_space(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    return cr3;
}

/* The argument page is untouched as long as calls travel in registers. */
static void paint(void)
{
    memset(pv_freestanding_vp(0)->hv.args, CANARY, PV_PAGE_BYTES);
}

static bool is_painted(void)
{
    const uint8_t *args = pv_freestanding_vp(0)->hv.args;

    for (size_t i = 0; i < PV_PAGE_BYTES; i++)
        if (args[i] != CANARY)
            return false;
    return true;
}

static enum pv_status set_of(uint32_t cpus, struct pv_vp_set *set)
{
    const uint64_t mask = cpus;

    return pv_vp_set_from_cpus(set, &vps_map, &mask, VPS);
}

/* ---- flushes ---- */

struct way {
    const char *name;
    enum pv_hv_scope scope;
    size_t ranges; /* 0: every address */
    bool everyone; /* the flag for all VPs, in place of the one */
    bool memory;   /* too long for registers */
};

static const struct way ways[] = {
    { "an address space", PV_HV_SCOPE_SPACE, 0, false, false },
    { "an address space and global pages", PV_HV_SCOPE_SPACE_AND_GLOBAL, 0, false, false },
    { "all address spaces", PV_HV_SCOPE_ALL_SPACES, 0, false, false },
    { "everything, everywhere", PV_HV_SCOPE_EVERYTHING, 0, true, false },
    { "a page", PV_HV_SCOPE_SPACE, 1, false, false },
    { "a page, everywhere", PV_HV_SCOPE_ALL_SPACES, 1, true, false },
    { "a list of 20", PV_HV_SCOPE_SPACE, RANGES, false, true },
};

static enum pv_status flush(const struct way *way, uint32_t cpus)
{
    const struct pv_hv_flush request = {
        .scope = way->scope,
        .space = this_space(),
        .ranges = way->ranges != 0 ? ranges(way->ranges) : NULL,
        .count = way->ranges,
    };
    struct pv_vp_set set;
    const enum pv_status status = set_of(cpus, &set);

    if (status != PV_OK)
        return status;
    return pv_hv_flush(pv_freestanding_vp(0), &request, way->everyone ? NULL : &set, NULL);
}

/* Sums over tries. */
struct tally {
    uint32_t done;      /* by the hypervisor */
    uint32_t registers; /* without touching the argument page */
    uint32_t stale;     /* the old page had been seen until then */
    uint32_t wrong;     /* and was seen afterwards */
};

static void try_flush(const struct way *way, unsigned cpu, struct tally *tally)
{
    (void)stale_look();
    if (!stale_change())
        tally->wrong++;
    tally->stale += stale_look() != 0;
    paint();
    tally->done += flush(way, 1u << cpu) == PV_OK;
    tally->registers += is_painted();
    stale_gone();
    (void)stale_look();
}

static void flush_one(const struct way *way, unsigned cpu, struct tally *tally)
{
    stale_begin(1u << cpu);
    for (uint32_t i = 0; i < TRIES; i++)
        try_flush(way, cpu, tally);
    if (!stale_end())
        tap_done();
    tally->wrong += stale_wrong() != 0;
}

static void check_way(const struct way *way, bool registers)
{
    const uint32_t all = TRIES * (VPS - 1);
    struct tally tally = { 0, 0, 0, 0 };

    tap_word("flush of", way->name);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        flush_one(way, cpu, &tally);
    tap_equal(tally.done, all, "every flush is done");
    tap_equal(tally.registers, registers ? all : 0,
              registers ? "in registers" : "through the argument page");
    tap_note("flushes:", all);
    tap_note("of them of a translation that was in use though stale:", tally.stale);
    tap_ok(tally.stale > 0, "stale translations were in use until then");
    tap_equal(tally.wrong, 0, "and never after it");
}

/* What a flush does not do: it leaves alone who is not addressed. */
static void check_others(void)
{
    uint32_t before = 0;
    uint32_t after = 0;

    stale_begin(1u << 1);
    for (uint32_t i = 0; i < TRIES; i++) {
        bool stale;

        (void)stale_look();
        (void)stale_change();
        stale = stale_look() != 0;
        before += stale;
        (void)flush(&ways[0], 1u << 2);
        after += stale && stale_look() != 0;
        (void)flush(&ways[0], 1u << 1);
        stale_gone();
    }
    if (!stale_end())
        tap_done();
    tap_note("stale translations in use before a flush on another VP:", before);
    tap_note("and after it:", after);
    tap_ok(after > 0, "a flush leaves alone who is not addressed");
}

/* All at once, on fewer CPUs than VPs: those that do not run are flushed as well. */
static void check_crowd(void)
{
    const uint32_t others = EVERYBODY & ~1u;
    struct tally tally = { 0, 0, 0, 0 };

    stale_begin(others);
    for (uint32_t i = 0; i < TRIES; i++) {
        (void)stale_look();
        (void)stale_change();
        tally.stale += stale_look() != 0;
        tally.done += flush(&ways[0], others) == PV_OK;
        stale_gone();
        (void)stale_look();
    }
    if (!stale_end())
        tap_done();
    tap_equal(tally.done, TRIES, "flushes on three busy VPs");
    tap_note("flushes:", TRIES);
    tap_note("of them of a translation that was in use though stale:", tally.stale);
    tap_equal(stale_wrong(), 0, "reach all of them");
}

void check_hv_flush(uint32_t forms_off)
{
    const bool registers = (forms_off & PV_HV_FORM_BLOCK_INPUT) == 0;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        check_way(&ways[i], registers && !ways[i].memory);
    check_others();
    check_crowd();
}

void check_hv_flush_limits(void)
{
    struct pv_hv_flush request = { .scope = PV_HV_SCOPE_ALL_SPACES };
    struct pv_vp *vp = pv_freestanding_vp(0);
    struct pv_vp_set set;

    tap_equal(set_of(0, &set), PV_EMPTY, "a set of nobody says so");
    tap_equal(pv_hv_flush(vp, &request, &set, NULL), PV_EMPTY, "so does its flush");
    tap_equal(set_of(1, &set), PV_OK, "a set of the caller");
    tap_equal(pv_hv_flush(vp, &request, &set, NULL), PV_UNSUPPORTED,
              "KVM advises against a call for the caller alone");
    request.scope = (enum pv_hv_scope)0;
    tap_equal(pv_hv_flush(vp, &request, NULL, NULL), PV_INVALID, "a flush without a scope");
}

/* ---- interrupts ---- */

static uint32_t in_registers;

static enum pv_status send(uint32_t cpus, unsigned vector)
{
    struct pv_vp_set set;
    enum pv_status status = set_of(cpus, &set);

    paint();
    if (status == PV_OK)
        status = pv_hv_ipi_send(pv_freestanding_vp(0), vector, &set, NULL);
    in_registers += is_painted();
    return status;
}

void check_hv_ipi(uint32_t forms_off)
{
    struct pv_vp *vp = pv_freestanding_vp(0);
    struct pv_vp_set set;

    in_registers = 0;
    check_delivery("interrupts by Hyper-V's calls", VECTOR_CHECKS, send);
    check_delivery("by the highest vectors", 0xF0, send);
    tap_equal(in_registers, forms_off == 0 ? 2 * EVERYBODY : 0,
              forms_off == 0 ? "all in registers" : "all through the argument page");
    pv_vp_set_clear(&set);
    tap_equal(pv_hv_ipi_send(vp, VECTOR_CHECKS, &set, NULL), PV_EMPTY, "none to nobody");
    tap_equal(set_of(EVERYBODY, &set), PV_OK, "a set of all");
    tap_equal(pv_hv_ipi_send(vp, 0x0F, &set, NULL), PV_INVALID, "no exception can be sent");
}

void check_hv_without_kvm(void)
{
    struct pv_vp *vp = pv_freestanding_vp(0);
    const struct pv_hw_id self = vp->hw_id;

    tap_equal(pv_kvm_ipi_send(vp, VECTOR_CHECKS, &self, 1, NULL), PV_UNSUPPORTED,
              "KVM's interrupt call is not for users of Hyper-V's");
    tap_equal(pv_kvm_kick(vp, self), PV_UNSUPPORTED, "nor is its kick");
    tap_equal(pv_kvm_yield_to(vp, self), PV_UNSUPPORTED, "nor its yield");
}
