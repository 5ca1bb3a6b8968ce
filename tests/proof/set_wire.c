/* SPDX-License-Identifier: MIT */
/*
 * Sets of VPs as the hypervisor takes them: encode writes exactly the banks that the mask names, in
 * their order, and nothing beyond; what was encoded is decoded; decode copes with anything, and an empty set is
 * neither sent nor received.
 *
 * Bounds: up to 2 banks with members, anywhere (COMPACT) or among the first 3 (PREFIX).
 *
 * cbmc: --unwind 5 --unwindset mask.0:7,fill.0:65 --object-bits 10 --stop-on-fail --external-sat-solver cadical
 * timeout: 600
 * sources: libpv/vp/set_wire.c libpv/vp/set.c
 * part: -DCHECK=check_compact
 * part: -DCHECK=check_prefix
 * part: -DCHECK=check_decode
 * bug: banks-not-compacted libpv/vp/set_wire.c s/\*banks++ = (set/banks[n] = (set/
 * bug: beyond-room libpv/vp/set_wire.c s/> room/> room + 1/
 * bug: decode-any-count libpv/vp/set_wire.c s/ \&\& count == pv_bits_count_(fixed->bank_mask)//
 * bug: empty-is-sent libpv/vp/set_wire.c s/travelling == 0/false/
 * bug: empty-is-received libpv/vp/set_wire.c s/PV_OK : PV_EMPTY/PV_OK : PV_OK/
 * bug: stale-bank-travels libpv/vp/set_wire.c s/(set->valid >> n \& 1) != 0 ? set->banks\[n\] : 0/set->banks[n]/
 * bug: empty-bank-is-valid libpv/vp/set_wire.c s/if (set->banks\[n\] != 0)/if (true)/
 */
#include <pv/vp/set.h>

#define ROOM_MAX 3u
#define GUARD 0x5A5A5A5A5A5A5A5Aull

struct pv_vp_set nondet_set(void);
uint32_t nondet_word(void);
uint64_t nondet_qword(void);

static struct pv_vp_set set;
static struct pv_vp_set back;
static struct pv_hv_vp_set fixed;
static uint64_t banks[ROOM_MAX + 1];

static uint64_t without_lowest(uint64_t word)
{
    return word & (word - 1);
}

/* Any set of at most 2 banks, as the functions of set.c leave them: a valid bank has a member. */
static void any_set(void)
{
    set = nondet_set();
    __CPROVER_assume(without_lowest(without_lowest(set.valid)) == 0);
    for (uint64_t left = set.valid; left != 0; left = without_lowest(left))
        __CPROVER_assume(set.banks[__builtin_ctzll(left)] != 0);
}

static uint64_t bank_of(const struct pv_vp_set *which, uint32_t n)
{
    return (which->valid >> n & 1) != 0 ? which->banks[n] : 0;
}

static void encode_and_decode(enum pv_vp_set_form form)
{
    const uint32_t room = nondet_word() % (ROOM_MAX + 1);
    const uint32_t n = nondet_word() % PV_HV_SET_BANKS_MAX;
    const uint32_t count = pv_vp_set_banks(&set, form);
    enum pv_status status;

    for (uint32_t i = 0; i <= ROOM_MAX; i++)
        banks[i] = GUARD;
    status = pv_vp_set_encode(&set, form, room, &fixed, banks);
    if (set.valid == 0)
        __CPROVER_assert(status == PV_EMPTY, "nobody is not sent");
    else
        __CPROVER_assert(status == (count <= room ? PV_OK : PV_NO_ROOM), "sent if there is room");
    for (uint32_t i = 0; i <= ROOM_MAX; i++)
        __CPROVER_assert((status == PV_OK && i < count) || banks[i] == GUARD, "nothing beyond");
    if (status != PV_OK)
        return;
    __CPROVER_assert(fixed.format == PV_HV_SET_SPARSE, "sparse");
    __CPROVER_assert((fixed.bank_mask & set.valid) == set.valid, "every bank with a member");
    status = pv_vp_set_decode(&back, &fixed, banks, count);
    __CPROVER_assert(status == PV_OK, "somebody is received");
    __CPROVER_assert(bank_of(&back, n) == bank_of(&set, n), "the same members");
}

void check_compact(void)
{
    any_set();
    encode_and_decode(PV_VP_SET_COMPACT);
}

void check_prefix(void)
{
    any_set();
    __CPROVER_assume(set.valid < 1u << ROOM_MAX);
    encode_and_decode(PV_VP_SET_PREFIX);
}

/* Whatever arrives: only as many banks are read as there are, and a valid one has a member. */
void check_decode(void)
{
    const uint32_t count = nondet_word() % (ROOM_MAX + 1);
    const uint32_t n = nondet_word() % PV_HV_SET_BANKS_MAX;
    uint64_t received[ROOM_MAX];
    enum pv_status status;

    for (uint32_t i = 0; i < ROOM_MAX; i++)
        received[i] = nondet_qword();
    fixed.format = nondet_qword();
    fixed.bank_mask = nondet_qword();
    back = nondet_set();
    status = pv_vp_set_decode(&back, &fixed, received, count);
    __CPROVER_assert(status == PV_OK || back.valid == 0, "empty unless PV_OK");
    __CPROVER_assert(status != PV_OK || back.valid != 0, "nobody is not received");
    __CPROVER_assert((back.valid >> n & 1) == 0 || back.banks[n] != 0, "a valid bank has a member");
    __CPROVER_assert(fixed.format <= PV_HV_SET_ALL || status == PV_MALFORMED, "known formats only");
}

#ifndef CHECK
#define CHECK check_all
#endif
void check_all(void)
{
    check_compact();
    check_prefix();
    check_decode();
}

int main(void)
{
    CHECK();
    return 0;
}
