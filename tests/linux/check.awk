# SPDX-License-Identifier: MIT
# Makes one TAP stream of what Linux guests said, and judges: each ended well, said as many lines as
# it planned, and saw what it was given. First file: NAME KERNEL MODE SAW, second: run.sh's output.
function test(good, text) { print (good ? "ok " : "not ok ") ++n " - " text; bad += !good }
function ms(ns) { return sprintf("%.1f", ns / 1e6) }
NR == FNR {
	wanted[$1] = $4
	for (i = 5; i <= NF; i++) wanted[$1] = wanted[$1] " " $i
	kernel[$1] = $2
	mode[$1] = $3
	next
}
{ sub(/\r$/, "") }
/^=== begin / { job = $3; lines = plans = 0; delete delay; next }
# The host's words about a CPU, for the table only: they come after the guest's by as long as the one
# who asks waits for the CPU, which two guests and a neighbour have (up to a second was seen).
/^@ vp [0-9]+ stolen / { asked = $3; next }
/^@host vp / && $3 == asked { delay[asked] = asked in delay ? $7 - delay[asked] : $7; next }
/^(not )?ok [0-9]+ - / {
	lines++
	good = /^ok/
	sub(/^(not )?ok [0-9]+ - /, "")
	test(good, job ": " $0)
	next
}
/^1\.\.[0-9]+$/ {
	plans++
	test(substr($0, 4) == lines, job ": all " substr($0, 4) " lines of its plan were seen")
	lines = 0
	next
}
/^# saw: / {
	saw = substr($0, 8)
	if (wanted[job] != "-") test(saw == wanted[job], job ": it saw " wanted[job] (saw == wanted[job] ? "" : ", not " saw))
	split(saw, word, "; ")
	next
}
/^# stolen: cpu / {
	rows[++row] = sprintf("%-5s %-14s %3s %10s %10s %8s %9s %9s  %-9s %s", kernel[job], mode[job], $4, ms($6),
		ms($8), ms($6 - $8), ms($10), ms(delay[$4]), word[3], word[5])
	next
}
/^# / { print "# " job ": " substr($0, 3); next }
/^=== end / {
	# One that was lost has no beginning.
	if ($3 != job) lines = plans = 0
	job = $3
	ran[job] = 1
	test($5 == "pass", job ": the guest ended well (" $5 ")")
	test(plans > 0 && !lines, job ": it came to its end")
	next
}
!/^@|^$/ { print "# " job ": | " $0 }
END {
	for (job in wanted) if (!(job in ran)) test(0, job ": did not run")
	if (row) print "# stolen time in ms\n# linux mode           cpu     module /proc/stat     diff kernel_ns      host  hypercall clock"
	for (i = 1; i <= row; i++) print "# " rows[i]
	print "1.." n
	exit bad > 0
}
