/* SPDX-License-Identifier: MIT */
/*
 * The registry of what the hypervisor was told, for any list in it: everything is taken back, each
 * once, newest first; one entry is taken back alone, the others stay in order. What the hypervisor
 * does with it is open.
 *
 * cbmc: --unwind 8 --conversion-check
 * sources: libpv/guest/told.c
 * bug: oldest-first libpv/guest/told.c s/&told->entries\[--told->count\]/\&told->entries[0]), (void)(--told->count/
 * bug: one-left libpv/guest/told.c s/while (told->count > 0)/while (told->count > 1)/
 * bug: oldest-of-a-number libpv/guest/told.c s/while (i > 0 && told->entries\[i - 1\].number != number)/while (i > 1)/
 * bug: gap-not-closed libpv/guest/told.c s/told->entries\[i - 1\] = told->entries\[i\];//
 * bug: past-the-end libpv/guest/told.c s/for (told->count--; i <= told->count; i++)/for (; i <= told->count; i++)/
 */
#include "guest/told.h"

#include "hv/hv_internal.h"
#include "pv_port.h"

uint32_t nondet_number(void);
struct pv_told nondet_told(void);
enum pv_status nondet_status(void);
uint64_t nondet_qword(void);

static struct pv_sim sim;
_Thread_local struct pv_sim *pv_sim = &sim;

/* What was taken back, in order. */
static struct pv_told_entry taken[PV_TOLD_MAX];
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
    (void)s;
    (void)msr;
    return nondet_qword();
}

enum pv_status pv_hv_sreg_set_block_(struct pv_guest *guest, uint32_t name, uint64_t value)
{
    (void)guest;
    take(PV_TOLD_HV_REGISTER, name, value);
    return nondet_status();
}

static bool same(const struct pv_told_entry *a, const struct pv_told_entry *b)
{
    return a->kind == b->kind && a->number == b->number && a->off == b->off;
}

static struct pv_told any_told(void)
{
    struct pv_told told = nondet_told();

    __CPROVER_assume(told.count <= PV_TOLD_MAX);
    for (uint32_t i = 0; i < PV_TOLD_MAX; i++)
        __CPROVER_assume(told.entries[i].kind == PV_TOLD_MSR ||
                         told.entries[i].kind == PV_TOLD_HV_REGISTER);
    count = 0;
    return told;
}

static void check_all(struct pv_guest *guest)
{
    struct pv_told told = any_told();
    const struct pv_told before = told;

    (void)pv_told_take_back_(guest, &told);
    __CPROVER_assert(told.count == 0 && count == before.count, "each once");
    for (uint32_t i = 0; i < before.count; i++)
        __CPROVER_assert(same(&taken[i], &before.entries[before.count - 1 - i]), "newest first");
}

/* Place of the newest entry for `number`; the count if there is none. */
static uint32_t newest(const struct pv_told *told, uint32_t number)
{
    uint32_t found = told->count;

    for (uint32_t i = 0; i < told->count; i++)
        if (told->entries[i].number == number)
            found = i;
    return found;
}

static void check_one(struct pv_guest *guest)
{
    struct pv_told told = any_told();
    const struct pv_told before = told;
    const uint32_t number = nondet_number();
    const uint32_t place = newest(&before, number);
    const bool there = place < before.count;

    (void)pv_told_take_back_one_(guest, &told, number);
    __CPROVER_assert(count == there && told.count == before.count - there, "one at most");
    __CPROVER_assert(!there || same(&taken[0], &before.entries[place]), "the newest");
    for (uint32_t i = 0; i < told.count; i++)
        __CPROVER_assert(same(&told.entries[i], &before.entries[i < place ? i : i + 1]), "in order");
}

static void check_add(void)
{
    struct pv_told told = any_told();
    const struct pv_told before = told;
    const struct pv_told_entry entry = nondet_told().entries[0];

    __CPROVER_assume(told.count < PV_TOLD_MAX);
    pv_told_add_(&told, entry.kind, entry.number, entry.off);
    __CPROVER_assert(told.count == before.count + 1, "added");
    __CPROVER_assert(same(&told.entries[before.count], &entry), "as told");
}

int main(void)
{
    struct pv_guest guest;

    sim.msr_read = msr_read;
    sim.msr_write = msr_write;
    check_all(&guest);
    check_one(&guest);
    check_add();
    return 0;
}
