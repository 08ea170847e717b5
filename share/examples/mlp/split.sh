#!/bin/sh
# Draw the rows kept for validation: K of the N rows, without replacement, by
# Fisher and Yates's shuffle over the minimal standard generator of S. Park and
# K. Miller (Communications of the ACM 31, 1988: x' = 16807 x mod 2^31 - 1),
# whose products stay exact in any awk.  The first ten numbers are thrown away:
# they still resemble the seed.

n=${1:-1797} k=${2:-360} seed=${3:-1797}

cat <<EOF
# rows of digits.csv kept for validation, from 0: $k of $n, drawn by
# sh split.sh $n $k $seed >split.txt
EOF
awk -v n="$n" -v k="$k" -v x="$seed" 'BEGIN {
	for (i = 0; i < 10; i++)
		x = x * 16807 % 2147483647
	for (i = 0; i < n; i++)
		row[i] = i
	for (i = n - 1; i >= n - k; i--) {
		x = x * 16807 % 2147483647
		j = int(x * (i + 1) / 2147483647)
		t = row[j]
		row[j] = row[i]
		row[i] = t
		print row[i]
	}
}' | sort -n
