# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The machine sleeps, and the host wakes it. (QEMU's arm64 machine has no such sleep.)

if grep -q deep /sys/power/mem_sleep 2>/dev/null; then
	hypercalls_before=$(value $pv/hypercalls)
	before=$(value $cpus/cpu0/pv/steal/ns)
	echo deep >/sys/power/mem_sleep
	echo '@sleep'
	check 'it sleeps and wakes up' sh -c 'echo mem >/sys/power/state'
	check 'that was a sleep' eval 'dmesg | grep -q "Waking up from system sleep state S3"'
	is 'hypercalls are as before it' "$hypercalls_before" "$(value $pv/hypercalls)"
	is 'CPU 0 is followed' 1 "$(value $cpus/cpu0/pv/online)"
	is 'CPU 1 is followed' 1 "$(value $cpus/cpu1/pv/online)"
	if [ "$backend" != none ]; then
		check 'stolen time has not gone backwards' [ "$(value $cpus/cpu0/pv/steal/ns)" -ge "$before" ]
	fi
fi
