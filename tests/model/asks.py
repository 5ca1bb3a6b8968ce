# SPDX-License-Identifier: MIT
"""What a guest asks of KVM, and must not ask in vain: a TLB flush that is left to the host
(libpv/kvm/flush.c), and to be woken (libpv/spin/spin.c). Steps, outcomes and verdicts as in
areas.py. KVM has these calls on x86 only. What host and VP do on one processor is one thread.
"""

from cases import Protocol

PREEMPTED, FLUSH = 1, 2


# ---- pv_kvm_flush_defer ----

def ask(cpu):
    """The exchange of the mark: (done, what was there)."""
    seen = cpu.load('mark')
    cpu.require(seen & PREEMPTED)   # else it is the interrupt that flushes
    if not cpu.has('exchange although it was asked for') and seen & FLUSH:
        return True
    if cpu.has('load and store in one'):
        return cpu.exchange('mark', seen, seen | FLUSH)[0]
    cpu.store('mark', seen | FLUSH)
    return True


def defer(cpu):
    epoch = cpu.load('epoch', acquire=True)
    cpu.require(epoch % 2 == 1)
    asked = ask(cpu)
    return asked, asked and (not cpu.has('epoch looked at again') or cpu.load('epoch') == epoch)


def change_tables(cpu):
    if cpu.has('page tables before the flush'):
        cpu.store('tables', 1)
    asked, deferred = defer(cpu)
    if not cpu.has('page tables before the flush'):
        cpu.store('tables', 1)
    return asked, deferred


def enter(cpu):
    """The host's exchange; then the VP walks the page tables, if the host has flushed. If not, it
    may have an old entry left."""
    mark = cpu.choose((PREEMPTED, PREEMPTED | FLUSH))
    done, _ = cpu.raw_exchange('mark', mark, 0)
    cpu.require(done)
    return cpu.load('tables') if mark & FLUSH else 0


def deferred(given):
    return given[0][1]


def flushes():
    init = {'tables': 0, 'mark': PREEMPTED, 'epoch': 1}
    stale = lambda given: deferred(given) and given[1] == 0
    fresh = lambda given: deferred(given) and given[1] == 1
    yield Protocol('flush left to KVM: not done, or too early', init, (change_tables, enter),
                   stale, fresh, 'N--',
                   {'load and store in one': 'F--', 'page tables before the flush': 'F--',
                    # Nobody else has asked, and the area stays.
                    'exchange although it was asked for': 'N--', 'epoch looked at again': 'N--'})
    yield Protocol('flush left to KVM, which somebody has asked already: too early',
                   {**init, 'mark': PREEMPTED | FLUSH}, (change_tables, enter), stale, fresh, 'N--',
                   {'exchange although it was asked for': 'F--',
                    'page tables before the flush': 'F--'})


def withdraw(cpu):
    """pv_steal_retract_(), then the MSR write, in the middle of which an older KVM marks the VP. It
    does not look at the mark any more. In the end there is an area again."""
    cpu.store('epoch', 2)
    cpu.store('mark', PREEMPTED)
    if cpu.choose((False, True)):
        cpu.store('mark', 0)
        cpu.store('epoch', 3 if cpu.has('another epoch') else 1)


def withdrawn():
    return Protocol('flush left to a KVM that does not look any more',
                    {'tables': 0, 'mark': 0, 'epoch': 1}, (change_tables, withdraw),
                    deferred, lambda given: given[0] == (True, False), 'N--',
                    {'epoch looked at again': 'F--', 'another epoch': 'F--',
                     # The loads of mark and epoch are in order on their own.
                     'load and store in one': 'N--'})


# ---- pv_spin_round and pv_spin_kick ----

def release(cpu):
    if cpu.has('word before the kick'):
        cpu.store('word', 1)
    cpu.store('kick', 1)    # KVM's, of the VP to be woken
    if not cpu.has('word before the kick'):
        cpu.store('word', 1)


def halt(cpu):
    """False: the VP sleeps, until somebody kicks it."""
    if not cpu.has('kick kept for the next halt'):
        cpu.store('kick', 0)
    return cpu.raw_exchange('kick', 1, 0)[0]


def interrupted(cpu):
    """By a handler that halts, and may be woken by the kick."""
    if cpu.choose((False, True)):
        cpu.require(halt(cpu))


def wait(cpu):
    """Three rounds, which is one more than the kick can end."""
    woken = 0
    for turn in range(3):
        interrupted(cpu)
        if cpu.has('look before each halt') or turn == 0:
            if cpu.load('word') == 1:
                return 'awake', woken
        if not cpu.has('IRQs off'):
            interrupted(cpu)
        if not halt(cpu):
            return 'asleep', woken
        woken += 1
    return cpu.require(False)


def wake_ups():
    """Who is asleep is asleep for good if no kick is there in the end."""
    return Protocol('wake-up lost', {'word': 0, 'kick': 0}, (release, wait),
                    lambda given: given[1][0] == 'asleep',
                    lambda given: given[1] == ('awake', 1), 'N--',
                    {'word before the kick': 'F--', 'kick kept for the next halt': 'F--',
                     'IRQs off': 'F--', 'look before each halt': 'F--'},
                    at_end=lambda memory: memory['kick'] == 0)


PROTOCOLS = (*flushes(), withdrawn(), wake_ups())
