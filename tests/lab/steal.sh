#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures stolen time and clocks of a guest against what its host knows: alone, beside a busy
# guest, through live migrations and through a state put back. TAP, and the figures as a table.
# Usage: sh tests/lab/steal.sh [SECONDS]    how long each part is measured, in the guest's time (10)
# PV_ARCH chooses the architecture.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
lab=$root/tests/lab
guest=$root/tests/guest
arch=${PV_ARCH:-x86_64}
seconds=${1:-10}
case $#:$seconds in
[01]:*[!0-9]* | [01]:0* | [01]: | [!01]*)
	sed -n 's/^# Usage: //p' "$0" >&2
	exit 2
	;;
esac
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

# It is told by LAB_SECONDS how long to measure, by LAB_MIGRATIONS and LAB_SNAPSHOTS how often to
# ask its host for these. README.md says what it prints.
measuring_guest=$guest/steal_lab.c

# How fast the emulated TSC really runs (x86_64/l1.sh); 0: as the guest is told.
counter_hz=0
case $arch in
x86_64)
	counter_hz=1000000000
	clock=kvmclock migrations=2
	more="hyperv    hyperv  1  watch     -         0  0  Hyper-V reference TSC
xen       xen     1  watch     spin.elf  0  0  counter, not known to be invariant"
	;;
*) clock=- migrations=1 more='' ;;
esac

# NAME MODE CPUS SCENARIO BESIDE MIGRATIONS SNAPSHOTS, then the clock that must have been read.
cat >"$out/table" <<EOF
idle      native  1  watch     -         0  0  $clock
contend   native  1  watch     spin.elf  0  0  $clock
migrate   native  1  migrate   spin.elf  $migrations  0  $clock
snapshot  native  1  snapshot  spin.elf  0  1  $clock
$more
EOF

build_guests() {
	sh "$root/examples/kernel/build.sh" bare "$out/spin.elf" "$guest/spin.c"
	# On KVM's Xen interface nobody tells the guest how fast its counter runs.
	awk -v hz="$counter_hz" 'NF { print $6, $7, $2 == "xen" ? hz : 0 }' "$out/table" | sort -u |
		while read -r moves snapshots told; do
			sh "$root/examples/build.sh" bare "$out/guest-$moves-$snapshots-$told.elf" -I"$guest" \
				-DLAB_SECONDS="$seconds" -DLAB_MIGRATIONS="$moves" -DLAB_SNAPSHOTS="$snapshots" \
				-DLAB_COUNTER_HZ="$counter_hz" -DLAB_TOLD_HZ="$told" "$guest/tap.c" "$measuring_guest"
		done
}

build_guests
awk -v out="$out" -v hz="$counter_hz" 'NF {
	print $1, $2, $3, out "/guest-" $6 "-" $7 "-" ($2 == "xen" ? hz : 0) ".elf", $4, $5 == "-" ? "" : out "/" $5
}' "$out/table" >"$out/jobs"
# The longest have three parts; boots, requests and slow machines want their time as well.
status=0
sh "$lab/run.sh" --jobs "$out/jobs" --timeout $((60 + seconds * 30)) >"$out/serial" || status=$?
awk -v arch="$arch" -v seconds="$seconds" -f "$lab/steal.awk" "$out/table" "$out/serial" || status=1
exit "$status"
