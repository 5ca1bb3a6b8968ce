# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Debian packages without touching the machine: apt works on a folder of its own, and dpkg only
# unpacks. Neither needs root. Every program of the lab comes from one suite, so that the lab is the
# same on each machine, and one suite has QEMU, Linux, busybox and firmware for all architectures.
# Sourced after common.sh. Who wants another suite sets it afterwards, and with_security for its
# security updates: each suite and architecture has a view of its own.

suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Folder that packages of Debian architecture $1 are unpacked into.
view_root() { printf '%s\n' "$cache/$suite-$1"; }

# mirror LABEL: the mirror this machine already uses for what Debian labels so.
mirror() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets 'Created-By: Packages' \
		--format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' |
		awk -v label="$1" '$1 == "Debian" && $2 == label && $3 == "main" { print $4; exit }'
}

# Where the packages of $suite come from. PV_MIRROR overrides the machine's own mirror.
view_sources() {
	url=${PV_MIRROR:-$(mirror Debian)}
	[ -n "$url" ] ||
		die "$exit_absent" "found no Debian mirror: run 'sudo apt-get update' or set PV_MIRROR"
	printf '%s\n' "deb [signed-by=$keyring] $url $suite main"
	[ -n "${with_security:-}" ] || return 0
	url=$(mirror Debian-Security)
	[ -z "$url" ] || printf '%s\n' "deb [signed-by=$keyring] $url $suite-security main"
}

# view_apt DEBARCH TOOL ARGS...: apt-get or apt-cache on the private view.
view_apt() {
	apt_dir=$(view_root "$1").apt
	apt_arch=$1
	apt_tool=$2
	shift 2
	"$apt_tool" -qq -o "Dir::Etc::sourcelist=$apt_dir/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o "Dir::State::lists=$apt_dir/lists" -o "Dir::Cache=$apt_dir/cache" \
		-o "Dir::State::status=$apt_dir/status" -o "APT::Architecture=$apt_arch" \
		-o "APT::Architectures=$apt_arch" -o APT::Sandbox::User="$(id -un)" "$@"
}

# view_open DEBARCH: makes the view and reads the package lists.
view_open() {
	for tool in apt-get apt-cache dpkg-deb; do
		command -v "$tool" >/dev/null || die "$exit_absent" "needs $tool (a Debian machine)"
	done
	[ -r "$keyring" ] ||
		die "$exit_absent" "run this first: sudo apt-get install debian-archive-keyring"
	sources=$(view_sources) || exit
	apt_dir=$(view_root "$1").apt
	mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
	: >"$apt_dir/status" # nothing is installed; apt locks the folder this file is in
	printf '%s\n' "$sources" >"$apt_dir/sources.list"
	view_apt "$1" apt-get update >&2 || die "$exit_lab" "cannot read the package lists"
}

# view_add DEBARCH PACKAGE...: unpacks packages with all they depend on.
view_add() {
	add_arch=$1
	shift
	view_apt "$add_arch" apt-get install --download-only --no-install-recommends -y "$@" >&2 ||
		die "$exit_lab" "cannot download: $*"
	view_unpack "$add_arch" "$(view_root "$add_arch").apt/cache/archives"
}

# view_add_alone DEBARCH PACKAGE: unpacks what a package stands for, without its other dependencies:
# a kernel needs no initramfs tools here.
view_add_alone() {
	real=$(view_apt "$1" apt-cache depends "$2" | awk '/ Depends: linux-image/ { print $2; exit }')
	alone=$(view_root "$1").apt/alone
	mkdir -p "$alone"
	(cd "$alone" && view_apt "$1" apt-get download "${real:-$2}" >&2) ||
		die "$exit_lab" "cannot download: $2"
	view_unpack "$1" "$alone"
}

view_unpack() {
	root=$(view_root "$1")
	mkdir -p "$root"
	for deb in "$2"/*.deb; do
		dpkg-deb -x "$deb" "$root" || die "$exit_lab" "cannot unpack $deb"
		rm "$deb"
	done
}

# The dynamic loader of the view rooted at $1.
view_loader() {
	for file in "$1"/usr/lib/*/ld-linux*.so.*; do
		printf '%s\n' "$file"
		return
	done
}

# view_wrapper ROOT PROGRAM: a script that runs a program with the libraries of its own view.
view_wrapper() {
	loader=$(view_loader "$1")
	cat <<EOF
#!/bin/sh
exec '$loader' --library-path '$(dirname "$loader")' '$1/usr/bin/$2' \\
	-L '$1/usr/share/seabios' -L '$1/usr/share/qemu' "\$@"
EOF
}
