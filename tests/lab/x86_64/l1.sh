#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts L1, Linux with KVM, on an emulated CPU that has AMD's virtualisation.
# Usage: QEMU=COMMAND sh l1.sh KERNEL INITRD LOG CPUS; the guests' words come on stdout.
#
# icount: time is counted instructions. Without it QEMU 7.2 and 10.0 abort when an L2 guest writes
# CR8 with an interrupt pending, and a Linux in L2 hangs. A nanosecond per instruction makes the TSC
# 1 GHz; told so, Linux need not measure it. Measuring the APIC timer takes 5 s of real time: HPET
# does as well.

exec "$QEMU" -accel tcg,thread=single -icount shift=0,sleep=off -cpu EPYC,+svm -smp "$4" -m 3072 \
	-nic none -vga none -display none -no-reboot -kernel "$1" -initrd "$2" \
	-append "console=ttyS0 quiet panic=-1 mitigations=off tsc_early_khz=1000000 tsc=reliable
		nolapic_timer no_timer_check cryptomgr.notests" \
	-serial "file:$3" -serial stdio </dev/null
