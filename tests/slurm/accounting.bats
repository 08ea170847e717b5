#!/usr/bin/env bats
# What accounting adds: it tells of jobs that squeue has forgotten, late, or not
# at all, or of others with the same number; and its limits refuse submissions.
#
# once for each: HPO_SLURM=fake HPO_SLURM=real

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load slurm
load campaign

# squeue forgets a job two seconds after its end; four may wait or run.
setup_file() {
	slurm_up -l 4 -n 2 -c 2 -o MinJobAge=2
}

teardown_file() {
	slurm_down
}

# both_run: two workers have a trial each, until `rm c/block`.
both_run() {
	: >c/block
	tick_until runs 2
}

# forgotten ID: squeue does not know the job any more, and sacct has its end.
forgotten() {
	! job_list | grep -q "^$1 " &&
		[[ $(sacct -X -P -n -S now-7days -u "$(id -un)" -j "$1" -o State) != RUNNING ]]
}

# cancel_and_forget ID
cancel_and_forget() {
	cancel_job "$1"
	[ "$CLUSTER_KIND" = real ] || {
		command fake record "$1" 'CANCELLED by 1234' 0:0
		wait_for 30 jobs_in 0 RUNNING COMPLETING
		command fake forget "$1"
	}
	wait_for 30 forgotten "$1"
}

@test "slurm: squeue has forgotten that jobs were cancelled, accounting has not: paused" {
	fleet 2 '[slurm]' 'workers = 1'
	: >c/block
	tick_until runs 1
	cancel_and_forget "$(job_of "$(running)")"
	tick_until runs 1
	cancel_and_forget "$(job_of "$(running)")"
	tick_says 1 'hpo-dispatch: c: 2 jobs were cancelled by hand: the campaign is paused; hpo-dispatch --resume goes on'
	tick_says 1 ''
	hpo-dispatch --resume c
	rm c/block
	tick_until all_ended
	all_counted 2
}

@test "slurm: a cancelled job is not replaced when squeue has forgotten it, either" {
	local job

	fleet 4 '[slurm]' 'workers = 2'
	both_run
	job=$(job_of "$(running | head -n 1)")
	cancel_job "$job"
	tick_until jobs_in 1 CANCELLED
	tick # has it seen
	[ "$CLUSTER_KIND" = real ] || command fake forget "$job"
	wait_for 30 forgotten "$job"
	tick
	tick
	tick
	submitted 1
	rm c/block
	tick_until all_ended
	all_counted 4
}

@test "slurm: squeue has forgotten a job that ran out of memory, accounting has not: its trial has failed" {
	only_fake
	fleet 2 '[slurm]' 'workers = 2'
	both_run
	id=$(running | head -n 1)
	job=$(job_of "$id")
	fake oom "$job"
	fake forget "$job"
	rm c/block
	tick_until all_ended
	same oom "$(hpo-collect c | awk -F '\t' -v id="$id" '$1 == id { print $3 }')"
}

@test "slurm: accounting is late: nothing is concluded before it tells" {
	only_fake
	fleet 2 '[slurm]' 'workers = 2'
	both_run
	id=$(running | head -n 1)
	job=$(job_of "$id")
	lie -n 3 sacct none
	fake oom "$job"
	fake forget "$job"
	for _ in 1 2 3 4; do
		tick
	done
	same 3 "$(calls sacct)"
	[ -n "$(running_token "$id")" ]
	rm c/block
	tick_until all_ended
	same oom "$(hpo-collect c | awk -F '\t' -v id="$id" '$1 == id { print $3 }')"
}

# bats test_tags=slurm
@test "slurm: accounting hangs: all goes on without it" {
	only_fake
	impatient
	fleet 2 'heartbeat = 0.1s' 'lease = 30s' '[slurm]' 'workers = 2'
	both_run
	lie sacct hang
	fake vanish "$(arrays)"
	rm c/block
	tick_until all_ended
	all_counted 2
}

@test "slurm: accounting knows another's job of the same number: it is not taken for ours" {
	only_fake
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	array=$(arrays)
	fake hide "$array"
	fake record "$array" COMPLETED 0:0 another
	ticks 5
	fake record "$array" COMPLETED 0:0 '' nobody
	ticks 5
	[ "$(calls sacct)" -ge 10 ]
	[ "$(calls sbatch)" -eq 1 ]
	rm c/block
	tick_until all_ended
	all_counted 6
	[ ! -e c/began.0.1 ]
	[ "$(calls sbatch)" -eq 1 ]
}

@test "slurm: the controller has lost jobs and gives their numbers to others: these are not ours" {
	only_fake
	fleet 3 'heartbeat = 0.1s' 'lease = 30s' '[slurm]' 'workers = 2'
	both_run
	fake recycle "$(arrays)"
	batch_job 2
	wait_for 30 squeue_shows 2 RUNNING
	rm c/block
	tick_until all_ended
	all_counted 3
	tick
	squeue_shows 2 RUNNING
}

@test "slurm: there is a limit of submitted jobs: that is no error, and all trials end" {
	fleet 12 '[slurm]' 'workers = 9'
	: >c/block
	tick_until runs 4
	for _ in 1 2 3 4 5; do
		tick
		[ "$(live_jobs)" -le 4 ]
	done
	rm c/block
	tick_until all_ended
	all_counted 12
}
