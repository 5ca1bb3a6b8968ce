#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/model.md has every rule of the model of tests/sim, and for each the function that keeps it and a unit test that breaks it.
# rules.sh mutants: and the test fails if the model does not keep the rule.
cd "$(dirname "$0")/../.." || exit 1
. tests/build/tap.sh

python3 tests/build/rules.py >"$tap_out/differ" 2>&1
tap_empty 'docs/model.md, tests/sim/model*.c and the unit tests agree' "$tap_out/differ"

# A check that sees no difference must be able to see one: the table with a row left out, or a wrong name in it.
seeded() { [ "$(python3 tests/build/rules.py seed "$1" 2>/dev/null | wc -l)" -gt 0 ]; }
for what in ROW TEST FUNCTION STATUS TEXT; do
	tap_run "a wrong $what in the table is seen" seeded $what
done

python3 tests/build/rules.py count >"$tap_out/count"
read -r rules tests <"$tap_out/count"
if [ "${rules:-0}" -gt 0 ]; then tap_ok "$rules rules, broken by $tests tests or sets of tests"; else tap_not_ok 'no rule found'; fi

if [ "${1:-}" = mutants ]; then
	. tests/tools.sh
	tools_need unit
	python3 tests/build/mutants.py "$tap_out" >"$tap_out/mutants" 2>&1
	tried=$(tail -n 1 "$tap_out/mutants")
	sed '$d' "$tap_out/mutants" >"$tap_out/unmissed"
	tap_empty 'an answer taken out of the model is missed by the test that docs/model.md names' "$tap_out/unmissed"
	if [ "$tried" -gt 0 ] 2>/dev/null; then tap_ok "answers taken out of $tried statements"; else tap_not_ok "no answer taken out: $tried"; fi
fi
tap_end
