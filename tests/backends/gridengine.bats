#!/usr/bin/env bats
# The backend for Grid Engine on a real one, which cluster/up starts: what the
# fake of gridengine-fake.bats only claims.
# bats file_tags=slow,slurm
# shellcheck disable=SC2016 # much here is for other shells

bats_require_minimum_version 1.8.0
load ../lib/helper
load grid

CLUSTER=$TOP/tests/backends/cluster

setup_file() {
	"$CLUSTER/up" "$BATS_FILE_TMPDIR/grid" >"$BATS_FILE_TMPDIR/up" \
	    2>"$BATS_FILE_TMPDIR/reason" || [ $? -eq 69 ]
}

teardown_file() {
	"$CLUSTER/down" "$BATS_FILE_TMPDIR/grid"
}

setup() {
	helper_setup
	[ -s "$BATS_FILE_TMPDIR/up" ] || skip "$(head -n 1 "$BATS_FILE_TMPDIR/reason")"
	# shellcheck source=/dev/null
	. "$BATS_FILE_TMPDIR/up"
	HOST=$(hostname)
}

teardown() {
	if [ -n "${SGE_QMASTER_PORT-}" ]; then
		qdel -u "$(id -un)" >/dev/null || :
		wait_for 20 idle
	fi
	helper_teardown
}

# idle: there is no job.
idle() {
	[ -z "$(qstat -s a)" ]
}

# submit WORD...: with the words that there have to be.
submit() {
	"$GRID" submit name=hpo.a count=1 "script=$PWD/worker.sh" "log=$PWD/log" "$@"
}

# running ID...: these are.
running() {
	local id

	for id; do
		listed hpo.a "$id|hpo.a|running|$HOST|" || return
	done
}

# ended ID WHY: it is.
ended() {
	listed hpo.a "$1|hpo.a|ended|$HOST|$2" "job=$1"
}

# stubborn: a worker that TERM does not end.
stubborn() {
	worker
	sed -i "s/TERM; exit 143/TERM/" worker.sh
}

@test "grid: limits are those of the site" {
	run -0 --separate-stderr "$GRID" limits
	[ "${lines[0]}" = "$(t 'array|20')" ]
	[ -z "$stderr" ]
	SGE_QMASTER_PORT=1 run -75 --separate-stderr "$GRID" limits
	[ -z "$output" ]
}

@test "grid: workers come, wait, run, fail and are done" {
	worker
	mkdir "c \$HOME it's, \"x\""
	cd "c \$HOME it's, \"x\""
	mv ../worker.sh .
	SECRET=x run -0 --separate-stderr submit count=4 throttle=3
	job=$output
	[[ $job =~ ^[0-9]+$ ]]
	[ -z "$stderr" ]
	wait_for 20 running "$job.1" "$job.2" "$job.3"
	listed hpo.a "$job.4|hpo.a|waiting||"
	for i in 0 1 2; do
		wait_for 20 has log.$i "start $job.$((i + 1)) in $PWD"
	done

	# One is told to end, another that waits is gone.
	run -0 --separate-stderr "$GRID" cancel "job=$job.2" "job=$job.4"
	[ -z "$output$stderr" ]
	wait_for 20 has log.1 TERM
	wait_for 20 ended "$job.2" 'cancelled exit status 140 (User defined signal 2)'
	[ ! -e log.3 ]

	echo 0 >end
	wait_for 20 ended "$job.1" 'done exit status 0'
	wait_for 20 ended "$job.3" 'done exit status 0'
	echo 3 >end
	job=$(submit)
	wait_for 20 ended "$job.1" 'failed exit status 3'
	echo 100 >end
	job=$(submit)
	wait_for 20 ended "$job.1" 'failed exit status 1'
	[ "$(grep -c start log.0)" -eq 3 ]
	run -0 --separate-stderr "$GRID" cancel "job=$job.1" job=99999.1
	[ -z "$output$stderr" ]
}

@test "grid: a whole job that was asked for may have ended in part" {
	worker
	job=$(submit count=2)
	wait_for 20 running "$job.1" "$job.2"
	wait_for 20 has log.1 "start $job.2 in $PWD"
	"$GRID" cancel "job=$job.2"
	wait_for 20 ended "$job.2" 'cancelled exit status 140 (User defined signal 2)'
	# The accounting is not asked while one lives.
	run -0 "$GRID" list prefix=hpo.a "job=$job"
	same "$(t "$job.1|hpo.a|running|$HOST|")" "$output"
	echo 0 >end
	wait_for 20 listed hpo.a "$job.1|hpo.a|ended|$HOST|done exit status 0" "job=$job"
	listed hpo.a "$job.2|hpo.a|ended|$HOST|cancelled exit status 140 (User defined signal 2)" "job=$job"
	run -0 "$GRID" list prefix=hpo.b "job=$job"
	[ -z "$output" ]
}

@test "grid: what the limits say to export is what the list shows" {
	{
		"$GRID" limits | sed -n 's/^export\t\([^=]*\)=\(.*\)/export \1="\2"/p'
		echo 'echo "$HPO_JOB_ID $HPO_JOB_RESTART $HPO_JOB_NODE $HPO_JOB_QUEUE $SECRET."'
		echo 'until [ -e end ]; do sleep 0.05; done' # sleep: a job waits
	} >worker.sh
	job=$(SECRET=x submit environment=all)
	wait_for 20 running "$job.1"
	wait_for 20 has log.0 "$job.1 0 $HOST main.q x."
	: >end
	wait_for 20 ended "$job.1" 'done exit status 0'
	job=$(SECRET=x submit)
	wait_for 20 has log.0 "$job.1 0 $HOST main.q ."
}

@test "grid: the warning comes in time, and the worker lives on" {
	worker
	job=$(submit warn=98 -- -l h_rt=0:1:40)
	wait_for 20 has log.0 USR1
	running "$job.1"
	echo 0 >end
	wait_for 20 ended "$job.1" 'done exit status 0'
}

@test "grid: at the end of the walltime a worker is told, then killed" {
	worker
	why='timeout failed 37: qmaster enforced h_rt, h_cpu, or h_vmem limit'
	job=$(submit -- -l h_rt=2)
	wait_for 20 ended "$job.1" "$why, exit status 140 (User defined signal 2)"
	has log.0 TERM
	stubborn
	job=$(submit "log=$PWD/other" -- -l h_rt=2)
	wait_for 30 ended "$job.1" "$why, exit status 137 (Killed)"
	has other.0 TERM
}

@test "grid: one that does not end when it is told is killed" {
	stubborn
	job=$(submit)
	wait_for 20 running "$job.1"
	wait_for 20 has log.0 "start $job.1 in $PWD"
	"$GRID" cancel "job=$job.1"
	# Until then it is there.
	running "$job.1"
	wait_for 30 ended "$job.1" \
	    'cancelled failed 100: assumedly after job, exit status 137 (Killed)'
}

@test "grid: what a person has to mend is stuck" {
	worker
	mkdir gone
	job=$(cd gone && submit count=2)
	rmdir gone
	held=$(submit -- -h)
	dependent=$(submit -- -hold_jid "$held")
	why="error: can't chdir to $PWD/gone: No such file or directory"
	wait_for 20 listed hpo.a "$job.1|hpo.a|stuck||$why"
	wait_for 20 listed hpo.a "$job.2|hpo.a|stuck||$why"
	listed hpo.a "$held.1|hpo.a|stuck||held"
	listed hpo.a "$dependent.1|hpo.a|waiting||"
	"$GRID" cancel "job=$job.1" "job=$held"
	run -0 "$GRID" list prefix=hpo.a
	same "$job.2" "$(cut -f 1 <<<"$output" | grep "^$job")"
}

@test "grid: one that is suspended was warned, and goes on" {
	worker
	job=$(submit)
	wait_for 20 running "$job.1"
	wait_for 20 has log.0 "start $job.1 in $PWD"
	qmod -sj "$job"
	wait_for 20 listed hpo.a "$job.1|hpo.a|suspended|$HOST|"
	wait_for 20 has log.0 USR1
	qmod -usj "$job"
	wait_for 20 running "$job.1"
	echo 0 >end
	wait_for 20 ended "$job.1" 'done exit status 0'
}

@test "grid: one that is started again keeps its id, and knows it" {
	worker
	sed -i '1s/^/echo "restart $RESTARTED"\n/' worker.sh
	job=$(submit -- -r y)
	wait_for 20 has log.0 'restart 0'
	wait_for 20 running "$job.1"
	qmod -rj "$job"
	wait_for 30 has log.0 'restart 1'
	wait_for 20 running "$job.1"
	echo 0 >end
	wait_for 20 ended "$job.1" 'done exit status 0'
}

@test "grid: workers keep off the hosts that are excluded" {
	worker
	away=$(submit "exclude=nowhere,$HOST")
	here=$(submit exclude=nowhere,elsewhere)
	both=$(submit "exclude=$HOST" -- -l "h=$HOST")
	wait_for 20 running "$here.1"
	listed hpo.a "$away.1|hpo.a|waiting||"
	listed hpo.a "$both.1|hpo.a|waiting||"
}

@test "grid: no room, no answer and a refusal are not the same" {
	worker
	run -1 --separate-stderr submit count=21
	[ -z "$output" ]
	[[ $stderr == *'more than 20 tasks'* ]]
	for _ in 1 2 3 4 5 6; do submit -- -h; done
	run -1 --separate-stderr submit
	[ -z "$output" ]
	[[ $stderr == *'only 6 jobs are allowed per user'* ]]
	qdel -u "$(id -un)"
	wait_for 20 idle

	for option in '-l nosuch=1' '-q nosuch.q' '-pe nosuch 2' '-nosuch' '-l h_rt=x'; do
		# shellcheck disable=SC2086 # words wanted
		run -78 --separate-stderr submit -- $option
		[ -z "$output" ]
		[ -n "$stderr" ]
	done
	run -78 submit name=1a
	for verb in submit list cancel; do
		SGE_QMASTER_PORT=1 run -75 --separate-stderr "$GRID" $verb prefix=hpo. \
		    job=1.1 name=a count=1 "script=$PWD/worker.sh" "log=$PWD/log"
		[ -z "$output" ]
		[[ $stderr == *commlib\ error* ]]
	done
	idle
}

@test "grid: an answer that was lost is none, and the jobs are found" {
	worker
	mkdir stub
	printf '#!/bin/sh\nout=$(%s "$@") && echo "got send error" >&2 && exit 1\n' \
	    "$(type -P qsub)" >stub/qsub
	chmod +x stub/qsub
	run -75 --separate-stderr env PATH="$PWD/stub:$PATH" "$GRID" submit name=hpo.a \
	    count=2 "script=$PWD/worker.sh" "log=$PWD/log"
	[ -z "$output" ]
	run -0 "$GRID" list prefix=hpo.a
	[ "${#lines[@]}" -eq 2 ]
}

@test "grid: a master that hangs gives no answer" {
	worker
	job=$(submit)
	wait_for 20 running "$job.1"
	read -r pid _ <"$BATS_FILE_TMPDIR/grid/sge_qmaster"
	kill -STOP "$pid"
	before=$(now_cs)
	run "$GRID" list prefix=hpo.a
	took=$(($(now_cs) - before))
	kill -CONT "$pid"
	[ "$status" -eq 75 ]
	[[ $output == *'no answer from qstat, whose status was 1'* ]]
	[ "$took" -lt 2000 ]
	wait_for 20 running "$job.1"
}

@test "grid: a campaign runs to its end, also when a worker is deleted" {
	campaign c <<-'EOT'
		[campaign]
		minimize = x
		trials = 6
		[space]
		a = uniform(0, 1)
		[run]
		command = sh train.sh
		[backend]
		workers = 2
		time = 10m
		options = -l h_rt=600
		setup = shopt -q login_shell && echo a login shell
	EOT
	cat >c/train.sh <<-'EOT'
		until [ "$HPO_TRIAL.$HPO_ATTEMPT" != 3.0 ]; do sleep 0.05; done # sleep: a trial
		echo "hpo: x=$HPO_TRIAL"
	EOT
	hpo-dispatch --backend gridengine c
	ended_but_one() {
		[ "$(hpo-dispatch --status c | grep -cxE $'(done\t5|running\t1)')" -eq 2 ]
	}
	interrupted() {
		grep -qs '^status = interrupted' c/hpo/trials/0000/0000003/result.0.*
	}
	wait_for 30 ended_but_one
	grep -qx 'a login shell' c/hpo/backend/0/log.*
	wait_for 20 live hpo. 1 running
	qdel "$("$GRID" list prefix=hpo. | cut -f 1)"
	wait_for 20 interrupted

	tick() {
		hpo-dispatch --backend gridengine c && hpo-dispatch --status c
	}
	wait_for 60 tick
	run -0 hpo-collect c
	[ "$(cut -f 3 <<<"$output" | grep -cx ok)" -eq 6 ]
}

@test "grid: a node that is lost has its workers wait again" {
	worker
	"$CLUSTER/up" "$PWD/grid" >up
	# shellcheck source=/dev/null
	. ./up
	job=$(submit count=2)
	wait_for 20 running "$job.1" "$job.2"
	"$CLUSTER/down" -n grid
	# For a while it is not noticed.
	running "$job.1" "$job.2"
	wait_for 90 listed hpo.a "$job.2|hpo.a|waiting||" "job=$job"
	run -0 "$GRID" list prefix=hpo.a "job=$job" "job=$job.1"
	same "$(t "$job.1|hpo.a|waiting||
$job.2|hpo.a|waiting||")" "$output"
	"$GRID" cancel "job=$job.1" "job=$job.2"
	idle
	"$CLUSTER/down" grid
}
