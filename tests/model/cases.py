# SPDX-License-Identifier: MIT
"""A protocol, what must not come of it, and the same with a fence left out.

A fence is called by where it stands. Verdicts are those of x86-TSO, AArch64 and RVWMO: N the bad
outcome is never seen, F it is found, - the machine has no such interface.
"""

from axioms import MODELS
from executions import describe, find

READ_BARRIER = {'AArch64': 'dmb ishld', 'RVWMO': 'fence r,r'}       # pv_port_read_barrier
WRITE_BARRIER = {'AArch64': 'dmb ishst', 'RVWMO': 'fence w,w'}      # the host's
RELEASE_FENCE = {'AArch64': 'dmb ish', 'RVWMO': 'fence rw,w'}         # __atomic_thread_fence
COUNTER_BEFORE = {'x86-TSO': ('lfence',), 'AArch64': ('dmb ishld', 'isb'), 'RVWMO': ('fence r,i',)}
COUNTER_AFTER = {'x86-TSO': ('lfence',), 'AArch64': ('isb',), 'RVWMO': ('fence i,r',)}


class Cpu:
    """A thread with the fences of the library's ports, but for those left out."""

    def __init__(self, thread, left_out, seen):
        self.model, self.left_out, self.seen = thread.model.name, left_out, seen
        self.fence, self.load, self.store = thread.fence, thread.load, thread.store
        self.store_at_once, self.raw_exchange = thread.store_at_once, thread.exchange
        self.branch, self.require, self.choose = thread.branch, thread.require, thread.choose
        self.raw_counter = thread.counter

    def has(self, where):
        self.seen.add(where)
        return where not in self.left_out

    def read_barrier(self, where):
        if self.has(where):
            self.fence(READ_BARRIER.get(self.model))

    def write_barrier(self, where):
        if self.has(where):
            self.fence(WRITE_BARRIER.get(self.model))

    def release_fence(self, where):
        if self.has(where):
            self.fence(RELEASE_FENCE.get(self.model))

    def counter(self, location):
        """pv_port_counter()"""
        for fence in COUNTER_BEFORE[self.model]:
            if self.has('before the counter') and self.has(f'{fence} before the counter'):
                self.fence(fence)
        value = self.raw_counter(location)
        for fence in COUNTER_AFTER[self.model]:
            if self.has('after the counter'):
                self.fence(fence)
        return value

    def exchange(self, location, expected, new):
        ordered = self.has('order of the exchanges')
        return self.raw_exchange(location, expected, new, acquire=ordered, release=ordered)

    def load_acquire(self, location, where):
        return self.load(location, acquire=self.has(where))

    def store_release(self, location, value, where):
        self.store(location, value, release=self.has(where))


class Protocol:
    def __init__(self, name, init, threads, bad, good, verdicts, left_out, at_end=None):
        self.name, self.init, self.threads = name, init, threads
        self.bad, self.good = bad, good     # of the list of what the threads returned
        self.verdicts, self.left_out = verdicts, left_out
        self.at_end = at_end    # what memory holds then, for it to be bad


def search(protocol, model, wanted, left_out, seen, at_end=None):
    functions = [lambda thread, step=step: step(Cpu(thread, left_out, seen))
                 for step in protocol.threads]
    return find(model, protocol.init, functions, lambda results, memory: wanted(results) and (
        memory is None or at_end is None or at_end(memory)))


def judge(protocol, model, verdict, left_out=()):
    """(text, holds, notes). A fence left out must be one that is there."""
    seen = set()
    found = search(protocol, model, protocol.bad, left_out, seen, protocol.at_end)
    without = ' without ' + ' and '.join(left_out) if left_out else ''
    word = 'found' if verdict == 'F' else 'never'
    holds = (found is not None) == (verdict == 'F') and set(left_out) <= seen
    return (f'{protocol.name}{without} under {model.name}: {word}', holds,
            describe(found) if found and not holds else [])


def tests_of(protocols):
    for protocol in protocols:
        for model, verdict in zip(MODELS, protocol.verdicts):
            if verdict == '-':
                continue
            yield judge(protocol, model, verdict)
            good = search(protocol, model, protocol.good, (), set())
            yield f'{protocol.name} under {model.name}: the good outcome is found', bool(good), []
            for where, verdicts in protocol.left_out.items():
                left_out = where if isinstance(where, tuple) else (where,)
                yield judge(protocol, model, verdicts[MODELS.index(model)], left_out)
