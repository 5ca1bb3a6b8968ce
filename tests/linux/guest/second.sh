# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The kernel that was started by another one, in which the module was loaded.

check 'second kernel: load' insmod /pv.ko
report
. /guest/files.sh
check 'second kernel: unload' rmmod pv
check 'second kernel: it is quiet' quiet_kernel
