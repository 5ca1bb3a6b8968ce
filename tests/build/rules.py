# SPDX-License-Identifier: MIT
"""Says where docs/model.md and the model's sources differ; silent if they agree. `count` tells the rows instead,
`seed ROW|TEST|FUNCTION|STATUS|TEXT` damages the table as read, so that the check itself can be seen to fail.

A row names what the model answers: statuses in `CAPITALS` (without PV_HV_STATUS_), complaints in "quotes", `false` for a
function that says so for an exception, `-` for rules whose breach shows otherwise. For each function of tests/sim/model*.c
there are at least as many rows with a status as places that answer it, and one for each complaint. Each row's test is a
registered case whose text, helpers of the same file included, speaks of the status (by name or number) and the complaint.
"""
import re
import sys
from collections import Counter
from pathlib import Path

# How it lies is no rule (behaviours.def is the list); answers behind sim_behaves() in other files are left out likewise.
SOURCES = sorted(set(Path("tests/sim").glob("model*.c")) - {Path("tests/sim/model_hostile.c")})
COMMENT = re.compile(r"/\*.*?\*/", re.S)
FUNCTION = re.compile(r"^\w[\w *]*?\b(\w+)\([^;{}]*\)\n\{\n(.*?)^\}", re.S | re.M)
PLACE = re.compile(r"`(model\w*\.c):(\w+)`")
NAMED = re.compile(r"`(\w+/\w+):(\w+)`")
LIE = re.compile(r"if \(sim_behaves\([^;]*;", re.S)
STATUS = re.compile(r"(?<![!=]= )PV_HV_STATUS_(?!SUCCESS\b)([A-Z_]+)")
TEXT = re.compile(r'\b(?:sim_complain|bad|fault|disputed)\([^;]*?"([^"]*)"\)')
NUMBERS = dict((name, int(number, 16)) for number, name in
               re.findall(r"PV_HV_STATUS\((0x[0-9A-F]+), (\w+)", Path("include/pv/abi/hv_status.def").read_text()))


def functions(path):
    return dict(FUNCTION.findall(COMMENT.sub("", path.read_text())))


def answers(name, body):
    """What a function of the model can answer: a count for each."""
    body = LIE.sub("", body)
    found = Counter(STATUS.findall(body))
    found.update('"%s"' % text for text in TEXT.findall(body))
    if name.startswith("sim_model_"):
        found.update(["false"] * len(re.findall(r"\breturn false;", body)))
    return found


def wanted_of(cells):
    return re.findall(r'"[^"]*"', cells[2]) + re.findall(r"`([A-Z_]+|false)`", cells[2])


def rows():
    for number, line in enumerate(Path("docs/model.md").read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 5 and cells[0] != "Rule" and not cells[0].startswith("---"):
            yield number, cells


def damaged(table, what):
    """The table with one thing wrong, for each kind of thing."""
    change = {"TEST": lambda cells: cells[4].replace(":", ":no_such_"), "FUNCTION": lambda cells: cells[3].replace(":", ":no_"),
              "STATUS": lambda cells: "`ACCESS_DENIED`", "TEXT": lambda cells: cells[2].replace('"', '"not ', 1)}
    for at, (number, cells) in enumerate(table):
        if what == "ROW" and '"' in cells[2]:
            return table[:at] + table[at + 1:]
        if what != "ROW" and '"' in cells[2]:
            column = {"TEST": 4, "FUNCTION": 3}.get(what, 2)
            return table[:at] + [(number, cells[:column] + [change[what](cells)] + cells[column + 1:])] + table[at + 1:]
    return table


def whole(name, bodies):
    """A test case with the helpers and macros of its file that it uses, directly or not."""
    seen, todo, text = set(), [name], ""
    while todo:
        part = todo.pop()
        if part not in seen and part in bodies:
            seen.add(part)
            text += bodies[part]
            todo += re.findall(r"\b\w+\b", bodies[part])
    return text


def test_wrong(where, test, wanted):
    path, _, name = test.partition(":")
    path = Path("tests/unit") / (path + ".c")
    if not path.is_file():
        return "%s: no file %s" % (where, path)
    source = COMMENT.sub("", path.read_text())
    bodies = dict(FUNCTION.findall(source))
    bodies.update(re.findall(r"^#define (\w+)(?:\([^)]*\))?((?:[^\n]*\\\n)*[^\n]*)", source, re.M))
    if name not in bodies or not re.search(r"\b(?:cmocka_unit_test\w*|TEST)\(\s*%s\b" % name, source):
        return "%s: no registered test %s in %s" % (where, name, path)
    text = whole(name, bodies)
    for answer in wanted:
        number = NUMBERS.get(answer)
        said = (re.search(r"PV_HV_STATUS_%s\b" % answer, text) or re.search(r"\b0x0*%x\b" % number, text, re.I)
                if number is not None else "false" in text if answer == "false" else answer in source)
        if not said:
            return "%s: %s does not speak of %s" % (where, name, answer)
    return None


def row_wrong(where, cells, model, covered):
    rule, source, answer, place, tests = cells
    wanted = wanted_of(cells)
    found = PLACE.fullmatch(place)
    if not rule or not source or not (wanted or answer == "-"):
        yield "%s: an empty cell" % where
    if not found or found[2] not in model.get(found[1], {}):
        yield "%s: no function %s" % (where, place)
        return
    can = answers(found[2], model[found[1]][found[2]])
    for one in wanted:
        covered[found[1], found[2], one] += 1
        if one not in can:
            yield "%s: %s does not answer %s" % (where, place, one)
    named = [":".join(test) for test in NAMED.findall(tests)]
    if not named:
        yield "%s: no unit test" % where
    # The first test is the one that breaks the rule; others show more of it.
    for test in named[:1]:
        wrong = test_wrong(where, test, wanted)
        if wrong:
            yield wrong


def differences(table):
    model = {path.name: functions(path) for path in SOURCES}
    covered = Counter()
    for number, cells in table:
        yield from row_wrong("docs/model.md:%d" % number, cells, model, covered)
    for name, bodies in model.items():
        # What lies outside of the functions found would be missed without a word.
        whole_file = answers("", COMMENT.sub("", (Path("tests/sim") / name).read_text()))
        for answer in whole_file - sum((answers("", body) for body in bodies.values()), Counter()):
            yield "%s: %s outside of the functions that were found" % (name, answer)
        for function, body in bodies.items():
            for answer, places in answers(function, body).items():
                rows_of = covered[name, function, answer]
                if rows_of < (1 if answer[0] == '"' else places):
                    yield "%s:%s: %s in %d places, %d rows" % (name, function, answer, places, rows_of)


def main():
    table = list(rows())
    if sys.argv[1:2] == ["count"]:
        print(len(table), len({cells[4] for _, cells in table}))
        return
    if sys.argv[1:2] == ["seed"]:
        table = damaged(table, sys.argv[2])
    for difference in differences(table):
        print(difference)


if __name__ == "__main__":
    main()
