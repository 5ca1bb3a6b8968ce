#!/bin/sh
# SPDX-License-Identifier: MIT
# Prepares the lab: packages and the base of L1's initramfs, into the cache. Cheap to call again.
# Usage: sh tests/lab/prepare.sh [--root]    --root: prints the folder the packages are unpacked in
# PV_ARCH, PV_CACHE and PV_MIRROR change what, where and from where: see README.md.

set -eu
lab=$(cd "$(dirname "$0")" && pwd)
. "$lab/common.sh"
. "$lab/packages.sh"
. "$lab/initramfs.sh"

case $#:${1:-} in
0: | 1:--root) ;;
*) die "$exit_usage" "usage: sh tests/lab/prepare.sh [--root]" ;;
esac

# stale NAME TEXT: true when a part was not prepared, or from other ingredients.
stale() {
	stamp=$cache/$arch-$1.stamp
	want="$suite $(echo "$2" | cksum)"
	[ "$(cat "$stamp" 2>/dev/null || :)" != "$want" ]
}

fresh() { printf '%s\n' "$want" >"$stamp"; }

host_arch=$(dpkg --print-architecture)
mkdir -p "$cache"
# Tests may start side by side.
exec 9>"$cache/lock"
! command -v flock >/dev/null || flock 9

packages="$(cat "$lab/packages.sh") $host_packages, $guest_packages, $l1_kernel"
if stale packages "$packages"; then
	say "preparing $arch in $cache: about 100 MB to download, once"
	say "package lists of Debian $suite"
	view_open "$deb_arch"
	say "packages for L1 and L2: $guest_packages"
	# shellcheck disable=SC2086 # lists
	view_add "$deb_arch" $guest_packages
	say "kernel for L1: $l1_kernel"
	view_add_alone "$deb_arch" "$l1_kernel"
	if [ "$host_arch" != "$deb_arch" ]; then
		say "packages for this machine: $host_packages"
		view_open "$host_arch"
		# shellcheck disable=SC2086
		view_add "$host_arch" $host_packages
	fi
	fresh
fi

if stale initramfs "$packages, $(cat "$lab/initramfs.sh") $l1_modules, $l1_files"; then
	say "initramfs of L1"
	initramfs_base
	view_wrapper "$host_root" "$qemu" >"$host_qemu"
	chmod +x "$host_qemu"
	fresh
	say "ready"
fi

[ $# -eq 0 ] || view_root "$deb_arch"
