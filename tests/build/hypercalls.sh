#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/hypercalls.md says what the tables say. "update" writes it instead of comparing.
cd "$(dirname "$0")/../.." || exit 1
. tests/build/tap.sh

gcc -std=c11 -Wall -Wextra -Werror -Iinclude tests/build/hypercalls.c -o "$tap_out/doc" &&
	"$tap_out/doc" >"$tap_out/hypercalls.md" || exit 1
[ "${1:-}" != update ] || cp "$tap_out/hypercalls.md" docs/hypercalls.md
tap_run 'docs/hypercalls.md is what the tables say' diff docs/hypercalls.md "$tap_out/hypercalls.md"
tap_end
