#!/bin/sh
# Words that must not be in a release, or in a test.  A line that has a good
# reason says it in a comment: "# sleep: the command of a trial".
set -eu
bad=0
files=$(tests/lib/files -n | grep -vE '\.(gz|csv|tsv)$|^tests/lint/prose.sh$')

# forbid WHAT FILES PATTERN [EXCEPT]: complain about every line that matches.
forbid() {
	# shellcheck disable=SC2086 # words wanted
	found=$(echo "$files" | grep -E "$2" | xargs -r -d '\n' \
	    grep -nHIE -e "$3" | grep -vE -e "${4-^$}" || :)
	[ -n "$found" ] || return 0
	printf '%s:\n%s\n' "$1" "$found"
	bad=1
}

forbid 'unfinished business' . '(^|[^A-Za-z])(TODO|FIXME|NEEDSWORK|XXX)([^A-Za-z]|$)'
forbid 'a path of one machine' . '/(home|Users)/[A-Za-z]|(^|[^A-Za-z.])/root/'
forbid 'sleep is no synchronisation: use wait_for' '\.bats$' \
    '(^|[;&|({]|do|then|else)[[:space:]]*sleep [0-9]' '&( |$)|# sleep: '
forbid 'blanks at the end of a line' '(^|/)[^.]*$|\.([ch1578]|md|sh|ini|py)$' '[[:space:]]+$'
forbid 'British spelling here' '^(lib|tools|tests|man)/|\.md$' \
    '[Bb]ehavior|[Ii]nitializ|[Rr]ecogniz|[Ss]ynchroniz|[Ss]erializ|[Hh]onored|[Cc]anceled|[Ll]abeled'
forbid 'a typedef that is no function pointer' '^(lib|tools)/.*\.[ch]$' \
    '^typedef ' '\(\*[a-z_]+\)\('

# Long lines and long files hide what they do.
echo "$files" | grep -E '\.[ch]$' | while IFS= read -r f; do
	expand "$f" | awk -v f="$f" '
	length > 82 { printf "%s:%d: %d columns\n", f, NR, length }
	END { if (NR > 600 && f !~ /^share/) printf "%s: %d lines\n", f, NR }'
done | grep . && bad=1
exit $bad
