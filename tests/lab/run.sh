#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs guest images on real hypervisors, on this machine's KVM or in the lab.
# Usage: sh tests/lab/run.sh --on MODE [--smp N] [OPTION...] IMAGE
#        sh tests/lab/run.sh --jobs FILE [OPTION...]
# MODE: native (KVM's own interface), tcg (no hypervisor), others: README.md. PV_ARCH: which CPU.
# FILE: a job per line, "NAME MODE SMP IMAGE [SCENARIO [BESIDE]]"; one boot of the lab serves all.
# SCENARIO: what the host does to the guest, see scenario.sh; BESIDE: an image that runs beside it.
# --timeout N: real seconds per job, about (60). --host auto|lab|kvm: where KVM jobs run (auto).
# --l1-cpus N: CPUs of L1 (1); only with more do two CPUs of a guest run at once.
#
# stdout has what the guest wrote; with --jobs each job's part stands between the lines
# "=== begin NAME MODE" and "=== end NAME MODE VERDICT" (pass, fail, timeout or lost). Jobs that run
# on this machine come first. Exit status: 0 all passed, 1 a guest failed or reset, 124 one ran out
# of time, 3 the lab broke, 2 wrong usage, 77 not possible on this machine.

set -eu
lab=$(cd "$(dirname "$0")" && pwd)
. "$lab/common.sh"
. "$lab/packages.sh"
. "$lab/initramfs.sh"
. "$lab/probe.sh"

usage() {
	sed -n '/^# Usage/,/^# --l1-cpus/s/^# //p' "$0" >&2
	exit "$exit_usage"
}

on='' smp=1 limit=60 host=auto l1_cpus=1 jobs='' image=''
while [ $# -gt 0 ]; do
	case $1 in
	--on | --smp | --timeout | --host | --l1-cpus | --jobs) [ $# -ge 2 ] || usage ;;
	esac
	case $1 in
	--on) on=$2 && shift ;;
	--smp) smp=$2 && shift ;;
	--timeout) limit=$2 && shift ;;
	--host) host=$2 && shift ;;
	--l1-cpus) l1_cpus=$2 && shift ;;
	--jobs) jobs=$2 && shift ;;
	-*) usage ;;
	*) [ -z "$image" ] || usage && image=$1 ;;
	esac
	shift
done
case $host in auto | lab | kvm) ;; *) usage ;; esac
for number in "$limit" "$l1_cpus"; do
	case $number in '' | *[!0-9]* | 0) usage ;; esac
done
case ${jobs:+jobs}:${on:+on}:${image:+image} in
jobs:: | :on:image) ;;
*) usage ;;
esac
[ -z "$jobs" ] || [ -r "$jobs" ] || die "$exit_usage" "no such file: $jobs"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work/lab"

# one_of WORD LIST...
one_of() {
	word=$1
	shift
	for each; do
		[ "$word" != "$each" ] || return 0
	done
	return 1
}

# place MODE SCENARIO: where a job runs, here or in the lab.
place() {
	# shellcheck disable=SC2086 # lists
	if one_of "$1" $emulated_modes; then
		[ "$2" = plain ] || die "$exit_usage" "scenario '$2' needs KVM"
		echo here
	elif ! one_of "$1" $kvm_modes; then
		die "$exit_usage" "no mode '$1' on $arch"
	elif [ "$2" != plain ] || [ "$host" = lab ]; then
		echo lab
	elif [ "$host" = kvm ]; then
		kvm_possible || die "$exit_absent" "this machine has no KVM for $arch"
		echo here
	elif kvm_here "$1"; then
		echo here
	else
		echo lab
	fi
}

# check_job CPUS SCENARIO IMAGE...
check_job() {
	case $1 in
	sparse) [ "$arch" = x86_64 ] || die "$exit_usage" "no sparse CPUs on $arch" ;;
	'' | *[!0-9]* | 0) die "$exit_usage" "bad number of CPUs: $1" ;;
	esac
	case $2 in
	plain | watch | visit | migrate | snapshot) ;;
	*) die "$exit_usage" "unknown scenario: $2" ;;
	esac
	shift 2
	for file; do
		[ -r "$file" ] || die "$exit_usage" "no such image: $file"
	done
}

# share FILE NAME: into the lab under that name. Files that are the same one, a kernel say, are there
# once: L1 has them in memory.
share() {
	real=$(readlink -f "$1")
	first=$(awk -v file="$real" '$2 == file { print $1; exit }' "$work/shared")
	if [ -n "$first" ]; then
		ln -s "$first" "$work/lab/$2"
	else
		cp "$real" "$work/lab/$2"
		echo "$2 $real" >>"$work/shared"
	fi
}

# Reads lines of jobs; writes numbered job lists and `names` for present().
sort_jobs() {
	number=0 lab_jobs=0
	: >"$work/here"
	: >"$work/shared"
	while read -r name mode cpus image scenario beside; do
		case $name in '' | '#'*) continue ;; esac
		scenario=${scenario:-plain}
		check_job "$cpus" "$scenario" "$image" ${beside:+"$beside"}
		where=$(place "$mode" "$scenario")
		number=$((number + 1))
		kind=''
		[ ! -e "$image.cmdline" ] || kind=linux
		echo "$number $name $mode $kind" >>"$work/names"
		if [ "$where" = here ]; then
			echo "$number $mode $cpus $image" >>"$work/here"
		else
			lab_jobs=$((lab_jobs + 1))
			share "$image" "image-$number"
			for extra in initrd cmdline; do
				[ ! -e "$image.$extra" ] || share "$image.$extra" "image-$number.$extra"
			done
			[ -z "$beside" ] || share "$beside" "beside-$number"
			echo "$number $mode $cpus $((limit / l1_slowness + 5)) $scenario" >>"$work/lab/jobs"
		fi
	done
}

run_here() {
	export QEMU="$host_qemu" ROOT="$host_root"
	while read -r number mode cpus file; do
		say "job $number on this machine ($mode)"
		echo "=== begin $number"
		status=0
		timeout --foreground -s KILL "$limit" sh "$lab/$arch/l2.sh" "$mode" "$cpus" "$file" \
			2>"$work/log" || status=$?
		printf '\n=== end %s %s\n' "$number" "$status"
		case $status in "$l2_success" | 137) ;; *) sed 's/^/lab: | /' "$work/log" >&2 ;; esac
	done <"$work/here"
}

run_lab() {
	[ "$lab_jobs" -gt 0 ] || return 0
	say "starting L1 for $lab_jobs job(s)"
	cp "$lab/scenario.sh" "$work/lab/"
	{ cat "$l1_base" && initramfs_jobs "$work/lab"; } >"$work/initrd"
	QEMU=$host_qemu timeout --foreground -s KILL $((60 + lab_jobs * 2 * limit)) \
		sh "$lab/$arch/l1.sh" "$l1_linux" "$work/initrd" "$work/log" "$l1_cpus" 2>/dev/null || :
	cp "$work/log" "$l1_log"
}

# Turns numbered frames into named ones, or into bare output for a single image; the exit status is
# run.sh's. An end marker always starts a line of its own, hence the empty line held back before it.
present() {
	$lines_awk -v success="$l2_success" -v last="$l2_last_line" -v framed="$jobs" -v lost="$exit_lab" \
		-v late="$exit_timeout" '
	FILENAME != "-" {
		job[$1] = $2 " " $3
		status[$1] = $4 == "linux" ? 0 : success
		word[$1] = $4 == "linux" ? "kernel: exit 0" : last
		left[$1]
		next
	}
	/^=== begin [0-9]+$/ && !inside {
		inside = $3
		said = ""
		if (framed) print "=== begin " job[inside]
		next
	}
	/^=== end [0-9]+ [0-9]+$/ && $3 == inside {
		verdict = $4 == status[inside] && said == word[inside] ? "pass" : $4 == 137 ? "timeout" : "fail"
		finish(inside, verdict)
		inside = held = 0
		next
	}
	!inside { next }
	word[inside] && /^kernel: exit [0-9]+$/ { said = $0; held = 0; next }
	{ gsub(/\033\[[0-9;=]*[A-Za-z]/, "") } # firmware clears a screen that is a serial port
	{
		if (held) print ""
		held = $0 == ""
		if (!held) print
		fflush()
	}
	END {
		for (n in left) finish(n, "lost")
		exit worst
	}
	function finish(n, verdict) {
		if (framed) print "=== end " job[n] " " verdict
		fflush()
		delete left[n]
		if (verdict == "lost") worst = lost
		else if (verdict == "timeout" && worst != lost) worst = late
		else if (verdict == "fail" && !worst) worst = 1
	}' "$work/names" -
}

sh "$lab/prepare.sh"
# mawk waits for a block of input unless it is told that somebody waits for a line.
case $(awk -W version 2>&1 </dev/null) in
mawk*) lines_awk='awk -W interactive' ;;
*) lines_awk='awk' ;;
esac
if [ -n "$jobs" ]; then cat "$jobs"; else echo "image $on $smp $image"; fi >"$work/list"
sort_jobs <"$work/list"
[ -s "$work/names" ] || exit 0
status=0
{ run_here && run_lab; } | present || status=$?
[ "$status" -eq 0 ] || [ ! -s "$work/lab/jobs" ] || say "the console of L1: $l1_log"
exit "$status"
