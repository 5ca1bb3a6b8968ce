# SPDX-License-Identifier: MIT
"""Is the checker right? The shapes by which memory models are told apart, with their verdicts.

Names are those of herd: MP message passing, SB and LB store and load buffering, WRC write to read
causality, IRIW independent reads of independent writes, Co coherence; after + what stands between
the accesses of each thread. Verdicts: Alglave, Maranget and Tautschnig 2014 (x86); Pulte et al.
2018, "Simplifying ARM Concurrency" (AArch64); the RISC-V specification's litmus tests (RVWMO).

A program: threads are separated by |. Wx1 stores 1 to x and Rx loads it; WxL and RxA are release
and acquire; Ux01 exchanges 0 for 1 and is assumed to do so; Cx reads x as a counter. rr, ww, full
and the like are fences; addr, data, ctrl make the next access depend on the load before it. Then
the outcome: what the loads gave, in order, and what x and y hold in the end.
"""

from axioms import MODELS
from executions import find

FENCES = {
    'full': ('mfence', 'dmb ish', 'fence rw,rw'),
    'rr': (None, 'dmb ishld', 'fence r,r'),
    'ww': (None, 'dmb ishst', 'fence w,w'),
    'isb': (None, 'isb', None),
    'before': ('lfence', 'dmb ishld', 'fence r,i'),
    'after': ('lfence', 'isb', 'fence i,r'),
}

# Name, program, outcome; verdicts of x86-TSO, AArch64, RVWMO: N never, F found, - says nothing.
TESTS = """
CoRR            | Wx1 | Rx Rx                                   | 1 0     | NNN
CoRR two stores | Wx1 Wx2 | Rx Rx                               | 2 1     | NNN
CoWW            | Wx1 Wx2                                       | x=1     | NNN
CoRW            | Rx Wx1                                        | 1       | NNN
CoWR            | Wx1 Rx | Wx2                                  | 2 x=1   | NNN
MP              | Wx1 Wy1 | Ry Rx                               | 1 0     | NFF
MP+ww+po        | Wx1 ww Wy1 | Ry Rx                            | 1 0     | NFF
MP+po+rr        | Wx1 Wy1 | Ry rr Rx                            | 1 0     | NFF
MP+ww+rr        | Wx1 ww Wy1 | Ry rr Rx                         | 1 0     | NNN
MP+ww+ww        | Wx1 ww Wy1 | Ry ww Rx                         | 1 0     | NFF
MP+rr+rr        | Wx1 rr Wy1 | Ry rr Rx                         | 1 0     | NFF
MP+ww+addr      | Wx1 ww Wy1 | Ry addr Rx                       | 1 0     | NNN
MP+ww+ctrl      | Wx1 ww Wy1 | Ry ctrl Rx                       | 1 0     | NFF
MP+ww+ctrlisb   | Wx1 ww Wy1 | Ry ctrl isb Rx                   | 1 0     | NN-
MP+ww+isb       | Wx1 ww Wy1 | Ry isb Rx                        | 1 0     | NF-
MP+rel+acq      | Wx1 Wy1L | RyA Rx                             | 1 0     | NNN
MP+rel+po       | Wx1 Wy1L | Ry Rx                              | 1 0     | NFF
MP+po+acq       | Wx1 Wy1 | RyA Rx                              | 1 0     | NFF
MP+rel early    | Wx1L Wy1 | RyA Rx                             | 1 0     | NFF
MP+ww+data-rfi-addr | Wx1 ww Wy1 | Ry data Wz1 Rz addr Rx       | 1 1 0   | NNN
MP+ww+ctrl-rfi-addr | Wx1 ww Wy1 | Ry ctrl Wz1 Rz addr Rx       | 1 1 0   | NFF
SB              | Wx1 Ry | Wy1 Rx                               | 0 0     | FFF
SB+full+full    | Wx1 full Ry | Wy1 full Rx                     | 0 0     | NNN
SB+full+po      | Wx1 full Ry | Wy1 Rx                          | 0 0     | FFF
SB+rr+rr        | Wx1 rr Ry | Wy1 rr Rx                         | 0 0     | FFF
SB+rel-acq      | Wx1L RyA | Wy1L RxA                           | 0 0     | FNF
SB+exchanges    | Ux01 Ry | Uy01 Rx                             | 0 0 0 0 | NFF
LB              | Rx Wy1 | Ry Wx1                               | 1 1     | NFF
LB+data+po      | Rx data Wy1 | Ry Wx1                          | 1 1     | NFF
LB+data+data    | Rx data Wy1 | Ry data Wx1                     | 1 1     | NNN
LB+ctrl+ctrl    | Rx ctrl Wy1 | Ry ctrl Wx1                     | 1 1     | NNN
LB+addr+addr    | Rx addr Wy1 | Ry addr Wx1                     | 1 1     | NNN
LB+full+full    | Rx full Wy1 | Ry full Wx1                     | 1 1     | NNN
LB+acq+acq      | RxA Wy1 | RyA Wx1                             | 1 1     | NNN
LB+addrpo+addrpo | Rx addr Rz Wy1 | Ry addr Rw Wx1              | 1 0 1 0 | NNN
S               | Wx2 Wy1 | Ry Wx1                              | 1 x=2   | NFF
S+ww+po         | Wx2 ww Wy1 | Ry Wx1                           | 1 x=2   | NFF
S+po+data       | Wx2 Wy1 | Ry data Wx1                         | 1 x=2   | NFF
S+ww+data       | Wx2 ww Wy1 | Ry data Wx1                      | 1 x=2   | NNN
S+ww+ctrl       | Wx2 ww Wy1 | Ry ctrl Wx1                      | 1 x=2   | NNN
R               | Wx1 Wy1 | Wy2 Rx                              | 0 y=2   | FFF
R+ww+po         | Wx1 ww Wy1 | Wy2 Rx                           | 0 y=2   | FFF
R+ww+full       | Wx1 ww Wy1 | Wy2 full Rx                      | 0 y=2   | NNN
R+po+full       | Wx1 Wy1 | Wy2 full Rx                         | 0 y=2   | NFF
2+2W            | Wx1 Wy2 | Wy1 Wx2                             | x=1 y=1 | NFF
2+2W+ww+po      | Wx1 ww Wy2 | Wy1 Wx2                          | x=1 y=1 | NFF
2+2W+ww+ww      | Wx1 ww Wy2 | Wy1 ww Wx2                       | x=1 y=1 | NNN
WRC             | Wx1 | Rx Wy1 | Ry Rx                          | 1 1 0   | NFF
WRC+po+addr     | Wx1 | Rx Wy1 | Ry addr Rx                     | 1 1 0   | NFF
WRC+data+po     | Wx1 | Rx data Wy1 | Ry Rx                     | 1 1 0   | NFF
WRC+data+addr   | Wx1 | Rx data Wy1 | Ry addr Rx                | 1 1 0   | NNN
WRC+data+rr     | Wx1 | Rx data Wy1 | Ry rr Rx                  | 1 1 0   | NNN
ISA2            | Wx1 Wy1 | Ry Wz1 | Rz Rx                      | 1 1 0   | NFF
ISA2+ww+po+addr | Wx1 ww Wy1 | Ry Wz1 | Rz addr Rx              | 1 1 0   | NFF
ISA2+ww+data+po | Wx1 ww Wy1 | Ry data Wz1 | Rz Rx              | 1 1 0   | NFF
ISA2+ww+data+addr | Wx1 ww Wy1 | Ry data Wz1 | Rz addr Rx       | 1 1 0   | NNN
ISA2+rel+acqrel+acq | Wx1 Wy1L | RyA Wz1L | RzA Rx             | 1 1 0   | NNN
IRIW            | Wx1 | Rx Ry | Wy1 | Ry Rx                     | 1 0 1 0 | NFF
IRIW+addr+po    | Wx1 | Rx addr Ry | Wy1 | Ry Rx                | 1 0 1 0 | NFF
IRIW+addr+addr  | Wx1 | Rx addr Ry | Wy1 | Ry addr Rx           | 1 0 1 0 | NNN
IRIW+rr+rr      | Wx1 | Rx rr Ry | Wy1 | Ry rr Rx               | 1 0 1 0 | NNN
exchange is atomic | Ux01 | Ux01                              | 0 0     | NNN
exchange passes | Wx1 Uy01 | RyA Rx                             | 0 1 0   | NNN
counter alone   | Wc1 ww Wx1 | Rx Cc                            | 1 0     | FFF
counter after rr | Wc1 ww Wx1 | Rx rr Cc                        | 1 0     | FFF
counter fenced  | Wc1 ww Wx1 | Rx ctrl before isb Cc            | 1 0     | NNN
counter, no branch | Wc1 ww Wx1 | Rx before isb Cc              | 1 0     | NFN
counter first, alone  | Wx1 ww Wc1 | Cc Rx                      | 1 0     | FFF
counter first, fenced | Wx1 ww Wc1 | Cc after Rx                | 1 0     | NNN
"""



def access(thread, step, loads, link):
    """One access; `link` is the kind of dependency on the load before."""
    kind, place, rest = step[0], step[1], step[2:]
    last = loads[-1] if loads else 0
    via = last if link == 'addr' else 0
    if kind == 'W':
        value = int(rest[0]) + (last * 0 if link == 'data' else 0)
        thread.store(place, value, release=rest.endswith('L'), via=via)
    elif kind == 'R':
        loads.append(thread.load(place, acquire=rest == 'A', via=via))
    elif kind == 'C':
        loads.append(thread.counter(place))
    else:
        done, seen = thread.exchange(place, int(rest[0]), int(rest[1]))
        thread.require(done)
        loads.append(seen)


def function(number, text):
    """The thread that does `text` under the model of that number."""
    def thread_function(thread):
        loads, link = [], None
        for step in text.split():
            if step in FENCES:
                thread.fence(FENCES[step][number])
            elif step in ('addr', 'data', 'ctrl'):
                link = step
                if step == 'ctrl':
                    thread.branch(loads[-1])
            else:
                access(thread, step, loads, link)
                link = None
        return loads
    return thread_function


def possible(number, texts, outcome):
    values = [int(part) for part in outcome if '=' not in part]
    memory_is = [(part[0], int(part[2:])) for part in outcome if '=' in part]
    init = {place: 0 for place in 'xyzwc' if any(place in text for text in texts)}

    def wanted(results, memory):
        if memory is None:
            return sum(results, []) == values
        return all(memory[at] == value for at, value in memory_is)

    return find(MODELS[number], init, [function(number, text) for text in texts], wanted)


def tests():
    """(text, holds, notes) for each test under each model."""
    for line in TESTS.strip().splitlines():
        name, *texts, outcome, verdicts = (part.strip() for part in line.split('|'))
        for number, verdict in enumerate(verdicts):
            if verdict != '-':
                found = possible(number, texts, outcome.split()) is not None
                word = 'found' if verdict == 'F' else 'never'
                yield (f'litmus {name} under {MODELS[number].name}: {word}',
                       found == (verdict == 'F'), [])
