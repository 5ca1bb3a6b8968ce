# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# TAP of a Linux guest, and what its plans share. Sourced by init.

tap_count=0 tap_bad=0

# ok STATUS TEXT
ok() {
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_bad=$((tap_bad + 1))
		echo "not ok $tap_count - $2"
	fi
}

# check TEXT COMMAND...
check() {
	text=$1
	shift
	"$@" >/tmp/said 2>&1
	status=$?
	ok "$status" "$text"
	[ "$status" = 0 ] || sed 's/^/# /' /tmp/said | head -n 8
}

# is TEXT WANTED SEEN
is() {
	if [ "$2" = "$3" ]; then ok 0 "$1"; else ok 1 "$1 (wanted '$2', saw '$3')"; fi
}

tap_plan() { echo "1..$tap_count"; }

tap_end() {
	tap_plan
	echo "kernel: exit $((tap_bad > 0))"
}

pv=/sys/kernel/pv
cpus=/sys/devices/system/cpu

value() { cat "$1" 2>&1; }
loaded() { grep -q '^pv ' /proc/modules; }

# Loading takes a signature or a taint: the line about the taint is the kernel's and is expected.
complaints='WARNING|BUG|Oops|Call Trace|RIP:|stall|unable to handle|general protection|hung|lockup|pv: .*(lost|not )'
quiet_kernel() { ! dmesg | grep -E "$complaints"; }

# What the module saw, one line, for the table of check.sh.
report() {
	echo "# saw: $(value $pv/hypervisor); $(value $pv/interfaces); $(value $pv/hypercalls);" \
		"$(value $cpus/cpu0/pv/steal/backend); $(value $pv/clock/source)"
	echo "# kernel: clock $(value /sys/devices/system/clocksource/clocksource0/current_clocksource)," \
		"up $(cut -d ' ' -f 1 /proc/uptime) s"
}
