# shellcheck disable=SC2154 # variables of bats
# Campaigns with many at work: `load many`, after helper and fault.

# storm_campaign DIR TRIALS [LINE...]: a campaign whose command is the file
# cmd, made of standard input; the lines are [run]'s.
storm_campaign() {
	local dir=$1

	campaign "$dir" <<-EOT
		[campaign]
		minimize = y
		trials = $2
		[space]
		x = uniform(0, 1)
		z = choice(a, "b c", [1,2])
		[run]
		command = /bin/sh cmd
	EOT
	cat >"$dir/cmd"
	shift 2
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$dir/campaign.ini"
}

# all_ok DIR N: the table has the trials 0 to N-1, once each, all ok.
all_ok() {
	hpo-collect "$1" | cut -f 1,3 >"$1.table" || return
	{ printf 'id\tstatus\n' && seq 0 $(($2 - 1)) | sed 's/$/\tok/'; } |
		diff - "$1.table"
}

# count GLOB: how many files match it.
count() {
	compgen -G "$1" | wc -l
}

# at_least N GLOB: so many files match it by now.
at_least() {
	[ "$(count "$2")" -ge "$1" ]
}

# wait_all PID...: all of them end, and with 0.
wait_all() {
	local pid bad=0

	for pid; do
		wait "$pid" || { echo "$pid: $?" && bad=1; }
	done
	return $bad
}

# matrix OPERATION FAULT TIMES: so many of these were tried, and all held.
matrix() {
	[ -z "${HPO_MATRIX-}" ] || printf '%s\t%s\t%s\n' "$@" >>"$HPO_MATRIX"
}
