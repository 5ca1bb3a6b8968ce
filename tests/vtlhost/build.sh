#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the monitor, with the model of tests/sim in it. Usage: sh tests/vtlhost/build.sh OUTPUT [MODEL.c...]
# Static, for L1 has no libraries.

set -eu
cd "$(dirname "$0")/../.."
output=$1
shift
[ $# -gt 0 ] || set -- tests/sim/model*.c
exec "${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -static -pthread -Iinclude -Ilibpv \
	-Ilibpv/arch/sim -Itests -o "$output" tests/vtlhost/*.c "$@"
