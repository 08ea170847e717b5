#!/usr/bin/env bats
# Workers that are held for dead and live: whatever they were at, and whatever
# they do when they wake, one result of the trial counts, and their command
# does not outlive it.
# bats file_tags=slow

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load ../lib/fault
load many

# A lease short enough to wait for.
LEASE=('heartbeat = 0.3s' 'lease = 0.9s')

teardown() {
	kill_marked
	helper_teardown
}

# runs_for_ever: a command whose attempts below $UNTIL never end; it notes its
# pid and that of a child which leads a session of its own.
runs_for_ever() {
	cat <<-EOT
		[ "\$HPO_ATTEMPT" -lt ${UNTIL-1} ] || {
			echo "hpo: y=\$HPO_PARAM_x"
			exit
		}
		setsid sleep 300 & # sleep: the command
		echo "\$\$ \$!" >"\$HPO_DIR/pids.\$HPO_ATTEMPT.tmp"
		mv "\$HPO_DIR/pids.\$HPO_ATTEMPT.tmp" "\$HPO_DIR/pids.\$HPO_ATTEMPT"
		wait
	EOT
}

# pids A: those of attempt A of trial 0.
pids() {
	cat "c/hpo/trials/0000/0000000/pids.$1"
}

# stopped PID...: all of them are.
stopped() {
	local pid

	for pid; do
		[ "$(ps -o stat= -p "$pid" | cut -c 1)" = T ] || return
	done
}

# of_elsewhere: make the workers that there are those of another host, so that
# nobody knows of their processes.
of_elsewhere() {
	sed -i 's/^host = .*/host = elsewhere/' c/hpo/running/*/worker.ini
}

# worker N: a worker in the background, its streams in out.N and err.N.
worker() {
	HPO_TEST_MARK=$FAULT_MARK hpo-trial --loop c >"out.$1" 2>"err.$1" &
}

# done_by_others: let a worker look for something to do, that is, also judge
# the others; are all trials done then?
done_by_others() {
	mark hpo-trial --loop c >>others 2>>err.others || return
	[ "$(count 'c/hpo/done/0000/*')" -eq "${1-1}" ]
}

# one_counts A: of trial 0 it is attempt A, all is sound, none complained.
one_counts() {
	same "$(printf 'id\tattempt\tstatus\n0\t%s\tok' "$1")" \
		"$(hpo-collect c | cut -f 1-3)" || return
	[ "$(count "c/hpo/done/0000/0000000.$1.*")" -eq 1 ] &&
		[ "$(count 'c/hpo/done/0000/*')" -eq 1 ] || return
	hpo-collect --fsck c || return
	same '' "$(cat err.*)"
}

# zombie N PID: worker N, which has been woken, ends with 0, and it is not he
# but the others who tell of trial 0.
zombie() {
	wait_for 20 gone "$2" || return
	wait "$2" || return
	same '' "$(cat "out.$1")" || return
	same $'0\tok' "$(cut -f 1,2 others)"
}

@test "zombie: stopped with its command, which the reaper kills" {
	local worker pids

	runs_for_ever | storm_campaign c 1 "${LEASE[@]}"
	worker 1
	worker=$!
	wait_for 10 test -s c/hpo/trials/0000/0000000/pids.0
	pids=$(pids 0)
	# shellcheck disable=SC2086 # a word each
	kill -STOP "$worker" $pids
	# shellcheck disable=SC2086
	wait_for 10 stopped "$worker" $pids
	wait_for 30 done_by_others
	# shellcheck disable=SC2086
	wait_for 5 gone $pids
	kill -CONT "$worker"
	zombie 1 "$worker"
	one_counts 1
	none_marked
	matrix reclaim 'stopped, held for dead' 1
}

@test "zombie: stopped with its command, which it kills itself" {
	local worker pids

	runs_for_ever | storm_campaign c 1 "${LEASE[@]}"
	worker 1
	worker=$!
	wait_for 10 test -s c/hpo/trials/0000/0000000/pids.0
	pids=$(pids 0)
	# shellcheck disable=SC2086 # a word each
	kill -STOP "$worker" $pids
	# shellcheck disable=SC2086
	wait_for 10 stopped "$worker" $pids
	of_elsewhere
	wait_for 30 done_by_others
	# shellcheck disable=SC2086
	stopped "$worker" $pids
	# shellcheck disable=SC2086
	kill -CONT $pids "$worker"
	zombie 1 "$worker"
	# shellcheck disable=SC2086
	wait_for 5 gone $pids
	one_counts 1
	[ "$(count 'c/hpo/trials/0000/0000000/result.0.*')" -eq 1 ]
	none_marked
	matrix reclaim 'stopped, held for dead' 1
}

@test "zombie: a command that ended meanwhile has a result that does not count" {
	local worker

	# shellcheck disable=SC2016 # variables of the command
	storm_campaign c 1 "${LEASE[@]}" <<-'EOT'
		[ "$HPO_ATTEMPT" -gt 0 ] || {
			: >"$HPO_DIR/began"
			until [ -e go ]; do
				sleep 0.05 # sleep: the command
			done
		}
		echo "hpo: y=0.$HPO_ATTEMPT"
	EOT
	worker 1
	worker=$!
	wait_for 10 test -e c/hpo/trials/0000/0000000/began
	kill -STOP "$worker"
	wait_for 10 stopped "$worker"
	of_elsewhere
	touch c/go
	wait_for 10 eval '! pgrep_marked sh'
	wait_for 30 done_by_others
	kill -CONT "$worker"
	zombie 1 "$worker"
	one_counts 1
	# It did publish what it had: after the reaper, and in vain.
	[ "$(count 'c/hpo/trials/0000/0000000/result.0.*')" -eq 2 ]
	[ "$(hpo-collect c | tail -n 1 | cut -f 9)" = 0.1 ]
	matrix result 'stopped, held for dead' 1
}

# pgrep_marked NAME: is there a marked process of this name?
pgrep_marked() {
	local pid

	for pid in $(marked); do
		grep -qx "$1" "/proc/$pid/comm" 2>/dev/null && return
	done
	return 1
}

# taken_over: let a worker look for something to do, as $second; does it run
# the trial?
taken_over() {
	worker 2
	second=$!
	wait_for 20 eval "test -s c/hpo/trials/0000/0000000/pids.1 ||
		gone $second"
	test -s c/hpo/trials/0000/0000000/pids.1
}

@test "zombie: two of one trial, both wake" {
	local first second

	UNTIL=2 runs_for_ever | storm_campaign c 1 "${LEASE[@]}"
	worker 1
	first=$!
	wait_for 10 test -s c/hpo/trials/0000/0000000/pids.0
	# shellcheck disable=SC2046 # a word each
	kill -STOP "$first" $(pids 0)
	of_elsewhere
	# Whoever takes it over becomes a zombie, too.
	wait_for 30 taken_over
	# shellcheck disable=SC2046
	kill -STOP "$second" $(pids 1)
	of_elsewhere
	wait_for 30 done_by_others
	# shellcheck disable=SC2046
	kill -CONT "$first" "$second" $(pids 0) $(pids 1)
	zombie 1 "$first"
	zombie 2 "$second"
	# shellcheck disable=SC2046
	wait_for 5 gone $(pids 0) $(pids 1)
	one_counts 2
	none_marked
	matrix reclaim 'stopped, held for dead' 2
}

# buried: let a dispatcher judge the workers; are they all gone?
buried() {
	hpo-dispatch --local -j1 c
	[ "$(count 'c/hpo/running/*')" -eq 0 ]
}

@test "zombie: one with nothing to do, whose directory is gone, ends" {
	local worker

	runs_for_ever | sed 1iexit | storm_campaign c 1 "${LEASE[@]}"
	hpo-sample c >ids
	run -0 hpo-dispatch --pause c
	worker 1
	worker=$!
	wait_for 10 at_least 1 'c/hpo/running/*/heartbeat'
	kill -STOP "$worker"
	wait_for 30 buried
	run -0 hpo-dispatch --resume c
	kill -CONT "$worker"
	wait "$worker"
	[ ! -s out.1 ]
	echo 'echo hpo: y=1' >c/cmd
	wait_for 10 done_by_others
	one_counts 0
}

@test "zombie: asked and told; what it tells too late does not count" {
	local beater

	echo 'echo hpo: y=1' | storm_campaign c 1 "${LEASE[@]}"
	mark hpo-trial --claim --pid $$ c >claimed
	grep -q '"id": *0' claimed
	beater=$(marked)
	kill -STOP "$beater"
	of_elsewhere
	wait_for 30 done_by_others
	run -1 --separate-stderr hpo-trial --finish --pid $$ c 0 y=2
	same 'hpo-trial: trial 0 is not running' "$stderr"
	[ -z "$output" ]
	kill -CONT "$beater"
	wait_for 10 gone "$beater"
	[ "$(count 'c/hpo/running/*')" -eq 0 ]
	one_counts 1
	matrix result 'stopped, held for dead' 1
}

# At each of a worker's renames, before it and after it: it begins to be,
# claims, publishes the result, moves the token.  What comes of it: the attempt
# that counts, and who tells of it.
held_up() {
	cat <<-'EOT'
		1 before 0 others
		1 after 0 others
		2 before 0 others
		2 after 1 others
		3 before 1 others
		3 after 0 zombie
		4 before 0 zombie
		4 after 0 zombie
	EOT
}

# in_each COMMAND...: in the directory of each of them; all at once.
in_each() {
	local k side _ pids=()

	while read -r k side _; do
		(cd "$k.$side" && "$@") &
		pids+=($!)
	done < <(held_up)
	wait_all "${pids[@]}"
}

# be_late K SIDE: a worker that is stopped at its K-th rename.
be_late() {
	local status=0

	LD_PRELOAD=$BUILD_DIR/fault/shim.so HPO_SHIM=rename:$1:stop-$2 \
		HPO_SHIM_PROG=hpo-trial HPO_SHIM_UNDER=$PWD/c \
		HPO_SHIM_FIRED=$PWD/fired \
		mark bash -c 'echo $$ >pid; exec hpo-trial --loop c' \
		>zombie 2>err.zombie || status=$?
	echo "$status" >ended
}

# held: the worker of this directory is stopped.
held() {
	[ -s fired ] && stopped "$(cat pid)"
}

# goes_on: wake it, and wait for its end.
goes_on() {
	kill -CONT "$(cat pid)"
	wait_for 20 test -s ended
}

# tell_of K SIDE ATTEMPT WHO: is it as it should be?
tell_of() {
	local all

	one_counts "$3" || return
	same 0 "$(cat ended)" || return
	all=$(tail -n +1 others zombie | cut -f 1,2)
	case $4 in
	others) same $'==> others <==\n0\tok\n\n==> zombie <==' "$all" ;;
	zombie) same $'==> others <==\n\n==> zombie <==\n0\tok' "$all" ;;
	esac
}

@test "zombie: held up at any of its renames until another has finished" {
	local k side attempt who pids=() n=0

	need_shim
	# shellcheck disable=SC2016 # a variable of the command
	echo 'echo "hpo: y=$HPO_PARAM_x"' | storm_campaign c 1 "${LEASE[@]}"
	hpo-sample c >ids
	while read -r k side _; do
		mkdir "$k.$side"
		cp -R c "$k.$side"
		(cd "$k.$side" && be_late "$k" "$side") &
		pids+=($!)
	done < <(held_up)
	in_each wait_for 20 held
	in_each wait_for 60 done_by_others
	# They have not waited for it.
	same 0 "$(count '*/ended')"
	in_each goes_on
	wait_all "${pids[@]}"
	while read -r k side attempt who; do
		(cd "$k.$side" && tell_of "$k" "$side" "$attempt" "$who") || {
			echo "at rename $k, $side"
			return 1
		}
		n=$((n + 1))
	done < <(held_up)
	echo "# $n times held up" >&3
	matrix claim 'held up, held for dead' 2
	matrix result 'held up, held for dead' 2
	matrix next 'held up, held for dead' 2
}
