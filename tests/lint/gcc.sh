#!/bin/sh
# Everything compiles with gcc, and no warning.
command -v gcc >/dev/null || exit 77
exec "${MAKE:-make}" -s BUILD=build/gcc CC=gcc WERROR=1 everything
