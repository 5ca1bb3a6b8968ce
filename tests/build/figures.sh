#!/bin/sh
# SPDX-License-Identifier: MIT
# The row of figures that docs compare with other libraries, for our own tree; fails when functions grow too long.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need unit

core_build x86_64-gcc "$tap_out/core" -O2 -fno-pie $PV_WARN >"$tap_out/warnings" 2>&1 || {
	tap_not_ok 'the core compiles'
	grep error "$tap_out/warnings" | head -n 20 | tap_note
	tap_end
}
ld -r -o "$tap_out/core/all.o" "$tap_out"/core/*.o 2>/dev/null &&
	nm -f posix "$tap_out/core/all.o" >"$tap_out/symbols"
# ctags knows where a function ends; parsing C here would not be worth it.
core_sources | ctags-universal -L - --languages=C --kinds-C=f --fields=ne --sort=no -f "$tap_out/tags"
python3 tests/build/figures.py "$tap_out/tags" "$tap_out/symbols" "$tap_out/warnings" >"$tap_out/row"
while read -r kind text; do
	case $kind in
	ok) tap_ok "$text" ;;
	bad) tap_not_ok "$text" ;;
	*) echo "# $text" ;;
	esac
done <"$tap_out/row"
tap_end
