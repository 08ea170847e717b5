#!/bin/sh
# Clean under shellcheck: every script and bats file.  In the latter
# variables of bats itself and of the helper look unassigned to it, and each
# test is a subshell on purpose.
set -eu
command -v shellcheck >/dev/null || exit 77
bad=0
for f in $(tests/lib/files -n); do
	case $f in
	*.bats) shellcheck -e SC2030,SC2031,SC2154 "$f" || bad=1 ;;
	*.sh | *.bash) shellcheck -x "$f" || bad=1 ;;
	*.[ch] | *.gz | *.[157] | *.md) ;;
	*)
		if head -n 1 "$f" | grep -qE '^#!.*[/ ](sh|bash)( |$)'; then
			shellcheck -x "$f" || bad=1
		fi
		;;
	esac
done
exit $bad
