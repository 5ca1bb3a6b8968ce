# SPDX-License-Identifier: MIT
"""TAP: the checker against known verdicts, then the protocols of the library."""

import itertools
import sys

import areas
import asks
import cases
import litmus
import maps
import readers
import regions


def main():
    suites = itertools.chain(litmus.tests(), cases.tests_of(areas.PROTOCOLS),
                             cases.tests_of(readers.PROTOCOLS),
                             cases.tests_of(maps.PROTOCOLS),
                             cases.tests_of(regions.PROTOCOLS),
                             cases.tests_of(asks.PROTOCOLS))
    count, bad = 0, 0
    for count, (text, holds, notes) in enumerate(suites, 1):
        bad += not holds
        print(f'{"ok" if holds else "not ok"} {count} - {text}')
        for note in notes:
            print(f'# {note}')
    print(f'1..{count}')
    return bad != 0


if __name__ == '__main__':
    sys.exit(main())
