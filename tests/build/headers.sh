#!/bin/sh
# SPDX-License-Identifier: MIT
# Each public header compiles alone, twice in a row (guards), in C11 and C++17, for 64 and 32 bits, with libc and without.
# Usage: headers.sh [gcc|clang]
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
case ${1:-all} in
gcc) tools_need headers; compilers=gcc ;;
clang) tools_need build; compilers=clang ;;
*) tools_need build; compilers='gcc clang' ;;
esac

C="-x c -std=c11 $PV_WARN -Werror"
# Two warnings are C only; g++'s -Wshadow also dislikes a function beside a struct of one name, which C interfaces often have.
CXX="-x c++ -std=c++17 $(echo "$PV_WARN" | sed 's/-Wstrict-prototypes//; s/-Wmissing-prototypes//; s/-Wshadow//') -Werror"

# Without libc: only the compiler's own headers (stddef, stdint, stdbool) are left to be found.
alone() {
	case $1 in
	gcc) cc=gcc cxx=g++ bare="-nostdinc -isystem $(gcc -print-file-name=include)" ;;
	clang) cc=clang-19 cxx=clang++-19 bare=-nostdlibinc ;;
	esac
	# The last line is for headers of nothing but macros: a file without a declaration is not C.
	printf '#include <%s>\n#include <%s>\nextern int alone;\n' "$2" "$2" >"$tap_out/alone.c"
	for width in -m64 -m32; do
		$cc $C $width -Iinclude -fsyntax-only "$tap_out/alone.c" &&
			$cc $C $width -ffreestanding $bare -Iinclude -fsyntax-only "$tap_out/alone.c" &&
			$cxx $CXX $width -Iinclude -fsyntax-only "$tap_out/alone.c" &&
			$cxx $CXX $width -ffreestanding $bare -nostdinc++ -Iinclude -fsyntax-only "$tap_out/alone.c" || return
	done
}

for header in $(cd include && find pv -name '*.h' | sort); do
	for compiler in $compilers; do
		tap_run "<$header> alone, $compiler" alone "$compiler" "$header"
	done
done
tap_end
