# SPDX-License-Identifier: MIT
"""What the architectures promise: SC, x86-TSO, AArch64 and RVWMO as orders between accesses.

x86-TSO: Owens, Sarkar and Sewell 2009; Intel SDM volume 3, "Memory Ordering". AArch64: Arm ARM
B2.3 and herd's aarch64.cat. RVWMO: RISC-V unprivileged ISA, chapter "RVWMO", its thirteen rules.
Left out is what no program here does: mixed sizes, instruction fetch, page tables.

Each model gives the pairs that must be seen in program order: local() those that the thread alone
decides, by_reading() those that depend on where its loads read from. An execution is possible if
these, with reads-from, coherence and from-reads between threads, form no cycle; what holds for
all models (coherence, atomic read-modify-write) is in executions.py.

A counter is no memory. The event I reads a location that hardware or host stores to, and is
ordered only by what the manuals say of it: LFENCE (Intel SDM, RDTSC), a FENCE with I in its sets
(RISC-V Zicsr, "CSR Access Ordering"), ISB, before it only where an earlier load decides a branch
in front of that (Arm ARM D11 says no more than "speculatively and out of order").
"""

# What of before is kept before what of after.
FENCES = {
    'mfence': ('RW', 'RW'), 'lfence': ('RI', 'RWI'),
    'dmb ish': ('RW', 'RW'), 'dmb ishld': ('R', 'RW'), 'dmb ishst': ('W', 'W'), 'isb': ('I', 'RWI'),
    'fence rw,rw': ('RW', 'RW'), 'fence r,r': ('R', 'R'), 'fence w,w': ('W', 'W'),
    'fence r,rw': ('R', 'RW'), 'fence rw,w': ('RW', 'W'),
    'fence r,i': ('R', 'I'), 'fence i,r': ('I', 'R'),
}


def pairs_in_order(events, kinds='RW'):
    for b, after in enumerate(events):
        if after.kind in kinds:
            yield from ((a, b) for a in range(b) if events[a].kind in kinds)


def same_place(a, b):
    return not a.values.keys().isdisjoint(b.values)


def fenced(events):
    order = set()
    for f, fence in enumerate(events):
        if fence.kind == 'F':
            before, after = FENCES[fence.fence]
            order |= {(a, b) for a in range(f) if events[a].kind in before
                      for b in range(f + 1, len(events)) if events[b].kind in after}
    return order


def dependencies(events):
    """To stores a branch is enough; to loads it takes an address. A counter's value is only ready
    when it has been read, so these hold for it too."""
    order = set()
    for b, after in enumerate(events):
        before = set(after.addr | after.data)
        if after.kind == 'W':
            before |= after.ctrl
            # The address of an access in between must be known, lest it be the same place.
            before |= {a for m in range(b) if events[m].kind in 'RW' for a in events[m].addr}
        order |= {(a, b) for a in before if after.kind in 'RWI'}
    return order


def orders_own_location(events):
    return {(a, b) for a, b in pairs_in_order(events)
            if events[b].kind == 'W' and same_place(events[a], events[b])}


def own(source):
    """Loads that read from a store of their own thread; `source`: load: (own thread?, store)."""
    return ((store, load) for load, (here, store) in source.items() if here)


class SC:
    name, acquire_fence, release_fence = 'SC', None, None

    @staticmethod
    def local(events):
        return set(pairs_in_order(events, 'RWI'))

    @staticmethod
    def by_reading(_events, _source):
        return set()


class TSO:
    """Stores wait in a buffer: only a load may overtake, and only stores. LOCK empties it."""

    name, acquire_fence, release_fence = 'x86-TSO', None, None

    @staticmethod
    def local(events):
        order = fenced(events) | dependencies(events)
        for a, b in pairs_in_order(events):
            overtaken = events[a].kind == 'W' and events[b].kind == 'R'
            locked = any(e.locked and e.kind == 'W' for e in events[a:b]) or (
                events[b].locked and any(e.rmw == b for e in events))
            if not overtaken or locked:
                order.add((a, b))
        return order

    @staticmethod
    def by_reading(_events, _source):
        return set()


class AArch64:
    name, acquire_fence, release_fence = 'AArch64', None, None

    @staticmethod
    def local(events):
        order = fenced(events) | dependencies(events) | orders_own_location(events)
        for a, b in pairs_in_order(events):
            first, then = events[a], events[b]
            if first.acquire or then.release or then.rmw == a or (first.release and then.acquire):
                order.add((a, b))
        for f, fence in enumerate(events):
            if fence.fence == 'isb':
                decided = fence.ctrl | {a for e in events[:f] for a in e.addr}
                order |= {(a, b) for a in decided for b in range(f + 1, len(events))
                          if events[b].kind in 'RI'}
        return order

    @staticmethod
    def by_reading(events, source):
        order = set()
        for w, r in own(source):
            order |= {(a, r) for a in events[w].addr | events[w].data}
            if events[w].rmw is not None and events[r].acquire:
                order.add((w, r))
        return order


class RVWMO:
    """Compilers have loads with acquire and stores with release by fences here; LR and SC have
    bits of their own."""

    name, acquire_fence, release_fence = 'RVWMO', 'fence r,rw', 'fence rw,w'

    @staticmethod
    def local(events):
        order = fenced(events) | dependencies(events) | orders_own_location(events)
        for a, b in pairs_in_order(events):
            first, then = events[a], events[b]
            if first.acquire or then.release or then.rmw == a:
                order.add((a, b))
            if (first.acquire or first.release) and (then.acquire or then.release):
                order.add((a, b))
        return order

    @staticmethod
    def by_reading(events, source):
        order = set()
        for w, r in own(source):
            order |= {(a, r) for a in events[w].addr | events[w].data}
            if events[w].rmw is not None:
                order.add((w, r))
        # Two loads of one place with no store of the thread between them, unless they read the
        # same store: then they give one value and none can tell.
        for a, b in pairs_in_order(events):
            if events[a].kind == events[b].kind == 'R' and same_place(events[a], events[b]):
                between = any(e.kind == 'W' and same_place(e, events[b]) for e in events[a:b])
                if not between and source[a] != source[b]:
                    order.add((a, b))
        return order


MODELS = (TSO, AArch64, RVWMO)
