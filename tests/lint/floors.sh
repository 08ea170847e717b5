#!/bin/sh
# Each floor of lib/ includes itself and the floors under it; each library we
# use is wrapped by one module; what only Linux has stays in two of them.
set -eu
rank() {
	case $1 in
	base) echo 1 ;;
	form) echo 2 ;;
	search | queue) echo 3 ;;
	tools) echo 4 ;;
	*) echo 0 ;;
	esac
}
bad=0
complain() {
	echo "$*"
	bad=1
}

for f in lib/*/*.[ch] tools/*.c; do
	[ -e "$f" ] || continue
	case $f in
	lib/*) floor=${f#lib/} floor=${floor%%/*} ;;
	*) floor=tools ;;
	esac
	[ "$(rank "$floor")" -gt 0 ] || complain "$f: '$floor' is no floor"
	# shellcheck disable=SC2013 # no blanks in these names
	for inc in $(sed -n 's|^# *include "\([^"]*\)".*|\1|p' "$f"); do
		[ -e "lib/$inc" ] || complain "$f: '$inc' is not FLOOR/MODULE.h"
		inc=${inc%%/*}
		[ "$inc" != "$floor" ] || continue
		[ "$(rank "$inc")" -lt "$(rank "$floor")" ] ||
			complain "$f: floor '$floor' includes '$inc'"
	done
done

for header in ini lua jansson Random123 archive zlib; do
	users=$(grep -lE "^# *include <${header}[a-z_]*[./]" \
	    lib/*/*.[ch] tools/*.c 2>/dev/null | sed 's/_[a-z_]*\.c$/.c/' | uniq)
	# shellcheck disable=SC2086 # words wanted
	set -- $users
	[ $# -le 1 ] || complain "<$header> is included by more than one module: $*"
done

linux=$(grep -nE '^# *(include <(sys/(prctl|syscall|statfs|vfs|signalfd|eventfd|inotify|sendfile)|linux/|sched)|define _(GNU|DEFAULT)_SOURCE)' \
    lib/*/*.[ch] tools/*.c 2>/dev/null |
    grep -vE '^lib/base/(proc|clk)[a-z_]*\.c:' || :)
[ -z "$linux" ] || complain "Linux outside lib/base/proc and clk:
$linux"
exit $bad
