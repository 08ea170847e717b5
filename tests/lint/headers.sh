#!/bin/sh
# Each header compiles alone, and is guarded by its own name.
set -eu
bad=0
for h in lib/*/*.h tests/*/*.h; do
	[ -e "$h" ] || continue
	name=${h#lib/}
	# shellcheck disable=SC2046 # words wanted
	echo "#include \"$h\"" | ${CC:-cc} -std=c11 -D_XOPEN_SOURCE=700 \
	    -I. -Ilib $(pkg-config --cflags lua5.4 2>/dev/null) -Wall -Wextra \
	    -Wno-unused-function -Werror -fsyntax-only -x c - || bad=1
	case $h in
	lib/*)
		guard=$(echo "$name" | tr 'a-z/.' 'A-Z__')
		grep -qx "#ifndef $guard" "$h" || {
			echo "$h: the guard is not $guard"
			bad=1
		}
		;;
	esac
done
exit $bad
