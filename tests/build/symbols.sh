#!/bin/sh
# SPDX-License-Identifier: MIT
# What the linked core asks of its host and what it gives: undefined symbols against the allow-list, nothing weak, nothing
# mutable, exported names within the areas' prefixes and clear of Linux's own; then the text size per area.
# Usage: symbols.sh [TARGET...]
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need build

# Area = folder, or header = prefix (libpv/hv, pv/hv.h: pv_hv_*), and pv_vp_*, the CPU's half of guest.h.
areas=vp$({ find libpv -mindepth 1 -maxdepth 1 -type d -not -name arch; find include/pv -maxdepth 1 -name '*.h'; } |
	sed 's|.*/||; s|\.h$||; s|^|\||' | sort -u | tr -d '\n')
# Names Linux uses, some of them as a beginning of more.
taken='pv_ops|pv_info|pv_init|pv_cpu|pv_wait|pv_kick|pv_node|pv_hash|pv_time_init'

binutils() {
	case $1 in
	aarch64*) tool=aarch64-linux-gnu- ;;
	riscv64*) tool=riscv64-linux-gnu- ;;
	s390x*) tool=s390x-linux-gnu- ;;
	*) tool= ;;
	esac
	case $1 in i386*) link='ld -m elf_i386 -r' ;; *) link="${tool}ld -r" ;; esac
}

allowed() {
	while read -r pattern targets _; do
		# shellcheck disable=SC2254  # both are patterns
		case $pattern in '' | '#'*) continue ;; esac
		# shellcheck disable=SC2254
		case $1 in $targets*) ;; *) continue ;; esac
		# shellcheck disable=SC2254
		case $2 in $pattern) return 0 ;; esac
	done <tests/build/undefined.txt
	return 1
}

check() {
	dir=$tap_out/$1 text="$1 core"
	binutils "$1"
	# Position-dependent: otherwise constant tables of pointers count as data the loader writes.
	core_build "$1" "$dir" -O2 -fno-pie >"$tap_out/log" 2>&1 && $link -o "$dir/all.o" "$dir"/*.o 2>>"$tap_out/log"
	if [ ! -e "$dir/all.o" ]; then
		tap_not_ok "$text builds and links with ld -r"
		head -n 20 "$tap_out/log" | tap_note
		return
	fi
	"${tool}nm" -f posix "$dir/all.o" | awk '{ print $2, $1 }' >"$dir/names"
	awk '$1 == "U" { print $2 }' "$dir/names" | while read -r name; do
		allowed "$1" "$name" || echo "$name"
	done >"$dir/undefined"
	tap_empty "$text: undefined symbols are on the allow-list" "$dir/undefined"
	grep -i '^[wv] ' "$dir/names" >"$dir/weak"
	tap_empty "$text: no weak symbol" "$dir/weak"
	{
		grep '^[dDbBCgGsS] ' "$dir/names"
		"${tool}size" -A "$dir/all.o" | awk '/^\.(data|bss|tdata|tbss|sdata|sbss)/ && $2 > 0 { print "section", $1, $2, "bytes" }'
	} >"$dir/mutable"
	tap_empty "$text: no mutable static or global data" "$dir/mutable"
	awk '$1 ~ /^[A-Z]$/ && $1 != "U" { print $2 }' "$dir/names" | grep -Ev "^pv_($areas)(_|\$)" >"$dir/prefix"
	tap_empty "$text: exported names begin with pv_AREA_" "$dir/prefix"
	awk '$1 ~ /^[A-Z]$/ { print $2 }' "$dir/names" | grep -E "^($taken)" >"$dir/taken"
	tap_empty "$text: no name that Linux uses" "$dir/taken"
}

[ $# -gt 0 ] || set -- $PV_TARGETS
for target; do check "$target"; done

# Size, without unwind tables, which a kernel discards; text and read-only data together, as `size` counts them.
if core_build x86_64-gcc "$tap_out/size" -Os -fno-pie -fno-asynchronous-unwind-tables >/dev/null 2>&1; then
	echo '# text and constants, x86-64 gcc -Os, bytes:'
	size "$tap_out"/size/*.o | awk 'NR > 1 { n = split($6, p, "/"); area = p[n]; sub(/[_.].*/, "", area); t[area] += $1; all += $1 }
		END { for (a in t) printf "#   %-10s %6d\n", a, t[a]; printf "#   %-10s %6d\n", "~total", all }' | sort
fi
tap_end
