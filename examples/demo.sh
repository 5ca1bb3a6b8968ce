#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job, end to end, on real hypervisors:
#   report  the kernel in examples/report, booted on KVM's Hyper-V interface, shows what it learns
#           there: on this machine's own /dev/kvm where that offers the interface, otherwise on a KVM
#           that runs on an emulated processor (tests/lab).
#   steal   the monitor in examples/steal, with two CPUs beside a busy guest, all on one CPU of an
#           emulated host: how much time is stolen, and a chart of it in build/steal.svg.
#   vtl     the kernel in examples/vtl-hello has a secure part in VTL 1, on the monitor of tests/vtlhost.
# Usage: sh examples/demo.sh [report|steal] [--host auto|lab|kvm]    without a word: both
#        sh examples/demo.sh vtl

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
# shellcheck source=tests/tools.sh
. "$root/tests/tools.sh"

case ${1:-} in
report | steal | vtl) parts=$1 && shift ;;
'' | -*) parts='report steal' ;;
*) sed -n 's/^# Usage: //p' "$0" >&2; exit 2 ;;
esac

step() { printf '\n%s\n' "$*" >&2; }

build() {
	image=$work/$1
	shift
	sh "$root/examples/build.sh" bare "$image" "$@"
}

report() {
	build report.elf "$root"/examples/report/*.c
	step 'A guest on KVM with the Hyper-V interface (20 seconds where KVM is emulated):'
	sh "$root/tests/lab/run.sh" --on hyperv "$@" "$work/report.elf"
}

draw() {
	if ! (tools_need chart); then
		echo 'No chart without gnuplot.' >&2
		return
	fi
	mkdir -p "$root/build"
	sh "$root/examples/steal/chart.sh" <"$work/lines" >"$root/build/steal.svg"
	echo 'Over time, as the guest and as its host have it: build/steal.svg' >&2
}

vtl() {
	build hello.elf "$root"/examples/vtl-hello/*.c
	step 'A kernel with a secure part, on a hypervisor that has VTLs (two minutes where KVM is emulated):'
	sh "$root/tests/vtlhost/boot.sh" "$work/hello.elf"
}

# The neighbour leaves after two thirds of the time.
steal() {
	build steal.elf -DSTEAL_LINES=1 -DSTEAL_SECONDS=6 -DSTEAL_INTERVAL_MS=200 \
		"$root"/examples/steal/*.c
	build neighbour.elf -DNEIGHBOUR_SECONDS=4 "$root"/examples/steal/neighbour/*.c
	echo "steal native 2 $work/steal.elf watch $work/neighbour.elf" >"$work/jobs"
	step 'Two VPs and a busy neighbour on one CPU (30 seconds, as this KVM is emulated):'
	status=0
	sh "$root/tests/lab/run.sh" --jobs "$work/jobs" "$@" >"$work/serial" || status=$?
	grep '^@' "$work/serial" >"$work/lines" || :
	grep -v -e '^@' -e '^===' "$work/serial" || :
	[ "$status" -eq 0 ] || exit "$status"
	draw
}

echo 'Getting what is missing: a compiler, QEMU and a Linux kernel to host the guests' >&2
(tools_need guest)
sh "$root/tests/lab/prepare.sh"
for part in $parts; do
	"$part" "$@"
done
