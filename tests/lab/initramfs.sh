# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# L1's initramfs, in two archives the kernel reads as one: the base, from packages, made once, and
# the jobs, made for each run. Not compressed: unpacking would cost emulated time.
# Sourced after packages.sh.

l1_base=$cache/$arch-base.cpio
l1_linux=$cache/$arch-linux
l1_log=$cache/$arch-console.log
host_root=$(view_root "$(dpkg --print-architecture)")
host_qemu=$cache/$arch-qemu

# pack DIR: an archive of a folder on stdout.
pack() {
	(cd "$1" && find . | "$host_root/usr/bin/busybox" cpio -o -H newc 2>/dev/null)
}

# Copies paths below the view into the tree, links followed: a library is often a link to one.
take() {
	for file; do
		mkdir -p "$tree/$(dirname "$file")"
		cp -L "$view/$file" "$tree/$file" || die "$exit_lab" "missing from the packages: $file"
	done
}

# The libraries that a program of the view needs, directly or not, as paths below the view. Read
# from the files, since those of another architecture cannot be run.
libraries() {
	(
		cd "$view" || exit
		todo=$1 known=' '
		while [ -n "$todo" ]; do
			# shellcheck disable=SC2086 # a list
			names=$(readelf -d $todo | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)
			todo=''
			for name in $names; do
				case $known in *" $name "*) continue ;; esac
				known="$known$name "
				todo="$todo $(find usr/lib -name "$name" | sed 1q)"
			done
			# shellcheck disable=SC2086
			printf '%s ' $todo
		done
	)
}

initramfs_base() {
	view=$(view_root "$deb_arch")
	tree=$cache/$arch-tree
	rm -rf "$tree"
	mkdir -p "$tree"
	# shellcheck disable=SC2046,SC2086 # lists
	take usr/bin/busybox "usr/bin/$qemu" $l1_files $(libraries "usr/bin/$qemu")
	for link in bin lib lib64; do
		ln -s "usr/$link" "$tree/$link"
	done
	loader=$(view_loader "$view")
	mkdir -p "$tree/usr/lib64"
	cp -L "$loader" "$tree/usr/lib/"
	cp -L "$loader" "$tree/usr/lib64/"
	for module in $l1_modules; do
		xz -dc "$(find "$view/usr/lib/modules" -name "$module.ko.xz")" >"$tree/$module.ko"
	done
	pack "$tree" >"$l1_base"
	rm -rf "$tree"
	cp "$view"/boot/vmlinu[xz]-* "$l1_linux"
}

# initramfs_jobs DIR: the archive for one run on stdout; DIR has `jobs` and the images it names.
initramfs_jobs() {
	tree=$1.tree
	mkdir -p "$tree/lab"
	cp -P "$1"/* "$lab/$arch/l2.sh" "$lab/$arch/lab.conf" "$tree/lab/"
	cp "$lab/l1-init" "$tree/init"
	chmod +x "$tree/init"
	pack "$tree"
	rm -rf "$tree"
}
