#!/usr/bin/env bats
# Many programs at once, and deaths at any moment: every trial ends, once.
#
# What is killed here bears the mark of the test in its environment.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

teardown() {
	kill_marked
	helper_teardown
}

# storm_campaign DIR TRIALS [LINE...]: a campaign whose command is the file
# cmd, made of standard input; the lines are [run]'s.
storm_campaign() {
	campaign "$1" <<-EOT
		[campaign]
		minimize = y
		trials = $2
		[space]
		x = uniform(0, 1)
		z = choice(a, "b c", [1,2])
		[run]
		command = /bin/sh cmd
	EOT
	cat >"$1/cmd"
	dir=$1
	shift 2
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$dir/campaign.ini"
}

# A command that says when it ran; each attempt adds a line.
count_claims() {
	# shellcheck disable=SC2016 # variables of the command
	echo 'echo "$HPO_ATTEMPT" >>"$HPO_DIR/claims"; echo "hpo: y=$HPO_PARAM_x"'
}

# all_ok DIR N: the table has the trials 0 to N-1, once each, all ok.
all_ok() {
	hpo-collect "$1" | cut -f 1,3 >"$1.table" || return
	{ printf 'id\tstatus\n' && seq 0 $(($2 - 1)) | sed 's/$/\tok/'; } |
		diff - "$1.table"
}

# claimed_once DIR N: every command ran once, as a first attempt.
claimed_once() {
	local n

	n=$(cat "$1"/hpo/trials/*/*/claims | sort | uniq -c | tr -s ' ') || return
	[ "$n" = " $2 0" ] || { echo "attempts: $n" && return 1; }
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

@test "trial: 32 workers claim each of 1000 trials once" {
	local i pids=()

	count_claims | storm_campaign c 1000
	hpo-sample -n 1000 c >ids
	for ((i = 0; i < 32; i++)); do
		HPO_TEST_MARK=$FAULT_MARK hpo-trial --loop c >"out.$i" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
	claimed_once c 1000
	all_ok c 1000
	[ "$(cut -f 1,2 out.* | sort -n)" = "$(tail -n +2 c.table)" ]
}

# check_for_ever: leave the file bad if the campaign c is found not sound
# before there is a file stop; else the number of checks in the file checks.
check_for_ever() {
	local n=0

	while [ ! -e stop ]; do
		hpo-collect --fsck c >fsck 2>&1 || {
			echo "after $n checks: status $?" >>fsck
			mv fsck bad
			return 1
		}
		n=$((n + 1))
	done
	echo $n >checks
}

# victim: one of the marked processes, by $RANDOM: mostly a worker or what it
# has started, as a dispatcher takes its time to come up.
victim() {
	local pid pids=() any=$((RANDOM % 5))

	for pid in $(marked); do
		[ "$any" -eq 0 ] ||
			grep -qE '^(hpo-trial|hpo-sample|sh|sleep)$' \
				"/proc/$pid/comm" 2>/dev/null || continue
		pids+=("$pid")
	done
	[ "${#pids[@]}" -eq 0 ] || echo "${pids[RANDOM % ${#pids[@]}]}"
}

# bats test_tags=slow
@test "dispatch: whatever is killed at any time, every trial ends once" {
	local seed=${HPO_TEST_SEED:-$RANDOM} end pid kills=0 checker

	echo "# HPO_TEST_SEED=$seed" >&3
	count_claims | sed '1i sleep 0.05' | storm_campaign c 300 \
		'retries = 1000' 'losses = 1000' 'interrupts = 1000' \
		'backoff = 0s'
	hpo-sample -n 50 c >ids
	check_for_ever &
	checker=$!
	RANDOM=$seed
	end=$(($(now_cs) + 1500))
	while (($(now_cs) < end)); do
		# A second dispatcher now and then.
		if ((RANDOM % 40 == 0)) || none_marked; then
			HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j3 c \
				>>out 2>>err 3>&- &
		fi
		# Between two deaths; sleep: as much is left to chance.
		sleep "0.$(printf %03d $((RANDOM % 100)))"
		pid=$(victim)
		[ -z "$pid" ] || ! kill -KILL "$pid" 2>/dev/null ||
			kills=$((kills + 1))
	done
	echo "# $kills killed, $(count 'c/hpo/done/*/*') of 300 done" >&3
	kill_marked
	wait_for 10 none_marked
	run -0 mark hpo-dispatch --local -j3 c
	touch stop
	wait "$checker" || cat bad
	[ ! -e bad ]
	[ "$(cat checks)" -gt 10 ]
	all_ok c 300
	wait_for 10 none_marked
	[ "$(count 'c/hpo/done/*/*')" -eq 300 ]
	[ "$(count 'c/hpo/failed/*/*')" -eq 0 ]
}

@test "dispatch: killed with its workers it leaves nothing running, and goes on" {
	local pid name

	# Trials from 5 on run for ever, half of them in a child of the
	# command's, until they are told.
	storm_campaign c 50 <<-'EOT'
		echo "$$" >>"$HPO_DIR/claims"
		[ "$HPO_TRIAL" -lt 5 ] || [ -e go ] ||
			if [ $((HPO_TRIAL % 2)) -eq 0 ]; then
				exec sleep 300
			else
				sleep 300 # sleep: the command
			fi
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	hpo-sample -n 30 c >ids
	HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j4 c >out 2>err &
	wait_for 20 at_least 5 'c/hpo/done/0000/*'
	wait_for 20 at_least 4 'c/hpo/running/*/0*'
	wait_for 20 at_least 9 'c/hpo/trials/*/*/claims'
	for pid in $(marked); do
		name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
		case $name in
		hpo-* | parallel | perl) kill -KILL "$pid" ;;
		esac
	done
	wait_for 10 eval '! pgrep_marked "^(hpo-|parallel|perl)"'
	run -0 hpo-collect --fsck c
	# The commands have died with their workers.
	# shellcheck disable=SC2046 # a word each
	wait_for 10 gone $(tail -qn 1 c/hpo/trials/*/*/claims)
	touch c/go
	run -0 mark hpo-dispatch --local -j4 c
	all_ok c 50
	# What they had started died when their trials were taken back.
	wait_for 10 none_marked
}

# pgrep_marked PATTERN: is there a marked process of such a name?
pgrep_marked() {
	local pid

	for pid in $(marked); do
		grep -qE "$1" "/proc/$pid/comm" 2>/dev/null && return
	done
	return 1
}

@test "trial: a worker that was stopped for too long harms nothing" {
	local worker command

	storm_campaign c 1 'heartbeat = 1s' 'lease = 3s' <<-'EOT'
		echo "$$" >>"$HPO_DIR/claims"
		[ "$HPO_ATTEMPT" -gt 0 ] || exec sleep 300
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	HPO_TEST_MARK=$FAULT_MARK hpo-trial --loop c >out1 2>err1 &
	worker=$!
	wait_for 10 test -s c/hpo/trials/0000/0000000/claims
	kill -STOP "$worker"
	command=$(cat c/hpo/trials/0000/0000000/claims)
	run -0 mark hpo-dispatch --local -j1 c
	[ "$(cut -f 1,2 <<<"$output")" = $'0\tok' ]
	wait_for 5 gone "$command"
	kill -CONT "$worker"
	wait "$worker"
	[ ! -s err1 ] || cat err1
	[ ! -s out1 ]
	run -0 hpo-collect c
	[ "$(cut -f 1-3 <<<"$output")" = $'id\tattempt\tstatus\n0\t1\tok' ]
	compgen -G 'c/hpo/done/0000/0000000.1.*'
	wait_for 5 none_marked
}

@test "sample: four at once make the trials that one makes" {
	local i pids=()

	count_claims | storm_campaign c 1000 && cp -R c one
	for i in 1 2 3 4; do
		hpo-sample -n 250 --format tsv c >"part.$i" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
	hpo-sample -n 1000 --format tsv one >whole
	{ head -n 1 whole && tail -qn +2 part.* | sort -n; } >parts
	[ "$(wc -l <parts)" -eq 1001 ]
	diff whole parts
	for i in 1 2 3 4; do
		[ "$(wc -l <"part.$i")" -eq 251 ]
	done
	run -1 hpo-sample c
	[ -z "$output" ]
}

@test "dispatch: a second one adds nothing" {
	local first second

	count_claims | sed '1i sleep 0.05' | storm_campaign c 30
	HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j2 c >out1 &
	first=$!
	wait_for 20 at_least 2 'c/hpo/running/*/0*'
	HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j2 c >out2 &
	second=$!
	wait_all "$first" "$second"
	claimed_once c 30
	all_ok c 30
	[ "$(cut -f 1,2 out1 | sort -n)" = "$(tail -n +2 c.table)" ]
	[ ! -s out2 ]
}

@test "dispatch: two that start at once run no trial twice" {
	local pids=()

	count_claims | storm_campaign c 30
	HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j2 c >out1 &
	pids+=($!)
	HPO_TEST_MARK=$FAULT_MARK hpo-dispatch --local -j2 c >out2 &
	pids+=($!)
	wait_all "${pids[@]}"
	claimed_once c 30
	all_ok c 30
	[ "$(cut -f 1,2 out1 out2 | sort -n)" = "$(tail -n +2 c.table)" ]
}

@test "dispatch: a campaign that was moved or copied goes on" {
	# One trial has ended, one is in the hands of a worker that is no more,
	# two wait, and two are to be made.
	count_claims | storm_campaign c 6
	hpo-sample -n 4 c >ids
	run -0 hpo-trial c 2
	# shellcheck disable=SC2016 # a variable of the command
	cp c/cmd . && echo 'kill -KILL "$PPID"' >c/cmd
	run -137 hpo-trial c 1
	mv cmd c
	cp -r c copy
	mkdir elsewhere && mv c elsewhere/moved
	run -0 mark hpo-dispatch --local -j2 elsewhere/moved
	run -0 mark hpo-dispatch --local -j2 copy
	all_ok elsewhere/moved 6
	all_ok copy 6
	diff elsewhere/moved.table copy.table
	[ "$(cat copy/hpo/trials/*/0000001/claims)" = 1 ]
	wait_for 5 none_marked
}
