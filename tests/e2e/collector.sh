#!/bin/sh
# A collector that remembers: the table has no trial twice, and what it had as
# ok when this was last run is in it still, unchanged.
#
# usage: sh collector.sh CAMPAIGN NUMBER
#
# Whoever of the same number was here before has left table.NUMBER in the
# working directory.  What is wrong is left in bad.NUMBER.  It may be killed
# at any time, and so may what it has started: then nothing is said.
old=table.$2 new=table.$2.$$

# What a killed one has started may still write to its own.
rm -f "table.$2."*
hpo-collect "$1" >"$new" 2>"$new.err"
status=$?
[ $status -ne 137 ] || exit 0
[ $status -eq 0 ] || {
	{ echo "hpo-collect: $status" && cat "$new.err"; } >"bad.$2"
	exit 1
}
[ -e "$old" ] || : >"$old"
# A column that the table has got since is absent in the older rows.
awk -F '\t' -v old="$old" '
	{ sub(/\t+$/, "") }
	FILENAME == old { if ($3 == "ok") was[$1] = $0; next }
	seen[$1]++ { print "twice: " $0; bad = 1 }
	$1 in was {
		if (was[$1] != $0) {
			print "it was: " was[$1] "\nit is: " $0
			bad = 1
		}
		delete was[$1]
	}
	END {
		for (id in was) {
			print "gone: " was[id]
			bad = 1
		}
		exit bad
	}' "$old" "$new" >"$new.bad"
status=$?
[ $status -ne 1 ] || {
	mv "$new.bad" "bad.$2"
	exit 1
}
[ $status -ne 0 ] || mv "$new" "$old" || exit 0
