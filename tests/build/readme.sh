#!/bin/sh
# SPDX-License-Identifier: MIT
# The README's examples compile: each block that opens with ```c example, on its own, freestanding, under the strict warnings.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need unit clang

awk -v dir="$tap_out" '
	/^```c example/ { file = sprintf("%s/example%d.c", dir, ++n); line = NR; printf "#line %d \"README.md\"\n", NR + 1 >file; next }
	/^```/ && file { close(file); file = ""; next }
	file { print >file }' README.md
for example in "$tap_out"/example*.c; do
	[ -e "$example" ] || { tap_not_ok 'README.md has an example to compile'; break; }
	line=$(sed -n '1s/#line \([0-9]*\).*/\1/p' "$example")
	for target in x86_64-gcc x86_64-clang; do
		core_target "$target"
		# A reader's example need not declare its functions before it defines them.
		tap_run "README.md:$line, $target" $cc $cflags $PV_WARN -Wno-missing-prototypes -Werror -O2 -c -o "$tap_out/example.o" "$example"
	done
done
tap_end
