#!/bin/sh
# SPDX-License-Identifier: MIT
# The fences that tests/model/ shows to be needed are in the machine code, between the loads that they keep apart. Then each is taken
# out of the port or of the C atomics in turn, and exactly the functions that need it must be found lacking.
# Usage: fences.sh [TARGET...]
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need build

# Only the files that read what others write. One of them may stand in for another, changed.
core_sources() {
	printf 'libpv/%s.c\n' steal/read steal/xen clock/kvm clock/hyperv clock/read monotone/monotone \
		vp/map vp/map_write vp/set_build mem/map mem/map_read | sed "s|^${instead_of:-none}\$|$tap_out/changed.c|"
}

# Function and the order in it, as fences.awk writes it: Ln is a load of n bytes.
#   read_again     pointer of the sequence, last, offset; sequence; pointer of the value, value; sequence
#   page_read      sequence; counter, scale, offset; sequence. A stamp of the sequence lies elsewhere.
#   map_count      state; count; state
#   look_up        state; way; state; words; state. Compilers make one function of it and its caller, or of a reader of sets and its
#                  start, or do not: A|B is either; where the loop begins with the check, the first state is not looked for.
#   change_map     fence, the image, store of the state
#   pv_mem_map_*   version, and what it leads to
#   publish        draft, store of the version
table='read_again ACQUIRE L8 L8 READ L4 READ L8 L8 READ L4
pv_steal_publish_ RELEASE RELEASE
pv_steal_retract_ FENCE
pv_steal_xen_read_ L8 READ L8 L8 READ L8
pv_clock_kvm_copy_ L4 READ L8 L8 L4 L1 L1 READ L4
pv_clock_kvm_read_ L4 READ COUNTER L8 L8 L4 L1 L1 READ L4
pv_clock_hv_page_read_ READ COUNTER L8 L8 READ L4
pv_clock_read_once_ COUNTER
pv_clock_ns L8 L8 READ
pv_monotone_raise_ EXCHANGE
pv_monotone_rebase_ EXCHANGE
pv_monotone_restart_ RELEASE
pv_vp_map_count STATE L4 AGAIN L8
look_up|translate STATE WAY AGAIN L8 WORDS AGAIN L8
start|pv_vp_set_everyone WAY AGAIN L8
change_map FENCE LOADS RELEASE
pv_mem_map_find_gpa VERSION
pv_mem_map_find_id VERSION
pv_mem_map_count VERSION L8
pv_mem_map_hole VERSION
pv_mem_map_from VERSION
pv_mem_map_at_va VERSION
publish|pv_mem_map_commit DRAFT RELEASE'

# Sets what the words of the table are in this machine code; nothing where program order does it. Release leaves no trace of an
# exchange in gcc 12 for riscv64 (sc.aq, not sc.rl): tests/model/ shows that the readers do without it.
words() {
	read='' acquire='L8 ' release='' fence='' exchange='exchange ' counter='lfence rdtsc lfence ' again=''
	case $1 in
	aarch64*)
		read='dmb_ishld ' again='dmb_ishld ' acquire='ldar ' release='stlr ' fence='dmb_ish ' exchange='ldaxr stlxr '
		counter='dmb_ishld isb counter isb ' ;;
	riscv64*)
		read='fence_r,r ' again='fence_(r,rw)? ' acquire='L8 fence_(r,rw)? ' release='fence_(iorw,ow|rw,w) ' fence='fence_(iorw,ow|rw,w)? ' exchange='lr\.d(\.aq)? sc\.d\.(aq|rl) '
		counter='fence_r,i counter fence_i,r ' ;;
	esac
}

disassemble() {
	case $1 in
	*-clang) llvm-objdump-19 -d --no-show-raw-insn "$2"/*.o ;;
	x86_64-gcc) objdump -d --no-show-raw-insn "$2"/*.o ;;
	*) "${1%-gcc}-linux-gnu-objdump" -d --no-show-raw-insn "$2"/*.o ;;
	esac | awk -v arch="${1%-*}" -f tests/build/fences.awk
}

# patterns: the table as "FUNCTION EXPRESSION".
patterns() {
	echo "$table" | sed "s/ /\t/; s/\$/ /; s/COUNTER /$(escape "$counter")/; s/READ /$(escape "$read")/g
		s/ACQUIRE /$(escape "$acquire")/; s/STATE /$(escape "$acquire")/; s/VERSION /$(escape "$acquire")/; s/DRAFT /L8 /; s/AGAIN /$(escape "$again")/g
		s/WAY /(L[48] ){3,5}/; s/WORDS /(L4 )+/; s/LOADS /(L[48] )*/
		 s/FENCE /$(escape "$fence")/; s/RELEASE /$(escape "$release")/g; s/EXCHANGE /$(escape "$exchange")/"
}

escape() {
	printf %s "$1" | sed 's/[\\&|]/\\&/g; s|/|\\/|g'
}

# lacking TARGET FOLDER: the functions that do not have what the table says, with what they have.
lacking() {
	disassemble "$1" "$2" >"$2/functions"
	patterns | while IFS='	' read -r name pattern; do
		has=$(grep -E "^($name) " "$2/functions") || has='is missing'
		echo "$has" | grep -Eq "^($name) (.* )?$pattern" || echo $name $has
	done
}

needing() {
	echo "$table" | grep -E " ($1)( |\$)" | cut -d ' ' -f 1
}

# without TARGET WHAT WORD FLAGS...: built with the flags, the functions that have the word (an expression) in the table are found lacking.
without() {
	target=$1 what=$2 needed=$3 dir=$tap_out/$target-without
	shift 3
	rm -rf "$dir"
	if ! core_build "$target" "$dir" -O2 -w "$@" >"$tap_out/log" 2>&1; then
		tap_not_ok "$target without $what builds"
		head -n 20 "$tap_out/log" | tap_note
		return
	fi
	lacking "$target" "$dir" | cut -d ' ' -f 1 | sort >"$dir/found"
	needing "$needed" | sort >"$dir/needing"
	if cmp -s "$dir/found" "$dir/needing" && [ -s "$dir/found" ]; then
		tap_ok "$target without $what: found in $(wc -l <"$dir/found") functions"
	else
		tap_not_ok "$target without $what: found where it is needed and nowhere else"
		diff "$dir/needing" "$dir/found" | tap_note
	fi
}

# without_in FILE TARGET WHAT WORDS SED: the same with a file changed by the script. The include guard of a header keeps the real one out.
without_in() {
	sed "$5" "$1" >"$tap_out/changed.${1##*.}"
	if cmp -s "$1" "$tap_out/changed.${1##*.}"; then
		tap_not_ok "$2 without $3: it is not in $1"
		return
	fi
	case $1 in
	*.c) instead_of=$1 && without "$2" "$3" "$4" && instead_of= ;;
	*) without "$2" "$3" "$4" -include "$tap_out/changed.h" ;;
	esac
}

without_port() {
	without_in "libpv/arch/${1%-*}/pv_port.h" "$@"
}

without_each() {
	case $1 in
	x86_64*)
		without_port "$1" 'LFENCE before RDTSC' COUNTER 's/lfence\\n\\trdtsc/rdtsc/'
		without_port "$1" 'LFENCE after RDTSC' COUNTER 's/rdtsc\\n\\tlfence/rdtsc/' ;;
	aarch64*)
		without_port "$1" 'DMB ISHLD of the read barrier' READ 's/"dmb ishld" :/"" :/'
		without_port "$1" 'DMB ISHLD of the counter' COUNTER 's/dmb ishld\\n\\tisb/isb/'
		without_port "$1" 'ISB before the counter' COUNTER 's/isb\\n\\tmrs/mrs/'
		without_port "$1" 'ISB after the counter' COUNTER 's/cntvct_el0\\n\\tisb/cntvct_el0/' ;;
	riscv64*)
		without_port "$1" 'FENCE R,R of the read barrier' READ 's/"fence r, r" :/"" :/'
		without_port "$1" 'FENCE R,I before the counter' COUNTER 's/fence r, i\\n\\t//'
		without_port "$1" 'FENCE I,R after the counter' COUNTER 's/\\n\\tfence i, r//' ;;
	esac
	case $1 in
	aarch64* | riscv64*)
		without_in libpv/vp/map.h "$1" 'acquire of the state' STATE '/&map->state/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/'
		without_in libpv/vp/map.h "$1" 'fence before the state again' AGAIN '/__atomic_thread_fence/d'
		without_in libpv/vp/map_write.c "$1" 'fence before the image' LOADS '/__atomic_thread_fence/d'
		without_in libpv/vp/map_write.c "$1" 'release of the state' LOADS '/&map->state/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/'
		without_in libpv/mem/map_read.c "$1" 'acquire of the version' VERSION '/&map->version/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/'
		without_in libpv/mem/map.c "$1" 'release of the version' DRAFT '/&map->version/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/'
		without "$1" acquire 'ACQUIRE|STATE|AGAIN|VERSION' -D__ATOMIC_ACQUIRE=0
		without "$1" release 'RELEASE|FENCE' -D__ATOMIC_RELEASE=0
		without "$1" 'acquire and release in one' 'ACQUIRE|STATE|AGAIN|EXCHANGE|VERSION' -D__ATOMIC_ACQUIRE=0 -D__ATOMIC_ACQ_REL=0 ;;
	esac
}

check() {
	dir=$tap_out/$1
	words "$1"
	if core_build "$1" "$dir" -O2 >"$tap_out/log" 2>&1; then
		lacking "$1" "$dir" >"$dir/lacking"
		tap_empty "$1: $(echo "$table" | wc -l) functions have their loads and fences in order" "$dir/lacking"
		without_each "$1"
	else
		tap_not_ok "$1 builds"
		head -n 20 "$tap_out/log" | tap_note
	fi
}

[ $# -gt 0 ] || set -- x86_64-gcc x86_64-clang aarch64-gcc aarch64-clang riscv64-gcc riscv64-clang
for target; do check "$target"; done
tap_end
