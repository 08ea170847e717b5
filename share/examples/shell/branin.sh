#!/bin/sh
# branin.sh X Y: print Branin's function there (F. Branin, IBM Journal of
# Research and Development 16, 1972).  On -5..10 x 0..15 its least value is
# 0.397887, at (-pi, 12.275), (pi, 2.275) and (3 pi, 2.475).

if [ $# -ne 2 ]; then
	echo 'usage: branin.sh X Y' >&2
	exit 64
fi
exec awk -v x="$1" -v y="$2" 'BEGIN {
	pi = atan2(0, -1)
	a = y - 5.1 / (4 * pi ^ 2) * x ^ 2 + 5 / pi * x - 6
	printf "hpo: loss=%.10g\n", a ^ 2 + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10
}'
