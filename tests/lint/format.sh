#!/bin/sh
# C is laid out as .clang-format says, by the version it was written for.
set -eu
format=$(command -v clang-format-14 || command -v clang-format) || exit 77
"$format" --version | grep -q 'version 14\.' || {
	echo 'no clang-format 14 here'
	exit 77
}
tests/lib/files -n | grep '\.[ch]$' | xargs -r -d '\n' "$format" -n -Werror
