#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the unit tests in one flavour: unit.sh gcc | clang | asan-gcc | asan-clang | tsan | integers | long
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
# Ten million random changes of a map of memory: four minutes.
long) tools_need unit; cc=gcc flags="$sanitize -O2" PV_TESTS='^mem/test_map_random$' PV_PROGRAMS=mem_test_map_random; export PV_LONG=1 ;;
*) echo 'usage: unit.sh gcc|clang|asan-gcc|asan-clang|tsan|integers|long' >&2; exit 2 ;;
esac

# tsan_reports TEXT TEST OPTIONS SOURCES...   The test, built from these, has data races. A run that cannot fail proves nothing.
tsan_reports() {
	text=$1 test=$2 options=$3
	shift 3
	if clang-19 -std=gnu11 $flags $options -Iinclude -Ilibpv -Ilibpv/arch/sim -Itests -o "$tap_out/seeded" \
		"$test" "$@" tests/sim/volatile.c -lcmocka -lpthread >"$tap_out/log" 2>&1 &&
		! "$tap_out/seeded" >"$tap_out/log" 2>&1 && grep -q 'data race' "$tap_out/log"; then
		tap_ok "$text is reported"
	else
		tap_not_ok "$text is reported"
		head -n 20 "$tap_out/log" | tap_note
	fi
}

# One plain load where the map of VPs has an atomic one; memory of regions that is used again too early; a version that is not released.
tsan_reports_what_is_seeded() {
	sed 's/return __atomic_load_n(word, __ATOMIC_RELAXED);/return *word;/' libpv/vp/map.h >"$tap_out/map.h"
	tsan_reports 'a plain load among the threads' tests/unit/vp/test_map_threads.c "-include $tap_out/map.h" libpv/vp/*.c
	mkdir "$tap_out/mem"
	for file in cache map map_read pool slab tree trie trie_read; do cp libpv/mem/$file.c "$tap_out/mem"; done
	tsan_reports 'grace that is over too early' tests/unit/mem/test_map_threads.c -DTOO_EARLY "$tap_out"/mem/*.c
	sed -i '/&map->version/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/' "$tap_out/mem/map.c"
	tsan_reports 'a version published without release' tests/unit/mem/test_map_threads.c '' "$tap_out"/mem/*.c
}

ctest_build "build/test/${1:-gcc}" -DCMAKE_C_COMPILER=$cc "-DCMAKE_C_FLAGS=$flags" && ctest_run "build/test/${1:-gcc}"
[ "${1:-gcc}" != tsan ] || tsan_reports_what_is_seeded
tap_end
