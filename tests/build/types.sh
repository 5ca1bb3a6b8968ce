#!/bin/sh
# SPDX-License-Identifier: MIT
# The numbers of a processor do not mix: a CPU, a VP index, a hardware id and a plain integer each compile where they are meant and
# nowhere else, in C11 and C++17, gcc and clang.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
tools_need build

# Expressions, by the type that they have.
prologue='#include <pv/pv.h>
struct pv_cpu cpu; struct pv_vp_index index_; struct pv_hw_id hw; uint32_t number;
struct pv_vp vp; struct pv_vp_map map; struct pv_vp_set set;
'
expressions='cpu index_ hw number 5 &number'

# What is called, with X in the place of a number, and the one expression that belongs there.
calls='pv_vp_map_index(&map, X, &index_)|cpu
pv_vp_map_cpu(&map, X, &cpu)|index_
pv_vp_map_add(&map, X, index_)|cpu
pv_vp_map_add(&map, cpu, X)|index_
pv_vp_map_remove(&map, X)|cpu
pv_vp_set_add(&set, X)|index_
pv_vp_set_has(&set, X)|index_
pv_vp_map_index(&map, cpu, &X)|index_
pv_vp_map_cpu(&map, index_, &X)|cpu
pv_vp_set_next(&set, &X)|index_
pv_kvm_yield_to(&vp, X)|hw
pv_kvm_kick(&vp, X)|hw
cpu = X|cpu
index_ = X|index_
hw = X|hw'

# A pointer of another type is a warning in C, which counts: kernels build so.
for language in gcc-C gcc-C++ clang-C clang-C++; do
	case $language in
	gcc-C) compiler='gcc -x c -std=c11' ;;
	gcc-C++) compiler='g++ -x c++ -std=c++17' ;;
	clang-C) compiler='clang-19 -x c -std=c11' ;;
	clang-C++) compiler='clang++-19 -x c++ -std=c++17' ;;
	esac
	: >"$tap_out/wrong"
	: >"$tap_out/refused"
	right=0 refused=0
	echo "$calls" >"$tap_out/calls"
	while IFS='|' read -r call meant; do
		for expression in $expressions; do
			text=$(echo "$call" | sed "s/X/$(echo "$expression" | sed 's/&/\\&/')/")
			printf '%sint main(void) { (void)(%s); return 0; }\n' "$prologue" "$text" >"$tap_out/types.c"
			if $compiler -Iinclude -Werror=incompatible-pointer-types -fsyntax-only "$tap_out/types.c" >"$tap_out/log" 2>&1; then
				[ "$expression" = "$meant" ] && right=$((right + 1)) || echo "$text compiles" >>"$tap_out/wrong"
			else
				[ "$expression" != "$meant" ] && refused=$((refused + 1)) || { echo "$text:"; cat "$tap_out/log"; } >>"$tap_out/refused"
			fi
		done
	done <"$tap_out/calls"
	tap_empty "$language: $right uses of the right number compile" "$tap_out/refused"
	tap_empty "$language: $refused uses of another number do not" "$tap_out/wrong"
done
tap_end
