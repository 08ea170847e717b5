# shellcheck shell=bash
# For the tests of share/backends/slurm: `load backend`, after slurm.

# put NAME: an executable file in front of the PATH; standard input is the rest
# of a script for sh.
put() {
	mkdir -p "$PWD/bin"
	{ echo '#!/bin/sh' && cat; } >"bin/$1"
	chmod +x "bin/$1"
	[[ $PATH == "$PWD/bin":* ]] || PATH=$PWD/bin:$PATH
}

# impatient: 15 seconds pass in a moment; the backend gives that to each
# command, and a second to end.
impatient() {
	local real

	real=$(command -v timeout)
	put timeout <<-EOT
		[ "\$1 \$2 \$3" = '-k 1 15' ] || exit 99
		shift 3
		exec $real -k 1 0.3 "\$@"
	EOT
}

# script [LINE...]: the file s, to be submitted.
script() {
	printf '%s\n' '#!/bin/sh' "$@" >s
}

# submit COUNT [WORD...]: that script; sets $job.
# shellcheck disable=SC2034
submit() {
	local n=$1

	shift
	[ -e s ] || script 'exec sleep 600'
	job=$("$BACKEND" submit name=hpo.t count="$n" script=s log="$PWD/log" "$@")
}

list() {
	"$BACKEND" list prefix=hpo. "$@"
}

# state ID: of that worker, as list tells it.
state() {
	list job="$1" | awk -F '\t' -v id="$1" '$1 == id { print $3 }'
}

# is ID STATE [WHY]: the latter a pattern of the whole.
is() {
	list job="$1" >list.out || return
	awk -F '\t' -v id="$1" -v state="$2" -v why="^(${3-.*})\$" '
		$1 == id && $3 == state && $5 ~ why { found = 1 }
		END { exit !found }' list.out
}

# are N STATE: so many workers are in that state.
are() {
	[ "$(list | awk -F '\t' -v state="$2" '$3 == state' | wc -l)" -eq "$1" ]
}
