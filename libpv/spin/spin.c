/* SPDX-License-Identifier: MIT */
/* Spin, and in between ask the host for help. */
#include "kvm/kvm_internal.h"
#include "pv_port.h"

#include <pv/config.h>
#include <pv/hv/ipi.h>
#include <pv/spin.h>

/* Hyper-V decides how often; elsewhere libpv does. A notice travels in registers only. */
static bool wants_notices(const struct pv_guest *guest)
{
    return guest->hv.fast_entry != 0 && guest->detect.hyperv.spin_retries != PV_HV_SPIN_OFF;
}

uint32_t pv_spin_ways(const struct pv_guest *guest)
{
    uint32_t ways = 0;

    if (wants_notices(guest))
        ways |= PV_SPIN_NOTIFY;
    if (pv_kvm_advises_(guest, PV_KVM_FEATURE_PV_SCHED_YIELD))
        ways |= PV_SPIN_YIELD;
    if (pv_kvm_advises_(guest, PV_KVM_FEATURE_PV_UNHALT))
        ways |= PV_SPIN_HALT;
    return ways;
}

static void notify(struct pv_vp *vp, uint64_t rounds)
{
    const enum pv_status told = pv_hv_spin_notify(vp, rounds);

    (void)told; /* refused, it is a round like any other */
}

/* Of a VP without the hint nothing is known, and KVM itself sees whether it runs. */
static bool is_known_to_run(const struct pv_vp *holder)
{
    return __atomic_load_n(&holder->steal.preempted, __ATOMIC_RELAXED) != NULL &&
           !pv_steal_preempted(holder);
}

static void give_way_to(struct pv_vp *vp, const struct pv_vp *holder)
{
    const enum pv_status yielded = pv_kvm_yield_to(vp, holder->hw_id);

    (void)yielded; /* refused or not offered, it is a round like any other */
}

static bool is_unwanted(const volatile uint32_t *word, uint32_t unwanted)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED) == unwanted;
}

/*
 * Why no wake-up is lost: who changes the word kicks afterwards, and KVM keeps a kick until this VP
 * halts. If the look below still sees the old word, the kick is yet to come or has come since; and
 * nobody on this VP can halt and use it up between the look and HLT, because IRQs are off. (One
 * that comes in the halt ends it.) If a kick was used up before the look, the word had been changed
 * by then, and the look sees it. tests/model/asks.py goes through all interleavings.
 */
static void sleep_while(const volatile uint32_t *word, uint32_t unwanted)
{
    const uintptr_t irq = pv_port_irq_save();

    if (is_unwanted(word, unwanted))
        pv_port_halt(irq);
    pv_port_irq_restore(irq);
}

/* Sleep comes last: it ends the waste for good, but does not bring the holder back. */
static void ask_kvm(struct pv_vp *vp, const struct pv_spin *wait, const volatile uint32_t *word,
                    uint32_t unwanted)
{
    if (wait->holder != NULL && !is_known_to_run(wait->holder))
        give_way_to(vp, wait->holder);
    if (wait->kicked && pv_kvm_advises_(vp->guest, PV_KVM_FEATURE_PV_UNHALT))
        sleep_while(word, unwanted);
}

void pv_spin_round(struct pv_vp *vp, struct pv_spin *wait, const volatile uint32_t *word,
                   uint32_t unwanted)
{
    const struct pv_guest *guest = vp->guest;
    const bool notices = guest != NULL && wants_notices(guest);
    const uint32_t most = notices ? guest->detect.hyperv.spin_retries : PV_CONFIG_SPIN_ROUNDS;

    pv_port_relax();
    wait->rounds++;
    wait->alone++;
    if (guest == NULL || wait->alone < most || !is_unwanted(word, unwanted))
        return;
    wait->alone = 0;
    if (notices)
        notify(vp, wait->rounds);
    else
        ask_kvm(vp, wait, word, unwanted);
}

enum pv_status pv_spin_kick(struct pv_vp *vp, const struct pv_vp *waiter)
{
    return pv_kvm_kick(vp, waiter->hw_id);
}
