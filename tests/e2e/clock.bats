#!/usr/bin/env bats
# Clocks that are wrong, that differ, and that are set while programs run:
# nothing is decided by the time of day.

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load ../lib/fault
load many

setup() {
	helper_setup
	# shellcheck disable=SC2016 # a variable of sh
	FAKETIME_LIB=$(faketime -f +0 sh -c 'echo "$LD_PRELOAD"' 2>/dev/null) ||
		skip 'needs faketime'
	case ${HPO_TEST_VARIANT-} in
	san | static | valgrind) skip "no preloading with $HPO_TEST_VARIANT" ;;
	esac
}

teardown() {
	kill_marked
	helper_teardown
}

# at TIME COMMAND...: run it with the time of day so much off, such as +365d;
# TIME may be a file that has it, and may change.
at() {
	local time=(FAKETIME="$1")

	[ ! -e "$1" ] || time=(FAKETIME_TIMESTAMP_FILE="$PWD/$1")
	shift
	mark env LD_PRELOAD="$FAKETIME_LIB" FAKETIME_DONT_FAKE_MONOTONIC=1 \
		FAKETIME_NO_CACHE=1 "${time[@]}" "$@"
}

# once_each N: N trials, each of which had one attempt, all ok; none took as
# long as a clock was off.
once_each() {
	all_ok c "$1"
	[ "$(count 'c/hpo/trials/*/*/result.*')" -eq "$1" ]
	hpo-collect c | awk -F '\t' 'NR > 1 && !($6 >= 0 && $6 < 60) {
		print "seconds: " $0
		bad = 1
	}
	END { exit bad }'
}

# bats test_tags=slow
@test "clock: a year ahead and a year behind they work together" {
	local time pids=() years

	# A trial takes longer than the lease.
	# shellcheck disable=SC2016 # variables of the command
	printf '%s\n' 'sleep 1.2' 'echo "hpo: y=$HPO_PARAM_x"' |
		storm_campaign c 8 'heartbeat = 0.3s' 'lease = 1s' 'timeout = 1m'
	for time in +365d -365d +0d; do
		at "$time" hpo-sample c >>ids
		at "$time" hpo-trial --loop c >"out.$time" &
		pids+=($!)
	done
	at +365d hpo-dispatch --local -j1 c >out.+ &
	pids+=($!)
	at -365d hpo-dispatch --local -j1 c >out.- &
	pids+=($!)
	wait_all "${pids[@]}"
	once_each 8
	[ "$(cat out.* | wc -l)" -eq 8 ]
	# They did go by different calendars.
	years=$(hpo-collect c | sed 1d | cut -f 5 | cut -c 1-4 | sort -u | wc -l)
	[ "$years" -ge 2 ]
	at +365d hpo-collect --fsck c
	same "$(hpo-collect c)" "$(at -365d hpo-collect c)"
	same "$(hpo-report c)" "$(at -365d hpo-report c)"
	matrix run 'clocks a year apart' 8
}

# step_for_ever: set the clock in the file time, forth and back by a year,
# until there is a file stop.
step_for_ever() {
	local n=0 step

	while [ ! -e stop ]; do
		for step in +365d +0d -365d +1d; do
			echo "$step" >time.new
			mv time.new time
			n=$((n + 1))
			sleep 0.1 # sleep: between two steps
		done
	done
	echo "$n" >steps
}

# bats test_tags=slow
@test "clock: it may be set at any time, forth and back" {
	local stepper

	# shellcheck disable=SC2016 # variables of the command
	printf '%s\n' 'sleep 0.3' 'echo "hpo: y=$HPO_PARAM_x"' |
		storm_campaign c 24 'heartbeat = 0.3s' 'lease = 1s' 'timeout = 1m'
	echo +0d >'time'
	step_for_ever 3>&- &
	stepper=$!
	at time hpo-dispatch --local -j3 c >out
	touch stop
	wait "$stepper"
	once_each 24
	[ "$(cat steps)" -gt 10 ]
	matrix run 'clock stepped by a year' "$(cat steps)"
}

# dead_elsewhere: trial 0 is a dead worker's of another host.
dead_elsewhere() {
	local worker

	# shellcheck disable=SC2016 # variables of the command
	storm_campaign c 1 "$@" <<-'EOT'
		: >began
		[ "$HPO_ATTEMPT" -gt 0 ] || exec sleep 300
		echo "hpo: y=1"
	EOT
	mark hpo-trial --loop c >out 2>err &
	worker=$!
	wait_for 10 test -e c/began
	kill_marked
	wait "$worker" || :
	sed -i 's/^host = .*/host = elsewhere/' c/hpo/running/*/worker.ini
}

@test "clock: a lease ends by the time that passed, not by the clock" {
	local i

	dead_elsewhere 'lease = 10m'
	for i in +1d +365d -365d +0d +365d +3650d; do
		at "$i" hpo-trial --loop c >>out
	done
	[ "$(count 'c/hpo/running/*/0000000.0')" -eq 1 ]
	printf 'heartbeat = 0.3s\nlease = 0.9s\n' >>c/campaign.ini
	sed -i '/^lease = 10m/d' c/campaign.ini
	wait_for 20 eval 'at -365d hpo-trial --loop c >>out
		at -3650d hpo-trial --loop c >>out
		compgen -G "c/hpo/done/0000/*"'
	same "$(printf 'id\tattempt\tstatus\n0\t1\tok')" \
		"$(hpo-collect c | cut -f 1-3)"
	matrix reclaim 'clock stepped by a year' 1
}

# looks: how often the held trial was seen to be so.
looks() {
	awk '/ held\// { n = $4 } END { print n + 0 }' \
		c/hpo/observed/* 2>/dev/null || echo 0
}

@test "clock: a trial is held for the time that passes, not by the clock" {
	local i n

	# shellcheck disable=SC2016 # a variable of the command
	storm_campaign c 1 'retries = 1' 'backoff = 10m' <<-'EOT'
		[ "$HPO_ATTEMPT" -gt 0 ] && echo "hpo: y=1"
	EOT
	run -1 mark hpo-trial c
	for i in +365d +0d +365d -365d +3650d; do
		n=$(looks)
		at "$i" hpo-trial --loop c >out 2>err 3>&- &
		# shellcheck disable=SC2016 # expanded by eval
		wait_for 10 eval '[ "$(looks)" -gt "$n" ]'
		kill_marked
		wait $! || :
	done
	[ "$(count 'c/hpo/held/0000/0000000.1')" -eq 1 ]
	sed -i 's/^backoff = .*/backoff = 0.5s/' c/campaign.ini
	at -365d hpo-trial --loop c >out
	[ "$(cut -f 1,2 out)" = $'0\tok' ]
	matrix release 'clock stepped by a year' 1
}

# The clock that nobody can set may still be another's: in a time namespace,
# or where a machine was brought back as it had been.
# bats test_tags=slow
@test "clock: boot clocks a year apart lose and double nothing" {
	local time pids=()

	# shellcheck disable=SC2016 # variables of the command
	printf '%s\n' 'sleep 0.2' '[ "$HPO_ATTEMPT" -gt 0 ] || exit 1' \
		'echo "hpo: y=$HPO_PARAM_x"' | storm_campaign c 20 \
		'heartbeat = 0.3s' 'lease = 1s' 'retries = 9' 'backoff = 0.2s'
	for time in +365d -2h +0; do
		HPO_TEST_MARK=$FAULT_MARK faketime -f "$time" \
			hpo-trial --loop c >"out.$time" 2>"err.$time" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
	cat err.*
	# Each may wait for one that the others hold: once more.
	mark hpo-dispatch --local -j2 c >out.last
	all_ok c 20
	[ "$(cut -f 1,2 out.* | grep -c ok)" -eq 20 ]
	matrix run 'boot clocks a year apart' 20
}
