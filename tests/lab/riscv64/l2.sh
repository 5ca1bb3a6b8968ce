#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one image as a guest, here or inside L1: the one place that says what a mode is.
# Usage: QEMU=COMMAND [SERIAL=CHARDEV] sh l2.sh MODE SMP IMAGE [QEMU OPTION...]
# The guest's serial port is stdout unless SERIAL says otherwise. Exits with QEMU's status, 0 for a
# machine that was powered off; the guest's own verdict is the last line it wrote
# (KERNEL_EXIT_LINE of examples/kernel).

mode=$1
smp=$2
image=$3
shift 3

# KVM is the firmware of its guests; without it OpenSBI is, which comes with QEMU's files.
case $mode in
native) set -- "$@" -accel kvm ;;
tcg) set -- "$@" -accel tcg ;;
*) echo "unknown mode: $mode" >&2; exit 2 ;;
esac

exec "$QEMU" "$@" -M virt -smp "$smp" -m 64 -nic none -vga none -display none \
	-serial "${SERIAL:-stdio}" -no-reboot -kernel "$image" </dev/null
