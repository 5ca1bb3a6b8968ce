#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the initramfs of a Linux guest: busybox, pv.ko, the plans of tests/linux/guest, and for kexec
# a kernel with the same initramfs inside.
# Usage: sh tests/linux/guest.sh VERSION ARCH MODULE OUT.initrd [kexec]

set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 4 ] || { sed -n 's/^# Usage: //p' "$0" >&2; exit 2; }
version=$1 PV_ARCH=$2 module=$3 out=$4 kexec=${5:-}
lab=$root/tests/lab
. "$lab/common.sh"
. "$lab/packages.sh"
. "$lab/initramfs.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
view=$(view_root "$deb_arch")

cross=''
[ "$arch" = "$(uname -m)" ] || cross=$arch-linux-gnu-

mkdir -p "$scratch/base/bin" "$scratch/base/etc"
(
	cd "$scratch/base"
	mkdir -p proc sys dev tmp
	cp "$view/usr/bin/busybox" bin/
	cp -r "$root/tests/linux/guest" .
	mv guest/init init
	chmod +x init
	awk -f "$root/tests/linux/abi.awk" "$root"/docs/ABI/* >guest/abi
	[ ! -e "$root/ports/linux/pvstat" ] || cp "$root/ports/linux/pvstat" bin/
	"${cross}strip" -g -o pv.ko "$module"
	printf '%s\n' root:x:0:0::/:/bin/sh nobody:x:65534:65534::/:/bin/sh >etc/passwd
)
pack "$scratch/base" >"$out"
[ -n "$kexec" ] || exit 0

# Beside the base, and so not in the second kernel's.
tree=$scratch/more
mkdir -p "$tree/usr/lib64"
# shellcheck disable=SC2046 # a list
take usr/sbin/kexec $(libraries usr/sbin/kexec)
for link in lib lib64; do
	ln -s "usr/$link" "$tree/$link"
done
loader=$(view_loader "$view")
cp -L "$loader" "$tree/usr/lib/"
cp -L "$loader" "$tree/usr/lib64/"
cp "$out" "$tree/initrd"
cp "$(sh "$root/tests/linux/kernels.sh" image "$version" "$arch")" "$tree/linux"
pack "$tree" >>"$out"
