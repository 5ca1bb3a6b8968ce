#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the unit tests in one flavour: unit.sh gcc | clang | asan-gcc | asan-clang | tsan | integers
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
. tests/build/ctest.sh

sanitize='-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize=address,undefined'
case ${1:-gcc} in
gcc) tools_need unit; cc=gcc flags='-O2 -g' ;;
clang) tools_need unit clang; cc=clang-19 flags='-O2 -g' ;;
asan-gcc) tools_need unit; cc=gcc flags=$sanitize ;;
asan-clang) tools_need unit clang; cc=clang-19 flags=$sanitize ;;
# Those with threads. It knows no fences: they are the business of tests/model/ and fences.sh.
tsan) tools_need unit clang; cc=clang-19 flags='-O1 -g -fno-omit-frame-pointer -fsanitize=thread -mllvm -tsan-distinguish-volatile=1'
	threads=$(grep -l pthread_create tests/unit/*/test_*.c | sed 's|tests/unit/||; s|\.c||')
	PV_TESTS=$(echo "$threads" | sed 's|.*|^&$|' | paste -s -d '|') PV_PROGRAMS=$(echo "$threads" | tr / _) ;;
# Silent truncation in offsets and counts. Unsigned wrap-around is left out: it is defined, and sequence numbers use it.
integers) tools_need unit clang; cc=clang-19 flags='-O1 -g -fno-sanitize-recover=all -fsanitize=implicit-conversion,undefined' ;;
*) echo 'usage: unit.sh gcc|clang|asan-gcc|asan-clang|tsan|integers' >&2; exit 2 ;;
esac

# The same with one plain load where the library has an atomic one: a run that cannot fail proves nothing.
tsan_reports_a_plain_access() {
	sed 's/return __atomic_load_n(word, __ATOMIC_RELAXED);/return *word;/' libpv/vp/map.h >"$tap_out/map.h"
	if clang-19 -std=gnu11 $flags -Iinclude -Ilibpv -Ilibpv/arch/sim -Itests -include "$tap_out/map.h" -o "$tap_out/plain" \
		tests/unit/vp/test_map_threads.c libpv/vp/*.c tests/sim/volatile.c -lcmocka -lpthread >"$tap_out/log" 2>&1 &&
		! "$tap_out/plain" >"$tap_out/log" 2>&1 && grep -q 'data race' "$tap_out/log"; then
		tap_ok 'a plain load among the threads is reported'
	else
		tap_not_ok 'a plain load among the threads is reported'
		head -n 20 "$tap_out/log" | tap_note
	fi
}

ctest_build "build/test/${1:-gcc}" -DCMAKE_C_COMPILER=$cc "-DCMAKE_C_FLAGS=$flags" && ctest_run "build/test/${1:-gcc}"
[ "${1:-gcc}" != tsan ] || tsan_reports_a_plain_access
tap_end
