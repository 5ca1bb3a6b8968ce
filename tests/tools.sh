# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced by the test scripts: gets the tools a tier needs onto a Debian 12 machine, and says where things are kept.
#   tools_need GROUP...    install what is missing of: guest unit headers foreign clang build linux dkms proof coverage fuzz
#                        bench chart
#   tools_cbmc             put CBMC on PATH (into the cache folder, the system is left alone)
#   tools_cmocka_source    print the folder of an unpacked cmocka source
#   tools_checkpatch       print the path of Linux's checkpatch.pl
# Nothing is installed that is already there. Without root or sudo the one command to run is printed, exit status 2.

PV_CACHE=${PV_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/libpv}
PV_JOBS=${PV_JOBS:-$(nproc 2>/dev/null || echo 2)}
export PV_CACHE PV_JOBS

say() { printf '# %s\n' "$*" >&2; }

# One line per tool: a command, or a file when it begins with "/", and the package that brings it.
tools_list() {
	case $1 in
	unit) cat <<-'LIST'
		gcc gcc
		make make
		cmake cmake
		python3 python3
		/usr/include/cmocka.h libcmocka-dev
		ctags-universal universal-ctags
		LIST
		;;
	# gcc-12-multilib and not gcc-multilib: the meta package conflicts with every cross compiler.
	headers) tools_list unit; cat <<-'LIST'
		g++ g++
		/usr/lib/gcc/x86_64-linux-gnu/12/32/libgcc.a gcc-12-multilib
		/usr/lib32/crt1.o libc6-dev-i386
		LIST
		;;
	foreign) tools_list headers; cat <<-'LIST'
		aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
		riscv64-linux-gnu-gcc gcc-riscv64-linux-gnu
		s390x-linux-gnu-gcc gcc-s390x-linux-gnu
		/usr/aarch64-linux-gnu/lib/libc.a libc6-dev-arm64-cross
		/usr/riscv64-linux-gnu/lib/libc.a libc6-dev-riscv64-cross
		/usr/s390x-linux-gnu/lib/libc.a libc6-dev-s390x-cross
		qemu-s390x-static qemu-user-static
		xz xz-utils
		LIST
		;;
	clang) cat <<-'LIST'
		g++ g++
		clang-19 clang-19
		llvm-cov-19 llvm-19
		/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a libclang-rt-19-dev
		LIST
		;;
	build) tools_list foreign; tools_list clang; cat <<-'LIST'
		clang-tidy-19 clang-tidy-19
		cppcheck cppcheck
		shellcheck shellcheck
		LIST
		;;
	# What Debian's kernel headers want, and the compilers that they name.
	linux) cat <<-'LIST'
		make make
		sparse sparse
		perl perl
		clang-format-19 clang-format-19
		nm binutils
		xz xz-utils
		/sbin/modinfo kmod
		x86_64-linux-gnu-gcc-12 gcc-12
		aarch64-linux-gnu-gcc-12 gcc-12-aarch64-linux-gnu
		/usr/lib/x86_64-linux-gnu/libelf.so.1 libelf1
		LIST
		;;
	dkms) tools_list linux; echo '/usr/sbin/dkms dkms' ;;
	guest) printf '%s\n' 'gcc gcc' 'ld binutils' 'xz xz-utils' ;;
	chart) echo 'gnuplot gnuplot-nox' ;;
	proof) printf '%s\n' 'gcc gcc' 'z3 z3' 'cadical cadical' ;;
	coverage) tools_list unit; tools_list clang; echo 'gcovr gcovr' ;;
	fuzz) tools_list clang ;;
	bench) tools_list unit; tools_list chart; printf '%s\n' 'valgrind valgrind' '/usr/include/bsd/sys/tree.h libbsd-dev' ;;
	*) echo "tools.sh: no group '$1'" >&2; return 2 ;;
	esac
}

tools_missing() {
	for group; do tools_list "$group" || return 2; done | sort -u | while read -r probe package; do
		case $probe in
		/*) [ -e "$probe" ] ;;
		*) command -v "$probe" >/dev/null 2>&1 ;;
		esac || echo "$package"
	done | sort -u | tr '\n' ' '
}


tools_need() {
	mkdir -p "$PV_CACHE" || exit 2
	missing=$(tools_missing "$@") || exit 2
	[ -n "$missing" ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "No apt-get here: install what these Debian packages bring: $missing" >&2
		exit 2
	fi
	# A fresh machine may have no package lists or old ones; the update is tried only when the install fails.
	install="apt-get -qq -y -o DPkg::Lock::Timeout=600 install --no-install-recommends $missing"
	if [ "$(id -u)" = 0 ]; then
		root=''
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		root=sudo
	else
		printf 'Tools are missing. As root, run this line, then try again:\n  apt-get update && %s\n' "$install" >&2
		exit 2
	fi
	say "installing: $missing"
	# Two scripts may find the same tool missing at once: one installs, the other waits and finds nothing left to do.
	flock "$PV_CACHE/lock" $root sh -c "export DEBIAN_FRONTEND=noninteractive; $install || { apt-get -qq update && $install; }" \
		>"$PV_CACHE/install.log" 2>&1 || { tail -n 20 "$PV_CACHE/install.log" >&2; echo "Could not install: $missing" >&2; exit 2; }
}

# A private apt view of another Debian suite or kind of package, kept in the cache: the machine's own apt stays as it is.
# tools_view SUITE KIND(deb|deb-src) leaves apt-get's options in $view.
tools_view() {
	dir=$PV_CACHE/apt/$1-$2
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" || return 1
	# The mirror is the one the machine uses itself.
	# shellcheck disable=SC2016  # apt's own variables
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
		awk '$2 == "main" && $1 ~ /\/debian\/?$/ { print $1; exit }')
	[ -n "$mirror" ] || { echo "apt names no Debian mirror with 'main'" >&2; return 1; }
	echo "$2 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" >"$dir/s.list"
	: >"$dir/status"
	view="-qq -o Dir::Etc::sourcelist=$dir/s.list -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null
		-o Dir::State::lists=$dir/lists -o Dir::Cache=$dir/cache -o Dir::State::status=$dir/status -o APT::Sandbox::User=root"
	apt-get $view update >&2
}

# CBMC is in Debian 13 only and wants a newer libc: its packages are unpacked beside each other and started through their own
# loader. The loader's option does not reach children (solvers, the host's gcc); LD_LIBRARY_PATH would.
# Chained by && and not under set -e, which the shell ignores inside a function whose caller tests its status.
tools_get_cbmc() {
	[ ! -x "$1/bin/cbmc" ] || return 0
	say 'getting CBMC (25 MB) into the cache folder'
	tools_view trixie deb && rm -rf "$1" "$1.new" && mkdir -p "$1.new/debs" "$1.new/bin" && cd "$1.new/debs" || return 1
	apt-get $view download cbmc minisat libc6 libstdc++6 libgcc-s1 zlib1g >&2 &&
		for deb in *.deb; do dpkg -x "$deb" ../root || return 1; done &&
		cat >../bin/cbmc <<-WRAPPER && chmod +x ../bin/cbmc || return 1
			#!/bin/sh
			r=$1/root n=\${0##*/}
			exec \$r/usr/lib64/ld-linux-x86-64.so.2 --argv0 "\$n" \\
				--library-path \$r/usr/lib/x86_64-linux-gnu:\$r/usr/lib \$r/usr/bin/"\$n" "\$@"
		WRAPPER
	for tool in goto-cc goto-gcc goto-instrument goto-analyzer; do ln -sf cbmc "../bin/$tool" || return 1; done
	cd .. && rm -rf debs && mv "$1.new" "$1"
}

tools_cbmc() {
	case $(cbmc --version 2>/dev/null) in 6.*) return 0 ;; esac
	mkdir -p "$PV_CACHE" || exit 2
	(flock 9 && tools_get_cbmc "$PV_CACHE/cbmc") 9>"$PV_CACHE/lock" || { echo 'Could not get CBMC' >&2; exit 2; }
	PATH=$PV_CACHE/cbmc/bin:$PATH
	case $(cbmc --version 2>&1) in 6.*) ;; *) echo 'CBMC does not start' >&2; exit 2 ;; esac
}

# cmocka for foreign processors: Debian's own source package, compiled by tests/foreign.sh.
tools_get_cmocka() {
	[ ! -e "$1/src/cmocka.c" ] || return 0
	say 'getting the cmocka source into the cache folder'
	tools_view bookworm deb-src && rm -rf "$1" "$1.new" && mkdir -p "$1.new" && cd "$1.new" || return 1
	apt-get $view source --download-only cmocka >&2 &&
		tar -xf cmocka_*.orig.tar.?z --strip-components=1 && mv "$1.new" "$1"
}

# checkpatch.pl is in no package but the kernel's whole source: the rest of it is thrown away.
tools_get_checkpatch() {
	[ ! -e "$1/checkpatch.pl" ] || return 0
	say 'getting checkpatch.pl into the cache folder, out of the kernel source (150 MB to download, once)'
	tools_view bookworm-backports deb && rm -rf "$1" "$1.new" && mkdir -p "$1.new" && cd "$1.new" || return 1
	apt-get $view download linux-source-6.12 >&2 &&
		dpkg-deb --fsys-tarfile linux-source-6.12_*.deb | tar -xO ./usr/src/linux-source-6.12.tar.xz |
		tar -xJ --strip-components=2 --wildcards '*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch' &&
		[ -s spelling.txt ] && rm -f ./*.deb && mv "$1.new" "$1"
}

tools_checkpatch() {
	mkdir -p "$PV_CACHE" || exit 2
	(flock 9 && tools_get_checkpatch "$PV_CACHE/checkpatch") 9>"$PV_CACHE/lock" >&2 ||
		{ echo 'Could not get checkpatch.pl' >&2; exit 2; }
	echo "$PV_CACHE/checkpatch/checkpatch.pl"
}

tools_cmocka_source() {
	mkdir -p "$PV_CACHE" || exit 2
	(flock 9 && tools_get_cmocka "$PV_CACHE/cmocka-src") 9>"$PV_CACHE/lock" >&2 ||
		{ echo 'Could not get the cmocka source' >&2; exit 2; }
	echo "$PV_CACHE/cmocka-src"
}
