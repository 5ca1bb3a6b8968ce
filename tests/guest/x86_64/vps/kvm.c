/* SPDX-License-Identifier: MIT */
/* KVM's own calls: interrupts, kicks, yielding. */
#include "crew.h"
#include "vps.h"

#define PATIENCE 200000000u
#define A_WHILE 200000u

static uint32_t load(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static void pass_time(void)
{
    for (uint32_t i = 0; i < A_WHILE; i++)
        __asm__ volatile("pause");
}

/* ---- interrupts ---- */

static uint32_t miscounted;

static enum pv_status send(uint32_t cpus, unsigned vector)
{
    struct pv_hw_id targets[VPS];
    size_t count = 0;
    size_t sent = 0;
    enum pv_status status;

    for (unsigned cpu = 0; cpu < VPS; cpu++)
        if (cpus >> cpu & 1)
            targets[count++] = pv_freestanding_vp(cpu)->hw_id;
    status = pv_kvm_ipi_send(pv_freestanding_vp(0),
                             vector == KERNEL_VECTOR_NMI ? PV_KVM_IPI_NMI : vector, targets, count,
                             &sent);
    miscounted += sent != count;
    return status;
}

void check_kvm_ipi(void)
{
    struct pv_vp *vp = pv_freestanding_vp(0);
    const struct pv_hw_id absent = { 250 };
    size_t sent = 9;

    miscounted = 0;
    check_delivery("interrupts by KVM's call", VECTOR_CHECKS, send);
    check_delivery("NMIs", KERNEL_VECTOR_NMI, send);
    tap_equal(miscounted, 0, "all targets were named in calls that succeeded");
    tap_equal(pv_kvm_ipi_send(vp, VECTOR_CHECKS, &absent, 1, NULL), PV_OK,
              "KVM leaves out who is not there");
    tap_equal(pv_kvm_ipi_send(vp, VECTOR_CHECKS, NULL, 0, &sent), PV_EMPTY, "none to nobody");
    tap_equal(pv_kvm_ipi_send(vp, 0x0F, &vp->hw_id, 1, NULL), PV_INVALID,
              "no exception can be sent");
}

/* ---- kicks ---- */

enum { IDLE, WORKS, HALTS, WOKEN };
static uint32_t state;
static uint32_t kicked;

static void halt_with_interrupts_off(void)
{
    __asm__ volatile("cli; hlt" : : : "memory");
}

static void doze(unsigned cpu)
{
    (void)cpu;
    store(&state, HALTS);
    halt_with_interrupts_off();
    store(&state, WOKEN);
}

/* Only once it works: where it waits for work it halts as well, and would use up the kick. */
static void doze_after_kick(unsigned cpu)
{
    store(&state, WORKS);
    while (load(&kicked) == 0)
        __asm__ volatile("pause");
    doze(cpu);
}

static bool reaches(uint32_t wanted)
{
    for (uint32_t i = 0; i < PATIENCE && load(&state) != wanted; i++)
        __asm__ volatile("pause");
    return load(&state) == wanted;
}

/* An interrupt, since with interrupts off it must not be what ends the sleep. */
static bool sleeps_on(const struct pv_vp *target)
{
    if (!reaches(HALTS))
        return false;
    pass_time();
    kernel_interrupt_send((unsigned)target->hw_id.value, VECTOR_CHECKS);
    pass_time();
    return load(&state) == HALTS;
}

void check_kvm_kick(void)
{
    struct pv_vp *vp = pv_freestanding_vp(0);
    uint32_t slept = 0;
    uint32_t woken = 0;
    uint32_t early = 0;

    for (unsigned cpu = 1; cpu < VPS; cpu++) {
        const struct pv_vp *target = pv_freestanding_vp(cpu);

        store(&state, IDLE);
        crew_begin(cpu, doze);
        slept += sleeps_on(target);
        woken += pv_kvm_kick(vp, target->hw_id) == PV_OK && reaches(WOKEN) && crew_finish(cpu);
        store(&kicked, 0);
        crew_begin(cpu, doze_after_kick);
        early += reaches(WORKS) && pv_kvm_kick(vp, target->hw_id) == PV_OK;
        store(&kicked, 1);
        early += crew_finish(cpu);
    }
    tap_equal(slept, VPS - 1, "a VP sleeps in HLT with interrupts off, whatever comes");
    if (!tap_equal(woken, VPS - 1, "a kick wakes it") ||
        !tap_equal(early, 2 * (VPS - 1), "one that comes too early is kept"))
        tap_done();
}

/* ---- yielding ---- */

#define TRIES 20u
#define AT_ONCE 2u /* pauses */

static uint32_t leave;
static uint32_t turns[VPS];

static void keep_busy(unsigned cpu)
{
    while (load(&leave) == 0)
        store(&turns[cpu], turns[cpu] + 1);
}

struct yielding {
    uint32_t found;
    uint32_t yielded;
};

/* Until each of the others has run, so that the host's choices are not always the same. */
static void let_all_run(void)
{
    uint32_t before[VPS];

    for (unsigned cpu = 1; cpu < VPS; cpu++)
        before[cpu] = load(&turns[cpu]);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        for (uint32_t i = 0; i < PATIENCE && load(&turns[cpu]) == before[cpu]; i++)
            __asm__ volatile("pause");
}

/* One of the others that KVM says does not run, not the last one if there is a choice; or 0. */
static unsigned find_preempted(void)
{
    static uint32_t turn;

    for (uint32_t i = 0; i < PATIENCE / 10; i++) {
        const unsigned cpu = 1 + ++turn % (VPS - 1);

        if (pv_steal_preempted(pv_freestanding_vp(cpu)))
            return cpu;
    }
    return 0;
}

/* Find one, yield to it or not, and see whether it runs at once. */
static bool try_yield(bool yields, struct yielding *tally)
{
    unsigned cpu;
    uint32_t before;

    let_all_run();
    cpu = find_preempted();
    before = load(&turns[cpu]);
    tally->found += cpu != 0;
    if (yields)
        tally->yielded +=
            pv_kvm_yield_to(pv_freestanding_vp(0), pv_freestanding_vp(cpu)->hw_id) == PV_OK;
    for (uint32_t i = 0; i < AT_ONCE; i++)
        __asm__ volatile("pause");
    return load(&turns[cpu]) != before;
}

void check_kvm_yield(void)
{
    struct yielding tally = { 0, 0 };
    struct pv_vp *vp = pv_freestanding_vp(0);
    const struct pv_hw_id absent = { 250 };
    uint32_t ran = 0;
    uint32_t ran_anyway = 0;

    store(&leave, 0);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        crew_begin(cpu, keep_busy);
    for (uint32_t i = 0; i < TRIES; i++) {
        ran += try_yield(true, &tally);
        ran_anyway += try_yield(false, &tally);
    }
    store(&leave, 1);
    for (unsigned cpu = 1; cpu < VPS; cpu++)
        if (!crew_finish(cpu))
            tap_done();
    tap_equal(tally.found, 2 * TRIES, "VPs are seen that do not run");
    tap_equal(tally.yielded, TRIES, "half of them are yielded to");
    tap_note("of those that many run at once:", ran);
    tap_note("of the others:", ran_anyway);
    tap_ok(ran > ran_anyway, "that is what lets them run");
    tap_equal(pv_kvm_yield_to(vp, vp->hw_id), PV_OK, "yielding to oneself does no harm");
    tap_equal(pv_kvm_yield_to(vp, absent), PV_OK, "nor to nobody");
}

void check_kvm_without_hv(void)
{
    const struct pv_hv_flush request = { .scope = PV_HV_SCOPE_EVERYTHING };
    struct pv_vp *vp = pv_freestanding_vp(0);
    const struct pv_vp_index self = { 0 };
    struct pv_vp_set set;

    pv_vp_set_clear(&set);
    tap_equal(pv_vp_set_add(&set, self), PV_OK, "a set");
    tap_equal(pv_hv_flush(vp, &request, &set, NULL), PV_BAD_STATE, "no flush by Hyper-V's call");
    tap_equal(pv_hv_ipi_send(vp, VECTOR_CHECKS, &set, NULL), PV_BAD_STATE, "nor an interrupt");
}
