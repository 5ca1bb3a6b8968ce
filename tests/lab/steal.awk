# SPDX-License-Identifier: MIT
# What a guest read of its clocks and its stolen time against what its host knows. Input: the table
# of steal.sh, then the output of run.sh. Output: TAP, with the figures as a table in comments.
# A job's parts are what lies between two requests to the host: each is compared by itself, as a
# host counts anew for a guest that moved in.
# Variables: arch, seconds (the least that a part must last).

function test(good, text) {
	tests++
	print (good ? "ok " : "not ok ") tests " - " text
	bad += !good
}
function per(part, whole) { return whole ? part / whole : part != 0 }
function magnitude(x) { return x < 0 ? -x : x }
function where(job, part) { return job " part " part }

# FILENAME and not NR tells the files apart: the table may be empty.
FILENAME == ARGV[1] {
	if (NF) {
		jobs[++job_count] = $1
		busy[$1] = $5 != "-"
		parts_wanted[$1] = 1 + $6 + 2 * $7
		clock_wanted[$1] = $8
		for (i = 9; i <= NF; i++) clock_wanted[$1] = clock_wanted[$1] " " $i
	}
	next
}
/^=== begin / {
	job = $3
	part = 1
	delete last
	next
}
/^(not )?ok [0-9]+ - / {
	good = /^ok/
	sub(/^(not )?ok [0-9]+ - /, "")
	test(good, job ": " $0)
	next
}
/^# / { print "# " job ": " substr($0, 3); next }
/^@(migrate|savevm|loadvm)$/ { new_part(substr($1, 2)); next }
$1 == "@" && $2 == "vp" { vp = $3; stolen = $5; time = $7; next }
$1 == "@host" && $3 == vp { pair(job SUBSEP part SUBSEP vp, $5, $7); vp = ""; next }
$1 == "@" && $2 == "clock" { clock($0); next }
/^=== end / {
	ran[job] = 1
	verdict[job] = $5
	parts[job] = part
}

# Memory goes back to what it was at savevm, and all that was read since never happened.
function new_part(request, key) {
	if (request == "savevm") for (key in last) saved[key] = last[key]
	if (request == "loadvm") for (key in last) last[key] = saved[key]
	part++
}

function no_less(key, value) {
	if (value + 0 < last[key] + 0) backwards[job] = backwards[job] " " key ":" last[key] ">" value
	last[key] = value
}

function pair(key, ran_ns, delay_ns) {
	no_less("vp" vp " stolen", stolen)
	no_less("vp" vp " time", time)
	if (!(key in first_time)) {
		vps[job, part] = vps[job, part] " " vp
		first_time[key] = time
		first_stolen[key] = stolen
		first_delay[key] = delay_ns
		first_ran[key] = ran_ns
	}
	elapsed[key] = time - first_time[key]
	guest[key] = stolen - first_stolen[key]
	host[key] = delay_ns - first_delay[key]
	used[key] = ran_ns - first_ran[key]
}

# "@ clock SOURCE NS arch NS"; names have spaces.
function clock(line, field, source, key) {
	match(line, / [0-9]+ arch /)
	source = substr(line, 9, RSTART - 9)
	split(substr(line, RSTART + 1), field, " ")
	key = job SUBSEP part SUBSEP source
	no_less(source, field[1])
	if (!(key in first_arch)) {
		sources[job, part] = sources[job, part] "/" source
		first_arch[key] = field[3]
		first_clock[key] = field[1]
	}
	clock_elapsed[key] = field[3] - first_arch[key]
	clock_drift[key] = field[1] - first_clock[key] - clock_elapsed[key]
}

function judge_vp(job, part, vp, key, what, error) {
	key = job SUBSEP part SUBSEP vp
	error = per(guest[key] - host[key], host[key])
	what = where(job, part) ": VP " vp
	rows[++row_count] = sprintf("%-8s %-9s %4d  %2s  %7.2f  %12.0f  %12.0f  %12.0f  %+8.3f", arch, \
		job, part, vp, elapsed[key] / 1e9, used[key], guest[key], host[key], error * 100)
	test(elapsed[key] >= seconds * 1e9, what " was measured for " seconds " s")
	if (!busy[job]) {
		test(guest[key] < elapsed[key] / 100, what ", alone, lost less than 1 % of its time")
		return
	}
	test(magnitude(error) <= 0.01, what " agrees with its host within 1 %")
	test(per(guest[key], elapsed[key]) > 0.3, what " lost time to the guest beside")
}

function judge_clock(job, part, source, key, ppm) {
	key = job SUBSEP part SUBSEP source
	ppm = per(clock_drift[key], clock_elapsed[key]) * 1e6
	clock_rows[++clock_count] = sprintf("%-8s %-9s %4d  %7.2f  %+9.2f  %s", arch, job, part, \
		clock_elapsed[key] / 1e9, ppm, source)
	test(clock_elapsed[key] >= seconds * 1e9 && magnitude(ppm) <= 50, \
		where(job, part) ": " source " and the counter agree within 50 ppm")
}

function judge_part(job, part, list, count, i) {
	count = split(vps[job, part], list, " ")
	test(count > 0, where(job, part) " has readings of guest and host")
	for (i = 1; i <= count; i++) judge_vp(job, part, list[i])
	count = split(substr(sources[job, part], 2), list, "/")
	for (i = 1; i <= count; i++) judge_clock(job, part, list[i])
	if (clock_wanted[job] != "-")
		test(index(sources[job, part] "/", "/" clock_wanted[job] "/") > 0, \
			where(job, part) " has readings of " clock_wanted[job])
}

function judge(job, part) {
	if (!(job in ran)) {
		test(0, job ": did not run")
		return
	}
	test(verdict[job] == "pass", job ": the guest ended well (" verdict[job] ")")
	test(parts[job] == parts_wanted[job], job ": the host did what was asked, " parts[job] " parts")
	for (part = 1; part <= parts[job]; part++) judge_part(job, part)
	test(!(job in backwards), job ": nothing ran backwards" backwards[job])
}

END {
	for (i = 1; i <= job_count; i++) judge(jobs[i])
	print "1.." tests
	print "#\n# arch     job       part  VP  seconds" \
		"   guest ran ns     stolen ns    host delay ns   diff %"
	for (i = 1; i <= row_count; i++) print "# " rows[i]
	if (clock_count) print "#\n# arch     job       part  seconds  drift ppm  clock"
	for (i = 1; i <= clock_count; i++) print "# " clock_rows[i]
	exit bad > 0
}
