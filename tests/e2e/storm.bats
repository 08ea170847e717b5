#!/usr/bin/env bats
# Many programs at once, and deaths at any moment: every trial ends, once.
#
# What is killed here bears the mark of the test in its environment.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault
load many

teardown() {
	kill_marked
	helper_teardown
}

# A command that says when it ran; each attempt adds a line.
count_claims() {
	# shellcheck disable=SC2016 # variables of the command
	echo 'echo "$HPO_ATTEMPT" >>"$HPO_DIR/claims"; echo "hpo: y=$HPO_PARAM_x"'
}

# claimed_once DIR N: every command ran once, as a first attempt.
claimed_once() {
	local n

	n=$(cat "$1"/hpo/trials/*/*/claims | sort | uniq -c | tr -s ' ') || return
	[ "$n" = " $2 0" ] || { echo "attempts: $n" && return 1; }
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

# ends COMMAND: how those of the storm's COMMAND ended that it did not kill.
ends() {
	awk -F '\t' -v n="$1" '$1 == n && $2 != "signal 9" { print $2 }' storm
}

# only WHAT LIST: every line of LIST is among WHAT.
only() {
	[ -z "$2" ] || ! grep -vxE "$1" <<<"$2"
}

# bats test_tags=slow
@test "all: 64 workers, 8 dispatchers, 8 collectors, and death at any time" {
	local seed=${HPO_TEST_SEED:-$RANDOM} collect=--fsck checker i pids=()
	local killed stopped

	[ -x "$BUILD_DIR/e2e/storm" ] || skip 'tests/e2e/storm.c is not built'
	hpo-collect --help >help
	! grep -q -e --seal help || collect=--seal
	echo "# HPO_TEST_SEED=$seed" >&3
	# shellcheck disable=SC2016 # a variable of the command
	echo 'echo "hpo: y=$HPO_PARAM_x"' | storm_campaign c 1150 \
		'retries = 100000' 'losses = 100000' 'interrupts = 100000' \
		'backoff = 0s' 'heartbeat = 0.3s' 'lease = 1s'
	# Nearly a segment, so that in the storm it fills, and another begins.
	hpo-sample -n 1000 c >ids
	for i in 1 2 3 4; do
		hpo-trial --loop --max-trials 225 c >>out &
		pids+=($!)
	done
	wait_all "${pids[@]}"
	check_for_ever &
	checker=$!
	mark "$BUILD_DIR/e2e/storm" -s "$seed" -t 20 -m 6 -z 5 \
		64 'exec hpo-trial --loop c >>out 2>>err' \
		8 'exec hpo-dispatch --local -j8 c >>out 2>>err' \
		4 "exec sh '$TOP/tests/e2e/collector.sh' c \$1 2>>err" \
		4 "exec hpo-collect $collect c >>$collect 2>>err" >storm 3>&-
	killed=$(awk '$1 == "killed" { print $2 }' storm)
	stopped=$(awk '$1 == "stopped" { print $2 }' storm)
	echo "# $killed killed, $stopped stopped" >&3
	run -0 mark hpo-dispatch --local -j4 c
	touch stop
	wait "$checker" || cat bad
	cat storm bad* 2>/dev/null || :
	[ "$(count 'bad*')" -eq 0 ]
	[ "$(cat checks)" -gt 10 ]
	[ "$killed" -gt 100 ]
	[ "$stopped" -gt 0 ]
	# A worker whose sampler was killed says 75: once more, please.
	only 'exit (0|75)' "$(ends 1)"
	only 'exit (0|75)' "$(ends 2)"
	only 'exit 0' "$(ends 3)"
	only 'exit 0' "$(ends 4)"
	all_ok c 1150
	none_marked
	matrix run 'kill at random' "$killed"
	matrix run 'stopped for longer than the lease' "$stopped"
}

@test "dispatch: killed with its workers it leaves nothing running, and goes on" {
	not_under valgrind 'what it kills by name is called otherwise'
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
