#!/bin/sh
# SPDX-License-Identifier: MIT
# Draws the monitor's lines as a chart in SVG, by gnuplot: the stolen share of each VP's time, and
# how it adds up. Where the host's word stands beside the guest's (tests/lab/scenario.sh, "watch"), it
# is drawn as circles.
# Usage: sh examples/steal/chart.sh <LINES >CHART.svg

set -eu
[ $# -eq 0 ] || { sed -n 's/^# Usage: //p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
trap 'exit 130' INT TERM

# A file per VP and teller: seconds, share in percent since the line before, seconds stolen so far.
awk -v data="$data" '
function point(who, vp, seconds, stolen, key) {
	key = who vp
	if (!(key in first)) {
		first[key] = stolen
	} else if (seconds > before[key]) {
		share = (stolen - last[key]) / (seconds - before[key]) * 100
		print seconds, share, stolen - first[key] >(data "/" key)
	}
	before[key] = seconds
	last[key] = stolen
}
$1 == "@" && $2 == "vp" && NF == 7 {
	vp = $3
	if (start == "") start = $7
	seconds = ($7 - start) / 1e9
	point("guest", vp, seconds, $5 / 1e9)
	if (vp + 0 > top) top = vp + 0
}
$1 == "@host" && $3 == vp { point("host", vp, seconds, $7 / 1e9) }
END { print top + 0 >(data "/top") }'

[ -s "$data/guest0" ] || { echo 'chart.sh: no two lines of a VP in the input' >&2; exit 1; }
gnuplot -e "data='$data'; top=$(cat "$data/top")" "$here/chart.gp"
