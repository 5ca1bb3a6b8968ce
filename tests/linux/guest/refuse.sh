# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Without a hypervisor the module does not load, and says why in one line.

is 'insmod says: No such device' "insmod: can't insert '/pv.ko': No such device" \
	"$(insmod /pv.ko 2>&1)"
check 'the module is not there' eval '! loaded'
check 'nor is anything of it in sysfs' [ ! -e $pv ]
# busybox tries both system calls that load a module.
is 'the kernel log has one line of it, which says why' 'pv: no hypervisor that libpv knows' \
	"$(dmesg | sed -n 's/^\[[^]]*\] //; /^pv: /p' | grep -v taint | uniq)"
check 'the kernel is quiet' quiet_kernel
echo "# saw: none; -; -; -; -"
