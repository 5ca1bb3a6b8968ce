#!/bin/sh
# SPDX-License-Identifier: MIT
# The tree is whole: source list, umbrella header, a test call and a Context: line for each public function, a test for each
# status it documents, SPDX lines.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/core.sh
. tests/build/tap.sh
tools_need unit

core_sources | sort >"$tap_out/listed"
find libpv -name '*.c' | sort >"$tap_out/found"
diff "$tap_out/listed" "$tap_out/found" | grep '^[<>]' |
	sed 's/^</only in sources.cmake:/; s/^>/not in sources.cmake:/' >"$tap_out/differ"
tap_empty 'libpv/sources.cmake lists the .c files under libpv/' "$tap_out/differ"

# What the umbrella header reaches, as the compiler sees it. pv/abi/ is numbers and layouts, made to be used without the library.
echo '#include <pv/pv.h>' | gcc -std=c11 -Iinclude -M -x c - 2>/dev/null | grep -o 'include/pv/[a-z0-9_/]*\.h' | sort -u >"$tap_out/reached"
find include -name '*.h' -not -path '*/abi/*' | sort | comm -23 - "$tap_out/reached" >"$tap_out/missed"
tap_empty '<pv/pv.h> brings every public header but pv/abi' "$tap_out/missed"

# The Linux port takes its version from the first, its MODULE_VERSION from the second.
versions() {
	echo "CMakeLists.txt $(sed -n 's/^project(pv VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
	echo "include/pv/pv.h $(sed -n 's/^#define PV_VERSION_[MP][A-Z]* //p' include/pv/pv.h | paste -sd.)"
}
versions | sort -u -k 2,2 | sed 1d >"$tap_out/versions"
tap_empty "CMakeLists.txt and <pv/pv.h> name one version" "$tap_out/versions"

python3 tests/build/api.py context >"$tap_out/context"
tap_empty 'every public function is documented with a Context: line' "$tap_out/context"
python3 tests/build/api.py calls >"$tap_out/calls"
tap_empty 'every public function is called in tests/unit' "$tap_out/calls"
python3 tests/build/api.py returns >"$tap_out/returns"
tap_empty 'every status that a Return: paragraph names is in a test case that calls the function' "$tap_out/returns"
python3 tests/build/api.py names >"$tap_out/names"
if [ -s "$tap_out/names" ]; then tap_ok "$(wc -l <"$tap_out/names") public functions found"; else tap_not_ok 'no public function found'; fi

# Prose and the licence itself carry no SPDX line; neither do files with no room for a comment.
{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f -not -path './.git/*' -not -path './build*' | sed 's|^./||'; } |
	grep -Ev '(^|/)(LICENSE|\.gitignore|[^/]*\.(md|json|csv|txt\.expected|bin))$|^(tests/fuzz/corpus|docs/ABI)/' | sort -u | while read -r file; do
		[ ! -f "$file" ] || head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || echo "$file"
	done >"$tap_out/spdx"
tap_empty 'every file has its SPDX line' "$tap_out/spdx"
tap_end
