# SPDX-License-Identifier: MIT
"""Executions: a path of each thread, what each load reads from, in what order stores take effect.

find() looks for one that the model allows and that is wanted, by the results of the threads and
what memory holds in the end; None means that there is none.
"""

import itertools

from axioms import same_place
from threads import Event, all_paths


def acyclic(order):
    after = {}
    for a, b in order:
        after.setdefault(a, []).append(b)
    state = {}

    def visit(a):
        state[a] = 'open'
        for b in after.get(a, ()):
            if state.get(b) == 'open' or (b not in state and not visit(b)):
                return False
        state[a] = 'done'
        return True

    return all(a in state or visit(a) for a in after)


def subsets(items):
    return (frozenset(some) for size in range(len(items) + 1)
            for some in itertools.combinations(items, size))


class Program:
    def __init__(self, model, init, functions):
        self.model, self.init = model, init
        self.threads = all_paths(model, init, functions)
        self.local = {}

    def local_order(self, path):
        if id(path) not in self.local:
            self.local[id(path)] = self.model.local(path.events)
        return self.local[id(path)]

    def combinations(self):
        """Paths that can go together: what is loaded is stored. Of the last thread only those are
        looked up that need what the others store."""
        first = frozenset(self.init.items())
        by_need = {}
        for path in self.threads[-1]:
            by_need.setdefault(path.needs - first, []).append(path)
        for others in itertools.product(*self.threads[:-1]):
            stored = set().union(*(path.stores for path in others))
            for need in subsets(stored - first):
                for path in by_need.get(need, ()):
                    available = stored | path.stores | first
                    if all(other.needs <= available for other in others):
                        yield (*others, path)


class Combination:
    """The events of a path of each thread, numbered through; 0 stores all the first values."""

    def __init__(self, program, paths):
        self.program, self.paths = program, paths
        self.events, self.thread, self.base = [Event('W', dict(program.init))], [-1], []
        for number, path in enumerate(paths):
            self.base.append(len(self.events))
            self.events += path.events
            self.thread += [number] * len(path.events)
        self.reads = [n for n, e in enumerate(self.events) if e.kind in 'RI']
        self.local = {(a + base, b + base) for path, base in zip(paths, self.base)
                      for a, b in program.local_order(path)}

    def sources(self):
        """For each load a store of its value: every way."""
        options = []
        for read in self.reads:
            (at, value), = self.events[read].values.items()
            options.append([n for n, e in enumerate(self.events)
                            if e.kind == 'W' and e.values.get(at) == value])
        for chosen in itertools.product(*options):
            yield dict(zip(self.reads, chosen))

    def coherence(self):
        """For each location an order of its stores that each thread's own order agrees with."""
        orders = []
        for at in self.program.init:
            stores = [n for n, e in enumerate(self.events) if e.kind == 'W' and at in e.values]
            orders.append([order for order in itertools.permutations(stores[1:])
                           if all(self.thread[a] != self.thread[b] or a < b
                                  for a, b in itertools.combinations(order, 2))])
        for chosen in itertools.product(*orders):
            yield {at: (0, *order) for at, order in zip(self.program.init, chosen)}

    def by_reading(self, source):
        order = set()
        for number, (path, base) in enumerate(zip(self.paths, self.base)):
            mine = {r - base: (self.thread[w] == number, w - base)
                    for r, w in source.items() if self.thread[r] == number}
            order |= {(a + base, b + base)
                      for a, b in self.program.model.by_reading(path.events, mine)}
        return order

    def allowed(self, source, coherence):
        rf = {(w, r) for r, w in source.items()}
        co = {pair for order in coherence.values() for pair in itertools.combinations(order, 2)}
        fr = {(r, w) for r, s in source.items() for w in self.overwrites(r, s, coherence)}
        return (self.atomic(source, co) and acyclic(self.in_place() | rf | co | fr) and
                acyclic(self.local | self.by_reading(source) |
                        {(a, b) for a, b in rf | co | fr if self.thread[a] != self.thread[b]}))

    def overwrites(self, read, source, coherence):
        (at, _), = self.events[read].values.items()
        order = coherence[at]
        return order[order.index(source) + 1:]

    def atomic(self, source, co):
        for n, event in enumerate(self.events):
            if event.rmw is None:
                continue
            first = source[self.base[self.thread[n]] + event.rmw]
            (at,) = event.values
            if any((first, m) in co and (m, n) in co and at in self.events[m].values
                   for m in range(len(self.events))):
                return False
        return True

    def in_place(self):
        """Accesses of a thread to one location keep their order. A counter is no location."""
        return {(a, b) for a, b in itertools.combinations(range(1, len(self.events)), 2)
                if self.thread[a] == self.thread[b] and same_place(self.events[a], self.events[b])
                and 'I' not in (self.events[a].kind, self.events[b].kind)}


def find(model, init, functions, wanted):
    """`wanted(results, memory)`, where memory is None as long as only the results are known."""
    program = Program(model, init, functions)
    for paths in program.combinations():
        results = [path.result for path in paths]
        if not wanted(results, None):
            continue
        combination = Combination(program, paths)
        for coherence in combination.coherence():
            memory = {at: combination.events[order[-1]].values[at]
                      for at, order in coherence.items()}
            if not wanted(results, memory):
                continue
            for source in combination.sources():
                if combination.allowed(source, coherence):
                    return combination, source
    return None


def describe(found):
    """What the threads of an execution saw and did, one line each."""
    combination, _ = found
    for number, path in enumerate(combination.paths):
        steps = [event.fence or event.kind + ','.join(f' {at}={value}'
                 for at, value in event.values.items()) for event in path.events]
        yield f'thread {number}: ' + '; '.join(steps) + f' -> {path.result}'
