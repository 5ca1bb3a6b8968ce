# SPDX-License-Identifier: MIT
"""Lists public functions: `names` all of them, `context` those without a Context: line, `calls` those no unit test calls,
`returns` each status that a Return: paragraph names and that no test case speaks of together with the function.

A public function is one that a header under include/pv declares or defines inline. A comment serves the declarations that
follow it without a blank line. pv_os_* is written by the operating system, so no unit test of ours owes it a call.
"""
import re
import sys
from pathlib import Path

STATUSES = {"PV_" + name for name in re.findall(r"PV_STATUS\(\d+, (\w+)", Path("include/pv/status.h").read_text())}
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def blank(text):
    """The text with comments, strings and preprocessor lines as spaces: offsets and line breaks stay."""
    def spaces(m):
        return re.sub(r"[^\n]", " ", m[0])
    text = COMMENT.sub(lambda m: spaces(m) if m[0][0] == "/" else '"' + spaces(m)[2:] + '"', text)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", spaces, text, flags=re.M)
    return re.sub(r'extern\s*"[^"]*"\s*\{', spaces, text)


def declarations(code):
    """Yields (start, text) of each thing at file level; the body of a struct or function is left out of the text."""
    start, depth, head = 0, 0, []
    for at, char in enumerate(code):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            # A function ends with its body; what follows a struct's body belongs to it, up to the semicolon.
            if depth == 0 and ")" in "".join(head) and "=" not in head:
                yield start, "".join(head)
                start, head = at + 1, []
            depth = max(depth, 0)
        elif depth == 0 and char == ";":
            yield start, "".join(head)
            start, head = at + 1, []
        elif depth == 0:
            head.append(char)


def functions(header):
    text = header.read_text()
    code = blank(text)
    comments = [(m.end(), m[0]) for m in COMMENT.finditer(text) if m[0][0] == "/"]
    doc = ""
    for start, head in declarations(code):
        first = start + len(code[start:]) - len(code[start:].lstrip())
        before = [c for c in comments if c[0] <= first and not code[c[0]:first].strip()]
        if before and before[-1][0] > start:
            doc = before[-1][1]
        elif "\n\n" in text[start:first]:
            doc = ""
        name = re.search(r"\b(pv_[a-z0-9_]+)\s*\(", head)
        if name and not head.lstrip().startswith("typedef"):
            yield name[1], doc, header


def statuses(doc):
    """What a Return: paragraph names itself; what it takes over from another function is that function's."""
    found = re.search(r"\bReturn:(.*?)(?:\n \* (?:[A-Z]\w+(?:, \w+)*:)|\*/)", doc, re.S)
    return sorted(set(re.findall(r"\bPV_(?!OK\b)[A-Z_]+\b", found[1])) & STATUSES) if found else []


def cases(test, shared):
    """The text of each test case, with that of the helpers it calls, directly or not."""
    text = blank(test.read_text())
    bodies = dict(shared)
    bodies.update(bodies_of(text))
    for name, body in bodies_of(text).items():
        seen, todo, whole = {name}, [body], ""
        while todo:
            part = todo.pop()
            whole += part
            for called in re.findall(r"\b([a-z]\w*)\b", part):
                if called in bodies and called not in seen:
                    seen.add(called)
                    todo.append(bodies[called])
        yield whole


def bodies_of(code):
    return {m[1]: m[0] for m in re.finditer(r"^[a-z][^;{}()=]*?\b(\w+)\([^;{}]*\)\s*\{.*?^\}", code, re.S | re.M)}


def untested_returns(public):
    tests = Path("tests/unit")
    spoken = []  # by each test case: what it calls, and all its words
    for test in sorted(tests.rglob("test_*.c")):
        shared = {}
        for rig in sorted(test.parent.glob("*.h")):
            shared.update(bodies_of(blank(rig.read_text())))
        spoken += [(set(re.findall(r"\b(\w+)\s*\(", t)), set(re.findall(r"\w+", t))) for t in cases(test, shared)]
    for name, doc, header in public:
        for status in statuses(doc):
            if not any(name in calls and status in words for calls, words in spoken):
                yield f"{header}: {name} {status}"


def main(what):
    public = [f for h in sorted(Path("include/pv").rglob("*.h")) for f in functions(h)]
    tests = "\n".join(blank(t.read_text()) for t in sorted(Path("tests/unit").rglob("*.[ch]")))
    called = set(re.findall(r"\b(pv_[a-z0-9_]+)\s*\(", tests))
    if what == "returns":
        for missing in untested_returns(public):
            print(missing)
        return
    for name, doc, header in public:
        if (what == "names"
                or what == "context" and not re.search(r"\bContext(, \w+)*:", doc)
                or what == "calls" and name not in called and not name.startswith("pv_os_")):
            print(f"{header}: {name}")


main(sys.argv[1])
