# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced from the root of the tree: how the library core is compiled, said once for all checks.

PV_WARN="-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align -Wundef
	-Wstrict-prototypes -Wmissing-prototypes"
PV_CORE="-std=c11 -ffreestanding -Iinclude -Ilibpv"

# Processors with a port of their own; the rest are compiled with the simulated machine, for 32 bits and for big-endian.
PV_TARGETS='x86_64-gcc x86_64-clang aarch64-gcc aarch64-clang riscv64-gcc riscv64-clang i386-gcc i386-clang s390x-gcc'
# Compiled only: Debian 12 has no linker for it.
PV_TARGETS_COMPILED=loongarch64-clang

# The one list of library sources.
core_sources() {
	sed 's/#.*//' libpv/sources.cmake | grep -o 'libpv/[A-Za-z0-9_/.-]*\.c'
}

# core_target NAME: sets $cc and $cflags. No include folder but the compiler's own, so that no libc header can slip in.
core_target() {
	port=sim
	case $1 in
	x86_64-gcc) cc=gcc port=x86_64 cflags='-mno-red-zone -mgeneral-regs-only' ;;
	x86_64-clang) cc=clang-19 port=x86_64 cflags='--target=x86_64-none-elf -mno-red-zone -mgeneral-regs-only' ;;
	aarch64-gcc) cc=aarch64-linux-gnu-gcc port=aarch64 cflags='-mno-outline-atomics -mgeneral-regs-only' ;;
	aarch64-clang) cc=clang-19 port=aarch64 cflags='--target=aarch64-none-elf -mno-outline-atomics -mgeneral-regs-only' ;;
	riscv64-gcc) cc=riscv64-linux-gnu-gcc port=riscv64 cflags= ;;
	riscv64-clang) cc=clang-19 port=riscv64 cflags='--target=riscv64-none-elf -march=rv64gc' ;;
	loongarch64-clang) cc=clang-19 port=loongarch64 cflags='--target=loongarch64-none-elf -msoft-float' ;;
	i386-gcc) cc=gcc cflags=-m32 ;;
	i386-clang) cc=clang-19 cflags=--target=i686-none-elf ;;
	s390x-gcc) cc=s390x-linux-gnu-gcc cflags= ;;
	*) echo "core.sh: no target '$1'" >&2; return 2 ;;
	esac
	case $cc in
	clang*) cflags="$cflags -nostdlibinc" ;;
	*) cflags="$cflags -nostdinc -isystem $($cc -print-file-name=include)" ;;
	esac
	cflags="$cflags $PV_CORE -Ilibpv/arch/$port"
}

# core_build NAME FOLDER FLAGS...: compiles every source into FOLDER, $PV_JOBS at a time; prints what the compiler says, file by
# file. Object names keep the path (libpv/hv/page.c is hv_page.o), because two areas may use one file name.
core_build() {
	core_target "$1" || return
	out=$2
	shift 2
	mkdir -p "$out"
	# shellcheck disable=SC2016  # expanded by the inner shell
	core_sources | xargs -P "${PV_JOBS:-2}" -I {} sh -c '
		src=$1 object=$2/$(echo "${1#libpv/}" | tr / _); shift 2
		"$@" -c -o "${object%.c}.o" "$src" >"$object.log" 2>&1
		status=$?; cat "$object.log"; exit $status' - {} "$out" $cc $cflags "$@"
}
