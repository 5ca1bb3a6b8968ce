# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced: TAP lines for shell checks. tap_run TEXT COMMAND... is one test; tap_end closes the plan and sets the exit status.

tap_n=0 tap_bad=0
tap_out=$(mktemp -d) || exit 1
trap 'rm -rf "$tap_out"' EXIT
trap 'exit 130' INT TERM

tap_ok() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $*"; }
tap_not_ok() { tap_n=$((tap_n + 1)) tap_bad=$((tap_bad + 1)); echo "not ok $tap_n - $*"; }
tap_note() { sed 's/^/# /'; }

# TAP reads "# SKIP" in a test line, so the output of a failed command goes below it, shortened.
tap_run() {
	tap_text=$1
	shift
	if "$@" >"$tap_out/log" 2>&1; then
		tap_ok "$tap_text"
	else
		tap_not_ok "$tap_text"
		head -n 40 "$tap_out/log" | tap_note
	fi
}

# For lists of findings: a test that holds when the file is empty.
tap_empty() {
	if [ -s "$2" ]; then
		tap_not_ok "$1: $(wc -l <"$2") not so"
		head -n 40 "$2" | tap_note
	else
		tap_ok "$1"
	fi
}

tap_end() {
	echo "1..$tap_n"
	# A check that found nothing to check has not passed.
	[ "$tap_n" -gt 0 ] && [ "$tap_bad" -eq 0 ]
	exit
}
