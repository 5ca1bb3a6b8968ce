#!/bin/sh
# SPDX-License-Identifier: MIT
# The unit tests on another processor: cross-built statically, run under qemu-user (i386 runs natively).
# Usage: foreign.sh aarch64|i386|riscv64|s390x
cd "$(dirname "$0")/.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
. tests/build/ctest.sh
tools_need foreign

arch=$1
case $arch in
i386) cc=gcc flags=-m32 ar=ar emulator='' ;;
aarch64 | riscv64 | s390x) cc=$arch-linux-gnu-gcc flags='' ar=$arch-linux-gnu-ar emulator=qemu-$arch-static ;;
*) echo 'usage: foreign.sh aarch64|i386|riscv64|s390x' >&2; exit 2 ;;
esac
[ "$arch" != aarch64 ] || flags=-mno-outline-atomics

# cmocka is not installable for a foreign processor without a second package architecture, but it is one file of C.
prefix=$PWD/build/test/cmocka-$arch
if [ ! -e "$prefix/lib/libcmocka.a" ]; then
	src=$(tools_cmocka_source) || exit
	mkdir -p "$prefix/lib" "$prefix/include"
	cp "$src/include/cmocka.h" "$src/include/cmocka_pbc.h" "$prefix/include/"
	: >"$prefix/config.h"
	$cc $flags -O2 -w -c -o "$prefix/cmocka.o" "$src/src/cmocka.c" -I"$prefix" -I"$src/include" \
		-DHAVE_CONFIG_H -D_GNU_SOURCE -DHAVE_INTTYPES_H -DHAVE_MALLOC_H -DHAVE_STRINGS_H -DHAVE_SIGNAL_H -DHAVE_STRSIGNAL \
		-DHAVE_SIGLONGJMP -DHAVE_CLOCK_REALTIME -DHAVE_STRUCT_TIMESPEC -DHAVE_GCC_THREAD_LOCAL_STORAGE &&
		$ar rcs "$prefix/lib/libcmocka.a" "$prefix/cmocka.o" || { tap_not_ok "cmocka compiles for $arch"; tap_end; }
fi

# CMake finds our cmocka first and none of the machine's own.
ctest_build "build/test/$arch" -DCMAKE_SYSTEM_NAME=Linux "-DCMAKE_SYSTEM_PROCESSOR=$arch" "-DCMAKE_C_COMPILER=$(command -v $cc)" \
	"-DCMAKE_C_FLAGS=-O2 -g $flags -I$prefix/include" "-DCMAKE_EXE_LINKER_FLAGS=-static -L$prefix/lib" \
	"-DCMAKE_PREFIX_PATH=$prefix" "-DCMAKE_FIND_ROOT_PATH=$prefix" -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
	-DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY \
	${emulator:+"-DCMAKE_CROSSCOMPILING_EMULATOR=$(command -v "$emulator")"} &&
	PV_TEST_TIMEOUT=300 ctest_run "build/test/$arch"
tap_end
