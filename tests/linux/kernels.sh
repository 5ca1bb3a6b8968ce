#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's kernels and the headers that belong to them, unpacked into the lab's cache, once.
# Usage: sh tests/linux/kernels.sh headers VERSION ARCH    prints the folder for `make -C`
#        sh tests/linux/kernels.sh image VERSION ARCH      prints the path of the kernel
#        sh tests/linux/kernels.sh release VERSION ARCH    prints what `uname -r` says there
# VERSION: 6.1 (Debian 12) or 6.12 (its backports). ARCH: x86_64 or aarch64. kbuild's own programs
# are this machine's, so that modules for both are built here. PV_CACHE, PV_MIRROR: tests/lab/README.md.

set -eu
lab=$(cd "$(dirname "$0")/../lab" && pwd)
what=${1:-} version=${2:-} PV_ARCH=${3:-}
. "$lab/common.sh"
. "$lab/packages.sh"

case $#:$what in
3:headers | 3:image | 3:release) ;;
*) die "$exit_usage" "usage: sh tests/linux/kernels.sh headers|image|release VERSION ARCH" ;;
esac
case $version in
6.1) suite=bookworm with_security=yes ;;
6.12) suite=bookworm-backports with_security='' ;;
*) die "$exit_usage" "no kernel '$version' here" ;;
esac

host_arch=$(dpkg --print-architecture)
root=$cache/linux-$version-$arch

# download DEBARCH PACKAGE...
download() {
	download_arch=$1
	shift
	(cd "$root" && view_apt "$download_arch" apt-get download "$@" >&2)
}

# The headers' meta package says which kernel is the newest; its image may wait to be signed.
fetch() {
	say "Linux $version for $arch, into $root: about 60 MB to download, once"
	rm -rf "$root"
	mkdir -p "$root"
	view_open "$deb_arch"
	[ "$host_arch" = "$deb_arch" ] || view_open "$host_arch"
	release=$(view_apt "$deb_arch" apt-cache depends "linux-headers-cloud-$deb_arch" |
		sed -n 's/^ *Depends: linux-headers-//p' | sed 1q)
	[ -n "$release" ] || die "$exit_lab" "$suite has no headers for $deb_arch"
	plain=${release%-cloud-*}
	kbuild=$plain
	[ "$version" != 6.1 ] || kbuild=6.1
	{ download "$deb_arch" "linux-headers-$release" "linux-headers-$plain-common" &&
		download "$host_arch" "linux-kbuild-$kbuild" &&
		{ download "$deb_arch" "linux-image-$release" ||
			download "$deb_arch" "linux-image-$release-unsigned"; }; } ||
		die "$exit_lab" "cannot download Linux $release"
	for deb in "$root"/*.deb; do
		dpkg-deb -x "$deb" "$root" || die "$exit_lab" "cannot unpack $deb"
		rm "$deb"
	done
	headers=$root/usr/src/linux-headers-$release
	# Their one absolute path; and what kbuild would make BTF from, with a tool few machines have.
	sed -i "s|/usr/src/|$root/usr/src/|" "$headers/Makefile"
	rm -f "$headers/vmlinux"
	printf '%s\n' "$release" >"$root/release"
}

mkdir -p "$cache"
exec 9>"$root.lock"
! command -v flock >/dev/null || flock 9
# Written last: an unfinished folder is made anew. A cache that was moved has the old path inside.
release=$(cat "$root/release" 2>/dev/null || :)
grep -q "^include $root/" "$root/usr/src/linux-headers-$release/Makefile" 2>/dev/null || fetch

case $what in
headers) printf '%s\n' "$root/usr/src/linux-headers-$release" ;;
image) printf '%s\n' "$root/boot/vmlinuz-$release" ;;
release) printf '%s\n' "$release" ;;
esac
