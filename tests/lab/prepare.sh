#!/bin/sh
# SPDX-License-Identifier: MIT
# Prepares the lab: packages and the base of L1's initramfs, into the cache. Cheap to call again.
# Usage: sh tests/lab/prepare.sh        (PV_ARCH, PV_CACHE, PV_MIRROR: see README.md)

set -eu
lab=$(cd "$(dirname "$0")" && pwd)
. "$lab/common.sh"
. "$lab/packages.sh"
. "$lab/initramfs.sh"

# All that decides the content of the cache: a change of it, and only that, prepares anew.
want="$suite $(cat "$lab/packages.sh" "$lab/initramfs.sh" "$lab/$arch/lab.conf" | cksum)"
stamp=$cache/$arch.stamp
[ "$(cat "$stamp" 2>/dev/null || :)" = "$want" ] && exit 0

host_arch=$(dpkg --print-architecture)
say "preparing $arch in $cache (about 150 MB to download, once)"
mkdir -p "$cache"
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
say "initramfs of L1"
initramfs_base
view_wrapper "$(view_root "$host_arch")" "$qemu" >"$host_qemu"
chmod +x "$host_qemu"
printf '%s\n' "$want" >"$stamp"
say "ready"
