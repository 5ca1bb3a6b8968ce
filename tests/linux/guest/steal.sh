# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Stolen time beside a busy neighbour, by the module and by the kernel. The lines with "@" are for
# the host, see tests/lab/README.md: the neighbour comes and stays.

seconds=3
tick=10000000 # of /proc/stat: USER_HZ is 100
steal_by_kernel=yes

# stat_steal CPU: in ticks.
stat_steal() { sed -n "s/^cpu$1 //p" /proc/stat | cut -d ' ' -f 8; }

# work SECONDS: every CPU is busy.
work() {
	for cpu in 0 1; do
		timeout "$1" taskset -c $cpu sh -c 'while :; do :; done' &
	done
	wait
}

# sample CPU: on that CPU, "module kernel stat module", the module's before and after the others.
# Again if the host took the CPU meanwhile.
sample() {
	cat >/tmp/sample <<-EOF
	for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
		read -r first <$cpus/cpu$1/pv/steal/ns
		read -r kernel <$cpus/cpu$1/pv/steal/kernel_ns
		while read -r name a b c d e f g steal rest; do
			[ \$name != cpu$1 ] || break
		done </proc/stat
		read -r last <$cpus/cpu$1/pv/steal/ns
		[ \$first != \$last ] || break
	done
	echo \$first \$kernel \$((steal * $tick)) \$last
	EOF
	taskset -c "$1" sh /tmp/sample
}

# look CPU: a sample, also for the host, which adds what it knows.
look() {
	seen=$(sample "$1")
	echo "@ vp $1 stolen ${seen##* }"
}

# within VALUE LOW HIGH: of the interval, by a tick and 1 %.
within() {
	echo "$1 should be from $2 to $3"
	[ "$1" -ge $(($2 - $2 / 100 - tick)) ] && [ "$1" -le $(($3 + $3 / 100 + tick)) ]
}

# grown CPU FIRST KERNEL STAT LAST FIRST KERNEL STAT LAST
grown() {
	low=$(($6 - $5)) high=$(($9 - $2))
	kernel=$(($7 - $3)) stat=$(($8 - $4))
	echo "# stolen: cpu $1 module $high stat $stat kernel $kernel"
	check "CPU $1: the neighbour takes time" [ $low -gt $((seconds * 100000000)) ]
	if [ "$steal_by_kernel" = yes ]; then
		check "CPU $1: /proc/stat agrees" within $stat $low $high
		check "CPU $1: kernel_ns agrees" within $kernel $low $high
	fi
}

echo '@company'
sleep 1
if [ "$backend" = none ]; then
	echo "# stolen: nobody counts it here"
	steal_by_kernel=no
else
	[ "$backend" != Hyper-V ] || steal_by_kernel=no
	work $((seconds + 2)) &
	sleep 1
	look 0
	zero=$seen
	look 1
	one=$seen
	sleep $seconds
	look 0
	zero="$zero $seen"
	look 1
	one="$one $seen"
	wait
	# shellcheck disable=SC2086 # lists
	{
		grown 0 $zero
		grown 1 $one
	}
fi
