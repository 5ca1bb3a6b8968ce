#!/bin/sh
# SPDX-License-Identifier: MIT
# `make dkms` gives sources that Debian's dkms builds, in trees of its own; `make install` and `make clean` do what they say.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
tools_need dkms
PATH=$PATH:/usr/sbin:/sbin

kdir=$(sh tests/linux/kernels.sh headers 6.12 x86_64) && release=$(sh tests/linux/kernels.sh release 6.12 x86_64) || exit 2
mkdir "$tap_out/tree" && cp -r include libpv CMakeLists.txt LICENSE "$tap_out/tree" &&
	mkdir "$tap_out/tree/ports" && cp -r ports/linux "$tap_out/tree/ports" || exit 1
port=$tap_out/tree/ports/linux
version=$(sed -n 's/^project(pv VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
files() { (cd "$1" && find . -type f | sort); }
files "$tap_out/tree" >"$tap_out/before"

# First a build among the sources, to see that nothing of it goes with them.
make_port() { make --no-print-directory -j "$PV_JOBS" -C "$port" "KDIR=$kdir" "$@"; }
tap_run 'make' make_port
tap_run 'make dkms' make_port dkms "DESTDIR=$tap_out/root"
source=$tap_out/root/usr/src/pv-$version
built_among() { files "$1" | grep -E '\.(o|ko|mod|mod\.c|cmd)$|symvers|modules\.order'; }
built_among "$source" >"$tap_out/built"
tap_empty "usr/src/pv-$version has sources only" "$tap_out/built"
tap_run 'dkms.conf names the version' grep -qx "PACKAGE_VERSION=\"$version\"" "$source/dkms.conf"

tap_run 'make install' make_port install "INSTALL_MOD_PATH=$tap_out/root" DEPMOD=true
tap_run 'the module is below lib/modules' [ -n "$(find "$tap_out/root/lib/modules/$release" -name 'pv.ko*')" ]
tap_run 'make clean' make_port clean
files "$tap_out/tree" | diff "$tap_out/before" - >"$tap_out/left"
tap_empty 'make clean leaves the sources as they were' "$tap_out/left"

dkms_build() {
	mkdir "$tap_out/dkms" "$tap_out/installed" &&
		dkms build "pv/$version" --dkmstree "$tap_out/dkms" --sourcetree "$tap_out/root/usr/src" \
			--installtree "$tap_out/installed" -k "$release" --kernelsourcedir "$kdir" && return
	tail -n 20 "$tap_out/dkms/pv/$version/build/make.log"
	return 1
}
tap_run "dkms build pv/$version for $release" dkms_build
module=$(find "$tap_out/dkms/pv/$version/$release" -name 'pv.ko*' 2>/dev/null)
tap_run "it made a module of version $version" [ "$(modinfo -F version "${module:-/none}")" = "$version" ]
tap_end
