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
# As kernels are built. What a program does not use is left out, and so is what that would ask of the OS.
cc="gcc -std=gnu11 -O2 -g -fcf-protection=none -mgeneral-regs-only -ffunction-sections -Wl,--gc-sections -Wall -Wextra -Iinclude -Ilibpv"

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

# A program may not turn IRQs off: the same port without that.
# shellcheck disable=SC2086
$cc -Itests/bench/user $core tests/bench/mem.c tests/bench/mem_os.c tests/bench/mem_trees.c -o "$out/mem" || exit 1
# shellcheck disable=SC2086
$cc -Itests/bench/user $core tests/bench/alias.c tests/bench/mem_os.c -o "$out/alias" || exit 1

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

# replay PROGRAM: its lines of TAP are ours.
replay() {
	"$out/$1" >"$out/$1.tap" || tap_not_ok "$1 ended well"
	while read -r line; do
		case $line in
		'ok '*) tap_ok "${line#* - }" ;;
		'not ok '*) tap_not_ok "${line#* - }" ;;
		'#'*) echo "$line" ;;
		esac
	done <"$out/$1.tap"
}
replay memory
replay alias

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

# The region map beside red-black trees. The times are those of this machine.
"$out/mem" >"$out/mem.txt" || { tap_not_ok 'the region map and the trees find the same regions'; tap_end; }
tap_ok 'the region map and the trees find the same regions'
printf '# %-22s %9s %9s %9s %9s %9s\n' 'region map, ns' pv tree '3 trees' 'pv/tree' 'pv/3'
awk 'function share(a, b) { return b == "-" ? "-" : sprintf("%.2fx", a / b) }
	function ns(ps) { return ps == "-" ? "-" : sprintf("%.1f", ps / 1e3) }
	$1 == "memory" { printf "# %-10s %10s %9s %9s %9s\n", "bytes each", $2, $3, $4, $5; next }
	$1 == "setup" && $6 { printf "# %-10s %10s %9s\n", "in a batch", $2, ns($6) }
	{ printf "# %-10s %10s %9s %9s %9s %9s %9s\n", $1, $2, ns($3), ns($4), ns($5), share($3, $4), share($3, $5) }' \
	"$out/mem.txt"
rm -rf "$out/mem.data" && mkdir "$out/mem.data"
awk -v data="$out/mem.data/" '{ print $2, $3, $4, $5 >(data $1) }' "$out/mem.txt"
gnuplot -e "data='$out/mem.data'" tests/bench/mem.gp >"$out/mem.svg"
tap_run "the growth chart is drawn: $out/mem.svg" grep -q '</svg>' "$out/mem.svg"

# Targets, as measured here and now: told, not tested.
awk 'function target(what, share, wanted) {
		printf "# target: %-44s %6.2fx, %s\n", what, share, share <= wanted ? "met" : "missed"
	}
	$1 == "gpa" && $2 == 509 { target("find by GPA, 509: at most 0.50 of the tree", $3 / $4, 0.5) }
	$1 == "gpa" && $2 == 32768 { target("find by GPA, 32,768: at most 0.40 of the tree", $3 / $4, 0.4) }
	$1 ~ /^(add|remove|move)$/ && ($2 == 509 || $2 == 32768) {
		target($1 ", " $2 ": at most 1.00 of three trees", $3 / $5, 1)
	}' "$out/mem.txt"

# measure CASE ROUNDS: instructions and cycles of a hundred rounds, by callgrind, as a line and into a file. It has caches of
# its own, like the first and second level of most processors, so that the counts repeat. Half a cycle for an instruction, 12
# for a line of the second level, 40 for one of the third, 15 for a branch that was mispredicted.
measure() {
	valgrind --tool=callgrind --collect-atstart=no --toggle-collect='rounds*' --cache-sim=yes --branch-sim=yes \
		--I1=32768,8,64 --D1=32768,8,64 --LL=1048576,16,64 --callgrind-out-file=/dev/null "$out/mem" "$1" "$2" 2>&1 |
		awk -v what="$1" -v share="$(($2 / 100))" '/Collected/ {
			cycles = $4 / 2 + 12 * ($7 + $8 + $9) + 40 * ($10 + $11 + $12) + 15 * ($14 + $16)
			printf "%s %d %d\n", what, $4 / share, cycles / share
		}' >"$out/mem.cost"
	awk '{ printf "# %-22s %12.1f %12.1f\n", $1, $2 / 100, $3 / 100 }' "$out/mem.cost"
	cat "$out/mem.cost" >>"$out/mem.costs"
}
instructions() { awk -v what="$1" '$1 == what { print $2 }' "$out/mem.costs"; }
cycles() { awk -v what="$1" '$1 == what { print $3 }' "$out/mem.costs"; }

printf '# %-22s %12s %12s\n' 'region map, callgrind' instructions cycles
: >"$out/mem.costs"
for size in 509 32768; do
	for operation in gpa id va; do measure pv-$operation-$size 20000; done
	for operation in add remove move; do measure pv-$operation-$size 400; done
	measure tree-gpa-$size 20000
	for operation in id va; do measure trees-$operation-$size 20000; done
	for operation in add remove move; do measure trees-$operation-$size 400; done
	tap_run "region map: to find by GPA among $size takes fewer cycles than in a red-black tree" \
		test "$(cycles pv-gpa-$size)" -lt "$(cycles tree-gpa-$size)"
	tap_run "region map: to find by id among $size takes at most half the cycles of a red-black tree" \
		test $((2 * $(cycles pv-id-$size))) -le "$(cycles trees-id-$size)"
done
for operation in gpa id va add remove move; do
	tap_run "region map: $operation takes at most 2.5 times the instructions among 64 times the regions" \
		test $((10 * $(instructions pv-$operation-32768))) -le $((25 * $(instructions pv-$operation-509)))
done

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
# shellcheck disable=SC2086
mem=$(size $objects | awk '$6 ~ "/libpv-mem-" { all += $1 } END { print all }')
tap_run "everything but guest memory is at most 48 KiB of text: $((all - mem))" test $((all - mem)) -le 49152
tap_run "guest memory is at most 16 KiB of text: $mem" test "$mem" -le 16384
both=$(text_of "$out/detect-steal")
tap_run "detection and stolen time are at most 4.5 KiB of text: $both" test "$both" -le 4608
tap_run "detection alone is at most 4 KiB of text: $detect" test "$detect" -le 4096
tap_end
