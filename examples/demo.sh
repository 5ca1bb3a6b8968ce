#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job, end to end: builds the kernel in examples/report, boots it as a guest on KVM's
# Hyper-V interface and shows what it learns there. On this machine's own /dev/kvm where that offers
# the interface, otherwise on a KVM that runs on an emulated processor (tests/lab).
# Usage: sh examples/demo.sh [--host auto|lab|kvm]

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

echo 'Getting what is missing: a compiler, QEMU and a Linux kernel to host the guest' >&2
# shellcheck source=tests/tools.sh
. "$root/tests/tools.sh"
(tools_need guest)
sh "$root/tests/lab/prepare.sh"
echo 'Building the guest kernel' >&2
sh "$root/examples/build.sh" bare "$work/report.elf" "$root"/examples/report/*.c
echo 'Booting it on KVM with the Hyper-V interface (about 20 seconds where KVM is emulated)' >&2
sh "$root/tests/lab/run.sh" --on hyperv "$@" "$work/report.elf"
