# SPDX-License-Identifier: MIT
"""Small concurrent programs, and every path through each of their threads.

A thread is a Python function that takes a Thread and calls load, store, exchange, counter, fence
and branch; what it returns is its result. A load may give any value that somebody stores there:
all_paths() tries them all. Which of the paths go together is the business of executions.py.
"""

import operator


class Value(int):
    """A number that remembers the loads it was computed from: address and data dependencies."""

    def __new__(cls, number, sources=frozenset()):
        value = super().__new__(cls, number)
        value.sources = frozenset(sources)
        return value


def sources_of(*values):
    return frozenset().union(*(getattr(value, 'sources', ()) for value in values))


def _lift(name):
    compute = getattr(operator, name)
    forward = lambda a, b: Value(compute(int(a), int(b)), sources_of(a, b))
    setattr(Value, f'__{name.strip("_")}__', forward)
    setattr(Value, f'__r{name.strip("_")}__', lambda a, b: forward(b, a))


for _name in ('add', 'sub', 'mul', 'mod', 'and_', 'or_', 'rshift', 'lshift'):
    _lift(_name)


class Event:
    """R load, W store, I reading of a counter, F fence. Dependencies are indices in the thread."""

    def __init__(self, kind, values=None, fence=None, acquire=False, release=False, rmw=None,
                 locked=False, addr=frozenset(), data=frozenset(), ctrl=frozenset()):
        self.kind, self.fence = kind, fence
        self.values = values or {}      # location: value; a store may cover several at once
        self.acquire, self.release = acquire, release
        self.rmw, self.locked = rmw, locked     # the load that belongs to this store
        self.addr, self.data, self.ctrl = addr, data, ctrl


class Path:
    def __init__(self, events, result):
        self.events, self.result = events, result
        self.writes = [e for e in events if e.kind == 'W']
        self.stores = frozenset(pair for e in self.writes for pair in e.values.items())
        # What it reads, if not from itself.
        self.needs = frozenset(pair for e in events if e.kind in 'RI'
                               for pair in e.values.items()) - self.stores


class Impossible(Exception):
    """An assumption of this path does not hold; it is not looked at."""


class Thread:
    """One path in the making: `picks` says which of its values each load gives."""

    def __init__(self, model, stored, picks):
        self.model, self.stored, self.picks = model, stored, picks
        self.widths, self.events, self.ctrl = [], [], frozenset()

    def choose(self, options):
        turn = len(self.widths)
        self.widths.append(len(options))
        if turn == len(self.picks):
            self.picks.append(0)
        return options[self.picks[turn]]

    def _add(self, kind, values=None, **more):
        self.events.append(Event(kind, values, ctrl=self.ctrl, **more))
        return len(self.events) - 1

    def _read(self, kind, location, **more):
        own = {e.values[location] for e in self.events if e.kind == 'W' and location in e.values}
        value = self.choose(sorted(self.stored[location] | own))
        return Value(value, {self._add(kind, {location: value}, **more)})

    def load(self, location, acquire=False, via=0):
        """`via`: the value that the address was computed from."""
        by_fence = acquire and self.model.acquire_fence
        value = self._read('R', location, acquire=acquire and not by_fence, addr=sources_of(via))
        self.fence(by_fence)
        return value

    def store(self, location, value, release=False, via=0):
        self.store_at_once({location: value}, release, via)

    def store_at_once(self, values, release=False, via=0):
        """One access that covers several locations, as 64 bits cover two halves."""
        by_fence = release and self.model.release_fence
        self.fence(by_fence)
        self._add('W', {at: int(value) for at, value in values.items()},
                  release=release and not by_fence, addr=sources_of(via),
                  data=sources_of(*values.values()))

    def exchange(self, location, expected, new, acquire=True, release=True):
        """Compare and exchange by LR/SC, exclusives or LOCK: (done, what was there)."""
        seen = self._read('R', location, acquire=acquire, locked=True)
        if seen == expected:
            self._add('W', {location: int(new)}, data=sources_of(new), release=release,
                      rmw=len(self.events) - 1, locked=True)
        return seen == expected, seen

    def counter(self, location):
        return self._read('I', location)

    def fence(self, kind):
        if kind:
            self._add('F', fence=kind)

    def branch(self, *values):
        """What follows is done because of these values: a control dependency."""
        self.ctrl |= sources_of(*values)

    def require(self, condition):
        if not condition:
            raise Impossible


def _paths(model, function, stored):
    """Every path through one thread: an odometer over what its loads may give."""
    picks = []
    while picks is not None:
        thread = Thread(model, stored, picks)
        try:
            result = function(thread)
            yield Path(thread.events, result)
        except Impossible:
            pass
        picks = picks[:len(thread.widths)]
        while picks and picks[-1] + 1 == thread.widths[len(picks) - 1]:
            picks.pop()
        picks = picks[:-1] + [picks[-1] + 1] if picks else None


def all_paths(model, init, functions):
    """The paths of each thread, by what the others may have stored. Values arise from values, by at
    most as many steps as there are stores; where a path counts on a store of another path than the
    one that is taken, no execution comes of it."""
    stored = [{location: {value} for location, value in init.items()} for _ in functions]
    steps = 0
    while True:
        paths = [list(_paths(model, *each)) for each in zip(functions, stored)]
        known = sum(len(values) for each in stored for values in each.values())
        for writer, path in ((writer, path) for writer, each in enumerate(paths) for path in each):
            for reader in (reader for reader in range(len(functions)) if reader != writer):
                for location, value in path.stores:
                    stored[reader][location].add(value)
        longest = sum(max((len(path.writes) for path in each), default=0) for each in paths)
        grown = sum(len(values) for each in stored for values in each.values()) > known
        if not grown or steps >= longest:
            return paths
        steps += 1
