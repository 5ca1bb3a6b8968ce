#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests of the monitor, honest and under every behaviour of the model. TAP.
# Usage: sh tests/vtlhost/run.sh [here|lab]
# On this machine's KVM where that can run them, else in L1 of tests/lab, which is KVM on an emulated
# processor; `here` and `lab` insist.
cd "$(dirname "$0")/../.." || exit 1

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

build() { sh tests/vtlhost/build.sh "$@"; }

guest() {
	output=$1
	shift
	sh examples/build.sh bare "$out/$output.elf" "$@"
}

vtl="-Itests/guest tests/guest/tap.c $(echo tests/guest/x86_64/vtl/*.[cS])"

# seeded NAME SED   A monitor whose model does what it must not.
seeded() {
	mkdir "$out/$1" && cp tests/sim/model*.c "$out/$1" || return
	sed -i "$2" "$out/$1/model_data.c"
	! cmp -s tests/sim/model_data.c "$out/$1/model_data.c" && build "$out/vtlhost-$1" "$out/$1"/*.c
}

# shellcheck disable=SC2086 # lists of files
build_all() {
	build "$out/vtlhost" || return
	# Output goes a page too far; a call without arguments in memory reads some.
	seeded beside 's/registers->out + offset, call->out/registers->out + 4096 + offset, call->out/' || return
	seeded reads \
		's/return call->fast ?/& (void)call->model->memory.read(call->model->memory.owner, 0, call->in, 8),/' ||
		return
	guest end tests/vtlhost/guest/end.c || return
	way=0
	for end in well badly never by_crash by_rule by_output; do
		LC_ALL=C sed "s/end by way 0/end by way $way/" "$out/end.elf" >"$out/end_$end.elf"
		way=$((way + 1))
	done
	guest clock -Itests/guest tests/guest/tap.c tests/vtlhost/guest/clock.c || return
	guest report examples/report/*.c || return
	guest long -DVTL_ROUNDS=100000u -DVTL_CALLS=200u $vtl || return
	guest vtl -DVTL_ROUNDS=1000u $vtl || return
	# Where the hypervisor lies there is little to wait for.
	guest brief -DVTL_ROUNDS=10u -DPATIENCE=300000u $vtl
}

# KVM may be there and still be unable to run some instructions.
works_here() {
	for image in report vtl; do
		timeout 60 "$out/vtlhost" -t 30 "$out/$image.elf" >/dev/null 2>&1
		case $? in 70 | 77 | 124) return 1 ;; esac
	done
}

# One file that a shell in L1 can run: the trials, and behind them what they need.
pack() {
	cp tests/vtlhost/trials.sh "$out/"
	cat <<-'END'
		#!/bin/sh
		mkdir /tmp/vtl
		tail -n +6 "$0" | tar -x -z -C /tmp/vtl
		sh /tmp/vtl/trials.sh /tmp/vtl 300
		exit 3 # what QEMU says of a guest that ended well
	END
	strip "$out"/vtlhost* "$out"/*.elf # emulated time is dear
	tar -c -z -C "$out" trials.sh vtlhost vtlhost-beside vtlhost-reads $(cd "$out" && ls ./*.elf)
}

if ! build_all; then
	echo 'not ok 1 - the monitor and its guests are built'
	echo '1..1'
	exit 1
fi
where=${1:-auto}
if [ "$where" = here ] || { [ "$where" = auto ] && works_here; }; then
	echo '# on this machine'
	sh tests/vtlhost/trials.sh "$out" 300
else
	echo '# in L1'
	pack >"$out/trials"
	{ sh tests/lab/run.sh --on vtl --host lab --timeout 3000 "$out/trials" || :; } | tee "$out/tap"
	grep -q '^1\.\.[1-9]' "$out/tap" && ! grep -q '^not ok' "$out/tap"
fi
