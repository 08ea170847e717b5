#!/bin/sh
# The first screen of README.md is what hpo(7) says: `make README` writes it.
set -eu
[ -e man/hpo.7 ] && [ -e README.md ] || exit 77
tests/lib/readme man/hpo.7 README.md | diff README.md -
