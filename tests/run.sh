#!/bin/sh
# SPDX-License-Identifier: MIT
# The one test command. Usage: run.sh [quick|full]
#   quick    native unit tests, headers, figures: under a minute
#   (none)   every tier, bounded: some 40 minutes on two cores
#   full     the same with long fuzzing, the larger proofs, more flavours and Linux as a guest: some hours
# Tools that are missing get installed (tests/tools.sh). Logs stay in build/test/log. The last line is "N passed, N failed".
cd "$(dirname "$0")/.." || exit 1
. tests/tools.sh

tier=${1:-default}
case $tier in
quick) groups=headers ;;
default | full) groups='build linux proof coverage fuzz bench' ;;
*) echo 'usage: run.sh [quick|full]' >&2; exit 2 ;;
esac

passed=0 failed=0 started=$(date +%s)
logs=build/test/log
mkdir -p "$logs" && rm -f "$logs"/*

# An interrupted run takes its steps along: timeout passes the signal on to all that the step started.
chain=
stop() {
	[ -z "$chain" ] || kill "$chain" 2>/dev/null
	for file in "$logs"/*.pid; do [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null; done
	exit 130
}
trap stop INT TERM

# perform NAME LIMIT COMMAND...   runs a step, stopped after LIMIT seconds: it hangs, even on a busy machine; finish NAME waits for it and counts its TAP lines.
perform() {
	name=$1 limit=$2
	shift 2
	begin=$(date +%s)
	timeout -k 10 "$limit" "$@" >"$logs/$name.log" 2>&1 </dev/null &
	echo $! >"$logs/$name.pid"
	wait $!
	status=$?
	rm -f "$logs/$name.pid"
	[ $status != 124 ] || echo "stopped after $limit s" >>"$logs/$name.log"
	echo "$status $(($(date +%s) - begin))" >"$logs/$name.new" && mv "$logs/$name.new" "$logs/$name.status"
}

finish() {
	log=$logs/$1.log waited=0
	printf '== %s\n' "$1"
	while [ ! -e "$logs/$1.status" ]; do
		sleep 0.2
		waited=$((waited + 1))
		# Long steps show that they live, every 20 seconds.
		[ $((waited % 100)) != 0 ] || printf '   %d s: %s\n' $((waited / 5)) "$(tail -n 1 "$log" | cut -c 1-120)"
	done
	read -r status seconds <"$logs/$1.status"
	good=$(grep '^ok ' "$log" | grep -vci '# skip')
	bad=$(grep '^not ok ' "$log" | grep -vciE '# (skip|todo)')
	awk '/^not ok / ||  /^# / && ++n <= 240 { print "   " $0 }' "$log"
	# A step that ended badly, or that tested nothing, is a failure although no line says so.
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then
		bad=1
		echo "   not ok - $1 ended with status $status and $good tests:"
		tail -n 8 "$log" | sed 's/^#* */   # /'
	fi
	passed=$((passed + good)) failed=$((failed + bad))
	printf '   %s passed, %s failed, %s s (total %s s)\n' "$good" "$bad" "$seconds" $(($(date +%s) - started))
}

step() {
	perform "$@" &
	finish "$1"
}

# Guests on real hypervisors, one step after the other: each is one emulated processor for minutes, which has a core to
# itself while the other steps go on.
labs='lab lab-aarch64 lab-riscv64 steal steal-aarch64 steal-riscv64'
[ "$tier" != full ] || labs="$labs linux linux-aarch64 vtlhost"
perform_labs() {
	perform lab 900 sh tests/lab/check.sh
	perform lab-aarch64 600 env PV_ARCH=aarch64 sh tests/lab/check.sh
	perform lab-riscv64 600 env PV_ARCH=riscv64 sh tests/lab/check.sh
	perform steal 900 sh tests/lab/steal.sh
	perform steal-aarch64 900 env PV_ARCH=aarch64 sh tests/lab/steal.sh
	perform steal-riscv64 900 env PV_ARCH=riscv64 sh tests/lab/steal.sh
	[ "$tier" = full ] || return 0
	perform linux 7200 sh tests/linux/check.sh
	perform linux-aarch64 7200 env PV_ARCH=aarch64 sh tests/linux/check.sh
	perform vtlhost 5400 sh tests/vtlhost/run.sh
}

(tools_need $groups) || { echo '0 passed, 1 failed'; exit 2; }

if [ "$tier" = quick ]; then
	step unit 400 sh tests/build/unit.sh gcc
	step headers 300 sh tests/build/headers.sh gcc
	step figures 300 sh tests/build/figures.sh
	step sources 300 sh tests/build/sources.sh
	step pvstat 100 sh tests/linux/pvstat.sh
	step rules 300 sh tests/build/rules.sh
else
	perform_labs &
	chain=$!
	step unit 400 sh tests/build/unit.sh gcc
	step unit-clang 400 sh tests/build/unit.sh clang
	step headers 400 sh tests/build/headers.sh
	step types 300 sh tests/build/types.sh
	step sources 300 sh tests/build/sources.sh
	step figures 300 sh tests/build/figures.sh
	step readme 300 sh tests/build/readme.sh
	step hypercalls 300 sh tests/build/hypercalls.sh
	step rules 400 sh tests/build/rules.sh mutants
	step cross 600 sh tests/build/cross.sh
	step symbols 600 sh tests/build/symbols.sh
	step fences 600 sh tests/build/fences.sh
	step model 600 sh tests/model/run.sh
	step lint 600 sh tests/build/lint.sh
	step linux-build 900 sh tests/linux/build.sh
	step pvstat 100 sh tests/linux/pvstat.sh
	step asan-gcc 600 sh tests/build/unit.sh asan-gcc
	step asan-clang 600 sh tests/build/unit.sh asan-clang
	step tsan 600 sh tests/build/unit.sh tsan
	step coverage 900 sh tests/coverage.sh
	step port 400 sh tests/port/run.sh
	for arch in aarch64 i386 s390x; do step "unit-$arch" 900 sh tests/foreign.sh $arch; done
	if [ "$tier" = full ]; then
		step linux-style 300 sh tests/linux/style.sh full
		step linux-dkms 600 sh tests/linux/dkms.sh
		step unit-riscv64 900 sh tests/foreign.sh riscv64
		step integers 600 sh tests/build/unit.sh integers
		step mem-long 3600 sh tests/build/unit.sh long
		step proof 3600 sh tests/proof/run.sh full
		step fuzz 3600 sh tests/fuzz/run.sh 300
	else
		step linux-style 300 sh tests/linux/style.sh
		step proof 2400 sh tests/proof/run.sh
		step fuzz 600 sh tests/fuzz/run.sh 30
	fi
	step bench 600 sh tests/bench/run.sh
	for lab in $labs; do finish "$lab"; done
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
