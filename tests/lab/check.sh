#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the guest images and runs them on every hypervisor the lab has. TAP: one line per check of
# each guest, and per run whether the guest saw the hypervisor it was given and finished its plan.
# Usage: sh tests/lab/check.sh [OPTION...]   (options go to run.sh, e.g. --host lab)
# PV_ARCH chooses the architecture.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

guest=$root/tests/guest
arch=${PV_ARCH:-x86_64}

# NAME MODE CPUS IMAGE, then what the guest must say it sees: interfaces, what counts stolen time,
# and the best clock; vps.elf: the interface, VP indexes where there are any, and APIC ids.
case $arch in
x86_64) table="
bare      hyperv       2  checks.elf   Hyper-V KVM, KVM, Hyper-V reference TSC
clang     hyperv       1  clang.elf    Hyper-V KVM, KVM, Hyper-V reference TSC
direct    hyperv       1  direct.elf   Hyper-V KVM, KVM, Hyper-V reference TSC
uefi      hyperv       2  checks.efi   Hyper-V KVM, KVM, Hyper-V reference TSC
kvm       native       2  checks.elf   KVM, KVM, kvmclock
uefi-kvm  native       1  checks.efi   KVM, KVM, kvmclock
xen       xen          1  checks.elf   Xen, Xen, none
none      tcg          1  checks.elf   none, none, none
tcg       tcg-visible  1  checks.elf   QEMU TCG, none, none
kernel    native       2  kernel.elf   -
vps       hyperv       4  vps.elf      Hyper-V, 0 1 2 3, 0 1 2 3
vps-far   hyperv  sparse  vps.elf      Hyper-V, 0 1 66 181, 0 1 88 241
kvps      native       4  vps.elf      KVM, 0 1 2 3
kvps-far  native  sparse  vps.elf      KVM, 0 1 88 241
" ;;
aarch64) table="
kvm       native          2  checks.elf  KVM, PV_TIME, counter
no-steal  native-nosteal  1  checks.elf  KVM, none, counter
none      tcg             1  checks.elf  none, none, counter
smc       tcg-smc         2  checks.elf  none, none, counter
kernel    native          2  kernel.elf  -
" ;;
riscv64) table="
kvm       native          2  checks.elf  KVM, SBI STA, counter
none      tcg             2  checks.elf  none, none, counter
kernel    native          2  kernel.elf  -
" ;;
*) echo "no checks for '$arch'" >&2; exit 2 ;;
esac

checks() {
	kind=$1 image=$2
	shift 2
	sh "$root/examples/build.sh" "$kind" "$out/$image" -I"$guest" -I"$guest/$arch" "$@" \
		"$guest"/tap.c "$guest"/checks.c "$guest"/memory.c "$guest"/clock.c "$guest"/steal.c "$guest"/crew.c \
		"$guest/$arch"/*.c
}

build() {
	case $1 in
	checks.elf) checks bare checks.elf ;;
	clang.elf) CC=clang-19 checks bare clang.elf ;;
	direct.elf) checks bare direct.elf -DPV_CONFIG_HV_DIRECT_CALL=1 ;;
	checks.efi) checks efi checks.efi -DPV_FREESTANDING_VIRT_BY_MAP=1 ;;
	vps.elf)
		sh "$root/examples/build.sh" bare "$out/vps.elf" -I"$guest" -I"$guest/$arch/vps" \
			"$guest"/tap.c "$guest"/crew.c "$guest/$arch"/vps/*.c
		;;
	kernel.elf)
		sh "$root/examples/kernel/build.sh" bare "$out/kernel.elf" "$guest"/tap.c "$guest"/kernel.c
		;;
	esac
}

sh "$root/tests/lab/prepare.sh"
# gnu-efi comes with the lab.
PV_GNUEFI=$(sh "$root/tests/lab/prepare.sh" --root)/usr
export PV_GNUEFI
printf '%s' "$table" >"$out/table"
awk 'NF { print $4 }' "$out/table" | sort -u | while read -r image; do
	build "$image"
done
awk -v out="$out" 'NF {
	print $1, $2, $3, out "/" $4 >(out ($4 == "vps.elf" ? "/crowd" : "/jobs"))
}' "$out/table"
status=0
sh "$root/tests/lab/run.sh" --jobs "$out/jobs" --timeout 240 "$@" >"$out/serial" || status=$?
# Four VPs on two CPUs: some run at once, which is when a translation can be stale, and some do not.
if [ -e "$out/crowd" ]; then
	sh "$root/tests/lab/run.sh" --jobs "$out/crowd" --timeout 240 "$@" --host lab --l1-cpus 2 \
		>>"$out/serial" || status=$?
fi

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
function join(list, word) { return list == "" ? word : word == "" ? list : list ", " word }
/^=== begin / { job = $3; seen = steal = clock = indexes = ids = plan = lines = second = firmware = ""; next }
/^# interfaces: / { seen = substr($0, 15) }
/^# steal: / { steal = substr($0, 10) }
/^# clock: / { clock = substr($0, 10) }
/^# VP indexes: / { indexes = substr($0, 15) }
/^# APIC ids: / { ids = substr($0, 13) }
/^(not )?ok [0-9]+ - / {
	lines++
	good = /^ok/
	sub(/^(not )?ok [0-9]+ - /, "")
	test(good, job ": " $0)
	if (/the second VP goes offline/) second = 1
	if (/firmware: each region is found/) firmware = 1
	next
}
/^1\.\./ { plan = substr($0, 4); next }
/^# / { print "# " job ": " substr($0, 3); next }
/^=== end / {
	ran[job] = 1
	test($5 == "pass", job ": the guest ended well (" $5 ")")
	test(plan != "" && plan == lines, job ": all " plan " lines of its plan were seen")
	if (wanted[job] != "-")
		test(join(join(join(join(seen, steal), clock), indexes), ids) == wanted[job],
			job ": it saw " wanted[job])
	if (job ~ /^uefi/) test(firmware == 1, job ": the memory map of the firmware was looked up")
	if (cpus[job] == 2 && wanted[job] != "-") test(second == 1, job ": two VPs took part")
}
END {
	for (job in wanted) if (!(job in ran)) test(0, job ": did not run")
	print "1.." n
	exit bad > 0
}' "$out/table" "$out/serial" || status=1
exit "$status"
