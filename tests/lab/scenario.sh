#!/bin/sh
# SPDX-License-Identifier: MIT
# Inside L1: runs one guest, and is the host it wishes for.
# Usage: sh scenario.sh SCENARIO MODE SMP IMAGE BESIDE
# BESIDE is an image that keeps the CPU busy beside the guest; no such file, no such guest.
#   plain     a guest and its words.
#   watch     after a line of the guest that begins with "@" comes what the host knows of its CPUs:
#             "@host vp N run NS delay NS", the time they ran and the time they waited to.
#   visit     the same, but BESIDE comes at the guest's line "@company", and goes at "@alone"; one that
#             says "@sleep" is woken once it sleeps.
#   migrate   as watch, and "@migrate" moves the guest, running, into another QEMU.
#   snapshot  the same, and "@savevm" keeps the guest's state, "@loadvm" puts it back.
# A guest that asked hears one byte when it is done: m for moved, s for saved, r for put back. The
# state that is put back has the guest still waiting for its s.

scenario=$1 mode=$2 smp=$3 image=$4 beside=$5
serial=/tmp/serial
life=0

# start OPTION...: a QEMU for the guest. It becomes the one that is watched.
start() {
	life=$((life + 1))
	monitor=/tmp/monitor-$life
	rm -f "$monitor".*
	mkfifo "$monitor.in" "$monitor.out"
	SERIAL=pipe:$serial sh /lab/l2.sh "$mode" "$smp" "$image" \
		-name lab,debug-threads=on -monitor "pipe:$monitor" "$@" >&2 &
	pid=$!
}

# ask MONITOR: the state of its guest, in $answer.
ask() {
	echo 'info status' >"$1.in"
	while read -r answer; do
		case $answer in
		'VM status'*) return ;;
		Error*) echo "$answer" >&2 ;;
		esac
	done <"$1.out"
}

# order MONITOR COMMAND: returns when it is done, that is, when the next command is answered.
order() {
	echo "$2" >"$1.in"
	ask "$1"
}

# A guest that has not fallen asleep by then never will.
wake() {
	for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.5
		ask "$monitor"
		case $answer in *suspended*) break ;; esac
	done
	order "$monitor" system_wakeup
}

tell() { printf %s "$1" >"$serial.in"; }

# The kernel's list shows with this flag who listens; that a socket has a name comes before.
listens() { grep -q " 00010000 .* $1\$" /proc/net/unix; }

migrate() {
	old_pid=$pid old_monitor=$monitor socket=/tmp/migration-$life
	start -incoming "unix:$socket"
	until listens "$socket"; do
		sleep 0.1
	done
	order "$old_monitor" "migrate unix:$socket"
	echo quit >"$old_monitor.in"
	wait "$old_pid"
	tell m
}

# Sets $truth. No process is started for it: that would take the guest's time.
look() {
	truth=
	for task in /proc/"$pid"/task/*; do
		read -r name <"$task/comm" || continue
		case $name in
		'CPU '*)
			read -r run delay slices <"$task/schedstat" || continue
			name=${name#CPU }
			truth="$truth@host vp ${name%/*} run $run delay $delay slices $slices
"
			;;
		esac
	done
}

obey() {
	case $scenario:$1 in
	visit:@company) company ;;
	visit:@alone) kill "$neighbour" ;;
	visit:@sleep) wake ;;
	migrate:@migrate) migrate ;;
	snapshot:@savevm) order "$monitor" 'savevm lab' && tell s ;;
	snapshot:@loadvm) order "$monitor" 'loadvm lab' && tell r ;;
	esac
}

relay() {
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		@*)
			look
			printf '%s\n%s' "$line" "$truth"
			obey "$line"
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

company() {
	SERIAL=null sh /lab/l2.sh "$mode" 1 "$beside" >&2 &
	neighbour=$!
}

[ "$scenario" = visit ] || [ ! -e "$beside" ] || company
case $scenario in
plain) exec sh /lab/l2.sh "$mode" "$smp" "$image" ;;
# A state is kept in a disk image; this one is temporary, over a disk of nothing.
snapshot) set -- -drive if=none,format=raw,file=null-co://,snapshot=on ;;
*) set -- ;;
esac
rm -f "$serial".*
mkfifo "$serial.in" "$serial.out"
start "$@"
relay <"$serial.out"
wait "$pid"
