#!/bin/sh
# SPDX-License-Identifier: MIT
# Coverage of the library by the unit tests: 100 % of lines and branches (gcc, gcovr) but for the reviewed list
# tests/coverage-exclusions.txt, and at least 95 % MC/DC (clang-19).
cd "$(dirname "$0")/.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
. tests/build/ctest.sh
tools_need coverage

# The ports of libpv/arch are not the library: real ones cannot run here, the simulated one is a test tool.
# -O0 so that every condition is a branch of its own; atomic counters, because tests have threads. Only the build under tests/ counts: the library for kernels is never run.
dir=build/test/coverage
find "$dir" -name '*.gcda' -exec rm {} + 2>/dev/null
if ctest_build "$dir" -DCMAKE_C_COMPILER=gcc '-DCMAKE_C_FLAGS=-O0 -g --coverage -fprofile-abs-path -fprofile-update=atomic'; then
	(ctest_run "$dir") >"$tap_out/unit"
	grep '^not ok' "$tap_out/unit" >"$tap_out/failed"
	tap_empty 'unit tests pass in the coverage build' "$tap_out/failed"
	gcovr -r . --object-directory "$dir" --filter 'libpv/' --filter 'include/' --exclude 'libpv/arch/' --json \
		-o "$tap_out/gcov.json" "$dir/tests" >"$tap_out/log" 2>&1 &&
		python3 tests/build/coverage.py "$tap_out/gcov.json" tests/coverage-exclusions.txt >"$tap_out/missed" ||
		cat "$tap_out/log" >>"$tap_out/missed"
	grep -v '^#' "$tap_out/missed" >"$tap_out/lines"
	tap_empty 'every line and branch of the library is run by the unit tests' "$tap_out/lines"
	grep '^#' "$tap_out/missed"
fi

# Clang's map of conditions; the profile of every test program is merged.
dir=build/test/mcdc
rm -rf "$dir/profiles"
if LLVM_PROFILE_FILE=/dev/null ctest_build "$dir" -DCMAKE_C_COMPILER=clang-19 \
	'-DCMAKE_C_FLAGS=-O0 -g -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc -fprofile-update=atomic'; then
	LLVM_PROFILE_FILE=$PWD/$dir/profiles/%p-%m.profraw ctest --test-dir "$dir" -L unit -j "$PV_JOBS" --timeout 60 >/dev/null 2>&1
	programs=$(ctest --test-dir "$dir" -L unit --show-only=json-v1 |
		python3 -c 'import json,sys; print(" ".join(sorted({"-object " + t["command"][0] for t in json.load(sys.stdin)["tests"]})))')
	llvm-profdata-19 merge -o "$tap_out/all.profdata" "$dir"/profiles/*.profraw
	llvm-cov-19 export -summary-only -instr-profile "$tap_out/all.profdata" $programs \
		-ignore-filename-regex "^$PWD/(tests|build)/|^$PWD/libpv/arch/|^/usr/" >"$tap_out/mcdc.json"
	if python3 tests/build/mcdc.py "$tap_out/mcdc.json" 95 >"$tap_out/mcdc" 2>&1; then
		tap_ok "$(cat "$tap_out/mcdc")"
	else
		tap_not_ok "$(head -n 1 "$tap_out/mcdc")"
		sed 1d "$tap_out/mcdc" | tap_note
	fi
fi
tap_end
