# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Every file that docs/ABI names is there and can be read, or fails as it says; and there is no file
# that it does not name. /guest/abi has lines of PATH, "root" or "all", and errors allowed.

interfaces=$(value $pv/interfaces)
backend=$(value $cpus/cpu0/pv/steal/backend)
hypercalls=$(value $pv/hypercalls)

# Does this guest have that folder?
applies() {
	case $1 in
	$pv/hyperv/*) case $interfaces in *Hyper-V*) ;; *) return 1 ;; esac ;;
	$pv/kvm/*) case $interfaces-$(uname -m) in *KVM*-x86_64) ;; *) return 1 ;; esac ;;
	esac
}

# file PATH WHO ERRORS: prints what is wrong.
file() {
	case $1 in
	/sys/kernel/tracing/*)
		[ -e "$1/enable" ] || echo "there is no $1"
		return
		;;
	esac
	if ! applies "$1"; then
		[ ! -e "$1" ] || echo "there is a $1"
		return
	fi
	case $2-$(stat -c %a "$1" 2>&1) in
	root-400 | all-444) ;;
	*) echo "$1 has mode $(stat -c %a "$1" 2>&1), should be for $2" ;;
	esac
	cat "$1" >/tmp/value 2>/tmp/error
	if [ $? = 0 ]; then
		case $1 in
		*/privileges | */features | */hints) ;; # may be none
		*) [ -s /tmp/value ] || echo "$1 is empty" ;;
		esac
		return
	fi
	case $3-$(cat /tmp/error) in
	*ENODEV*'No such device' | *EOPNOTSUPP*'not supported' | *EACCES*'denied' | *EIO*'output error') ;;
	*) cat /tmp/error ;;
	esac
}

all_files() {
	while read -r path who errors; do
		file "$path" "$who" "$errors"
	done </guest/abi >/tmp/wrong
	cat /tmp/wrong
	[ ! -s /tmp/wrong ]
}

undocumented() {
	find $pv $cpus/cpu0/pv $cpus/cpu1/pv /sys/kernel/debug/pv -type f | sort >/tmp/there
	cut -d ' ' -f 1 /guest/abi | sort >/tmp/named
	! grep -v -x -F -f /tmp/named /tmp/there
}

# Another user reads what is for all, and nothing else.
others() {
	grep -v /tracing/ /guest/abi | while read -r path who errors; do
		[ -e "$path" ] || continue
		case $who in
		root) echo "[ ! -r $path ] || echo 'nobody can read $path'" ;;
		all) echo "[ -r $path ] || echo 'nobody cannot read $path'" ;;
		esac
	done >/tmp/others
	chmod 755 /tmp/others
	su nobody -s /bin/sh -c '. /tmp/others' >/tmp/wrong 2>&1
	cat /tmp/wrong
	[ ! -s /tmp/wrong ]
}

check "$(wc -l </guest/abi) files are as docs/ABI says" all_files
check 'and there are no others' undocumented
check 'root only is root only' others

for cpu in 0 1; do
	is "CPU $cpu is followed" 1 "$(value $cpus/cpu$cpu/pv/online)"
	if [ "$hypercalls" = adopted ]; then
		is "CPU $cpu has its VP index" $cpu "$(value $cpus/cpu$cpu/pv/vp_index)"
	fi
done

if [ -e /bin/pvstat ]; then
	check 'pvstat prints a line for each CPU' sh -c \
		'sh /bin/pvstat >/tmp/table && cat /tmp/table && [ $(grep -c "^ *[01] " /tmp/table) = 2 ]'
fi

clock_between() {
	ours=$(value $pv/clock/ns)
	kernels=$(value $pv/clock/kernel_ns)
	sleep 1
	ours=$(($(value $pv/clock/ns) - ours))
	kernels=$(($(value $pv/clock/kernel_ns) - kernels))
	echo "clock $ours kernel $kernels"
	# Between two reads the host may be elsewhere for a while.
	[ $ours -gt $((kernels - 50000000)) ] && [ $ours -lt $((kernels + 50000000)) ]
}
check 'the clock runs as fast as the kernel'"'"'s' clock_between
