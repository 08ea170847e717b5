#!/usr/bin/env bats
# What jobs end of, and what that makes of the trials in them and of the
# submissions to come.
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

# one_runs: a campaign of two trials and one worker; sets id, the trial that runs
# in it, and its_job.
one_runs() {
	fleet 2 '[slurm]' 'workers = 1'
	: >c/block
	tick_until runs 1
	id=$(running)
	its_job=$(job_of "$id")
}

# how TRIAL: status and cause of its end.
how() {
	hpo-collect c | awk -F '\t' -v id="$1" '$1 == id { print $3 ": " $4 }'
}

# how_was TRIAL ATTEMPT: the same of one of its attempts.
how_was() {
	awk -F ' = ' '$1 == "status" { s = $2 } $1 == "cause" { print s ": " $2 }' \
		"$(printf 'c/hpo/trials/0000/%07d' "$1")/result.$2".*
}

# trial_of JOB: that runs in it.
trial_of() {
	local file

	file=$(grep -lx "job = $1" c/hpo/running/*/worker.ini)
	compgen -G "${file%/*}/0*" | sed 's/.*[^0]\?0*\([0-9]\)\..*/\1/'
}

# excluded ARRAY: the nodes on which it must not run.
excluded() {
	if [ "$CLUSTER_KIND" = fake ]; then
		sed -n 's/^exclude=//p' "$CLUSTER/jobs/$(printf %07d "$1")".*
	else
		scontrol show job "$1" | sed -n 's/.* ExcNodeList=//p'
	fi | sort -u | grep -v null
}

# --- the job ends ------------------------------------------------------------

@test "slurm: a node fails: its trials run again, its jobs are not replaced; after two losses none goes there" {
	local lost id

	fleet 8 '[slurm]' 'workers = 2'
	: >c/block
	tick_until runs 2
	same 2 "$(job_list | grep -c ' n1$')"
	lost=$(running)
	node_fail n1
	tick_until grep -q ' node/n1 2$' c/hpo/observed/*
	submitted 1
	same '' "$(excluded "$(arrays | head -n 1)")"
	answers 0 '' '' hpo-dispatch --slurm -j 3 c
	submitted 2
	same n1 "$(excluded "$(arrays | tail -n 1)")"
	rm c/block
	tick_to_end 8
	node_back n1
	for id in $lost; do
		same 'lost ok' "$(attempts "$id")"
	done
}

@test "slurm: a job runs out of memory: so has its trial, which is not tried again" {
	only_fake
	one_runs
	fake oom "$its_job"
	rm c/block
	tick_until all_ended
	same 'oom: out of memory' "$(how "$id")"
	tick
	submitted 2
}

@test "slurm: a job's time is over: its trial was interrupted and runs again in another" {
	one_runs
	time_out_job "$its_job"
	tick_until jobs_in 1 TIMEOUT
	rm c/block
	tick_to_end 2
	same 'interrupted ok' "$(attempts "$id")"
	submitted 2
}

@test "slurm: trials go on in the next job where the time of one is over" {
	fleet 12 '[slurm]' 'workers = 3' 'time = 0:03'
	sed -i '1i sleep 0.4' c/cmd
	tick_to_end 12
	same 12 "$(compgen -G 'c/began.*' | wc -l)"
}

# bats test_tags=slurm
@test "slurm: a trial that takes longer than the walltime, twice, has failed" {
	fleet 3 '[slurm]' 'workers = 2' 'time = 0:02'
	: >c/block.1
	tick_until all_ended
	same 'failed: takes longer than the walltime, twice, and keeps no checkpoint' \
		"$(how 1)"
	same 'ok: ' "$(how 0)"
	same 'ok: ' "$(how 2)"
	[ -e c/began.1.1 ]
	[ ! -e c/began.1.2 ]
}

# bats test_tags=slurm
@test "slurm: a trial that keeps a checkpoint goes on for as many walltimes as it takes" {
	fleet 2 '[slurm]' 'workers = 2' 'time = 0:02'
	sed -i 's/^command.*/& {checkpoint}/' c/campaign.ini
	cat >c/cmd <<-'EOT'
		read -r n <"$1/n" || n=0
		while [ "$n" -lt 35 ]; do
			sleep 0.1 # sleep: the command
			echo $((n += 1)) >"$1/new"
			mv "$1/new" "$1/n"
		done
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	tick_to_end 2
	[[ $(attempts 0) == 'interrupted interrupted '*ok ]]
}

# bats test_tags=slurm
@test "slurm: trials longer than the walltime: nothing is submitted for them" {
	fleet 3 '[slurm]' 'time = 0:01'
	sed -i '1i sleep 1.1' c/cmd
	hpo-trial c >out
	run --separate-stderr hpo-dispatch --slurm c
	same 78 "$status"
	[[ $stderr == "hpo-dispatch: c/campaign.ini:"[0-9]*": 'time' is 1 s, of which a worker has 1, but trials take "* ]]
	tick_says 78 ''
	submitted 0
	sed -i 's/^time.*/time = 10/' c/campaign.ini
	tick
	submitted 1
	tick_to_end 3
}

@test "slurm: a trial that kills its worker is given up after three losses, the others end" {
	local i

	fleet 4 '[slurm]' 'workers = 2'
	# shellcheck disable=SC2016 # of the command
	sed -i '1i [ "$HPO_TRIAL" != 2 ] || kill -KILL $PPID' c/cmd
	tick_until all_ended
	same 'lost: job ended: failed' "$(how 2)"
	for i in 0 1 3; do
		same 'ok: ' "$(how "$i")"
	done
	deserted
	# It was not the node.
	same '' "$(excluded "$(arrays | tail -n 1)")"
}

@test "slurm: a job is warned before its end: its trial was interrupted and runs again in another" {
	only_fake
	fleet 2 '[slurm]' 'workers = 1' 'time = 10'
	: >c/block
	tick_until runs 1
	id=$(running)
	fake warn "$(job_of "$id")"
	tick_until jobs_in 1 COMPLETED
	same 'interrupted: end of the walltime' "$(how_was "$id" 0)"
	rm c/block
	tick_to_end 2
	same 'interrupted ok' "$(attempts "$id")"
	submitted 2
}

@test "slurm: a job is preempted and does not start again: another is submitted" {
	fleet 2 '[slurm]' 'workers = 1' 'partition = scavenge' 'no-requeue = yes'
	: >c/block
	tick_until runs 1
	id=$(running)
	preempt_job "$(job_of "$id")"
	wait_for 30 jobs_in 1 PREEMPTED
	preempt_over
	rm c/block
	tick_to_end 2
	same 'interrupted ok' "$(attempts "$id")"
	submitted 2
}

@test "slurm: jobs are preempted before they have claimed anything: nothing is wrong with them" {
	only_fake
	fleet 3 '[slurm]' 'workers = 3' 'partition = scavenge' \
		'no-requeue = yes' "setup = $STAY"
	: >c/starts
	tick_until jobs_in 3 RUNNING
	fake preempt "$(arrays)"
	wait_for 30 jobs_in 3 PREEMPTED
	rm c/starts
	tick_to_end 3
	submitted 2
}

@test "slurm: what a job ended of tells what becomes of its trial" {
	local state i=0 ids array

	only_fake
	fleet 6 '[slurm]' 'workers = 6'
	: >c/block
	tick_until runs 6
	array=$(arrays)
	for i in 0 1 2 3 4 5; do
		ids[i]=$(trial_of "${array}_$i")
	done
	fake oom "$array"
	i=0
	for state in NODE_FAIL BOOT_FAIL PREEMPTED DEADLINE REVOKED TIMEOUT; do
		fake show "${array}_$((i++))" $state
	done
	rm c/block
	tick_to_end 6
	same 'lost: job ended: node' "$(how_was "${ids[0]}" 0)"
	same 'lost: job ended: boot' "$(how_was "${ids[1]}" 0)"
	same 'interrupted: job ended: preempted' "$(how_was "${ids[2]}" 0)"
	same 'interrupted: job ended: preempted' "$(how_was "${ids[3]}" 0)"
	same 'interrupted: job ended: preempted' "$(how_was "${ids[4]}" 0)"
	same 'interrupted: job ended: timeout' "$(how_was "${ids[5]}" 0)"
}

# bats test_tags=slurm
@test "slurm: a node cannot be reached: its trial runs twice, and counts once" {
	fleet 1 'heartbeat = 0.2s' '[slurm]' 'workers = 1'
	: >c/block
	tick_until runs 1
	node_freeze n1
	tick_until [ -e c/began.0.1 ]
	[ -e c/began.0.0 ]
	rm c/block
	tick_until all_ended
	node_thaw n1
	wait_for 30 jobs_in 0 PENDING RUNNING COMPLETING
	tick_to_end 1
	same 'lost ok' "$(attempts 0)"
	submitted 1
}

# --- jobs are held up --------------------------------------------------------

@test "slurm: a suspended job lives, though its heart stands still for many leases" {
	fleet 2 'heartbeat = 0.1s' 'lease = 0.3s' '[slurm]' 'workers = 1'
	: >c/block
	tick_until runs 1
	id=$(running)
	suspend_job "$(job_of "$id")"
	tick_until jobs_in 1 SUSPENDED
	age 100 worker/
	ticks 10
	runs 1
	resume_job "$(job_of "$id")"
	rm c/block
	tick_to_end 2
	same ok "$(attempts "$id")"
	submitted 1
}

@test "slurm: jobs whose launch has failed are told of, and none is submitted in their place" {
	only_fake
	fleet 2 '[slurm]' 'workers = 2' "setup = $STAY"
	: >c/starts
	tick_until jobs_in 2 RUNNING
	fake show "$(arrays)" PENDING 'launch failed requeued held'
	tick_says 1 'hpo-dispatch: c: 2 jobs wait and will not start by themselves: launch failed requeued held'
	tick_says 1 ''
	submitted 1
	fake show "$(arrays)" ''
	rm c/starts
	tick_to_end 2
	submitted 1
}

@test "slurm: jobs that will not start by themselves are told of once" {
	local array

	fleet 2 '[slurm]' 'workers = 2'
	batch_job 6
	wait_for 30 squeue_shows 6 RUNNING
	tick
	array=$(arrays)
	hold_job "$array"
	run --separate-stderr hpo-dispatch --slurm c
	same 1 "$status"
	[[ $stderr == 'hpo-dispatch: c: 2 jobs wait and will not start by themselves: JobHeld'* ]]
	tick_says 1 ''
	submitted 1
	release_job "$array"
	scancel "$job"
	tick_to_end 2
	submitted 1
}

# --- a person ends jobs ------------------------------------------------------

@test "slurm: a job that is cancelled by hand is not replaced while its submission lives" {
	fleet 4 '[slurm]' 'workers = 2'
	: >c/block
	tick_until runs 2
	cancel_job "$(job_of "$(running | head -n 1)")"
	tick_until jobs_in 1 CANCELLED
	tick
	tick
	submitted 1
	rm c/block
	tick_to_end 4
	submitted 1
}

# cancel_and_forget ID: as SLURM does with one that waits, while others of its
# array do; the fake keeps its record until it is told.
cancel_and_forget() {
	cancel_job "$1"
	[ "$CLUSTER_KIND" = real ] || command fake forget "$1"
}

@test "slurm: waiting jobs are cancelled by hand: the same, though SLURM forgets them" {
	local array

	fleet 10 '[slurm]' 'workers = 9'
	: >c/block
	tick_until runs 6
	jobs_in 3 PENDING
	array=$(arrays)
	cancel_and_forget "${array}_6"
	wait_for 30 jobs_in 2 PENDING
	tick
	tick
	tick
	submitted 1
	cancel_and_forget "${array}_7"
	wait_for 30 jobs_in 1 PENDING
	tick
	tick_says 1 'hpo-dispatch: c: 2 jobs were cancelled by hand: the campaign is paused; hpo-dispatch --resume goes on'
	tick_says 1 ''
	rm c/block
	hpo-dispatch --resume c
	tick_to_end 10
}

@test "slurm: two jobs are cancelled by hand: the campaign is paused, said once; --resume goes on" {
	fleet 6 '[slurm]' 'workers = 3'
	: >c/block
	tick_until runs 3
	cancel_job "$(arrays | head -n 1)"_0
	cancel_job "$(arrays | head -n 1)"_2
	wait_for 30 jobs_in 2 CANCELLED
	tick_says 1 'hpo-dispatch: c: 2 jobs were cancelled by hand: the campaign is paused; hpo-dispatch --resume goes on'
	tick_says 1 ''
	rm c/block
	wait_for 30 jobs_in 1 COMPLETED
	tick_says 1 ''
	submitted 1
	hpo-dispatch --resume c
	tick_to_end 6
	jobs_in 2 CANCELLED
}

# --- jobs that are of no use -------------------------------------------------

# broken N MINUTES: the complaint of N jobs; the rest is the last one's name.
broken() {
	run --separate-stderr hpo-dispatch --slurm c
	same 1 "$status"
	[[ $stderr == "hpo-dispatch: c: $1 jobs in a row ended before they claimed a trial, the last of them hpo."*"; more are submitted in $2 minutes; their output is in 'c/hpo/slurm/failed'"* ]]
}

@test "slurm: three jobs die at their start: said once, and more only after a while" {
	fleet 3 '[slurm]' 'workers = 3' 'setup = echo no such module; exit 1'
	tick
	wait_for 30 jobs_in 3 FAILED
	broken 3 15
	[[ $stderr == *': no such module' ]]
	tick_says 1 ''
	tick_says 1 ''
	submitted 1
	same 'no such module' "$(cat c/hpo/slurm/failed/log.1)"
	age 901 count/slurm.broken
	tick
	wait_for 30 jobs_in 6 FAILED
	broken 6 30
	tick_says 1 ''
	submitted 2
}

@test "slurm: three jobs die at their start, the campaign is mended: it goes on at once" {
	fleet 3 '[slurm]' 'workers = 3' 'setup = exit 1'
	tick
	wait_for 30 jobs_in 3 FAILED
	broken 3 15
	tick_says 1 ''
	sed -i 's/^setup.*/setup = true/' c/campaign.ini
	tick_to_end 3
	submitted 2
}

@test "slurm: a submission that is refused is told once, with its line, and tried again when that is mended" {
	local line

	fleet 2 '[slurm]' 'workers = 2' 'partition = nonsense'
	line=$(grep -n partition c/campaign.ini | cut -d : -f 1)
	run --separate-stderr hpo-dispatch --slurm c
	same 78 "$status"
	[[ $stderr == "hpo-dispatch: c/campaign.ini:$line: jobs are refused: "*'sbatch: error: Batch job submission failed: Invalid partition name specified' ]]
	tick_says 1 ''
	tick_says 1 ''
	[ "$CLUSTER_KIND" = real ] || [ "$(calls sbatch)" -eq 1 ]
	age 901 count/slurm.refused
	tick_says 78 ''
	tick_says 1 ''
	[ "$CLUSTER_KIND" = real ] || [ "$(calls sbatch)" -eq 2 ]
	sed -i 's/^partition.*/partition = main/' c/campaign.ini
	tick_to_end 2
	submitted 1
}
