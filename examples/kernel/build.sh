#!/bin/sh
# SPDX-License-Identifier: MIT
# Links sources with the example kernel to an image that boots.
# Usage: sh examples/kernel/build.sh bare|efi OUTPUT ARGUMENT...
# The arguments go to the compiler as they are: sources, -I, -D, -O. CC chooses the compiler,
# PV_ARCH the architecture, PV_GNUEFI the prefix gnu-efi is installed under (EFI only).

set -eu
[ $# -ge 3 ] || { sed -n 's/^# Usage: //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
arch=${PV_ARCH:-x86_64}
kind=$1
output=$2
shift 2

# No red zone: exceptions use the stack of what they interrupt. General registers only, as kernels
# are built: nobody saves the others. No builtins: string.c would call itself.
common="-std=c11 -O2 -g -ffreestanding -fno-builtin -fno-stack-protector -fcf-protection=none
	-fno-asynchronous-unwind-tables -mno-red-zone -mgeneral-regs-only -nostdlib -I$here"

bare() {
	# shellcheck disable=SC2086 # flags are lists
	"${CC:-cc}" $common -fno-pic -static -Wl,-no-pie \
		-Wl,--build-id=none -Wl,-z,noexecstack -T "$here/$arch/link.ld" \
		"$here/string.c" "$here/$arch"/*.c "$here/$arch"/*.S "$@" -o "$output"
}

efi() {
	gnuefi=${PV_GNUEFI:-/usr}
	[ -r "$gnuefi/lib/crt0-efi-$arch.o" ] || { echo "no gnu-efi under $gnuefi" >&2; exit 77; }
	# shellcheck disable=SC2046,SC2086
	"${CC:-cc}" $common -fpic -fvisibility=hidden -fshort-wchar \
		-DGNU_EFI_USE_MS_ABI -isystem "$gnuefi/include/efi" -isystem "$gnuefi/include/efi/$arch" \
		-shared -Wl,-Bsymbolic -Wl,-z,defs -Wl,--build-id=none -Wl,-z,noexecstack \
		-T "$gnuefi/lib/elf_${arch}_efi.lds" "$gnuefi/lib/crt0-efi-$arch.o" \
		"$here/string.c" "$here/efi"/*.c $(efi_shared) "$@" \
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
