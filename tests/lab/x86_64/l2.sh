#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs one image as a guest, here or inside L1: the one place that says what a mode is.
# Usage: QEMU=COMMAND ROOT=PREFIX [SERIAL=CHARDEV] sh l2.sh MODE SMP IMAGE [QEMU OPTION...]
# An image with IMAGE.cmdline beside it is a Linux; IMAGE.initrd goes with it.
# SMP is a number, or `sparse`: 4 CPUs whose numbers are far apart.
# ROOT is where Debian's files are; the guest's serial port is stdout unless SERIAL says otherwise.
# Exits with QEMU's status; lab.conf says which one is the guest's success.

mode=$1
smp=$2
image=$3
shift 3

hyperv=hv_relaxed,hv_vpindex,hv_time,hv_synic,hv_stimer,hv_tlbflush,hv_tlbflush_ext
hyperv=$hyperv,hv_tlbflush_direct,hv_ipi,hv_runtime,hv_frequencies,hv_vapic,hv_reset,hv_crash
hyperv=$hyperv,hv_xmm_input,hv_spinlocks=0xfff

model=host
case $mode in
native) set -- "$@" -accel kvm -cpu host ;;
hyperv) set -- "$@" -accel kvm -cpu "host,$hyperv" ;;
hyperv-only) set -- "$@" -accel kvm -cpu "host,$hyperv,kvm=off,hv_vapic=off,hv_tlbflush_direct=off" ;;
xen) set -- "$@" -accel kvm,xen-version=0x40011,kernel-irqchip=split -cpu host ;;
tcg) model=max && set -- "$@" -accel tcg -cpu max,-hypervisor,tcg-cpuid=off ;;
tcg-visible) model=max && set -- "$@" -accel tcg -cpu max ;;
vtl) exec sh "$image" ;; # tests/vtlhost/run.sh: the monitor, its guests and what they must do
*) echo "unknown mode: $mode" >&2; exit 2 ;;
esac

# The first CPU is there, others come as devices. With 3 cores to a socket a CPU's APIC id (socket *
# 4 + core) is not its slot (socket * 3 + core), which QEMU makes its VP index: 0, 1, 66, 181 here.
if [ "$smp" = sparse ]; then
	smp=1,maxcpus=183,sockets=61,cores=3,threads=1
	for place in 0,core-id=1 22,core-id=0 60,core-id=1; do
		set -- "$@" -device "$model-x86_64-cpu,thread-id=0,socket-id=$place"
	done
fi

# An option ROM for every default device would have to be there too.
set -- "$@" -smp "$smp" -nic none -vga none -display none -serial "${SERIAL:-stdio}" -no-reboot \
	-device isa-debug-exit

# Two CPUs of a Linux on the one of L1 hang early when KVM takes ends of interrupts from memory,
# kvm-pv-eoi; hv_vapic is the same for guests of Hyper-V. Without, every end is an exit.
if [ -e "$image.cmdline" ]; then
	[ "$model" != host ] || set -- "$@" -global host-x86_64-cpu.kvm-pv-eoi=off
	set -- "$@" -m 384 -initrd "$image.initrd" -append "$(cat "$image.cmdline")"
else
	case $(head -c 2 "$image") in
	MZ) set -- "$@" -m 256 -bios "$ROOT/usr/share/ovmf/OVMF.fd" ;; # as ROM: its variables live in RAM
	*) set -- "$@" -m 64 ;;
	esac
fi
exec "$QEMU" "$@" -kernel "$image" </dev/null
