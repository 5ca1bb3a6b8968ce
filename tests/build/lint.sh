#!/bin/sh
# SPDX-License-Identifier: MIT
# Static analysis: gcc -fanalyzer, clang-tidy and cppcheck over the core, shellcheck over the scripts. The Linux port needs
# the kernel's headers and has the kernel's tools: tests/linux/build.sh and style.sh.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need build

tap_run 'gcc -fanalyzer' core_build x86_64-gcc "$tap_out/analyzer" -O2 -fanalyzer -Werror

# Left out of clang-tidy's groups:
#   easily-swappable-parameters   two neighbouring integers are not a mistake in an interface made of numbers
#   reserved-identifier, dcl37-c, dcl51-cpp   internals that end in "_" are the house style; macros of ports begin with one
#   suspicious-include            X-macro tables are included on purpose
#   macro-parentheses             X-macro bodies paste tokens and types, which take no parentheses
#   assignment-in-if-condition, narrowing-conversions   the compilers' own warnings cover them more precisely
#   casting-through-void          areas are bytes that the host writes as structures
#   dcl16-c                       lower-case "u" suffix is the house style
#   insecureAPI.DeprecatedOrUnsafeBufferHandling   wants memcpy_s, which no kernel has
checks='-*,bugprone-*,cert-*,clang-analyzer-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-cert-dcl37-c'
checks="$checks,-cert-dcl51-cpp,-bugprone-suspicious-include,-bugprone-macro-parentheses,-bugprone-assignment-in-if-condition"
checks="$checks,-bugprone-casting-through-void,-bugprone-narrowing-conversions,-cert-dcl16-c,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
core_target x86_64-clang
tidy() {
	run_tidy >"$tap_out/tidy" 2>&1 && return
	grep -v 'Processing file\|warnings\? generated' "$tap_out/tidy"
	return 1
}
run_tidy() {
	core_sources | xargs -P "$PV_JOBS" -n 4 sh -c '
		checks=$1 flags=$2; shift 2
		exec clang-tidy-19 --quiet "--checks=$checks" "--warnings-as-errors=*" "$@" -- $flags' - "$checks" "$cflags"
}
tap_run 'clang-tidy: bugprone, cert, clang-analyzer' tidy

# missingInclude: the compiler's own headers are not shown to cppcheck. unusedFunction: a library's callers are elsewhere.
# normalCheckLevelMaxBranches and the like are remarks about cppcheck itself ("information" is not enabled).
# knownConditionTrueFalse: what this machine lacks is a constant (arch/absent.h), elsewhere it is not.
# unusedStructMember: fields of wire layouts that only the hypervisor reads.
check_cpp() {
	core_sources | cppcheck -q -j "$PV_JOBS" --std=c11 --platform=unix64 --enable=warning,style,performance,portability \
		--suppress=missingInclude --suppress=missingIncludeSystem --suppress=unusedFunction --suppress=knownConditionTrueFalse --suppress=unusedStructMember \
		--inline-suppr --error-exitcode=2 -D__x86_64__=1 -D__GNUC__=12 -D__STDC_VERSION__=201112 \
		-Iinclude -Ilibpv -Ilibpv/arch/x86_64 --file-list=-
}
tap_run 'cppcheck' check_cpp

# Style remarks are left to the reader; word splitting is used for lists of flags (severity below "warning").
scripts() { find tests examples ports .ci -name '*.sh' -o -name pvstat -o -path '.ci/run' 2>/dev/null; }
# 1090, 2034, 2154: sourced files are named by variables, define for others and use what others defined. 2046: lists of flags.
check_scripts() { scripts | xargs shellcheck -x -S warning -e 1090,2034,2046,2154; }
tap_run "shellcheck, $(scripts | wc -l) scripts" check_scripts
tap_end
