#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one image as a guest, here or inside L1: the one place that says what a mode is.
# Usage: QEMU=COMMAND ROOT=PREFIX [SERIAL=CHARDEV] sh l2.sh MODE SMP IMAGE [OPTION...]
# An image with IMAGE.cmdline beside it is a Linux; IMAGE.initrd goes with it.
# ROOT is where Debian's files are; the guest's serial port is stdout unless SERIAL says otherwise.
# Exits with QEMU's status, which for a machine that was powered off is 0: the guest's own verdict
# is the last line it wrote (KERNEL_EXIT_LINE of examples/kernel).

mode=$1
smp=$2
image=$3
shift 3

# A machine with EL2 has its firmware called by SMC, and starts images at EL2.
case $mode in
native) set -- "$@" -accel kvm -cpu host,kvm-steal-time=on -M virt,gic-version=3 ;;
native-nosteal) set -- "$@" -accel kvm -cpu host,kvm-steal-time=off -M virt,gic-version=3 ;;
tcg) set -- "$@" -accel tcg -cpu max -M virt,gic-version=3 ;;
tcg-smc) set -- "$@" -accel tcg -cpu max -M virt,gic-version=3,virtualization=on ;;
*) echo "unknown mode: $mode" >&2; exit 2 ;;
esac

if [ -e "$image.cmdline" ]; then
	set -- "$@" -m 512 -initrd "$image.initrd" -append "$(cat "$image.cmdline")"
else
	set -- "$@" -m 64
fi
exec "$QEMU" "$@" -smp "$smp" -nic none -vga none -display none \
	-serial "${SERIAL:-stdio}" -no-reboot -kernel "$image" </dev/null
