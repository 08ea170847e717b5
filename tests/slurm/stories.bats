#!/usr/bin/env bats
# What dispatchers have been led astray by: a campaign on a cluster whose
# commands fail, hang and lie comes to its end, and nothing runs twice.
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

# both_run: two workers have a trial each, until `rm c/block`.
both_run() {
	: >c/block
	tick_until runs 2
}

# nothing_was_done: the two first workers have run it all.
nothing_was_done() {
	rm c/block
	tick_to_end 6
	jobs_in 2 COMPLETED
	[ "$CLUSTER_KIND" = real ] || [ "$(calls sbatch)" -eq 1 ]
}

@test "slurm: a campaign runs to its end, and no tick has anything to say" {
	fleet 6 '[slurm]' 'workers = 2'
	tick_to_end 6
	jobs_in 2 COMPLETED
}

# --- submissions that are not what they seem ---------------------------------

@test "slurm: sbatch times out after it was accepted: nothing runs twice" {
	only_fake
	lie -n 1 sbatch accept-fail 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	nothing_was_done
}

@test "slurm: sbatch hangs after it was accepted: nothing runs twice" {
	only_fake
	impatient
	lie -n 1 sbatch accept-hang
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	nothing_was_done
}

@test "slurm: sbatch succeeds without an id: nothing runs twice" {
	only_fake
	lie -n 1 sbatch accept-quiet
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	nothing_was_done
}

# Ten minutes have to pass, of which each look counts as no more than a third
# of the lease: so what was seen is made older before each tick.
@test "slurm: sbatch prints an id and fails: submitted again when none has come in ten minutes" {
	only_fake
	lie -n 1 sbatch id-fail
	fleet 6 '[slurm]' 'workers = 2'
	tick
	tick # has it seen
	for _ in 1 2 3; do
		age 199 missing/
		tick
		[ "$(calls sbatch)" -eq 1 ]
	done
	age 199 missing/
	tick
	[ "$(calls sbatch)" -eq 2 ]
	tick_to_end 6
	[ "$(calls sbatch)" -eq 2 ]
}

@test "slurm: the controller cannot be reached by sbatch: submitted once, ten minutes later" {
	only_fake
	lie -n 1 sbatch fail 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)'
	fleet 2 '[slurm]' 'workers = 2'
	tick
	tick
	for _ in 1 2 3 4; do
		[ "$(calls sbatch)" -eq 1 ]
		age 199 missing/
		tick
	done
	tick_to_end 2
	[ "$(calls sbatch)" -eq 2 ]
}

# --- lists that are not whole ------------------------------------------------

# no_answer WORDS: the tick says so, the next one not again, and the one after
# that finds all as it was.
no_answer() {
	tick_says 75 "hpo-dispatch: slurm list: $1"
	tick_says 75 ''
	truth squeue
	tick
}

@test "slurm: squeue fails: nothing is known, nothing is done" {
	only_fake
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	lie squeue fail 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)'
	no_answer 'slurm_load_jobs error: Unable to contact slurm controller (connect failure); slurm: squeue ended with status 1'
	nothing_was_done
}

# bats test_tags=slurm
@test "slurm: squeue hangs: nothing is known, nothing is done" {
	only_fake
	impatient
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	lie squeue hang
	no_answer 'slurm: squeue did not answer within 15 seconds'
	nothing_was_done
}

@test "slurm: squeue prints garbage: nothing is known, nothing is done" {
	only_fake
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	lie squeue garbage
	no_answer 'slurm: what squeue printed is not whole'
	nothing_was_done
}

@test "slurm: squeue's list is cut off in a line: nothing is known, nothing is done" {
	only_fake
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	lie squeue half
	no_answer 'slurm: what squeue printed is not whole'
	nothing_was_done
}

# bats test_tags=slurm
@test "slurm: the controller is away for a while: all goes on when it is back" {
	impatient
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	controller_hang
	tick_says 75 'hpo-dispatch: slurm list: slurm: squeue did not answer within 15 seconds'
	tick_says 75 ''
	controller_up
	nothing_was_done
}

@test "slurm: squeue lists nothing while workers live: nothing is done" {
	only_fake
	fleet 6 'heartbeat = 0.1s' 'lease = 1s' '[slurm]' 'workers = 2'
	both_run
	lie squeue empty
	ticks 5
	truth squeue
	nothing_was_done
}

# Two looks between two beats of a heart tell nothing of it.
@test "slurm: squeue lists nothing, and hearts beat slowly: nothing is done" {
	only_fake
	fleet 6 '[slurm]' 'workers = 2'
	both_run
	lie squeue empty
	ticks 5
	truth squeue
	nothing_was_done
}

@test "slurm: squeue hides a job: its worker is left alone and not replaced" {
	only_fake
	fleet 6 'heartbeat = 0.1s' 'lease = 10s' '[slurm]' 'workers = 2'
	both_run
	fake hide "$(job_of "$(running | head -n 1)")"
	ticks 5
	[ "$(calls sbatch)" -eq 1 ]
	rm c/block
	tick_until all_ended
	all_counted 6
	[ "$(calls sbatch)" -eq 1 ]
	deserted
}

@test "slurm: a job is gone between two ticks, without accounting: its trial runs again" {
	local lost

	only_fake
	fleet 2 'heartbeat = 0.1s' 'lease = 30s' '[slurm]' 'workers = 2'
	both_run
	lost=$(running | head -n 1)
	fake vanish "$(job_of "$lost")"
	rm c/block
	tick_to_end 2
	same 'lost ok' "$(attempts "$lost")"
}

@test "slurm: all jobs are gone between two ticks, with their records: all goes on" {
	only_fake
	fleet 4 'heartbeat = 0.1s' 'lease = 30s' '[slurm]' 'workers = 2'
	both_run
	fake vanish "$(arrays | head -n 1)"
	rm c/block
	tick_to_end 4
	[ "$(calls sbatch)" -eq 2 ]
}

@test "slurm: jobs are moved to another partition: they are still the campaign's" {
	fleet 4 '[slurm]' 'workers = 2'
	: >c/block
	batch_job 6
	wait_for 30 squeue_shows 6 RUNNING
	tick
	move_job "$(job_list | sed -n '1s/ .*//p')" scavenge
	tick
	tick
	scancel "$job"
	tick_until runs 2
	rm c/block
	tick_to_end 4
	jobs_in 2 COMPLETED
}

@test "slurm: a state nobody has heard of is no end" {
	only_fake
	fleet 6 'heartbeat = 0.1s' 'lease = 1s' '[slurm]' 'workers = 2'
	both_run
	fake show "$(arrays | head -n 1)" FROBNICATING
	ticks 5
	fake show "$(arrays | head -n 1)" ''
	nothing_was_done
}

@test "slurm: a job that is requeued is the same one: not failed, not submitted again" {
	local id job

	fleet 3 '[slurm]' 'workers = 1'
	sed -i "1i trap '' TERM" c/cmd
	: >c/block
	tick_until runs 1
	id=$(running) job=$(job_of "$id")
	requeue_job "$job"
	tick_until waits_again "$job"
	rm c/block
	tick_to_end 3
	same "$job COMPLETED" "$(job_list | cut -d ' ' -f 1,2)"
	same 'interrupted ok' "$(attempts "$id")"
}

@test "slurm: a job that is preempted starts again: not failed, not submitted again" {
	local id job

	fleet 3 '[slurm]' 'workers = 1' 'partition = scavenge'
	: >c/block
	tick_until runs 1
	id=$(running) job=$(job_of "$id")
	preempt_job "$job"
	tick_until waits_again "$job"
	preempt_over
	rm c/block
	tick_to_end 3
	same "$job COMPLETED" "$(job_list | cut -d ' ' -f 1,2)"
	same 'interrupted ok' "$(attempts "$id")"
}
