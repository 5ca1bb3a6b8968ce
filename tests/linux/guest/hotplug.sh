# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# CPU 1 goes and comes back.

before=$(value $cpus/cpu1/pv/steal/ns)
check 'CPU 1 goes offline' sh -c "echo 0 >$cpus/cpu1/online"
is 'the module does not follow it any more' 0 "$(value $cpus/cpu1/pv/online)"
is 'CPU 0 is still followed' 1 "$(value $cpus/cpu0/pv/online)"
if [ "$backend" != none ]; then
	check 'what was stolen from it can still be read' [ "$(value $cpus/cpu1/pv/steal/ns)" -ge "$before" ]
fi
check 'CPU 1 comes back' sh -c "echo 1 >$cpus/cpu1/online"
is 'the module follows it' 1 "$(value $cpus/cpu1/pv/online)"
if [ "$backend" != none ]; then
	check 'its stolen time has not gone backwards' [ "$(value $cpus/cpu1/pv/steal/ns)" -ge "$before" ]
fi
