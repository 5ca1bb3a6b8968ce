/* SPDX-License-Identifier: MIT */
/*
 * Wait for another VP without burning its time: for the slow path of any spinlock.
 *
 *     struct pv_spin wait = { .holder = vp_of_the_holder };
 *     while (!try_to_take(lock))
 *         pv_spin_round(vp, &wait, &lock->word, TAKEN);
 *
 * A virtual processor that spins may be the reason why the one it waits for does not run. After a
 * number of rounds the host is asked for help, in the way it offers. Knows nothing of the lock but
 * one word, so it suits test-and-set, ticket and queued ones.
 */
#ifndef PV_SPIN_H
#define PV_SPIN_H

#include <pv/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pv_guest;
struct pv_vp;

/* What the host offers to one who waits; a bit each. */
#define PV_SPIN_NOTIFY 0x1u /* Hyper-V: it is told, after as many rounds as it wishes */
#define PV_SPIN_YIELD 0x2u  /* KVM: the holder runs in place of this VP */
#define PV_SPIN_HALT 0x4u   /* KVM: this VP sleeps until it is kicked */

struct pv_spin {
    struct pv_vp *holder; /* who is waited for; NULL if not known */
    bool kicked;          /* who ends the wait calls pv_spin_kick for this VP: it may sleep */
    uint64_t rounds;      /* so far; start with 0 */
    uint32_t alone;       /* of them since the host was last asked; start with 0 */
};

/*
 * What this guest's host offers: PV_SPIN_*; 0 where there is nothing but to spin.
 * Context: after pv_guest_init, any CPU.
 */
uint32_t pv_spin_ways(const struct pv_guest *guest);

/*
 * One round of waiting while *word is `unwanted`: a pause of the CPU, and in every so manieth round
 * (PV_CONFIG_SPIN_ROUNDS, Hyper-V: as the host wishes) the host is asked for help. Hyper-V is told.
 * On KVM the holder gets this VP's place, unless it is known to run (pv_steal_preempted); then, if
 * the word is still the same, this VP sleeps. Returns at any time, so look again and come back.
 * Context: this VP, online or not; any IRQ state. With `kicked` it may sleep, with IRQs as the
 *          caller has them: then an IRQ ends the sleep as well. Not with `kicked` in NMI and
 *          machine check handlers: they would use up the kick of what they interrupted.
 */
void pv_spin_round(struct pv_vp *vp, struct pv_spin *wait, const volatile uint32_t *word,
                   uint32_t unwanted);

/*
 * Wake a VP that may sleep in pv_spin_round, after the word was changed. A kick that comes before
 * the sleep is not lost.
 * @vp:     the caller's.
 * Context: this VP; any IRQ state.
 * Return:  PV_UNSUPPORTED  no VP of this guest sleeps: PV_SPIN_HALT is not in pv_spin_ways
 *          otherwise as pv_kvm_kick: send an interrupt instead, or an NMI if its IRQs are off
 */
PV_MUST_CHECK enum pv_status pv_spin_kick(struct pv_vp *vp, const struct pv_vp *waiter);

#ifdef __cplusplus
}
#endif

#endif
