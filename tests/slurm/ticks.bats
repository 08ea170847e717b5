#!/usr/bin/env bats
# What a tick submits and what it passes on; ticks that meet or are killed,
# campaigns side by side, and what pilots hear.
#
# once for each: HPO_SLURM=fake HPO_SLURM=real

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load slurm
load campaign

setup_file() {
	slurm_up -n 3 -c 2
}

teardown_file() {
	slurm_down
}

# sizes: of how many jobs each submission is, while none has been cancelled.
sizes() {
	job_list | sed 's/[_ ].*//' | uniq -c | awk '{ print $1 }' | paste -s -d ' '
}

# --- how many ----------------------------------------------------------------

# bats test_tags=slurm
@test "slurm: fifty workers where an array can be of 21: three submissions" {
	fleet 60 '[slurm]' 'workers = 50'
	: >c/block
	tick
	same '21 21 8' "$(sizes)"
	tick
	rm c/block
	tick_to_end 60
	submitted 3
}

# 30 are refused, so that 15 are tried at the next tick, and those are taken.
# bats test_tags=slurm
@test "slurm: the site allows smaller arrays than it did: all trials end, nothing is said" {
	fleet 30 '[slurm]' 'workers = 30'
	hpo-dispatch --pause c
	tick_says 1 ''
	sed -i 's/^array	21$/array	100/' c/hpo/slurm/limits
	grep -q 100 c/hpo/slurm/limits
	hpo-dispatch --resume c
	tick
	same '' "$(job_list)"
	tick
	same '15 15' "$(sizes)"
	tick_to_end 30
}

@test "slurm: jobs of a trial each: as many as there are trials, so many at a time" {
	fleet 7 '[slurm]' 'workers = 2' 'mode = array'
	: >c/block
	tick_until runs 2
	tick
	same 7 "$(sizes)"
	jobs_in 2 RUNNING
	jobs_in 5 PENDING
	rm c/block
	tick_to_end 7
	jobs_in 7 COMPLETED
}

@test "slurm: jobs that have started and not claimed yet are not submitted again" {
	fleet 2 '[slurm]' 'workers = 3' 'mode = array' "setup = $STAY"
	: >c/starts
	tick_until jobs_in 2 RUNNING
	tick
	tick
	submitted 1
	rm c/starts
	tick_to_end 2
	jobs_in 2 COMPLETED
}

@test "slurm: a third of the trials fails: the others are no worse for it" {
	local i

	fleet 9 '[slurm]' 'workers = 2'
	# shellcheck disable=SC2016 # of the command
	sed -i '1i [ $((HPO_TRIAL % 3)) -gt 0 ] || exit 3' c/cmd
	tick_until all_over
	tick
	same "$(for i in 0 1 2 3 4 5 6 7 8; do
		((i % 3)) && echo "$i ok " || echo "$i failed exit 3"
	done)" "$(hpo-collect c | awk -F '\t' 'NR > 1 { print $1, $3, $4 }')"
	jobs_in 2 COMPLETED
	deserted
}

@test "slurm: several workers in a job" {
	only_real
	fleet 8 '[slurm]' 'workers = 4' 'job_workers = 2' 'ntasks = 2'
	: >c/block
	tick_until runs 4
	jobs_in 2 RUNNING
	rm c/block
	tick_to_end 8
	jobs_in 2 COMPLETED
}

# --- what is passed on -------------------------------------------------------

@test "slurm: what an allocation left in the environment steers nothing" {
	export SBATCH_PARTITION=nonsense SBATCH_ARRAY_INX=7 SLURM_JOB_ID=77 \
		SLURM_ARRAY_TASK_ID=3 SLURM_CPU_BIND=quiet SQUEUE_STATES=FAILED \
		SQUEUE_USERS=nobody SACCT_FORMAT=JobID SCANCEL_STATE=PENDING \
		PMI_RANK=1 PMIX_RANK=1 SRUN_CPUS_PER_TASK=9
	[ "$CLUSTER_KIND" = real ] || export SLURM_CONF=$PWD/slurm.conf
	fleet 3 '[slurm]' 'workers = 1'
	# shellcheck disable=SC2016 # of the command
	sed -i '1i echo "$SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID $SLURM_CPU_BIND" >env' c/cmd
	tick_until all_ended
	unset "${!SBATCH_@}" "${!SQUEUE_@}"
	tick_to_end 3
	same "$(arrays) 0 " "$(cat c/env)"
	[ "$CLUSTER_KIND" = fake ] || return 0
	call_env 1 | grep -E '^(SLURM|SBATCH|SQUEUE|SACCT|SCANCEL|SRUN|PMI)' >left
	same "SLURM_CONF=$PWD/slurm.conf" "$(cat left)"
}

@test "slurm: the caller's environment is the job's with environment = all alone" {
	export MARK=here
	CAMPAIGN=none fleet 1 '[slurm]' 'workers = 1'
	CAMPAIGN=all fleet 1 '[slurm]' 'workers = 1' 'environment = all'
	for CAMPAIGN in none all; do
		# shellcheck disable=SC2016 # of the command
		sed -i '1i echo "$MARK" >env' $CAMPAIGN/cmd
		tick_to_end 1
	done
	same '' "$(cat none/env)"
	same here "$(cat all/env)"
}

@test "slurm: values of options arrive as they are, and are never run" {
	# shellcheck disable=SC2016 # not to be run
	local value='a,b c; $(touch ran) `touch ran` "q" '\''q'\'' %j \ *'

	fleet 1 '[slurm]' 'workers = 1' "comment = $value" 'constraint ='
	sed -i '/^constraint/d' c/campaign.ini
	tick_to_end 1
	if [ "$CLUSTER_KIND" = fake ]; then
		call_words sbatch 1 | grep -qxF -e "--comment=$value"
	else
		same "$value" "$(scontrol show job "$(arrays | head -n 1)" |
			sed -n 's/^ *Comment=\(.*\) $/\1/p')"
	fi
	same '' "$(find . -name ran)"
}

# --- pilots ------------------------------------------------------------------

# signal_pilot TRIAL SIGNAL...: send them to the worker of the trial.
signal_pilot() {
	local job signal pid

	job=$(job_of "$1")
	pid=$(sed -n 's/^pid = //p' "$(dirname "$(running_token "$1")")/worker.ini")
	shift
	for signal; do
		if [ "$CLUSTER_KIND" = fake ]; then
			kill -s "$signal" "$pid" 2>/dev/null || :
		else
			scancel --batch --signal="$signal" "$job" 2>/dev/null || :
		fi
	done
}

@test "slurm: pilots hear CONT, TERM, USR1, USR2 in any order: no trial is the worse for it" {
	local orders=('CONT TERM USR1 USR2' 'USR1 CONT TERM USR2' \
	    'USR2 USR1 TERM CONT' 'TERM USR2 CONT USR1' 'USR1 USR2 CONT TERM' \
	    'TERM TERM USR1 USR1') i

	fleet 6 '[slurm]' 'workers = 6'
	: >c/block
	tick_until runs 6
	for i in 0 1 2 3 4 5; do
		# shellcheck disable=SC2086 # words wanted
		signal_pilot $i ${orders[i]}
	done
	wait_for 30 jobs_in 0 RUNNING COMPLETING
	rm c/block
	tick_to_end 6
	for i in 0 1 2 3 4 5; do
		same 'interrupted ok' "$(attempts $i)"
	done
}

@test "slurm: a node needs no command of SLURM" {
	local command

	mkdir tools
	for command in sbatch squeue sacct scancel scontrol sinfo srun; do
		# shellcheck disable=SC2016 # of the script
		printf '#!/bin/sh\necho "$0 $*" >>"%s/asked"\nexit 1\n' "$PWD" \
			>tools/$command
		chmod +x tools/$command
	done
	ln -s "$(command -v sleep)" tools
	fleet 3 '[slurm]' 'workers = 2' "setup = PATH=$PWD/tools"
	tick_to_end 3
	[ ! -e asked ]
}

@test "slurm: a pilot that finds nothing left ends at once" {
	fleet 3 '[slurm]' 'workers = 3'
	: >c/block.1
	tick_until jobs_in 2 COMPLETED
	jobs_in 1 RUNNING
	same 1 "$(running)"
	rm c/block.1
	tick_to_end 3
	same 3 "$(sizes)"
}

@test "slurm: --drain: pilots end after their trials, what waits is cancelled" {
	fleet 10 '[slurm]' 'workers = 8'
	: >c/block
	tick_until runs 6
	jobs_in 2 PENDING
	hpo-dispatch --drain c
	tick_says 1 ''
	wait_for 10 jobs_in 0 PENDING
	jobs_in 6 RUNNING
	tick_says 1 ''
	rm c/block
	wait_for 30 jobs_in 6 COMPLETED
	tick_says 1 ''
	deserted
	same 7 "$(hpo-collect c | wc -l)"
	hpo-dispatch --resume c
	tick_to_end 10
}

@test "slurm: --stop: pilots interrupt their trials, what waits is cancelled" {
	fleet 8 'heartbeat = 0.2s' '[slurm]' 'workers = 8'
	: >c/block
	tick_until runs 6
	hpo-dispatch --stop c
	tick_says 1 ''
	wait_for 30 jobs_in 0 PENDING RUNNING COMPLETING
	submitted 1
	tick_says 1 ''
	deserted
	same 1 "$(hpo-collect c | wc -l)"
	rm c/block
	hpo-dispatch --resume c
	tick_to_end 8
}

@test "slurm: --pause: pilots end after their trials and none are submitted until --resume" {
	fleet 6 '[slurm]' 'workers = 2'
	: >c/block
	tick_until runs 2
	hpo-dispatch --pause c
	rm c/block
	wait_for 30 jobs_in 2 COMPLETED
	tick_says 1 ''
	tick_says 1 ''
	same 2 "$(sizes)"
	same 3 "$(hpo-collect c | wc -l)"
	hpo-dispatch --resume c
	tick_to_end 6
	same '2 2' "$(sizes)"
}

# --- ticks that meet ---------------------------------------------------------

@test "slurm: ten ticks at once submit once" {
	local i pids=()

	fleet 6 '[slurm]' 'workers = 3'
	: >c/block
	for i in 0 1 2 3 4 5 6 7 8 9; do
		hpo-dispatch --slurm c >out.$i 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	same '' "$(cat out.*)"
	tick_until runs 3
	same 3 "$(sizes)"
	rm c/block
	tick_to_end 6
	submitted 1
}

# Where it dies between its ticket and sbatch it is ten minutes before another
# knows that there was none: so what has been seen of that is made older.
# bats test_tags=slurm
@test "slurm: ticks are killed at any moment: never too many workers, and the campaign ends" {
	local i pid left

	fleet 30 '[slurm]' 'workers = 2' 'mode = pilot' 'time = 0:02'
	sed -i '1i sleep 0.2' c/cmd
	for ((i = 0; i < 40; i++)); do
		hpo-dispatch --slurm c >out 2>&1 3>&- &
		pid=$!
		left=$((RANDOM % 1500))
		while ((left-- > 0)) && kill -0 $pid 2>/dev/null; do
			:
		done
		kill -KILL $pid 2>/dev/null || :
		wait $pid || :
		same '' "$(cat out)"
		[ "$(live_jobs)" -le 2 ]
		age 60 missing/
	done
	while ! all_over; do
		tick
		[ "$(live_jobs)" -le 2 ]
		age 60 missing/
	done
	tick_to_end 30
}

@test "slurm: --watch goes on to the end" {
	fleet 6 '[slurm]' 'workers = 2'
	answers 0 '' '' hpo-dispatch --slurm --watch 0.3s c
	all_counted 6
	deserted
	jobs_in 2 COMPLETED
}

@test "slurm: --watch sits through a controller that does not answer" {
	only_fake
	fleet 6 '[slurm]' 'workers = 2'
	lie -n 3 squeue fail 'slurm_load_jobs error: Socket timed out'
	answers 0 '' 'hpo-dispatch: slurm list: slurm_load_jobs error: Socket timed out; slurm: squeue ended with status 1' \
		hpo-dispatch --slurm --watch 0.1s c
	all_counted 6
}

# --- campaigns that meet -----------------------------------------------------

@test "slurm: two campaigns at once do not mix" {
	CAMPAIGN=a fleet 4 '[slurm]' 'workers = 2'
	CAMPAIGN=b fleet 4 '[slurm]' 'workers = 3'
	for CAMPAIGN in a b; do
		: >$CAMPAIGN/block
		tick
	done
	CAMPAIGN=a tick_until runs 2
	CAMPAIGN=b tick_until runs 3
	hpo-dispatch --stop a
	for CAMPAIGN in a b; do
		sed -i 's/^heartbeat.*//' $CAMPAIGN/campaign.ini
	done
	CAMPAIGN=a tick_says 1 ''
	CAMPAIGN=b tick
	CAMPAIGN=b runs 3
	CAMPAIGN=b jobs_in 3 RUNNING
	hpo-dispatch --resume a
	rm a/block b/block
	CAMPAIGN=a tick_to_end 4
	CAMPAIGN=b tick_to_end 4
	CAMPAIGN=b jobs_in 3 COMPLETED
}

@test "slurm: a copied campaign does not take the original's jobs for its own" {
	fleet 8 'heartbeat = 0.2s' 'lease = 3s' '[slurm]' 'workers = 8'
	: >c/block
	tick_until runs 6
	jobs_in 2 PENDING
	cp -r c d
	rm d/block
	hpo-dispatch --stop d
	CAMPAIGN=d tick_says 1 ''
	tick
	jobs_in 2 PENDING
	jobs_in 6 RUNNING
	hpo-dispatch --resume d
	CAMPAIGN=d tick
	same '8 2' "$(sizes)"
	rm c/block
	tick_until all_ended
	all_counted 8
	CAMPAIGN=d tick_to_end 8
	tick
}
