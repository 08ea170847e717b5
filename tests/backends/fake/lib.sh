# shellcheck shell=sh
# Common to the commands of a Grid Engine that is none: one node, node1, whose
# queue main.q runs as many tasks at a time as the file `slots` says, as
# processes of this host.  All is in the directory $FAKE_GRIDENGINE:
#
#   job/N/           a job: name, owner, script, cwd, notify, limit, env
#   job/N/task/T/    a task that has not ended: state, and of a running one
#                    pid, the leader of its group; why, of one that has an E
#   pids             "PID START" of everything that was ever started
#   accounting/      a file per ended task
#   conf             what qconf -sconf prints
#
# Nothing is locked but by mkdir: tests do one thing at a time.

# shellcheck disable=SC2034 # for those that read this file
root=${FAKE_GRIDENGINE:?}

# note PID: it is one of ours; its start tells it from a later one of that number.
note() {
	echo "$1 $(cut -d ' ' -f 22 "/proc/$1/stat")" >>"$root/pids"
}

# each FUNCTION: call it with job and task, in their order, for every one.
each() {
	for dir in $(cd "$root" && find job -mindepth 3 -maxdepth 3 -path '*/task/*' \
	    -type d 2>/dev/null | sed 's|^job/||' | sort -t / -k 1,1n -k 3,3n); do
		"$1" "${dir%%/*}" "${dir##*/}"
	done
}

# start: give free slots to tasks that wait.
start() {
	running=0
	each start_one
}

start_one() {
	where=$root/job/$1/task/$2
	state=$(cat "$where/state")
	case $state in
	*r) running=$((running + 1)) ;;
	qw)
		[ "$running" -lt "$(cat "$root/slots")" ] || return 0
		busy=$(grep -lx '.*r' "$root/job/$1/task"/*/state | wc -l)
		[ "$busy" -lt "$(cat "$root/job/$1/limit")" ] || return 0
		mkdir "$where/claim" 2>/dev/null || return 0
		echo r >"$where/state"
		running=$((running + 1))
		"${0%/*}/run" "$1" "$2" </dev/null >/dev/null 2>&1 3>&- &
		;;
	esac
}
