# SPDX-License-Identifier: MIT
"""Prints the figures of libpv/ and include/ as lines "note TEXT", "ok TEXT" or "bad TEXT" for figures.sh.

Arguments: a ctags file of the functions in libpv/*.c, `nm -f posix` of the linked core, the compiler's output.
Comment share: lines that hold nothing but comment, of all lines that are not blank.
"""
import re
import sys
from pathlib import Path

MEDIAN, P95 = 12, 45


def percentile(values, share):
    """Nearest rank: the value that `share` of the values do not exceed."""
    values = sorted(values)
    return values[max(0, -(-len(values) * share // 100) - 1)] if values else 0


def comment_share(files):
    pure = full = 0
    for file in files:
        text = file.read_text()
        # Code becomes x, comments become spaces; a line with no x left was comment. Strings are matched so as to skip them.
        def blank(m):
            return re.sub(r"[^\n]", " ", m[0]) if m[0].startswith("/") else m[0]
        code = re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)
        for before, after in zip(text.splitlines(), code.splitlines()):
            full += bool(before.strip())
            pure += bool(before.strip()) and not after.strip()
    return 100 * pure // full if full else 0


def functions(tags):
    found = []
    for line in Path(tags).read_text().splitlines():
        field = line.split("\t")
        where = dict(f.split(":", 1) for f in field[3:] if ":" in f)
        if not line.startswith("!") and "end" in where and "line" in where:
            found.append((int(where["end"]) - int(where["line"]) + 1, field[0], field[1]))
    return sorted(found, reverse=True)


def main(tags, symbols, warnings):
    sources = sorted(Path("libpv").rglob("*.c"))
    headers = sorted([*Path("libpv").rglob("*.h"), *Path("include").rglob("*.h")])
    lines = [len(f.read_text().splitlines()) for f in sources]
    longest = functions(tags)
    sizes = [f[0] for f in longest]
    names = [l.split() for l in Path(symbols).read_text().splitlines()] if Path(symbols).exists() else []
    undefined = sorted(n[0] for n in names if n[1] == "U")
    host = [n for n in undefined if n.startswith("pv_os_")]
    mutable = [n[0] for n in names if n[1] in "dDbBCgGsS"]
    noise = re.findall(r"\[-W[^\]]*\]", Path(warnings).read_text())
    median, p95 = percentile(sizes, 50), percentile(sizes, 95)

    print("note | | .c/.h files | .c lines median/p95 | fn lines median/p95/max | comment lines .c/.h "
          "| undefined symbols (x86-64 -O2) | mutable globals | warnings, strict |")
    print(f"note | libpv | {len(sources)}/{len(headers)} | {percentile(lines, 50)}/{percentile(lines, 95)} "
          f"| {median}/{p95}/{max(sizes, default=0)} | {comment_share(sources)} %/{comment_share(headers)} % "
          f"| {' '.join(n for n in undefined if n not in host) or 'none'} + {len(host)} host functions "
          f"| {len(mutable)} | {len(noise)} |")
    for size, name, file in longest[:5]:
        print(f"note longest: {size:4} {name} ({file})")
    for text, good in (
        (f"{len(sizes)} functions found in {len(sources)} files", bool(sizes)),
        (f"function lines, median {median} <= {MEDIAN}", median <= MEDIAN),
        (f"function lines, 95th percentile {p95} <= {P95}", p95 <= P95),
        (f"{len(mutable)} mutable globals", bool(names) and not mutable),
        (f"{len(noise)} strict warnings", not noise),
    ):
        print("ok" if good else "bad", text)


main(*sys.argv[1:])
