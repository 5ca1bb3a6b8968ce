#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the guest images and runs them on every hypervisor the lab has. TAP: one line per check of
# each guest, and per run whether the guest saw the hypervisor it was given and finished its plan.
# Usage: sh tests/lab/check.sh [OPTION...]   (options go to run.sh, e.g. --host lab)

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

# NAME MODE CPUS IMAGE, then what the guest must say it sees.
table="
bare      hyperv       2  checks.elf   Hyper-V KVM
clang     hyperv       1  clang.elf    Hyper-V KVM
direct    hyperv       1  direct.elf   Hyper-V KVM
uefi      hyperv       2  checks.efi   Hyper-V KVM
kvm       native       1  checks.elf   KVM
uefi-kvm  native       1  checks.efi   KVM
xen       xen          1  checks.elf   Xen
none      tcg          1  checks.elf   none
tcg       tcg-visible  1  checks.elf   QEMU TCG
kernel    native       2  kernel.elf   -
"

guest=$root/tests/guest

checks() {
	kind=$1 image=$2
	shift 2
	sh "$root/examples/build.sh" "$kind" "$out/$image" -I"$guest" "$@" "$guest"/tap.c \
		"$guest"/checks.c "$guest"/hyperv.c "$guest"/smp.c "$guest"/port.c "$guest"/direct.c
}

sh "$root/tests/lab/prepare.sh"
# gnu-efi comes with the lab.
PV_GNUEFI=$(sh "$root/tests/lab/prepare.sh" --root)/usr
export PV_GNUEFI
checks bare checks.elf
CC=clang-19 checks bare clang.elf
checks bare direct.elf -DPV_CONFIG_HV_DIRECT_CALL=1
checks efi checks.efi
sh "$root/examples/kernel/build.sh" bare "$out/kernel.elf" "$guest"/tap.c "$guest"/kernel.c

printf '%s' "$table" >"$out/table"
awk -v out="$out" 'NF { print $1, $2, $3, out "/" $4 }' "$out/table" >"$out/jobs"
status=0
sh "$root/tests/lab/run.sh" --jobs "$out/jobs" --timeout 240 "$@" >"$out/serial" || status=$?

# Renumber the guests' lines into one TAP stream. A guest that dies keeps the lines it printed and
# fails by its verdict; one that finishes must have printed as many lines as its plan says.
awk '
function test(good, text) { print (good ? "ok " : "not ok ") ++n " - " text; bad += !good }
NR == FNR && !NF { next }
NR == FNR {
	wanted[$1] = $5
	for (i = 6; i <= NF; i++) wanted[$1] = wanted[$1] " " $i
	cpus[$1] = $3
	next
}
/^=== begin / { job = $3; seen = plan = lines = second = ""; next }
/^# interfaces: / { seen = substr($0, 15) }
/^(not )?ok [0-9]+ - / {
	lines++
	good = /^ok/
	sub(/^(not )?ok [0-9]+ - /, "")
	test(good, job ": " $0)
	if (/the second VP goes offline/) second = 1
	next
}
/^1\.\./ { plan = substr($0, 4); next }
/^# / { print "# " job ": " substr($0, 3); next }
/^=== end / {
	ran[job] = 1
	test($5 == "pass", job ": the guest ended well (" $5 ")")
	test(plan != "" && plan == lines, job ": all " plan " lines of its plan were seen")
	if (wanted[job] != "-") test(seen == wanted[job], job ": it saw " wanted[job])
	if (cpus[job] == 2 && wanted[job] ~ /Hyper-V/) test(second == 1, job ": two VPs took part")
}
END {
	for (job in wanted) if (!(job in ran)) test(0, job ": did not run")
	print "1.." n
	exit bad > 0
}' "$out/table" "$out/serial" || status=1
exit "$status"
