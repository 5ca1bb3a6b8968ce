# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The machine sleeps, and the host wakes it. (QEMU's arm64 machine has no such sleep.)

# Where Linux uses Hyper-V's hypercall page: a sleep resets the guest's identity, KVM places no page for a
# guest without one, and Linux (hv_resume of 6.1 and 6.12) does not tell its identity again. The module
# never does that in its place. It says that hypercalls are off, and that was expected.
lost_by_linux() {
	is 'Linux has lost its hypercall page: hypercalls are off' off "$(value $pv/hypercalls)"
	check 'the module says so' eval 'dmesg | grep -q "pv: not everything is back after sleep"'
	check 'and nobody complains of anything else' eval \
		'! dmesg | grep -E "$complaints" | grep -v "pv: not everything\|hypercalls stay off"'
	hypercalls=off
	dmesg -c >/dev/null
}

if grep -q deep /sys/power/mem_sleep 2>/dev/null; then
	before=$(value $cpus/cpu0/pv/steal/ns)
	echo deep >/sys/power/mem_sleep
	echo '@sleep'
	check 'it sleeps and wakes up' sh -c 'echo mem >/sys/power/state'
	check 'that was a sleep' eval 'dmesg | grep -q "Waking up from system sleep state S3"'
	if [ "$hypercalls" = adopted ]; then
		lost_by_linux
	else
		is 'hypercalls are as before it' "$hypercalls" "$(value $pv/hypercalls)"
	fi
	is 'CPU 0 is followed' 1 "$(value $cpus/cpu0/pv/online)"
	is 'CPU 1 is followed' 1 "$(value $cpus/cpu1/pv/online)"
	if [ "$backend" != none ]; then
		check 'stolen time has not gone backwards' [ "$(value $cpus/cpu0/pv/steal/ns)" -ge "$before" ]
	fi
fi
