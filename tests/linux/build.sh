#!/bin/sh
# SPDX-License-Identifier: MIT
# The Linux module builds without a word from compiler (W=1), sparse, objtool, modpost and kernel-doc
# for Debian's kernels and both architectures; then what came out: licence, version, symbols.
# Usage: build.sh [VERSION...]    (6.1, 6.12; both without arguments)
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
tools_need linux
[ $# -gt 0 ] || set -- 6.1 6.12

# Never in the tree: kbuild writes its objects beside the sources.
copy_sources() {
	mkdir -p "$copy/ports" && cp -r include libpv CMakeLists.txt "$copy" && cp -r ports/linux "$copy/ports"
}

# Every line counts, also one about the kernel's own headers: it is our code that uses them. But for
# one, a remark of kbuild's about the headers: kernels.sh leaves the file out that BTF is made from.
build() {
	make -ks --no-print-directory -j "$PV_JOBS" -C "$copy/ports/linux" \
		"KDIR=$headers" "CROSS_COMPILE=$arch-linux-gnu-" W=1 C=1 \
		>"$copy/log" 2>&1 </dev/null
	status=$?
	grep -v '^Skipping BTF generation for .*/pv\.ko due to unavailability of vmlinux$' "$copy/log" >"$copy/heard"
	return $status
}

is_silent() {
	build && [ -f "$module" ] && [ ! -s "$copy/heard" ] && return
	cat "$copy/heard"
	return 1
}

# A build that could not fail proves nothing: one mistake for each tool that is to be heard.
seed() {
	cat >"$copy/ports/linux/seed.c" <<-'SEED'
		#include <linux/module.h>
		extern int (*seed_pointer)(void);
		int seed(const char __user *from);

		/**
		 * seed() - of an argument that is not described
		 */
		int seed(const char __user *from)
		{
			int seed_unused;

			asm volatile(SEED_CALL);
			return *from + seed_pointer();
		}
	SEED
	printf '%s\n' 'pv-y += seed.o' "CFLAGS_seed.o := -DSEED_CALL='\"$1\"'" >>"$copy/ports/linux/Kbuild"
	build
}

hears() {
	tap_run "$text: $1 is heard" grep -q "$2" "$copy/heard"
}

modinfo_is() { [ "$(/sbin/modinfo -F "$1" "$module")" = "$2" ]; }

symbols_are_the_kernels() {
	nm -u "$module" | awk '{ print $2 }' | sort >"$copy/wanted"
	awk '{ print $2 }' "$headers/Module.symvers" | sort | comm -23 "$copy/wanted" - >"$copy/foreign"
	[ -s "$copy/wanted" ] && [ ! -s "$copy/foreign" ] && return
	cat "$copy/foreign"
	return 1
}

exports_nothing() {
	[ -e "$copy/ports/linux/Module.symvers" ] && [ ! -s "$copy/ports/linux/Module.symvers" ]
}

is_for_release() {
	case $(/sbin/modinfo -F vermagic "$module") in "$release "*) ;; *) return 1 ;; esac
}

kernel() {
	headers=$(sh tests/linux/kernels.sh headers "$1" "$2") &&
		release=$(sh tests/linux/kernels.sh release "$1" "$2") || { tap_not_ok "headers of $1 for $2"; return; }
	text="Linux $1 $2" copy=$tap_out/$1-$2 module=$tap_out/$1-$2/ports/linux/pv.ko
	copy_sources || { tap_not_ok "$text: a copy of the sources"; return; }
	tap_run "$text: $release, W=1 and sparse say nothing" is_silent
	if [ -f "$module" ]; then
		tap_run "$text: Dual MIT/GPL" modinfo_is license 'Dual MIT/GPL'
		tap_run "$text: built for $release" is_for_release
		tap_run "$text: needs no other module" modinfo_is depends ''
		tap_run "$text: undefined are symbols of the kernel only" symbols_are_the_kernels
		tap_run "$text: exports nothing" exports_nothing
	fi
	case $2 in x86_64) indirect='call *%rax' ;; *) indirect=nop ;; esac
	seed "$indirect" && tap_not_ok "$text: a build with mistakes in it went well"
	hears 'the compiler' 'seed.c.*unused variable'
	hears sparse 'seed.c.*dereference of noderef'
	hears kernel-doc "seed.c.*not described in 'seed'"
	hears modpost 'seed_pointer.*undefined'
	# Debian's arm64 kernels are built without objtool.
	[ "$2" != x86_64 ] || hears objtool 'objtool: seed+.*indirect call'
	rm -rf "$copy"
}

for version; do
	for arch in x86_64 aarch64; do kernel "$version" "$arch"; done
done
tap_end
