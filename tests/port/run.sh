#!/bin/sh
# SPDX-License-Identifier: MIT
# The arm64 port's assembly, run by qemu-user with a hypervisor behind its traps. TAP.
# The x86-64 port is checked on real KVM instead (tests/guest/x86_64/port.c); riscv64's is one ecall, which
# user space would take for a system call.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
tools_need foreign

out=build/test/port
mkdir -p "$out"
core=$(sed -n 's|^ *\(libpv/.*\.c\)|\1|p' libpv/sources.cmake)
cc="aarch64-linux-gnu-gcc -std=gnu11 -g -O2 -mno-outline-atomics -Wall -Wextra -Iinclude -Ilibpv -Itests"

# Two worlds: what the simulated machine is made of, and the library with its real port.
compile() {
	port=$1
	shift
	for file; do
		object=$out/$port-$(basename "$(dirname "$file")")-$(basename "$file" .c).o
		$cc -Ilibpv/arch/"$port" -c "$file" -o "$object" || exit 1
		objects="$objects $object"
	done
}

objects=
compile sim tests/sim/*.c tests/port/trap_aarch64.c
# shellcheck disable=SC2086 # a list
compile aarch64 $core tests/port/test_aarch64.c
# shellcheck disable=SC2086
$cc -static $objects -o "$out/test_aarch64" && exec qemu-aarch64-static "$out/test_aarch64"
