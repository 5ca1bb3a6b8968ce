# SPDX-License-Identifier: MIT
"""Areas that the host writes while the guest reads: the steps of both, as the sources have them
(libpv/steal/read.c, xen.c, libpv/clock/kvm.c, hyperv.c, wall.c, libpv/area/area.h; of the hosts,
Linux' KVM and Xen), and verdicts, also with each fence left out. Where leaving one out changes
nothing, the comment says what does its work.
"""

from cases import Protocol

# ---- a version that is odd during an update: steal of KVM, SBI and LoongArch; kvmclock; wall ----

FIELDS = ('tsc_timestamp', 'system_time', 'multiplier')


def parity_host(fields, updates=1, hidden=()):
    """`hidden`: what changes with the fields, e.g. the TSC of another machine."""
    def host(cpu):
        for number in range(1, updates + 1):
            cpu.store('version', 2 * number - 1)
            cpu.write_barrier('host, odd before fields')
            for field in (*fields, *hidden):
                cpu.store(field, number)
            cpu.write_barrier('host, fields before even')
            cpu.store('version', 2 * number)
    return host


def parity_reader(fields, counter=None):
    """read_value(), pv_clock_kvm's copy_once(), pv_clock_wall's copy_once()."""
    def reader(cpu):
        before = cpu.load('version')
        cpu.read_barrier('after the version')
        values = [cpu.counter(counter)] if counter else []
        values += [cpu.load(field) for field in fields]
        cpu.read_barrier('before the version again')
        cpu.require(before % 2 == 0 and cpu.load('version') == before)
        return before // 2, values
    return reader


def mixed(results):
    """The values are not those of the version."""
    version, values = results[-1]
    return any(value != version for value in values)


def updated(results):
    version, values = results[-1]
    return version > 0 and not mixed(results)


def parity(name, fields, updates=1):
    return Protocol(name, dict.fromkeys(('version', *fields), 0),
                    (parity_host(fields, updates), parity_reader(fields)), mixed, updated, 'NNN',
                    {'after the version': 'NFF', 'before the version again': 'NFF',
                     'host, odd before fields': 'NFF', 'host, fields before even': 'NFF'})


def kvmclock():
    """With the counter. What orders it orders the fields behind the version too, so that one of
    the read barriers could go; pv_clock_kvm_copy_, which reads no counter, needs both."""
    return Protocol('kvmclock with its counter', dict.fromkeys(('version', 'tsc', *FIELDS), 0),
                    (parity_host(FIELDS, hidden=('tsc',)), parity_reader(FIELDS, 'tsc')),
                    mixed, updated, 'N-N',
                    {'after the version': 'N-N', 'before the version again': 'N-F',
                     'before the counter': 'F-F', 'after the counter': 'F-F',
                     'host, odd before fields': 'N-F', 'host, fields before even': 'N-F'})


# ---- a host without fences: KVM on RISC-V writes sequence, steal, sequence just so ----

def bare_host(cpu):
    for number in (1, 2):
        cpu.store('version', 2 * number - 1)
        cpu.store('steal', number)
        cpu.store('version', 2 * number)


def read_twice(cpu):
    _, (first,) = parity_reader(('steal',))(cpu)
    _, (second,) = parity_reader(('steal',))(cpu)
    return first, second


def hosts_without_fences():
    """Under RVWMO the value may belong to another sequence number than the one around it. As it is
    one access, it still is a value of the host's, and never older than one seen before."""
    init = {'version': 0, 'steal': 0}
    yield Protocol('steal, host without fences: a value of another sequence number', init,
                   (bare_host, parity_reader(('steal',))), mixed, updated, 'NFF', {})
    yield Protocol('steal, host without fences: a value older than one seen before', init,
                   (bare_host, read_twice), lambda results: results[1][1] < results[1][0],
                   lambda results: results[1] == (1, 2), 'NNN', {})


# ---- Hyper-V's page: another sequence for each update, 0 meanwhile ----

def page_host(cpu):
    cpu.store('sequence', 0)
    cpu.write_barrier('host, 0 before fields')
    for field in ('tsc', 'scale', 'offset'):
        cpu.store(field, 1)
    cpu.write_barrier('host, fields before sequence')
    cpu.store('sequence', 6)


def page_reader(with_counter):
    """pv_clock_hv_page_read_(); a sequence of 0 sends it to the MSR."""
    def reader(cpu):
        sequence = cpu.load('sequence')
        cpu.require(sequence != 0)
        cpu.read_barrier('after the sequence')
        values = [cpu.counter('tsc')] if with_counter else []
        values += [cpu.load('scale'), cpu.load('offset')]
        cpu.read_barrier('before the sequence again')
        cpu.require(cpu.load('sequence') == sequence)
        return sequence - 5, values
    return reader


def pages():
    init = {'sequence': 5, 'tsc': 0, 'scale': 0, 'offset': 0}
    yield Protocol('Hyper-V page, fields', init, (page_host, page_reader(False)), mixed, updated,
                   'NNN', {'after the sequence': 'NFF', 'before the sequence again': 'NFF',
                           'host, 0 before fields': 'NFF', 'host, fields before sequence': 'NFF'})
    # As with kvmclock, the counter's fences stand in for the first read barrier.
    yield Protocol('Hyper-V page with its counter', init, (page_host, page_reader(True)), mixed,
                   updated, 'N-N',
                   {'after the sequence': 'N-N', 'before the sequence again': 'N-F',
                    'before the counter': 'F-F', 'after the counter': 'F-F',
                    'host, 0 before fields': 'N-F', 'host, fields before sequence': 'N-F'})


# ---- Xen: bit 63 of the entry time is set during an update ----

UPDATING = 64


def xen_host(cpu):
    cpu.store('entry_time', 0 | UPDATING)
    cpu.write_barrier('host, flag before times')
    for field in ('runnable', 'offline'):
        cpu.store(field, 1)
    cpu.store('entry_time', 1 | UPDATING)
    cpu.write_barrier('host, times before flag off')
    cpu.store('entry_time', 1)


def xen_reader(cpu):
    """pv_steal_xen_read_()"""
    before = cpu.load('entry_time')
    cpu.read_barrier('after the entry time')
    values = [cpu.load('runnable'), cpu.load('offline')]
    cpu.read_barrier('before the entry time again')
    cpu.require(before & UPDATING == 0 and cpu.load('entry_time') == before)
    return before, values


def xen():
    return Protocol('Xen runstate', {'entry_time': 0, 'runnable': 0, 'offline': 0},
                    (xen_host, xen_reader), mixed, updated, 'NNN',
                    {'after the entry time': 'NFF', 'before the entry time again': 'NFF',
                     'host, flag before times': 'NFF', 'host, times before flag off': 'NFF'})


# ---- PV_TIME, VMware: one load of 64 bits, or two halves ----

def counting_host(cpu):
    cpu.store('stolen', 1)
    cpu.store('stolen', 2)


def one_load():
    def reader(cpu):
        return cpu.load('stolen'), cpu.load('stolen')
    return Protocol('PV_TIME, one load: older than one seen before', {'stolen': 0},
                    (counting_host, reader), lambda results: results[1][1] < results[1][0],
                    lambda results: results[1] == (1, 2), 'NNN', {})


HALVES = ((0, 9), (1, 0), (1, 1))


def halves_reader(cpu):
    """pv_area_load_halves_(), when it ends within two tries."""
    high = cpu.load('high')
    for _ in range(2):
        cpu.read_barrier('before the low half')
        low = cpu.load('low')
        cpu.read_barrier('after the low half')
        again = cpu.load('high')
        if again == high:
            return int(high), int(low)
        high = again
    return cpu.require(False)


def halves():
    """A host that stores the halves apart is beyond help; none of those without a sequence does."""
    def at_once(cpu):
        for high, low in HALVES[1:]:
            cpu.store_at_once({'high': high, 'low': low})

    def apart(cpu):
        for high, low in HALVES[1:]:
            cpu.store('high', high)
            cpu.write_barrier('host, high before low')
            cpu.store('low', low)

    init, torn = dict(zip(('high', 'low'), HALVES[0])), lambda results: results[1] not in HALVES
    whole = lambda results: results[1] == HALVES[2]
    yield Protocol('32-bit halves', init, (at_once, halves_reader), torn, whole, 'NNN',
                   {'before the low half': 'NFF', 'after the low half': 'NFF'})
    yield Protocol('32-bit halves stored apart', init, (apart, halves_reader), torn, whole, 'FFF',
                   {})


PROTOCOLS = (
    parity('steal of KVM, SBI, LoongArch', ('steal',), updates=2),
    parity('kvmclock, copy', FIELDS),
    parity('wall clock', ('seconds', 'nanoseconds')),
    kvmclock(), *hosts_without_fences(), *pages(), xen(), one_load(), *halves(),
)
