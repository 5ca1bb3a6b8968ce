#!/bin/sh
# SPDX-License-Identifier: MIT
# ports/linux/pvstat over a made-up sysfs: what it prints, for each shell there is.
cd "$(dirname "$0")/../.." || exit 1
. tests/build/tap.sh

sys=$tap_out/sys

# put FILE VALUE
put() {
	mkdir -p "$sys/${1%/*}"
	echo "$2" >"$sys/$1"
}

# cpu N ONLINE VP BACKEND BEST KVM HYPERV KERNEL   "-": the file cannot be read, as ENODEV is
cpu() {
	at=devices/system/cpu/cpu$1/pv
	put "$at/online" "$2"
	put "$at/vp_index" "$3"
	put "$at/steal/backend" "$4"
	put "$at/steal/preempted" 0
	put "$at/steal/ns" "$5"
	put "$at/steal/kvm_ns" "$6"
	put "$at/steal/hyperv_ns" "$7"
	put "$at/steal/kernel_ns" "$8"
	grep -lrx -e - "$sys/$at" | xargs -r rm
}

# A machine with CPUs 0, 2 and 10, of which 10 is offline, and 1 that the module does not know. TICKS seconds went by.
machine() {
	rm -rf "$sys"
	put kernel/pv/version 0.1.0
	put kernel/pv/hypervisor Hyper-V
	put kernel/pv/interfaces 'Hyper-V, KVM'
	put kernel/pv/hypercalls adopted
	put kernel/pv/clock/source 'Hyper-V page'
	put kernel/pv/clock/ns 61002000000
	put kernel/pv/clock/epoch 3
	put kernel/pv/clock/counter_hz 2995200000
	put kernel/pv/clock/kernel_ns $((5000000000 + $1 * 1000000000))
	mkdir -p "$sys/devices/system/cpu/cpu1" "$sys/devices/system/cpu/cpufreq"
	cpu 0 1 0 KVM $((18446744073 + $1 * 250000000)) $((18446744073 + $1 * 250000000)) $((7 + $1 * 1234567)) $(($1 * 248000000))
	cpu 2 1 4 Hyper-V $((3600000000000 + $1 * 1000000000)) - $((3600000000000 + $1 * 1000000000)) 3600000000000
	cpu 10 0 - none - - - 99999999
	put devices/system/cpu/cpu2/pv/vtl 2
	put devices/system/cpu/cpu2/pv/steal/preempted 1
}

totals='version     0.1.0
hypervisor  Hyper-V
interfaces  Hyper-V, KVM
hypercalls  adopted
clock       Hyper-V page, 61.002 s, epoch 3
counter     2995200000 Hz

CPU  online  VP    VTL  source    preempted        stolen s         KVM s     Hyper-V s      kernel s
0    yes     0     -    KVM       no                 18.446        18.446         0.000         0.000
2    yes     4     2    Hyper-V   yes              3600.000             -      3600.000      3600.000
10   no      -     -    none      no                      -             -             -         0.099'

shares='CPU  online  VP    VTL  source    preempted        stolen %         KVM %     Hyper-V %      kernel %
0    yes     0     -    KVM       no                  25.00         25.00          0.12         24.80
2    yes     4     2    Hyper-V   yes                100.00             -        100.00          0.00
10   no      -     -    none      no                      -             -             -          0.00'

# pvstat ARGUMENT...   in $shell; what it says ends up in $tap_out/says
pvstat() {
	# shellcheck disable=SC2086
	PV_SYSFS=$sys PV_SLEEP=$tap_out/sleep $shell ports/linux/pvstat "$@" >"$tap_out/says" 2>&1
}

says() { printf '%s\n' "$1" | diff - "$tap_out/says"; }

all_at_once() { machine 0 && pvstat && says "$totals"; }

# Time goes by in a sleep of ours.
twice() {
	machine 0 && pvstat 4 2 && says "$shares

$shares"
}

not_loaded() {
	rm -rf "$sys"
	mkdir -p "$sys/kernel"
	pvstat && return 1
	says "pvstat: the module pv is not loaded (there is no $sys/kernel/pv)"
}

bad_usage() {
	machine 0
	for bad in -x 0 -1 4s '1 2 3' '1 0' ''; do
		# shellcheck disable=SC2086
		case $bad in '') pvstat '' ;; *) pvstat $bad ;; esac
		[ $? = 2 ] && grep -q '^usage: ' "$tap_out/says" || { echo "accepts '$bad'"; return 1; }
	done
}

helps() { pvstat -h && grep -q '^usage: ' "$tap_out/says"; }

# In place of sleep: the tree is made anew, so many seconds later.
moves_on() {
	turns=$(($(cat "$tap_out/turns") + $1))
	echo $turns >"$tap_out/turns"
	machine $turns
}

if [ "${1:-}" = sleep ]; then
	tap_out=$2 sys=$2/sys
	trap - EXIT
	moves_on "$3"
	exit
fi

printf '#!/bin/sh\nexec sh %s/tests/linux/pvstat.sh sleep %s "$1"\n' "$PWD" "$tap_out" >"$tap_out/sleep"
chmod +x "$tap_out/sleep"

for shell in sh dash bash 'busybox sh'; do
	command -v "${shell%% *}" >/dev/null || continue
	echo 0 >"$tap_out/turns"
	tap_run "$shell: prints the machine and its CPUs in the order of their numbers" all_at_once
	tap_run "$shell: prints what was stolen meanwhile in percent" twice
	tap_run "$shell: says that the module is not loaded" not_loaded
	tap_run "$shell: refuses what it does not understand" bad_usage
	tap_run "$shell: explains itself" helps
done
tap_end
