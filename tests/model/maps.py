# SPDX-License-Identifier: MIT
"""The map of VPs: two images, of which a generation says which one is read (libpv/vp/map.h, map.c,
map_write.c): steps, outcomes and verdicts as in areas.py.

The writer publishes twice, so that the image a reader is in is written anew. Every number in an
image is the generation it was written for. That the state decides which image is loaded from may be
an address dependency in the machine code or a branch: C promises neither, so none is counted on.
"""

from cases import Protocol

ACQUIRE_FENCE = {'AArch64': 'dmb ishld', 'RVWMO': 'fence r,rw'}     # __atomic_thread_fence
BEFORE = 9      # what is in the other image at first
WAY, WORDS = ('words', 'runs'), ('key', 'value')


def change(state_of):
    """change_map(), twice; `state_of`: what the state says of a generation."""
    def writer(cpu):
        for generation in (1, 2):
            cpu.release_fence('fence before the image')
            for field in (*WAY, *WORDS):
                cpu.store(f'{field} {generation % 2}', generation)
            cpu.store_release('state', state_of(generation), 'release of the state')
    return writer


def unchanged(cpu, state, where):
    """pv_vp_unchanged_()"""
    if cpu.has(where):
        cpu.fence(ACQUIRE_FENCE.get(cpu.model))
    cpu.require(cpu.load('state') == state)


def view(cpu):
    """pv_vp_view_(), and pv_vp_map_count() with its one field."""
    state = cpu.load_acquire('state', 'acquire of the state')
    way = [cpu.load(f'{field} {state % 2}') for field in WAY]
    unchanged(cpu, state, 'fence behind the way')
    return state, way


def look_up(cpu):
    """look_up(), and the readers of whole sets, which load more words."""
    state, way = view(cpu)
    words = [cpu.load(f'{field} {state % 2}') for field in WORDS]
    unchanged(cpu, state, 'fence behind the words')
    return state, way + words


def torn(results):
    state, values = results[-1]
    return any(value != state for value in values)


def newest(results):
    state, values = results[-1]
    return state == 2 and not torn(results)


def images():
    return {'state': 0, **{f'{field} 0': 0 for field in (*WAY, *WORDS)},
            **{f'{field} 1': BEFORE for field in (*WAY, *WORDS)}}


def whole(name, reader, left_out):
    return Protocol(name, images(), (change(int), reader), torn, newest, 'NNN',
                    {'fence before the image': 'NFF', 'release of the state': 'NFF',
                     'acquire of the state': 'NFF', **left_out})


def without_a_generation():
    """The number of the image alone: it is the same again after two changes, and no fence helps."""
    def mixed(results):
        return len(set(results[-1][1])) > 1
    return Protocol('map, state without a generation: a torn map', images(),
                    (change(lambda generation: generation % 2), look_up), mixed,
                    lambda results: results[-1][1] == [2] * 4, 'FFF', {})


PROTOCOLS = (
    # A way is followed only when this has held: pointer and size belong together.
    whole('map, a way of another state', view, {'fence behind the way': 'NFF'}),
    # What the first check lets through the second one finds: words load what they did before it.
    whole('map, a lookup: words of another state', look_up,
          {'fence behind the way': 'NNN', 'fence behind the words': 'NFF'}),
    without_a_generation(),
)
