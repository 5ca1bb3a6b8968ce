#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots one image under the monitor: on this machine's KVM where that can run it, else in L1 of
# tests/lab, which is KVM on an emulated processor. Usage: sh tests/vtlhost/boot.sh IMAGE [OPTION...]
# The options are the monitor's. Exit status: its own; in L1 0 or 1.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
image=$1
shift
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

sh "$root/tests/vtlhost/build.sh" "$out/vtlhost"
cp "$image" "$out/image"

status=0
timeout 90 "$out/vtlhost" -t 60 "$@" "$out/image" >"$out/said" 2>"$out/log" || status=$?
case $status in
70 | 77 | 124) ;; # KVM is not there, or cannot run some instructions
*) cat "$out/said" && cat "$out/log" >&2 && exit "$status" ;;
esac

# One file that a shell in L1 can run: a few lines, and behind them what they need.
{
	cat <<-END
		#!/bin/sh
		mkdir /tmp/vtl
		tail -n +6 "\$0" | tar -x -z -C /tmp/vtl
		/tmp/vtl/vtlhost -t 120 $* /tmp/vtl/image || exit 1
		exit 3 # what QEMU says of a guest that ended well
	END
	tar -c -z -C "$out" vtlhost image
} >"$out/packed"
sh "$root/tests/lab/run.sh" --on vtl --host lab "$out/packed"
