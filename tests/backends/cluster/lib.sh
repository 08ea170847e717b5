# shellcheck shell=sh
# Common to up and down.

library=/usr/lib/gridengine

# missing: what there is not here, a line for each.
missing() {
	for program in sge_qmaster sge_execd qsub; do
		[ -x $library/$program ] || echo "no $program here"
	done
	[ "$(id -u)" -eq 0 ] || echo 'a Grid Engine is started by root alone'
}

# started PID: its start, which tells it from a later process of that number.
started() {
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# daemon PROGRAM DIR: start it, note its pid and start in DIR/PROGRAM.
daemon() {
	SGE_ND=1 setsid $library/"$1" </dev/null >"$2/$1.log" 2>&1 \
	    3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	echo "$! $(started $!)" >"$2/$1"
}

# alive FILE: the process noted there is; its pid is $pid.
alive() {
	read -r pid start <"$1" && [ "$(started "$pid")" = "$start" ]
}

# within SECONDS COMMAND...: it succeeds, or this script fails.
within() {
	tries=$(($1 * 20 * ${HPO_TEST_SLOWER:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { echo "in vain: $*" >&2 && exit 1; }
		sleep 0.05
	done
}
