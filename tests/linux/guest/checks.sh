# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A life of the module: loaded, read, CPUs that go and come, stolen time, unloaded, loaded
# again, and another kernel started if there is one.

check 'load' insmod /pv.ko
report
. /guest/files.sh
. /guest/hotplug.sh
. /guest/sleep.sh
. /guest/steal.sh

check 'unload' rmmod pv
check 'it is gone' eval '! loaded && [ ! -e $pv ] && [ ! -e $cpus/cpu0/pv ] && [ ! -e $cpus/cpu1/pv ]'
before=$(stat_steal 0)
work 1
if [ "$steal_by_kernel" = yes ]; then
	check 'the kernel goes on counting stolen time' [ "$(stat_steal 0)" -gt "$before" ]
fi
echo '@alone'
check 'load again' insmod /pv.ko
again=$(value $pv/hypercalls)
is 'hypercalls are as before' "$hypercalls" "$again"
check 'the kernel is quiet' quiet_kernel

if [ -e /linux ]; then
	check 'kexec: load' kexec -c -l /linux --initrd=/initrd \
		--command-line="$(sed 's/pv\.plan=[a-z]*/pv.plan=second/' /proc/cmdline)"
	tap_plan
	kexec -e
	ok 1 'kexec: the second kernel starts'
fi
