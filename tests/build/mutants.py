# SPDX-License-Identifier: MIT
"""Takes the answers out of the model one by one and runs the tests that docs/model.md names for them: mutants.py FOLDER.
Says which rows' tests go on as if nothing were missing, and which answers no row's test misses. The last line is how many
statements were tried. A status becomes success, a complaint another text, `return false` `return true`.
"""
import re
import subprocess
import sys
from pathlib import Path

import rules

FLAGS = "-O0 -w -std=gnu11 -Iinclude -Ilibpv -Ilibpv/arch/sim -Itests".split()
BUILT = {}


def build(source, to):
    subprocess.run(["gcc", *FLAGS, "-c", str(source), "-o", str(to)], check=True)
    return str(to)


def built(folder, source):
    if source not in BUILT:
        BUILT[source] = build(source, folder / (str(source).replace("/", "_") + ".o"))
    return BUILT[source]


def mutants(body, answer):
    """The function once for each place that gives the answer."""
    pattern, other = {'"': (re.escape(answer), '"mutant"'), "f": (r"\breturn false;", "return true;")}.get(
        answer[0], (r"(?<![!=]= )PV_HV_STATUS_%s\b" % answer, "PV_HV_STATUS_SUCCESS"))
    lies = [lie.span() for lie in rules.LIE.finditer(body)]
    for place in re.finditer(pattern, body):
        if not any(start <= place.start() < end for start, end in lies):
            yield place.start(), body[:place.start()] + other + body[place.end():]


def fails(folder, mutant, source, test, case):
    others = [built(folder, path) for path in sorted(Path("tests/sim").glob("model*.c")) if path != source]
    subprocess.run(["gcc", "-o", str(folder / "test"), built(folder, Path("tests/unit/%s.c" % test)), mutant, *others,
                    "-lcmocka"], check=True)
    ran = subprocess.run(["timeout", "60", str(folder / "test")], capture_output=True, text=True)
    return re.search(r"FAILED\s*\] %s\b" % case, ran.stdout + ran.stderr) is not None


def row(folder, cells, missed):
    """False if the row's test does not miss an answer wherever it is taken out; places go to `missed`."""
    name, function = rules.PLACE.fullmatch(cells[3]).groups()
    test, case = rules.NAMED.search(cells[4]).groups()
    source = Path("tests/sim") / name
    text = source.read_text()
    found = next(m for m in rules.FUNCTION.finditer(text) if m[1] == function)
    good = True
    for answer in rules.wanted_of(cells):
        any_of = False
        for at, body in mutants(found[0], answer):
            changed = folder / "mutant.c"
            changed.write_text(text[:found.start()] + body + text[found.end():])
            seen = fails(folder, build(changed, folder / "mutant.o"), source, test, case)
            # A statement with a status and a complaint is missed if either is: another rule may answer the same status.
            where = name, function, found[0].count(";", 0, at)
            missed[where] = missed.get(where, False) or seen
            any_of = any_of or seen
        good = good and any_of
    return good


def main():
    missed, folder = {}, Path(sys.argv[1])
    for number, cells in rules.rows():
        if not row(folder, cells, missed):
            print("docs/model.md:%d: no answer taken out makes its test fail" % number)
    for where, seen in missed.items():
        if not seen:
            print("%s:%s: nobody misses what statement %d answers" % where)
    print(len(missed))


main()
