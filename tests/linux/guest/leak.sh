# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The module loaded and unloaded 1,000 times, and CPU 1 taken and brought back 200 times under it:
# nothing may be left. Debian's kernels have no kmemleak, so the books of the allocators are compared,
# twice: what leaked once in a cycle would show 500 times, or 100, each time.

loads=500 hotplugs=100
: >/tmp/complained

# The log has a limited length, and is memory itself.
read_log() { dmesg -c | grep -E "$complaints" >>/tmp/complained; }

cycles() {
	i=0
	while [ $i -lt "$1" ]; do
		insmod /pv.ko && rmmod pv || return 1
		i=$((i + 1))
		[ $((i % 100)) != 0 ] || read_log
	done
	true
}

hotplug_cycles() {
	i=0
	while [ $i -lt "$1" ]; do
		echo 0 >$cpus/cpu1/online && echo 1 >$cpus/cpu1/online || return 1
		[ "$(value $cpus/cpu1/pv/online)" = 1 ] || return 1
		i=$((i + 1))
	done
	read_log
	true
}

# books FILE: objects of each slab cache, then kB and mappings.
books() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	# What lies ready for a CPU counts as used otherwise, and starting a program makes things ready.
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$cache"
	done
	while read -r line; do
		echo "$line"
	done </proc/slabinfo >/tmp/slabs
	{
		awk 'NR > 2 { print "slab:" $1, $2 }' /tmp/slabs
		awk '/^(Slab|Percpu|VmallocUsed):/ { print $1, $2 }' /proc/meminfo
		awk '/^MemFree:/ { print "taken:", -$2 }' /proc/meminfo
		echo "mappings: $(grep -vc unpurged /proc/vmallocinfo)"
	} >"$1"
}

# grown TIMES FILE...: names what grew in each of the stretches between three books, by a quarter of an
# object, by half a page of free memory or by 64 bytes of the rest for each of TIMES. What leaks grows
# every time; pages that lie ready for a CPU do not. (Slabs that do would count as used, which check.sh
# prevents: kmalloc-8 has 512 objects in one.) The kernel frees what was mapped later, many at once:
# vmap_area.
grown() {
	awk -v times="$1" 'FNR == 1 { file++ }
		file < 3 { book[file, $1] = $2; next }
		{ first = book[2, $1] - book[1, $1]; second = $2 - book[2, $1] }
		{ grew = first < second ? first : second }
		/^slab:/ { limit = times / 4 }
		/^slab:vmap_area/ { next }
		/^(Slab|Percpu|VmallocUsed):/ { limit = times / 16 < 400 ? 400 : times / 16 }
		/^taken:/ { limit = times * 2 < 400 ? 400 : times * 2 }
		/^mappings:/ { limit = 8 }
		grew > limit { print $1, book[1, $1], "->", book[2, $1], "->", $2; bad = 1 }
		END { exit bad }' "$2" "$3" "$4"
}

# What the first few cycles fill stays filled.
check 'it loads and unloads' cycles 50
insmod /pv.ko && report
hotplug_cycles 10
rmmod pv
books /tmp/books.0
check "$loads times loaded and unloaded" cycles $loads
books /tmp/books.1
check "and $loads times again" cycles $loads
books /tmp/books.2
check 'nothing grew' grown $loads /tmp/books.0 /tmp/books.1 /tmp/books.2
insmod /pv.ko
books /tmp/books.3
check "$hotplugs times a CPU went and came back" hotplug_cycles $hotplugs
books /tmp/books.4
check "and $hotplugs times again" hotplug_cycles $hotplugs
books /tmp/books.5
check 'nothing grew with it' grown $hotplugs /tmp/books.3 /tmp/books.4 /tmp/books.5
rmmod pv
quiet_log() { cat /tmp/complained && [ ! -s /tmp/complained ]; }
check 'the kernel was quiet all the time' quiet_log
echo "# taken kB: $(sed -n 's/^taken: -//p' /tmp/books.0 /tmp/books.1 /tmp/books.2 /tmp/books.3 /tmp/books.4 /tmp/books.5 | tr '\n' ' ')free"
grep -h '^Percpu\|^Vmalloc\|^mapp\|^Slab' /tmp/books.0 /tmp/books.2 | sed 's/^/# /'
