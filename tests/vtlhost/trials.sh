#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs guests under the monitor and says in TAP whether each ended as it should. Needs no more than
# busybox, so that it runs in L1 as well; run.sh builds what is in the folder.
# Usage: sh trials.sh DIR SECONDS     (SECONDS: until a guest that is to end is said to hang)

dir=$1 limit=$2
n=0 bad=0

ok() { n=$((n + 1)); echo "ok $n - $*"; }
not_ok() { n=$((n + 1)) bad=$((bad + 1)); echo "not ok $n - $*"; }

# monitor NAME OPTION...   Leaves its status in $status, what it said in $dir/log.
monitor() {
	program=$1
	shift
	status=0
	timeout -s KILL $((limit + 60)) "$dir/$program" "$@" >"$dir/log" 2>&1 </dev/null || status=$?
}

# ends STATUS TEXT PATTERN OPTION... IMAGE   As it should, and the log says so.
ends() {
	wanted=$1 text=$2 pattern=$3
	shift 3
	monitor "${monitor:-vtlhost}" "$@"
	if [ "$status" = "$wanted" ] && grep -q -e "$pattern" "$dir/log"; then
		ok "$text: status $status"
	else
		not_ok "$text: status $status, not $wanted, or it did not say \"$pattern\""
		tail -n 20 "$dir/log" | sed 's/^/# /'
	fi
}

# survives TEXT OPTION... IMAGE   The guest ends by its own report, whatever the hypervisor does.
survives() {
	text=$1
	shift
	monitor vtlhost -g "$@"
	if [ "$status" -le 63 ]; then
		ok "$text: status $status"
	else
		not_ok "$text: status $status is not the guest's own"
		tail -n 20 "$dir/log" | sed 's/^/# /'
	fi
}

# What the monitor says can be believed: each way to end has its status.
ends 0 'a guest that ends well' 'hypercalls' -v "$dir/end_well.elf"
ends 5 'a guest that ends badly' 'hypercalls' -v "$dir/end_badly.elf"
ends 120 'a triple fault' 'triple fault' "$dir/end_by_crash.elf"
ends 121 'a reserved bit in a control word' 'broke a rule: reserved bits' "$dir/end_by_rule.elf"
ends 124 'a guest that hangs' 'last one 0x10008 answered 0x0' -t 2 "$dir/end_never.elf"
ends 0 'arguments in registers and in a page' '1 writes, 0 outside' -g -v "$dir/end_by_output.elf"
monitor=vtlhost-beside ends 122 'output beside its page, seeded' 'outside of their arguments' -g \
	"$dir/end_by_output.elf"
monitor=vtlhost-reads ends 122 'a fast call that reads memory, seeded' 'outside of their arguments' -g \
	"$dir/end_by_output.elf"
ends 64 'an unknown behaviour' 'usage' -b nice "$dir/end_well.elf"

ends 0 'examples/report' 'Cost of a hypercall' -g -t "$limit" "$dir/report.elf"
ends 0 'the clocks agree' '^1\.\.' -t "$limit" "$dir/clock.elf"
for cpus in 1 4; do
	ends 0 "VTLs, $cpus processors" '^1\.\.' -c $cpus -g -t "$limit" "$dir/vtl.elf"
done
# The figures are this guest's. No -g, which compares pages around each call that has its arguments in one.
long=$((limit * 4))
limit=$long ends 0 'VTLs, 100,000 round trips' 'round trips: 100000$' -t "$long" "$dir/long.elf"
sed -n 's/^# /# /p' "$dir/log"
ends 0 'VTLs, one element to a hypercall' '^1\.\.' -T 1 -g -t "$limit" "$dir/vtl.elf"
ends 0 'VTLs, TIME_OUT with progress' '^1\.\.' -b timeout-once -g -t "$limit" "$dir/vtl.elf"

# The guest makes 40 hypercalls where the hypervisor is honest. What is wrong with MSRs and VP
# indexes is so from the start.
"$dir/vtlhost" -l >"$dir/behaviours"
while read -r name about; do
	case $name in
	honest | timeout-once) continue ;;
	vp-index-* | os-id-* | page-* | assist-*) honest_calls=0 ;;
	*) honest_calls='0 4 10 20' ;;
	esac
	for after in $honest_calls; do
		survives "$name after $after hypercalls" -b "$name" -a $after -c 2 -t "$limit" \
			"$dir/brief.elf"
	done
done <"$dir/behaviours"
for seed in 2 3 4 5 6 7 8 9; do
	survives "random, seed $seed" -b random -s $seed -c 2 -t "$limit" "$dir/brief.elf"
done

echo "1..$n"
[ $bad = 0 ]
