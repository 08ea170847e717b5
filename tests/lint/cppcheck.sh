#!/bin/sh
# cppcheck finds nothing, but for what it is not asked.  Declarations stand at
# the start of a function (variableScope), "continue;" is the body of an empty
# loop (redundantContinue), and it does not see through the macros of arr.h
# (unusedStructMember) or that an address is passed to be filled (uninitvar).
set -eu
command -v cppcheck >/dev/null || exit 77
files=$(tests/lib/files -n | grep '\.c$') || exit 0
mkdir -p build/cppcheck
# shellcheck disable=SC2086 # words wanted
exec cppcheck --enable=warning,style,performance,portability --std=c11 \
    --suppress=variableScope --suppress=redundantContinue \
    --suppress=unusedStructMember --suppress=uninitvar \
    --suppress=ctuuninitvar --inline-suppr --error-exitcode=1 --quiet \
    -j "${JOBS:-2}" -Ilib -D_XOPEN_SOURCE=700 -DHPO_VERSION='"0"' \
    --cppcheck-build-dir=build/cppcheck $files
