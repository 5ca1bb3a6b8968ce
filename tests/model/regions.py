# SPDX-License-Identifier: MIT
"""The map of regions: versions whose nodes never change once they are visible, and memory that is
used again when no reader can be in it (libpv/mem/map.c, map_read.c, pool.c); steps, outcomes and
verdicts as in areas.py.

What a node holds is the number of the version that it was written for. That a node is found by
way of the version is an address dependency, which C does not promise: it is not counted on. Grace is
that of tests/unit/mem/test_map_threads.c: a wait has a number, and a reader that is not reading says
up to which number it knows them.
"""

from cases import Protocol

FIELDS = ('link', 'first', 'region')
BEFORE, AFTER = 7, 9    # in memory that is no node yet, and once it is used again


def publish(cpu, version, fields):
    """change_indexes() and publish()"""
    for field in fields:
        cpu.store(f'{field} {version}', version)
    cpu.store_release('version', version, 'release of the version')


def look_up(cpu, fields):
    """visible(), then what it leads to"""
    version = cpu.load_acquire('version', 'acquire of the version')
    return int(version), [cpu.load(f'{field} {int(version)}') for field in fields]


def not_of_its_version(results):
    return any(value != version for version, values in results[-1] for value in values)


def newest(results):
    return results[-1][-1][0] == 1 and not not_of_its_version(results)


def memory(fields):
    return {'version': 0, 'waits': 0, 'seen': 0,
            **{f'{field} 0': 0 for field in fields}, **{f'{field} 1': BEFORE for field in fields}}


def published():
    def writer(cpu):
        publish(cpu, 1, FIELDS)

    def reader(cpu):
        return [look_up(cpu, FIELDS)]

    return Protocol('regions, a node before it was written', memory(FIELDS), (writer, reader),
                    not_of_its_version, newest, 'NNN',
                    {'release of the version': 'NFF', 'acquire of the version': 'NFF'})


def replace(waits):
    """publish() and, once pv_mem_pool_reclaim_() has it, another use of the old node's memory"""
    def writer(cpu):
        publish(cpu, 1, FIELDS[:1])
        cpu.store_release('waits', 1, 'release of the wait')        # pv_os_grace_begin
        if waits:
            seen = cpu.load_acquire('seen', 'acquire of the report')    # pv_os_grace_over
            if seen != 1:
                return False
        cpu.store(f'{FIELDS[0]} 0', AFTER)
        return True
    return writer


def report(cpu):
    """Between two readings."""
    known = cpu.load_acquire('waits', 'acquire of the wait')
    cpu.store_release('seen', known, 'release of the report')


def read_twice(cpu):
    first = look_up(cpu, FIELDS[:1])
    report(cpu)
    return [first, look_up(cpu, FIELDS[:1])]


def reused():
    """Each step of grace is needed. On AArch64 the report, a store with release, is kept before the
    next load with acquire, and so is what it reports; on RVWMO the fence behind the wait also keeps
    what was read before in front of the report: there it takes two left out to go wrong."""
    return Protocol('regions, a node that is something else now', memory(FIELDS[:1]),
                    (replace(True), read_twice), not_of_its_version,
                    lambda results: results[0] and newest(results), 'NNN',
                    {'release of the version': 'NFF', 'acquire of the version': 'NFF',
                     'release of the wait': 'NFF', 'acquire of the wait': 'NNF',
                     'release of the report': 'NFN', 'acquire of the report': 'NFF',
                     ('acquire of the wait', 'release of the report'): 'NFF'})


def reused_at_once():
    return Protocol('regions, a node used again without waiting', memory(FIELDS[:1]),
                    (replace(False), read_twice), not_of_its_version, newest, 'FFF', {})


PROTOCOLS = (published(), reused(), reused_at_once())
