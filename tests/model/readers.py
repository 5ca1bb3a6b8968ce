# SPDX-License-Identifier: MIT
"""Readers on several CPUs, and a VP whose area changes under them (libpv/monotone,
libpv/steal/read.c, libpv/clock/read.c): steps, outcomes and verdicts as in areas.py.

Each reader is a path that ends: tries that met an update left nothing behind. What pv_steal_ns
loads at a glance before it turns to read_again() only adds order, so that is left out there.
"""

from cases import Protocol

WRAP, JUMP_MAX = 1 << 16, 1 << 12      # instead of 2^64 and 2^55
FAULT = -1       # a null pointer followed


# ---- libpv/monotone ----

def last_and_offset(cpu):
    """pv_monotone_before_()"""
    return cpu.load('last'), cpu.load('offset')


def raise_to(cpu, location, seen, value):
    """pv_monotone_raise_(), when two tries do."""
    for _ in range(2):
        if (value - seen - 1) % WRAP >= JUMP_MAX:
            return seen
        done, seen = cpu.exchange(location, seen, value)
        if done:
            return value
    return cpu.require(False)


def next_value(cpu, last, offset, host):
    """pv_monotone_next_() with pv_monotone_rebase_()"""
    value = (host + offset) % WRAP
    if (value - last) % WRAP <= JUMP_MAX:
        return raise_to(cpu, 'last', last, value)
    cpu.exchange('offset', offset, (last - host) % WRAP)
    return cpu.load('last')


# ---- pv_steal_ns ----

def steal_value(cpu, sequence):
    """read_value(): a pointer decides what is loaded, so that is what an address depends on."""
    word = f'word {sequence}'
    before = cpu.load(word, via=sequence)
    cpu.read_barrier('read_value, before the value')
    pointer = cpu.load('value pointer')
    if pointer == 0:
        return FAULT
    value = cpu.load(f'value {pointer}', via=pointer)
    cpu.read_barrier('read_value, after the value')
    cpu.require(before % 2 == 0 and cpu.load(word, via=sequence) == before)
    return value


def glance(cpu):
    pointer = cpu.load('glance pointer')
    last, offset = last_and_offset(cpu)
    cpu.require(pointer != 0)
    cpu.require((cpu.load(f'value {pointer}', via=pointer) + offset) % WRAP == last)
    return last


def read_again(cpu):
    sequence = cpu.load_acquire('sequence pointer', 'acquire of read_again')
    last, offset = last_and_offset(cpu)
    if sequence == 0:
        return cpu.load('last')
    cpu.read_barrier('read_again')
    value = steal_value(cpu, sequence)
    if value == FAULT:
        return FAULT
    same_area(cpu, sequence, offset)
    return next_value(cpu, last, offset, value)


def same_area(cpu, sequence, offset):
    cpu.require(cpu.load('sequence pointer') == sequence and cpu.load('offset') == offset)


def steal_ns(cpu):
    return cpu.choose((glance, read_again))(cpu)


def area_in_use(number, value):
    return {'glance pointer': number, 'sequence pointer': number, 'value pointer': number,
            f'word {number}': 2, f'value {number}': value}


# ---- one reader after another, while the host's value runs backwards ----

def first_reader(cpu):
    result = steal_ns(cpu)
    cpu.store('flag', 1, release=True)
    return result


def second_reader(cpu):
    told = cpu.load('flag', acquire=True) == 1
    return told, steal_ns(cpu)


def less_than_told(given):
    _, first, (told, second) = given
    return told and second < first


def backwards():
    """100, then 10: 100 is the most that anybody may be given; the new offset with the old value
    would be 190. The barrier of read_again() stands before one of read_value() that does the same,
    so only both can be missed. That the new offset depends on the host's value is order enough for
    the exchanges, of which gcc 12 leaves out the release on riscv64 (SC.AQ, not SC.RL)."""
    def host(cpu):
        cpu.store('value 1', 10)

    init = {**area_in_use(1, 100), 'last': 100, 'offset': 0, 'flag': 0}
    return Protocol('steal, host runs backwards: too much, or less than another was given', init,
                    (host, first_reader, second_reader),
                    lambda given: max(given[1], given[2][1]) > 100 or less_than_told(given),
                    lambda given: given[1:] == [100, (True, 100)], 'NNN',
                    {'read_again': 'NNN', 'read_value, before the value': 'NNN',
                     ('read_again', 'read_value, before the value'): 'NFF',
                     'order of the exchanges': 'NNN'})


# ---- pv_steal_publish_ and pv_steal_retract_ ----

def publish(cpu):
    """Of area 2, where the host has 40 from before, with 7 as the last value."""
    cpu.store('value pointer', 2)
    cpu.store_release('offset', (7 - 40) % WRAP, 'release of the offset')
    cpu.store_release('sequence pointer', 2, 'release of the sequence pointer')
    cpu.store_release('glance pointer', 2, 'release of the glance pointer')


def republish(cpu):
    """What pv_steal_retract_() and pv_steal_publish_() store."""
    cpu.store('glance pointer', 0)
    cpu.store('sequence pointer', 0)
    cpu.release_fence('fence of the retreat')
    publish(cpu)


def published_first():
    """A glance may combine pointer, last and offset of any age, but gives nothing except a `last`
    that it loaded. read_again() sees the value's pointer with the sequence's by its acquire, or by
    a barrier of read_value(): only both can be missed."""
    init = {'glance pointer': 0, 'sequence pointer': 0, 'value pointer': 0, 'word 2': 2, 'value 2': 40,
            'last': 7, 'offset': 0}
    return Protocol('steal, published: a pointer not there yet, or time before it', init,
                    (publish, steal_ns), lambda given: given[1] != 7,
                    lambda given: given[1] == 7, 'NNN',
                    {'release of the sequence pointer': 'NFF',
                     # same_area() finds an offset of before, too.
                     'release of the glance pointer': 'NNN',
                     'acquire of read_again': 'NNN',
                     'read_value, before the value': 'NNN',
                     ('acquire of read_again', 'read_again', 'read_value, before the value'): 'NFF',
                     # The release of the sequence's pointer, which comes later, does as well.
                     'release of the offset': 'NNN', 'read_again': 'NNN'})


def republished():
    init = {**area_in_use(1, 7), 'word 2': 2, 'value 2': 40, 'last': 7, 'offset': 0, 'flag': 0}
    return Protocol('steal, published anew under readers: a fault, or less than another was given',
                    init, (republish, first_reader, second_reader),
                    lambda given: min(given[1], given[2][1]) < 7 or less_than_told(given),
                    lambda given: given[1:] == [7, (True, 7)], 'NNN', {'fence of the retreat': 'NNN'})


def jumping():
    """40, the new area's value, with the offset of the old one, 0: nobody stole that."""
    init = {**area_in_use(1, 7), 'word 2': 2, 'value 2': 40, 'last': 7, 'offset': 0}
    return Protocol('steal, published anew under a reader: a jump that nobody made', init,
                    (republish, steal_ns), lambda given: given[1] > 7,
                    lambda given: given[1] == 7, 'NNN', {'fence of the retreat': 'NFF', 'read_value, after the value': 'NFF'})


# ---- the clock from the processor's counter, on two CPUs ----

def counting(cpu):
    cpu.store('tsc', 1)
    cpu.store('tsc', 2)


def tell_time(cpu):
    time = cpu.counter('tsc')
    cpu.store('flag', time, release=True)
    return time


def read_later(branches):
    def reader(cpu):
        told = cpu.load('flag', acquire=True)
        cpu.require(told != 0)
        if branches:
            cpu.branch(told)
        cpu.read_barrier('of the attempt')
        return cpu.counter('tsc')
    return reader


def counters():
    """Nothing but the counter's own fences keeps it behind what the caller was told; what comes
    after it matters only where a sequence is looked at again. On AArch64 it takes ISB behind a
    branch: the architecture does not say that DMB keeps the reading of a system register."""
    init, earlier = {'tsc': 0, 'flag': 0}, lambda given: given[2] < given[1]
    later = lambda given: given[1:] == [1, 2]
    yield Protocol('counter: earlier than a time the caller was told', init,
                   (counting, tell_time, read_later(True)), earlier, later, 'NNN',
                   {'before the counter': 'FFF', 'after the counter': 'NNN',
                    'of the attempt': 'NNN'})
    yield Protocol('counter: earlier than a time that no branch was taken on', init,
                   (counting, tell_time, read_later(False)), earlier, later, 'NFN', {})


def disagreeing():
    """VPs whose clocks disagree go by `exact`, and the one that was told of it finds it there."""
    def first(cpu):
        given = raise_to(cpu, 'exact', cpu.load('exact'), 7)
        cpu.store('flag', 1, release=True)
        return given

    def second(cpu):
        cpu.require(cpu.load('flag', acquire=True) == 1)
        return raise_to(cpu, 'exact', cpu.load('exact'), 5)

    return Protocol('clocks that disagree: less than another VP was given', {'exact': 0, 'flag': 0},
                    (first, second), lambda given: given[1] < given[0],
                    lambda given: given == [7, 7], 'NNN', {'order of the exchanges': 'NNN'})


PROTOCOLS = (backwards(), published_first(), republished(), jumping(), *counters(), disagreeing())
