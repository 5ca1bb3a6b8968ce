#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the CBMC harnesses: each must be proved as it stands and must fail with each bug seeded on purpose, or it proves nothing.
# Usage: run.sh [full] [HARNESS.c...]
#
# A harness says how it is run in comment lines of its own ("//" or "/*" or " *" before the key):
#   cbmc: --z3 --unwind 9            options of cbmc; may be repeated
#   sources: libpv/hv/plan.c ...     library files it proves; may be repeated
#   bug: NAME libpv/hv/plan.c s/old/new/   one per seeded bug: cbmc must find a violation in the file changed so by sed. The
#                                    file itself stays clean; a change that changes nothing fails. May be #included as "hv/plan.c".
#                                    The first two of a harness always run, the others in the full tier or by its name.
#   part: -DPART=1                   the proof in several runs, one per line with these options, in place of one run
#   full: -DN=8                      one more proof with these options in the full tier
#   timeout: 120                     seconds for each run, 300 if not said
# Values without a body must be called nondet_...: for other names cbmc 6 reports a missing body.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh

value() { sed -n "s|^[ /*]*$2: *||p" "$1" | sed 's| *\*/ *$||'; }

# Seeds bug NAME of HARNESS: leaves the changed copy in $work, where the compiler looks first, and its name in $sources.
seed() {
	rule=$(value "$1" bug | sed -n "s/^$2  *//p")
	file=${rule%% *}
	mkdir -p "$work/${file%/*}" || return
	sed "${rule#* }" "$file" >"$work/$file" && ! cmp -s "$file" "$work/$file" || return
	sources=$(echo " $sources " | sed "s| $file | $work/$file |")
}

# One run of cbmc in one of the parallel processes: HARNESS, then "proof", "part OPTIONS", "bug NAME" or "full OPTIONS".
job() {
	harness=$1 kind=$2 extra=${3:-}
	name=$(basename "$harness" .c)
	case $kind in
	bug) define='' want=10 text="$name fails with bug $extra" ;;
	part | full) define=$extra want=0 text="$name proved, $extra" ;;
	*) define='' want=0 text="$name proved" ;;
	esac
	limit=$(value "$harness" timeout)
	sources=$(value "$harness" sources | tr '\n' ' ')
	work=$(mktemp -d) || return
	log=$work/log
	if [ "$kind" = bug ] && ! seed "$harness" "$extra"; then
		echo "not ok - $text: the bug no longer fits the source"
		rm -rf "$work"
		return
	fi
	begin=$(date +%s)
	timeout -k 5 "${limit:-300}" cbmc $(value "$harness" cbmc) $define -I"$work/libpv" -Iinclude -Ilibpv -Ilibpv/arch/sim -Itests \
		"$harness" $sources >"$log" 2>&1 &
	# timeout leads a process group of its own, to end cbmc's solver as well: an interrupt has to be handed on.
	pid=$!
	trap 'kill $pid; rm -rf "$work"; exit 130' INT TERM
	wait $pid
	status=$?
	text="$text ($(($(date +%s) - begin)) s)"
	# 0 proved, 10 violated, 124 timeout; all else is a broken harness. One write, so that two jobs do not mix their lines.
	if [ $status = $want ]; then
		text="ok - $text"
	else
		text="not ok - $text: cbmc ended with $status, wanted $want
$({ grep -E ': (FAILURE|ERROR|UNKNOWN)$|rror' "$log" | head -n 10; tail -n 3 "$log"; } | sed 's/^/# /')"
	fi
	rm -rf "$work"
	echo "$text"
}

if [ "${1:-}" = --job ]; then
	shift
	job "$@"
	exit 0
fi

tools_need proof
tools_cbmc
full=
[ "${1:-}" != full ] || { full=1; shift; }
most=2
[ -z "$full$*" ] || most='$'
[ $# -gt 0 ] || set -- tests/proof/*.c
jobs=$(mktemp) && broken=$(mktemp) || exit 1
trap 'rm -f "$jobs" "$broken"' EXIT
for harness; do
	[ -e "$harness" ] || { echo 'not ok - tests/proof has no harness' >"$broken"; break; }
	if [ -n "$(value "$harness" part)" ]; then
		value "$harness" part | sed "s|.*|'$harness' part '&'|" >>"$jobs"
	else
		echo "'$harness' proof" >>"$jobs"
	fi
	value "$harness" bug | sed -n "1,${most}p" | sed "s|^\([^ ]*\).*|'$harness' bug \1|" >>"$jobs"
	[ -z "$full" ] || value "$harness" full | sed "s|.*|'$harness' full '&'|" >>"$jobs"
	[ -n "$(value "$harness" bug)" ] || echo "not ok - $harness has no seeded bug" >>"$broken"
done
{ cat "$broken"; [ ! -s "$jobs" ] || xargs -P 2 -L 1 sh tests/proof/run.sh --job <"$jobs"; } | awk '
	/^(not )?ok - / { n++; bad += /^not/; sub(/ok -/, "ok " n " -") }
	{ print; fflush() }
	END { print "1.." n + 0; exit bad > 0 || n == 0 }'
