# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced after tap.sh: builds the CMake project in a folder and turns the results of its tests labelled "unit" into TAP.

# ctest_build FOLDER CMAKE-OPTIONS...   The folder is kept, so that a second run compiles only what changed.
# PV_PROGRAMS: these programs and no others.
ctest_build() {
	dir=$1
	shift
	{ cmake -S . -B "$dir" -DCMAKE_BUILD_TYPE= -DPV_BUILD_TESTS=ON "$@" && cmake --build "$dir" -j "$PV_JOBS" ${PV_PROGRAMS:+--target $PV_PROGRAMS}; } >"$tap_out/build" 2>&1 && return
	tap_not_ok "$dir builds"
	grep -n -B 2 -A 8 -i 'error\|undefined reference' "$tap_out/build" | head -n 40 | tap_note
	return 1
}

# Each test program is one TAP line; the cmocka cases inside are counted in a note. PV_TESTS: only those whose name matches.
ctest_run() {
	ctest --test-dir "$1" -L unit -R "${PV_TESTS:-.}" -j "$PV_JOBS" --timeout "${PV_TEST_TIMEOUT:-200}" -V >"$tap_out/ctest" 2>&1
	sed -n 's/^ *[0-9]*\/[0-9]* *Test *#[0-9]*: *\([^ ]*\) [ .]*\(.*[^ ]\)  *[0-9.]* sec.*/\1 \2/p' "$tap_out/ctest" >"$tap_out/results"
	while read -r name result; do
		case $result in
		Passed) tap_ok "$name" ;;
		*) tap_not_ok "$name: $result" ;;
		esac
	done <"$tap_out/results"
	[ -s "$tap_out/results" ] || tap_not_ok "$1 has tests labelled unit"
	awk '/\[  PASSED  \] [0-9]+ test/ { n += $5 } END { print "# " n + 0 " cmocka cases passed" }' "$tap_out/ctest"
	[ "$tap_bad" -eq 0 ] || grep -E 'FAILED|ERROR|error:|Error|SUMMARY|Timeout|\*\*\*|^[0-9]+: +#[0-9]' "$tap_out/ctest" | head -n 60 | tap_note
}
