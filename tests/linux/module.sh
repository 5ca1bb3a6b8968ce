#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds pv.ko for one of Debian's kernels, from copies: kbuild leaves its files beside the sources.
# Usage: sh tests/linux/module.sh VERSION ARCH OUTDIR      makes OUTDIR/pv.ko; see kernels.sh

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -eq 3 ] || { sed -n 's/^# Usage: //p' "$0" >&2; exit 2; }
version=$1 arch=$2 out=$3

headers=$(sh "$root/tests/linux/kernels.sh" headers "$version" "$arch")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

mkdir -p "$out" "$scratch/ports"
cp -r "$root/include" "$root/libpv" "$scratch/"
cp -r "$root/ports/linux" "$scratch/ports/"

set -- "M=$scratch/ports/linux" modules
if [ "$arch-$(uname -m)" = aarch64-x86_64 ]; then
	set -- "$@" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
fi
make -s -j2 -C "$headers" "$@" >"$scratch/log" 2>&1 || {
	cat "$scratch/log" >&2
	exit 1
}
grep -v 'BTF generation' "$scratch/log" >&2 || :
cp "$scratch/ports/linux/pv.ko" "$out/pv.ko"
