#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the unit tests in one flavour: unit.sh gcc | clang | asan-gcc | asan-clang | integers
cd "$(dirname "$0")/../.." || exit 1
. tests/tools.sh
. tests/build/tap.sh
. tests/build/ctest.sh

sanitize='-O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize=address,undefined'
case ${1:-gcc} in
gcc) tools_need unit; cc=gcc flags='-O2 -g' ;;
clang) tools_need unit clang; cc=clang-19 flags='-O2 -g' ;;
asan-gcc) tools_need unit; cc=gcc flags=$sanitize ;;
asan-clang) tools_need unit clang; cc=clang-19 flags=$sanitize ;;
# Silent truncation in offsets and counts. Unsigned wrap-around is left out: it is defined, and sequence numbers use it.
integers) tools_need unit clang; cc=clang-19 flags='-O1 -g -fno-sanitize-recover=all -fsanitize=implicit-conversion,undefined' ;;
*) echo 'usage: unit.sh gcc|clang|asan-gcc|asan-clang|integers' >&2; exit 2 ;;
esac
ctest_build "build/test/${1:-gcc}" -DCMAKE_C_COMPILER=$cc "-DCMAKE_C_FLAGS=$flags" && ctest_run "build/test/${1:-gcc}"
tap_end
