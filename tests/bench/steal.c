/* SPDX-License-Identifier: MIT */
/*
 * What reading stolen time costs beside a loop written by hand over the same area, which has none of
 * the guarantees. `steal` prints, format by format, the ns of the same number of rounds by hand and by
 * libpv, and that number; `steal CASE ROUNDS` runs one of them (hand-kvm, pv-kvm, hand-sbi, pv-sbi), for
 * tests/bench/run.sh to count its instructions.
 */
#include <pv/abi/kvm.h>
#include <pv/abi/sbi.h>
#include <pv/abi/smccc.h>
#include "pv_freestanding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BARRIER() __asm__ volatile("" : : : "memory")
#define ROUNDS 2000000u
#define TURNS 41

static struct pv_guest guest;
static struct pv_vp vp;
PV_ALIGNED(64) static uint8_t area[64];

/* What the freestanding port wants from a kernel. */
bool pv_freestanding_protect(void *page, enum pv_os_access access)
{
    (void)page;
    (void)access;
    return true;
}

void pv_freestanding_log(const char *text)
{
    (void)text;
}

/* ---- by hand ---- */

static PV_NOINLINE uint64_t hand_kvm(const volatile struct pv_kvm_steal_time *steal)
{
    uint32_t version;
    uint64_t ns;

    do {
        version = steal->version;
        BARRIER();
        ns = steal->steal;
        BARRIER();
    } while ((version & 1) != 0 || steal->version != version);
    return ns;
}

static PV_NOINLINE uint64_t hand_sbi(const volatile struct pv_sbi_steal_time *steal)
{
    uint32_t sequence;
    uint64_t ns;

    do {
        sequence = steal->sequence;
        BARRIER();
        ns = steal->steal;
        BARRIER();
    } while ((sequence & 1) != 0 || steal->sequence != sequence);
    return ns;
}

static PV_NOINLINE uint64_t hand_pv_time(const volatile struct pv_smccc_stolen_time *steal)
{
    return steal->stolen_ns;
}

/* Each reading waits for the one before: `before` is always 0, which the compiler cannot know. */
static uint64_t by_hand(enum pv_steal_backend backend, uint64_t before)
{
    const void *at = area + before;

    switch (backend) {
    case PV_STEAL_KVM:
        return hand_kvm(at);
    case PV_STEAL_SBI:
        return hand_sbi(at);
    default:
        return hand_pv_time(at);
    }
}

/* ---- one of the two, over and over ---- */

static void run_hand(enum pv_steal_backend backend, unsigned rounds)
{
    uint64_t ns = 0;

    while (rounds-- > 0)
        ns = by_hand(backend, ns);
    if (ns != 0)
        abort();
}

/* The same dispatch as by hand, so that only the readers differ. */
static uint64_t by_library(enum pv_steal_backend backend, uint64_t before)
{
    struct pv_vp *at = (struct pv_vp *)(void *)((uint8_t *)&vp + before);

    switch (backend) {
    case PV_STEAL_KVM:
        return pv_steal_ns(at);
    case PV_STEAL_SBI:
        return pv_steal_ns(at);
    default:
        return pv_steal_ns(at);
    }
}

static void run_library(enum pv_steal_backend backend, unsigned rounds)
{
    uint64_t ns = 0;

    while (rounds-- > 0)
        ns = by_library(backend, ns);
    if (ns != 0)
        abort();
}

/* Of the whole run. */
static uint64_t ns_of(void (*run)(enum pv_steal_backend, unsigned), enum pv_steal_backend backend)
{
    struct timespec from;
    struct timespec to;

    clock_gettime(CLOCK_MONOTONIC, &from);
    run(backend, ROUNDS);
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (uint64_t)(to.tv_sec - from.tv_sec) * 1000000000u + (uint64_t)to.tv_nsec -
           (uint64_t)from.tv_nsec;
}

static void adopt(enum pv_steal_backend backend)
{
    memset(&vp, 0, sizeof(vp));
    memset(area, 0, sizeof(area));
    vp.guest = &guest;
    if (pv_steal_adopt(&vp, backend, area) != PV_OK)
        abort();
}

/* The quickest of many turns, taken alternately: noise only ever adds. */
static void compare(enum pv_steal_backend backend)
{
    uint64_t hand = UINT64_MAX;
    uint64_t library = UINT64_MAX;

    adopt(backend);
    for (int i = 0; i < TURNS; i++) {
        const uint64_t a = ns_of(run_hand, backend);
        const uint64_t b = ns_of(run_library, backend);

        hand = a < hand ? a : hand;
        library = b < library ? b : library;
    }
    printf("%s %llu %llu %u\n", pv_steal_name(backend), (unsigned long long)hand,
           (unsigned long long)library, ROUNDS);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        const enum pv_steal_backend backend =
            strstr(argv[1], "sbi") != NULL ? PV_STEAL_SBI : PV_STEAL_KVM;

        adopt(backend);
        (strncmp(argv[1], "hand", 4) == 0 ? run_hand : run_library)(backend,
                                                                    (unsigned)atoi(argv[2]));
        return 0;
    }
    compare(PV_STEAL_KVM);
    compare(PV_STEAL_SBI);
    compare(PV_STEAL_PV_TIME);
    return 0;
}
