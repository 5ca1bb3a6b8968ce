#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs pv.ko in Debian's kernels as guests of real hypervisors, see README.md. TAP, and at the end a
# table of stolen time. Usage: sh tests/linux/check.sh [NAME...]    only these jobs of the table
# PV_ARCH chooses the architecture.

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
lab=$root/tests/lab
here=$root/tests/linux
arch=${PV_ARCH:-x86_64}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

# NAME KERNEL MODE PLAN KEXEC SCENARIO, then what the module must say it sees: hypervisor,
# interfaces, hypercalls, what counts stolen time, clock.
case $arch in
x86_64)
	console=ttyS0
	table="
none-6.1         6.1   tcg          refuse  -      plain  none; -; -; -; -
none-6.12        6.12  tcg          refuse  -      plain  none; -; -; -; -
kvm-6.1          6.1   native       checks  kexec  visit  KVM; KVM; off; KVM; kvmclock
kvm-6.12         6.12  native       checks  -      visit  KVM; KVM; off; KVM; kvmclock
hyperv-6.1       6.1   hyperv       checks  -      visit  Hyper-V; Hyper-V, KVM; off; KVM; Hyper-V reference TSC
hyperv-6.12      6.12  hyperv       checks  -      visit  Hyper-V; Hyper-V, KVM; off; KVM; Hyper-V reference TSC
hyperv-only-6.1  6.1   hyperv-only  checks  -      visit  Hyper-V; Hyper-V; adopted; Hyper-V; Hyper-V reference TSC
hyperv-only-6.12 6.12  hyperv-only  checks  kexec  visit  Hyper-V; Hyper-V; adopted; Hyper-V; Hyper-V reference TSC
leak-6.12        6.12  native       leak    -      plain  -
leak-tcg-6.1     6.1   tcg-visible  leak    -      plain  -
leak-tcg-6.12    6.12  tcg-visible  leak    -      plain  -
" ;;
aarch64)
	console=ttyAMA0
	table="
none-6.1         6.1   tcg            refuse  -      plain  none; -; -; -; -
none-6.12        6.12  tcg            refuse  -      plain  none; -; -; -; -
kvm-6.1          6.1   native         checks  -      visit  KVM; KVM; off; PV_TIME; counter
kvm-6.12         6.12  native         checks  -      visit  KVM; KVM; off; PV_TIME; counter
nosteal-6.1      6.1   native-nosteal checks  -      visit  KVM; KVM; off; none; counter
nosteal-6.12     6.12  native-nosteal checks  -      visit  KVM; KVM; off; none; counter
leak-6.12        6.12  native         leak    -      plain  -
" ;;
*) echo "no Linux guests for '$arch'" >&2; exit 2 ;;
esac

wanted=" $* "
chosen() { [ "$wanted" = "  " ] || case $wanted in *" $1 "*) ;; *) return 1 ;; esac; }

# What Linux would measure or test takes its time in the lab.
options="console=$console quiet panic=-1 mitigations=off nokaslr cryptomgr.notests"
[ "$arch" != x86_64 ] || options="$options tsc=reliable no_timer_check"

sh "$lab/prepare.sh"
sh "$root/examples/kernel/build.sh" bare "$out/spin.elf" "$root/tests/guest/spin.c"
printf '%s' "$table" | while read -r name version mode plan kexec scenario saw; do
	[ -n "$name" ] && chosen "$name" || continue
	echo "$name $version $mode $saw" >>"$out/table"
	[ -e "$out/$version/pv.ko" ] || sh "$here/module.sh" "$version" "$arch" "$out/$version"
	[ "$kexec" = kexec ] || kexec=''
	initrd=$out/$version/initrd$kexec
	[ -e "$initrd" ] || sh "$here/guest.sh" "$version" "$arch" "$out/$version/pv.ko" "$initrd" $kexec
	ln -s "$(sh "$here/kernels.sh" image "$version" "$arch")" "$out/$name"
	ln -s "$initrd" "$out/$name.initrd"
	# With debugging SLUB keeps no slab ready for a CPU, and so its books count what is used.
	[ "$plan" != leak ] || plan="$plan slub_debug=F"
	echo "$options pv.plan=$plan" >"$out/$name.cmdline"
	beside=''
	[ "$scenario" = plain ] || beside=$out/spin.elf
	echo "$name $mode 2 $out/$name $scenario $beside" >>"$out/jobs"
done
[ -s "$out/jobs" ] || { echo "no such job: $*" >&2; exit 2; }

status=0
sh "$lab/run.sh" --jobs "$out/jobs" --timeout 3600 >"$out/serial" || status=$?
[ -z "${PV_SERIAL:-}" ] || cp "$out/serial" "$PV_SERIAL"
awk -f "$here/check.awk" "$out/table" "$out/serial" || status=1
exit "$status"
