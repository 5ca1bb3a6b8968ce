#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts L1, Linux with KVM, on an emulated CPU that has RISC-V's virtualisation.
# Usage: QEMU=COMMAND sh l1.sh KERNEL INITRD LOG CPUS; the guests' words come on stdout.
#
# icount: time is counted instructions, a nanosecond each. `rv64` emulates twice as fast as `max`;
# page tables of three levels cost less to walk in two stages than those of five. Linux would test
# its ciphers in the background and steal the first guest's time. The machine has one serial port:
# the guests' is on PCI.

exec "$QEMU" -accel tcg,thread=single -icount shift=0,sleep=off -M virt \
	-cpu rv64,h=true,sv57=off,sv48=off -smp "$4" -m 3072 \
	-nic none -vga none -display none -no-reboot -kernel "$1" -initrd "$2" \
	-append "console=ttyS0 quiet panic=-1 cryptomgr.notests" -serial "file:$3" \
	-chardev stdio,id=guests -device pci-serial,chardev=guests </dev/null
