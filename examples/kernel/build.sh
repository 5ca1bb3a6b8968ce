#!/bin/sh
# SPDX-License-Identifier: MIT
# Links sources with the example kernel to an image that boots.
# Usage: sh examples/kernel/build.sh bare|efi OUTPUT ARGUMENT...
# The arguments go to the compiler as they are: sources, -I, -D, -O. CC chooses the compiler,
# PV_ARCH the architecture, PV_GNUEFI the prefix gnu-efi is installed under (EFI, x86-64 only).

set -eu
[ $# -ge 3 ] || { sed -n 's/^# Usage: //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
arch=${PV_ARCH:-x86_64}
kind=$1
output=$2
shift 2

# What an architecture needs: compiler, flags, and shared, the files of this folder it uses.
# shellcheck source=examples/kernel/x86_64/build.conf
. "$here/$arch/build.conf" || { echo "no kernel for '$arch'" >&2; exit 2; }

# No builtins: string.c would call itself.
common="-std=c11 -O2 -g -ffreestanding -fno-builtin -fno-stack-protector
	-fno-asynchronous-unwind-tables -nostdlib -I$here -I$here/$arch $flags"

shared() {
	for name in $shared; do
		printf '%s\n' "$here/$name"
	done
}

bare() {
	# shellcheck disable=SC2046,SC2086 # flags are lists
	"${CC:-$compiler}" $common -fno-pic -static -Wl,-no-pie \
		-Wl,--build-id=none -Wl,-z,noexecstack -T "$here/$arch/link.ld" \
		$(shared) "$here/$arch"/*.c "$here/$arch"/*.S "$@" -o "$output"
}

efi() {
	[ "$arch" = x86_64 ] || { echo "no UEFI kernel for '$arch'" >&2; exit 77; }
	gnuefi=${PV_GNUEFI:-/usr}
	[ -r "$gnuefi/lib/crt0-efi-$arch.o" ] || { echo "no gnu-efi under $gnuefi" >&2; exit 77; }
	# shellcheck disable=SC2046,SC2086
	"${CC:-$compiler}" $common -fpic -fvisibility=hidden -fshort-wchar \
		-DGNU_EFI_USE_MS_ABI -isystem "$gnuefi/include/efi" -isystem "$gnuefi/include/efi/$arch" \
		-shared -Wl,-Bsymbolic -Wl,-z,defs -Wl,--build-id=none -Wl,-z,noexecstack \
		-T "$gnuefi/lib/elf_${arch}_efi.lds" "$gnuefi/lib/crt0-efi-$arch.o" \
		$(shared) "$here/efi"/*.c $(efi_shared) "$@" \
		-L"$gnuefi/lib" -lgnuefi -o "$output.so"
	objcopy -j .text -j .sdata -j .data -j .dynamic -j .rodata -j '.rel*' -j .reloc \
		--target "efi-app-$arch" --subsystem=10 "$output.so" "$output"
}

# All of the bare kernel but the way it starts.
efi_shared() {
	for name in cpu.c page.c serial.c trap.S; do
		printf '%s\n' "$here/$arch/$name"
	done
}

mkdir -p "$(dirname "$output")"
case $kind in
bare | efi) "$kind" "$@" ;;
*) echo "unknown kind of image: $kind" >&2; exit 2 ;;
esac
