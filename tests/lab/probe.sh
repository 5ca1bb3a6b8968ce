# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Does this machine's own KVM offer an interface? A guest is run to find out, once per boot: a
# /dev/kvm can exist and claim much, and still lack the interface or fail to run a guest.
# Sourced after initramfs.sh.

# kvm_here MODE: true when a guest ran on /dev/kvm and saw the signature of that mode.
kvm_here() {
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	answer=$cache/$arch-kvm-$1
	key="$(cat /proc/sys/kernel/random/boot_id) $(cat "$lab/$arch/l2.sh" "$lab/$arch/probe.S" | cksum)"
	if [ "$(sed 1q "$answer" 2>/dev/null)" != "$key" ]; then
		say "does this machine's KVM offer '$1'? running a tiny guest"
		probe_image || return 1
		seen=$(QEMU=$host_qemu ROOT=$(view_root "$(dpkg --print-architecture)") \
			timeout -s KILL 10 sh "$lab/$arch/l2.sh" "$1" 1 "$cache/$arch-probe" 2>/dev/null)
		[ $? -eq "$l2_success" ] || seen="no"
		printf '%s\n%s\n' "$key" "$seen" >"$answer"
	fi
	[ "$(sed -n 2p "$answer")" = "$(mode_signature "$1")" ]
}

probe_image() {
	"${CC:-cc}" -nostdlib -static -Wl,-N -Wl,-Ttext=0x100000 -Wl,--build-id=none \
		"$lab/$arch/probe.S" -o "$cache/$arch-probe"
}

mode_signature() {
	case $1 in
	native) echo KVMKVMKVM ;;
	hyperv) echo "Microsoft Hv" ;;
	xen) echo XenVMMXenVMM ;;
	esac
}
