# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Does this machine's own KVM offer an interface? A guest is run to find out, once per boot: a
# /dev/kvm can exist and claim much, and still lack the interface or fail to run a guest.
# Sourced after initramfs.sh.

# KVM runs guests of the machine's own architecture only.
kvm_possible() { [ "$(dpkg --print-architecture)" = "$deb_arch" ]; }

# kvm_here MODE: true when a guest on /dev/kvm saw what that mode is to show, and floating-point
# instructions work there: firmware uses them, and so do hypercalls in XMM registers.
kvm_here() {
	kvm_possible || return 1
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	answer=$cache/$arch-kvm-$1
	key="$(cat /proc/sys/kernel/random/boot_id "$lab/$arch/l2.sh" "$lab/$arch/probe.S" | cksum)"
	if [ "$(sed 1q "$answer" 2>/dev/null)" != "$key" ]; then
		say "does this machine's KVM offer '$1'? running a tiny guest"
		probe_image || return 1
		seen=$(probe_run "$1" 2>/dev/null | tr -d '\0')
		printf '%s\n%s\n' "$key" "$seen" >"$answer"
	fi
	seen=$(sed -n 2p "$answer")
	[ "$seen" = "$(probe_says "$1")" ]
}

# A guest KVM cannot run further stands still; what it said before counts.
probe_run() {
	QEMU=$host_qemu ROOT=$host_root timeout --foreground -s KILL 5 \
		sh "$lab/$arch/l2.sh" "$1" 1 "$cache/$arch-probe" || :
}

probe_image() {
	"${CC:-cc}" -nostdlib -static -Wl,-N -Wl,--no-warn-rwx-segments \
		"-Wl,-Ttext=$probe_address" -Wl,--build-id=none "$lab/$arch/probe.S" -o "$cache/$arch-probe"
}
