# SPDX-License-Identifier: MIT
"""Prints the MC/DC of llvm-cov's summary JSON; exit status 1 below the limit, with the files that fall short."""
import json
import sys
from pathlib import Path


def main(data, limit):
    total = json.loads(Path(data).read_text())["data"][0]
    mcdc = total["totals"]["mcdc"]
    percent = mcdc["percent"]
    print(f"MC/DC {percent:.1f} % >= {limit} % ({mcdc['covered']} of {mcdc['count']} conditions)")
    # A library without a single compound condition would be a broken measurement.
    good = mcdc["count"] > 0 and percent >= float(limit)
    if not good:
        for file in total["files"]:
            part = file["summary"]["mcdc"]
            if part["notcovered"]:
                print(f"{file['filename']}: {part['covered']} of {part['count']}")
    return 0 if good else 1


sys.exit(main(*sys.argv[1:]))
