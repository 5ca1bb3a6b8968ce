#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs each tests/fuzz/fuzz_*.c for SECONDS against the library and the simulated hypervisor, under ASan and UBSan.
# Usage: run.sh [SECONDS] [FUZZ_X.c...]
# A target may name libFuzzer options in a comment line of its own: "fuzz: -max_len=512".
# The corpus grows in the cache folder; tests/fuzz/corpus/NAME/, if there, is read as well. A finding is kept and its file named.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need fuzz

seconds=${1:-30}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- tests/fuzz/fuzz_*.c
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
export ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-19/bin/llvm-symbolizer

# The library and the simulated machine once, the targets each on their own.
flags="-std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all -Iinclude -Ilibpv -Ilibpv/arch/sim -Itests"
compile() {
	{ core_sources; find tests/sim -name '*.c'; } | xargs -P "$PV_JOBS" -I {} sh -c '
		src=$1 out=$2; shift 2
		exec clang-19 "$@" -fsanitize=fuzzer-no-link,address,undefined -c -o "$out/$(echo "$src" | tr / _).o" "$src"' \
		- {} "$tap_out/objects" $flags
}
mkdir "$tap_out/objects"
tap_run 'library and simulated hypervisor build for fuzzing' compile
[ "$tap_bad" -eq 0 ] || tap_end

# One target: builds, runs, leaves its log and exit status.
fuzz() {
	name=$(basename "$1" .c)
	corpus=$PV_CACHE/fuzz/$name found=$PV_CACHE/fuzz/findings/$name
	mkdir -p "$corpus" "$found"
	# -timeout: one input may take 10 s at most, so a hang is a finding as well. --foreground: an interrupted run ends the target too.
	clang-19 $flags -fsanitize=fuzzer,address,undefined -o "$tap_out/$name" "$1" "$tap_out"/objects/*.o &&
		timeout --foreground -k 10 $((seconds + 60)) "$tap_out/$name" "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
			"-artifact_prefix=$found/" $(sed -n 's|^[ /*]*fuzz: *||p' "$1" | sed 's| *\*/ *$||') "$corpus" \
			$([ ! -d "tests/fuzz/corpus/$name" ] || echo "tests/fuzz/corpus/$name")
	echo $? >"$tap_out/$name.status"
}

report() {
	name=$(basename "$1" .c)
	log=$tap_out/$name.log
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ "$(cat "$tap_out/$name.status")" = 0 ]; then
		tap_ok "$name, $seconds s: ${runs:-?} runs, $(find "$PV_CACHE/fuzz/$name" -type f | wc -l) inputs kept"
	else
		tap_not_ok "$name, $seconds s"
		grep -E 'error|ERROR|SUMMARY|Test unit written|^ +#[0-9]+ ' "$log" | grep -v 'fuzzer::\|libc_start' | head -n 30 | tap_note
	fi
}

# Two targets at a time.
while [ $# -gt 0 ]; do
	[ -e "$1" ] || { tap_not_ok 'tests/fuzz has a target'; break; }
	fuzz "$1" >"$tap_out/$(basename "$1" .c).log" 2>&1 &
	second=${2:-}
	[ -z "$second" ] || fuzz "$second" >"$tap_out/$(basename "$second" .c).log" 2>&1
	wait
	for target in "$1" $second; do report "$target"; done
	shift
	[ -z "$second" ] || shift
done
tap_end
