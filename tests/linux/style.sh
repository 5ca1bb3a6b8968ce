#!/bin/sh
# SPDX-License-Identifier: MIT
# The Linux port is written in Linux's style, which the rest of the tree is not.
# Usage: style.sh [full]    full: also checkpatch.pl, which has to be fetched with the kernel's source
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
tools_need linux

sources() { find ports/linux -name '*.[ch]' | sort; }

# trace.h is the kernel's own macro language, which clang-format takes for calls.
formatted() { sources | grep -v '/trace\.h$' | xargs clang-format-19 --style=file --dry-run -Werror; }
tap_run "clang-format: $(sources | wc -l) files as ports/linux/.clang-format says" formatted

unformatted() {
	mkdir "$tap_out/seed" && cp ports/linux/.clang-format "$tap_out/seed" || return
	printf 'int seed(void)\n{\n    return 0;\n}\n' >"$tap_out/seed/seed.c"
	! clang-format-19 --style=file --dry-run -Werror "$tap_out/seed/seed.c"
}
tap_run 'clang-format sees spaces for a tab' unformatted

if [ "${1:-}" = full ]; then
	checkpatch=$(tools_checkpatch) || exit 2
	# PREFER_KERNEL_TYPES: the seam is declared in libpv's types, <stdint.h>'s. trace.h: parentheses as every tracepoint
	# of the kernel has them. x86/pv_port.h: a variable that names its register is taken for a statement.
	check() {
		ignored=PREFER_KERNEL_TYPES
		case $1 in
		*/trace.h) ignored=$ignored,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT ;;
		*/x86/pv_port.h) ignored=$ignored,LINE_SPACING ;;
		esac
		perl "$checkpatch" --no-tree --strict --terse --show-types --no-summary --ignore "$ignored" -f "$1"
	}
	for file in $(sources); do tap_run "checkpatch --strict: $file" check "$file"; done
	tap_run 'checkpatch sees spaces for a tab' eval '! check "$tap_out/seed/seed.c"'
fi
tap_end
