/* SPDX-License-Identifier: MIT */
/*
 * The registry of what the hypervisor was told, for any list in it: everything is taken back, each
 * once, newest first; one entry is taken back alone, the others stay in order. What the hypervisor
 * does with it is open; the memory that is called kept is exactly that of the entries it refused.
 *
 * cbmc: --unwind 8 --conversion-check --stop-on-fail --external-sat-solver cadical
 * part: -DCHECK=check_all
 * part: -DCHECK=check_one
 * part: -DCHECK=check_add
 * sources: libpv/guest/told.c
 * bug: oldest-first libpv/guest/told.c s/&told->entries\[told->count - 1\];/\&told->entries[0];/
 * bug: one-left libpv/guest/told.c s/while (told->count > 0)/while (told->count > 1)/
 * bug: oldest-of-a-memory libpv/guest/told.c s/while (i > 0 && told->entries\[i - 1\].memory != memory)/while (i > 1)/
 * bug: gap-not-closed libpv/guest/told.c s/move(&told->entries\[gap\], &told->entries\[gap + 1\]);/;/
 * bug: past-the-end libpv/guest/told.c s/gap + 1 < told->count/gap < told->count/
 * bug: kept-of-the-last libpv/guest/told.c s/kept |= /kept = /
 * bug: kept-if-taken libpv/guest/told.c s/if (!take_back(guest, entry))/if (take_back(guest, entry))/
 * bug: not-read-back libpv/guest/told.c s/& PV_HV_PAGE_ENABLE) == 0/\& 0) == 0/
 * bug: kept-one-unknown libpv/guest/told.c s/return taken;/return true;/
 */
#include "guest/told.h"

#include "hv/hv_internal.h"
#include "pv_port.h"
#include "steal/steal_internal.h"

enum pv_told_memory nondet_memory(void);
struct pv_told nondet_told(void);
enum pv_status nondet_status(void);
uint64_t nondet_qword(void);
bool nondet_bool(void);

static struct pv_sim sim;
_Thread_local struct pv_sim *pv_sim = &sim;

/* What was taken back, in order, and whether the hypervisor refused. */
static struct pv_told_entry taken[PV_TOLD_MAX];
static bool refused[PV_TOLD_MAX];
static uint32_t count;

static void take(enum pv_told_kind kind, uint32_t number, uint64_t off)
{
    __CPROVER_assert(count < PV_TOLD_MAX, "no more than was told");
    taken[count].kind = kind;
    taken[count].number = number;
    taken[count].off = off;
    count++;
}

static void msr_write(struct pv_sim *s, uint32_t msr, uint64_t value)
{
    (void)s;
    take(PV_TOLD_MSR, msr, value);
}

static uint64_t msr_read(struct pv_sim *s, uint32_t msr)
{
    const uint64_t value = nondet_qword();

    (void)s;
    __CPROVER_assert(count > 0 && taken[count - 1].number == msr, "what was written is read");
    refused[count - 1] = (value & 1) != 0;
    return value;
}

bool pv_steal_call_off_(enum pv_steal_backend backend, uint64_t how)
{
    take(PV_TOLD_STEAL_AREA, (uint32_t)backend, how);
    refused[count - 1] = nondet_bool();
    return !refused[count - 1];
}

enum pv_status pv_hv_sreg_set_block_(struct pv_guest *guest, uint32_t name, uint64_t value)
{
    const enum pv_status status = nondet_status();

    (void)guest;
    take(PV_TOLD_HV_REGISTER, name, value);
    refused[count - 1] = status != PV_OK;
    return status;
}

static bool same(const struct pv_told_entry *a, const struct pv_told_entry *b)
{
    return a->kind == b->kind && a->number == b->number && a->off == b->off;
}

static struct pv_told any_told(void)
{
    const enum pv_told_kind registers = sim.has_msr ? PV_TOLD_MSR : PV_TOLD_HV_REGISTER;
    struct pv_told told = nondet_told();

    __CPROVER_assume(told.count <= PV_TOLD_MAX);
    for (uint32_t i = 0; i < PV_TOLD_MAX; i++)
        __CPROVER_assume(told.entries[i].kind == registers ||
                         told.entries[i].kind == PV_TOLD_STEAL_AREA);
    count = 0;
    return told;
}

static inline void check_all(struct pv_guest *guest)
{
    struct pv_told told = any_told();
    const struct pv_told before = told;
    const uint32_t kept = pv_told_take_back_(guest, &told);
    uint32_t right = 0;

    __CPROVER_assert(told.count == 0 && count == before.count, "each once");
    for (uint32_t i = 0; i < before.count; i++)
        __CPROVER_assert(same(&taken[i], &before.entries[before.count - 1 - i]), "newest first");
    for (uint32_t i = 0; i < before.count; i++)
        right |= refused[i] ? (uint32_t)before.entries[before.count - 1 - i].memory : 0;
    __CPROVER_assert(kept == right, "what was refused is kept");
}

/* Place of the newest entry for `memory`; the count if there is none. */
static uint32_t newest(const struct pv_told *told, enum pv_told_memory memory)
{
    uint32_t found = told->count;

    for (uint32_t i = 0; i < told->count; i++)
        if (told->entries[i].memory == memory)
            found = i;
    return found;
}

static inline void check_one(struct pv_guest *guest)
{
    struct pv_told told = any_told();
    const struct pv_told before = told;
    const enum pv_told_memory memory = nondet_memory();
    const uint32_t place = newest(&before, memory);
    const bool there = place < before.count;
    const bool gone = pv_told_take_back_one_(guest, &told, memory);

    __CPROVER_assert(gone == !(there && refused[0]), "did it let go");
    __CPROVER_assert(count == there && told.count == before.count - there, "one at most");
    __CPROVER_assert(!there || same(&taken[0], &before.entries[place]), "the newest");
    for (uint32_t i = 0; i < told.count; i++)
        __CPROVER_assert(same(&told.entries[i], &before.entries[i < place ? i : i + 1]), "in order");
}

static inline void check_add(struct pv_guest *guest)
{
    struct pv_told told = any_told();
    const struct pv_told before = told;
    const struct pv_told_entry entry = nondet_told().entries[0];

    (void)guest;
    __CPROVER_assume(told.count < PV_TOLD_MAX);
    pv_told_add_(&told, entry.memory, entry.kind, entry.number, entry.off);
    __CPROVER_assert(told.count == before.count + 1, "added");
    __CPROVER_assert(same(&told.entries[before.count], &entry), "as told");
}

/* A seeded bug may be in either. */
static inline void check_both(struct pv_guest *guest)
{
    check_all(guest);
    check_one(guest);
}

#ifndef CHECK
#define CHECK check_both
#endif

int main(void)
{
    struct pv_guest guest;

    sim.has_msr = nondet_bool();
    sim.msr_read = msr_read;
    sim.msr_write = msr_write;
    CHECK(&guest);
    return 0;
}
