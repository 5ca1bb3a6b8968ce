/* SPDX-License-Identifier: MIT */
/*
 * KVM marks a VP that it takes off its processor as preempted, and exchanges the mark with 0 before
 * it lets it run again. What it gets tells it whether somebody wants a flush. So an exchange that
 * finds the mark comes before KVM's, and the VP then finds what the page tables held by that time.
 * tests/model/asks.py goes through all interleavings.
 */
#include "kvm/kvm_internal.h"

/* The mark is a byte. Some machines exchange no less than a word; nobody uses the rest of it. */
#define BYTE_SHIFT (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 24)
#define PREEMPTED (PV_KVM_PREEMPTED << BYTE_SHIFT)
#define FLUSH (PV_KVM_FLUSH_ON_ENTRY << BYTE_SHIFT)

PV_STATIC_ASSERT(offsetof(struct pv_kvm_steal_time, preempted) % 4 == 0, "first byte of a word");

/*
 * Where a flush is asked for already, the exchange is made all the same: it is what has the
 * changed page tables out before the host looks.
 *
 * The area may be withdrawn meanwhile. It may then say "preempted" for good (an older KVM marks a
 * VP also in the middle of that MSR write), although the host does not look at it any more. But an
 * exchange of that mark comes after the withdrawal, so that another epoch is found behind it.
 */
bool pv_kvm_flush_defer(struct pv_vp *target)
{
    uint8_t *mark = target->steal.area + offsetof(struct pv_kvm_steal_time, preempted);
    uint32_t *word = (uint32_t *)(void *)mark;
    const uint32_t epoch = __atomic_load_n(&target->steal.flush_epoch, __ATOMIC_ACQUIRE);
    uint32_t seen;
    bool asked;

    if ((epoch & 1) == 0)
        return false;
    seen = __atomic_load_n(word, __ATOMIC_RELAXED);
    if ((seen & PREEMPTED) == 0)
        return false;
    asked = __atomic_compare_exchange_n(word, &seen, seen | FLUSH, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED);
    return asked & (__atomic_load_n(&target->steal.flush_epoch, __ATOMIC_SEQ_CST) == epoch);
}
