#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds a kernel image from the example kernel, libpv, the freestanding port and given sources.
# Usage: sh examples/build.sh bare|efi OUTPUT SOURCE_OR_FLAG...

set -eu
[ $# -ge 3 ] || { sed -n 's/^# Usage: //p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
arch=${PV_ARCH:-x86_64}
kind=$1
output=$2
shift 2

core() {
	sed -n "s|^ *\(libpv/.*\.c\)|$root/\1|p" "$root/libpv/sources.cmake"
}

# shellcheck disable=SC2046 # one path per line
exec sh "$root/examples/kernel/build.sh" "$kind" "$output" \
	-I"$root/include" -I"$root/libpv" -I"$root/libpv/arch/$arch" -I"$root/ports/freestanding" \
	-Wall -Wextra $(core) "$root"/ports/freestanding/*.c "$@"
