#!/bin/sh
# What lib/FLOOR/NAME.c exports is declared in a header of the same floor, and
# bears the name of the file (NAME_verb) or of that header.  A tool exports
# main alone.  Nothing outside base/ has a variable that outlives a call.
set -eu
build=${BUILD:-build}/obj
bad=0
complain() {
	echo "$*"
	bad=1
}

for c in lib/*/*.c tools/hpo-*.c; do
	[ -e "$c" ] || continue
	o=$build/${c%.c}.o
	dir=${c%/*}
	file=${c##*/} file=${file%.c}
	for symbol in $(nm -g --defined-only "$o" | awk '{ print $3 }'); do
		if [ "$dir" = tools ]; then
			[ "$symbol" = main ] || complain "$c: exports '$symbol'"
			continue
		fi
		headers=$(grep -lw -- "$symbol" "$dir"/*.h || :)
		[ -n "$headers" ] ||
			complain "$c: no header of $dir declares '$symbol'"
		fits=
		for h in "$file" $headers; do
			h=${h##*/} h=${h%.h}
			case $symbol in "$h"_* | "$h") fits=1 ;; esac
		done
		[ -n "$fits" ] ||
			complain "$c: '$symbol' is named after neither file nor header"
	done
	case $c in lib/base/*) continue ;; esac
	for symbol in $(nm -f sysv "$o" | tr -d ' ' | awk -F '|' '
	    $7 ~ /^\.(data|bss|tdata|tbss)$/ && $4 == "OBJECT" { print $1 }')
	do
		complain "$c: '$symbol' is a variable that outlives a call"
	done
done
exit $bad
