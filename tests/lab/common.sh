# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What every script of the lab shares: where things are and how it speaks. Sourced, never run.
# Expects $lab, the folder of these scripts.

arch=${PV_ARCH:-x86_64}
cache=${PV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libpv}/lab

# Progress goes to stderr: stdout belongs to the guest.
say() { printf '%s\n' "lab: $*" >&2; }

# die STATUS TEXT...
die() {
	status=$1
	shift
	say "$@"
	exit "$status"
}

# Exit statuses. 1 is the guest's own verdict, so the lab's troubles have other numbers.
exit_usage=2
exit_lab=3
exit_absent=77
exit_timeout=124

# shellcheck source=tests/lab/x86_64/lab.conf
. "$lab/$arch/lab.conf" || die "$exit_usage" "no lab for '$arch'"
