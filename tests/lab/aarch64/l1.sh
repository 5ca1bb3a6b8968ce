#!/bin/sh
# SPDX-License-Identifier: MIT
# Starts L1, Linux with KVM, on an emulated CPU that has EL2.
# Usage: QEMU=COMMAND sh l1.sh KERNEL INITRD LOG CPUS; the guests' words come on stdout.
#
# icount: time is counted instructions, a nanosecond each. The architecture's own pointer
# authentication costs hundreds of host instructions per emulated one; QEMU's costs few. Linux would
# test its ciphers for 0.3 s beside the first guest, which is stolen time.

exec "$QEMU" -accel tcg,thread=single -icount shift=0,sleep=off \
	-M virt,virtualization=on,gic-version=3 -cpu max,pauth-impdef=on -smp "$4" -m 3072 \
	-nic none -vga none -display none -no-reboot -kernel "$1" -initrd "$2" \
	-append "console=ttyAMA0 quiet panic=-1 mitigations=off cryptomgr.notests" \
	-serial "file:$3" -serial stdio </dev/null
