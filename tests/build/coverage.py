# SPDX-License-Identifier: MIT
"""Prints what gcovr's JSON says was not run, less the reviewed exclusions; totals in lines that begin with "#".

Arguments: the JSON, the list of exclusions (its format is described in it).
"""
import json
import sys
from pathlib import Path


def exclusions(path):
    entries = []
    for number, line in enumerate(Path(path).read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            parts = [p.strip() for p in line.split(" | ", 2)]
            if len(parts) == 3 and all(parts):
                entries.append({"file": parts[0], "text": parts[1], "used": False, "where": f"{path}:{number}"})
            else:
                print(f"{path}:{number}: wants file | text | reason")
    return entries


def missed(line):
    """What is missing on one line, in words, or nothing."""
    taken = sum(b["count"] > 0 for b in line["branches"])
    if line["count"] == 0:
        return "never run"
    if taken < len(line["branches"]):
        return f"{taken} of {len(line['branches'])} branches taken"
    return None


def main(data, list_path):
    entries = exclusions(list_path)
    lines = hit = branches = taken = excused = 0
    for file in json.loads(Path(data).read_text())["files"]:
        text = Path(file["file"]).read_text().splitlines()
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            lines, hit = lines + 1, hit + (line["count"] > 0)
            branches += len(line["branches"])
            taken += sum(b["count"] > 0 for b in line["branches"])
            problem, code = missed(line), text[line["line_number"] - 1].strip()
            if not problem:
                continue
            matching = [e for e in entries if e["file"] == file["file"] and e["text"] in code]
            for entry in matching:
                entry["used"] = True
            excused += bool(matching)
            if not matching:
                print(f"{file['file']}:{line['line_number']}: {problem}: {code}")
    for entry in entries:
        if not entry["used"]:
            print(f"{entry['where']}: excuses nothing any more")
    if not lines:
        print("no line of the library was measured")
        return
    print(f"# lines {hit}/{lines}, branches {taken}/{branches}, lines excused by the reviewed list: {excused}")


main(*sys.argv[1:])
