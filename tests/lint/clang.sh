#!/bin/sh
# Everything compiles with clang, and no warning.
command -v clang >/dev/null || exit 77
exec "${MAKE:-make}" -s BUILD=build/clang CC=clang WERROR=1 everything
