#!/bin/sh
# SPDX-License-Identifier: MIT
# The core compiles without a warning for every target: two compilers, three ports, 32 bits, big-endian.
# Usage: cross.sh [TARGET...]
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need build

# -O2 because the flow warnings only come with it.
[ $# -gt 0 ] || set -- $PV_TARGETS $PV_TARGETS_COMPILED
for target; do
	tap_run "core for $target, $(core_sources | wc -l) files, strict warnings" \
		core_build "$target" "$tap_out/$target" -O2 $PV_WARN -Werror
done
tap_end
