#!/bin/sh
# SPDX-License-Identifier: MIT
# What libpv costs, as instruction counts and bytes, which repeat, beside a baseline of the same run.
# TAP; the tables are comment lines.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
tools_need bench

out=build/test/bench
mkdir -p "$out"
core=$(sed -n 's|^ *\(libpv/.*\.c\)|\1|p' libpv/sources.cmake)
# As kernels are built.
cc="gcc -std=gnu11 -O2 -g -fcf-protection=none -mgeneral-regs-only -Wall -Wextra -Iinclude -Ilibpv"

for program in calls memory; do
	# shellcheck disable=SC2086 # lists
	$cc -Ilibpv/arch/sim $core tests/bench/mock.c tests/bench/$program.c -o "$out/$program" || exit 1
done

# On the port of a real processor: nothing privileged is executed.
# shellcheck disable=SC2086
$cc -Ilibpv/arch/x86_64 -Iports/freestanding $core ports/freestanding/pv_freestanding.c tests/bench/steal.c \
	-o "$out/steal" || exit 1

# shellcheck disable=SC2086
$cc -DPV_FREESTANDING_PAGES=1024 -Ilibpv/arch/x86_64 -Iports/freestanding $core ports/freestanding/pv_freestanding.c \
	tests/bench/vp.c -o "$out/vp" || exit 1

# Instructions of a whole run of $program.
count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$out/$program" "$1" "$2" 2>&1 |
		awk '/Collected/ { print $4 }'
}

# Instructions per round: the difference of two lengths leaves start-up and end out.
per_round() {
	short=$(count "$1" 1000) long=$(count "$1" 3000)
	echo $(((long - short) / 2000))
}

program=calls

loop=$(per_round nothing)
bare=$(($(per_round bare) - loop))
row() {
	cost=$(($(per_round "$1") - loop))
	awk -v c="$cost" -v b="$bare" -v t="$2" 'BEGIN { printf "# %-46s %6d %+6d  %5.1fx\n", t, c, c - b, c / b }'
}

printf '# %-46s %6s %6s  %6s\n' 'hypercall on the mock' 'instr.' 'over' 'ratio'
printf '# %-46s %6d\n' 'bare call through the simulated port' "$bare"
row fast 'pv_hv_call_fast' && fast=$cost
row two_registers 'begin, issue, end: 16 bytes in two registers'
row block 'begin, issue, end: 24 bytes in XMM registers'
row memory 'begin, issue, end: 24 bytes in the page'
row nested 'the same, nested, in the reserve'
row copied 'pv_hv_call_simple: 24 bytes copied to the page'
row get_register_block 'one register read by XMM input and output'
row get_register_memory 'one register read through the page'
row list_of_500 'list of 500 page ranges through the page'
awk -v c="$cost" 'BEGIN { printf "# %-46s %6.1f\n", "  of that per element", c / 500 }'
row plan_simple 'planner alone: simple call'
row plan_one 'planner alone: list of 1'
row plan_most 'planner alone: as many as fit'
row plan_variable 'planner alone: variable header and list'

tap_run "a fast call costs at most 40 instructions over a bare one: $((fast - bare))" \
	test $((fast - bare)) -le 40
tap_run 'the counts repeat' test "$(count fast 1000)" = "$(count fast 1000)"

"$out/memory" >"$out/memory.tap"
while read -r line; do
	case $line in
	'ok '*) tap_ok "${line#* - }" ;;
	'not ok '*) tap_not_ok "${line#* - }" ;;
	'#'*) echo "$line" ;;
	esac
done <"$out/memory.tap"

# Reading stolen time. Nanoseconds are those of this machine, where a whole cycle is a fifth of a read; instructions repeat.
program=steal
"$out/steal" >"$out/steal.txt"
printf '# %-46s %6s %6s  %6s\n' 'reading stolen time, ns' 'by hand' pv ratio
awk '{ hand = $(NF - 2) / $NF; pv = $(NF - 1) / $NF; sub(/ [0-9]+ [0-9]+ [0-9]+$/, "")
	printf "# %-46s %7.2f %6.2f %6.2fx\n", $0, hand, pv, pv / hand }' "$out/steal.txt"
for format in kvm sbi; do
	hand=$(per_round "hand-$format") pv=$(per_round "pv-$format")
	tap_run "reading stolen time takes at most 1.15 times the instructions of a loop written by hand: $format, $pv of $hand" \
		test $((100 * pv)) -le $((115 * hand))
done

# Sets of VPs and look-ups. The times are those of this machine, the instructions repeat.
program=vp
"$out/vp" >"$out/vp.txt"
printf '# %-22s %9s %9s %9s %8s %7s\n' 'set of all VPs, ns' atomic plain pv atomic plain
awk '$1 != "sparse" { printf "# %-10s %8d VPs %8.0f %9.0f %9.0f %8s %6.2fx\n",
	$1, $2, $3 / 1e3, $4 / 1e3, $5 / 1e3, sprintf("1/%.0f", $3 / $5), $5 / $4 }' "$out/vp.txt"
printf '# %-22s %9s %9s %9s %8s\n' 'VP index to CPU, ns' scan pv ratio 'bytes/VP'
awk '{ printf "# %-10s %8d VPs %8.1f %9.1f %8.2fx %8.1f\n", $1, $2, $6 / 1e3, $7 / 1e3, $7 / $6, $8 / $2 }' "$out/vp.txt"
# at_most KIND BASELINE SHARE: libpv needs at most 1/SHARE of the instructions of the loop.
at_most() {
	pv=$(per_round "pv-$1") loop=$(per_round "$2-$1")
	tap_run "a set of 4,096 VPs takes at most 1/$3 of the instructions of the $2 loop: $1, $pv of $loop" \
		test $(($3 * pv)) -le "$loop"
}
at_most identity atomic 50
at_most runs atomic 20
at_most random plain 1

# Code size at -Os, as a kernel would link it: all of it, and what a kernel links that only detects.
objects=
for file in $core; do
	object=$out/$(echo "$file" | tr / -).o
	gcc -std=c11 -Os -ffreestanding -mno-red-zone -mgeneral-regs-only -fcf-protection=none -fno-asynchronous-unwind-tables \
		-ffunction-sections -fdata-sections -Iinclude -Ilibpv -Ilibpv/arch/x86_64 -c "$file" \
		-o "$object" || exit 1
	objects="$objects $object"
done
text_of() { size "$1" | awk 'NR == 2 { print $1 }'; }
# shellcheck disable=SC2086
ld -r -o "$out/all.o" $objects
# shellcheck disable=SC2086
ld --gc-sections -e pv_detect_probe --unresolved-symbols=ignore-all -o "$out/detect" $objects 2>/dev/null
# shellcheck disable=SC2086
ld --gc-sections -e pv_detect_probe -u pv_steal_enable -u pv_steal_ns -u pv_steal_disable \
	--unresolved-symbols=ignore-all -o "$out/detect-steal" $objects 2>/dev/null
printf '# %-46s %6s  %6s\n' 'text and constants at -Os' bytes share
# shellcheck disable=SC2086
size $objects | awk 'NR > 1 {
	sub(".*/libpv-", "", $6); sub("-.*", "", $6); text[$6] += $1; all += $1
} END {
	for (area in text) printf "# %-46s %6d  %5.1f%%\n", area, text[area], 100 * text[area] / all
}' | sort
all=$(text_of "$out/all.o") detect=$(text_of "$out/detect")
tap_run "everything is at most 48 KiB of text: $all" test "$all" -le 49152
both=$(text_of "$out/detect-steal")
tap_run "detection and stolen time are at most 4.5 KiB of text: $both" test "$both" -le 4608
tap_run "detection alone is at most 4 KiB of text: $detect" test "$detect" -le 4096
tap_end
