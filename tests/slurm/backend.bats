#!/usr/bin/env bats
# share/backends/slurm, by its contract, hpo-backend(7): what it asks SLURM's
# commands for, and what it makes of their answers.
# once for each: HPO_SLURM=fake HPO_SLURM=real

# shellcheck disable=SC2016 # much here is expanded by another shell
bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
load slurm
load backend

# --- limits ------------------------------------------------------------------

@test "backend slurm: an array has MaxArraySize workers, from which a job is known" {
	slurm_up -n 1 -c 1
	# shellcheck disable=SC2016 # expanded in the job
	answers 0 'array	21
export	HPO_JOB_ID=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}
export	HPO_JOB_RESTART=${SLURM_RESTART_COUNT:-0}
export	HPO_JOB_NODE=${SLURMD_NODENAME:-}
export	HPO_JOB_QUEUE=${SLURM_JOB_PARTITION:-}' '' "$BACKEND" limits
}

@test "backend slurm: max_array_tasks may be less than MaxArraySize" {
	slurm_up -n 1 -c 1 -o max_array_tasks=5
	run -0 "$BACKEND" limits
	[ "${lines[0]}" = 'array	5' ]
	submit 5
	run -1 --separate-stderr submit 6
}

@test "backend slurm: where there are no arrays a worker is a job of its own" {
	slurm_up -n 1 -c 1 -o MaxArraySize=0
	run -0 "$BACKEND" limits
	[ "${lines[0]}" = 'array	1' ]
	eval "$(sed -n 's/^export	\(HPO_JOB_ID=\)\(.*\)/id() { echo "\2"; }/p' <<<"$output")"
	submit 1 -- --hold
	is "$job" stuck
	same "$job" "$(SLURM_JOB_ID=$job id)"
	release_job "$job"
	wait_for 60 is "$job" running
	wait_for 60 test -e log.0
	run -1 --separate-stderr submit 2
	"$BACKEND" cancel job="$job"
	wait_for 60 is "$job" ended 'cancelled .*'
}

# --- submit ------------------------------------------------------------------

@test "backend slurm: 21 workers are one submission where MaxArraySize is 21" {
	slurm_up -n 2 -c 2
	submit 21
	[[ $job =~ ^[0-9]+$ ]]
	same "$(printf "${job}_%s\n" {0..20} | sort)" "$(list | cut -f 1 | sort)"
	same 'hpo.t' "$(list | cut -f 2 | sort -u)"
	wait_for 60 are 4 running
	are 17 waiting
	# The 22nd is one too many: then there are none.
	run -1 --separate-stderr submit 22
	same 21 "$(list | wc -l)"
}

@test "backend slurm: paths and options of any characters are taken literally" {
	slurm_up -n 1 -c 4
	dir="it's 50% %a %%, \$(touch x); \`touch x\` \"&|"
	mkdir "$dir"
	cd "$dir"
	script 'pwd' 'echo "$SLURM_JOB_NAME $0"' 'exec sleep 600'
	mv s "s '%j'"
	echo before >"l %a.1"
	run -0 --separate-stderr "$BACKEND" submit name=hpo.t count=2 \
		script="s '%j'" log="l %a" -- \
		--comment='$(touch x) `touch x` ; a,b [64,64]'
	[ -z "$stderr" ]
	wait_for 60 grep -qs hpo.t 'l %a.0'
	wait_for 60 grep -qs hpo.t 'l %a.1'
	same "$PWD" "$(head -n 1 'l %a.0')"
	same "before
$PWD" "$(head -n 2 'l %a.1')"
	[ ! -e x ]
	[ ! -e ../x ]
}

@test "backend slurm: a path with a backslash is refused" {
	slurm_up
	script
	answers 78 '' \
		"slurm: log=$PWD/a\b: SLURM cannot write to a path with a backslash" \
		"$BACKEND" submit name=hpo.t count=1 script=s 'log=a\b'
}

@test "backend slurm: a job starts with a login environment, or the caller's" {
	slurm_up -n 1 -c 4
	script 'env' 'echo END'
	export CALLER=here
	submit 1
	wait_for 60 grep -qs '^END' log.0
	! grep '^CALLER=' log.0 || false
	# Only root can start a login for a user.
	[ "$(id -u)" -ne 0 ] || grep '^HOME=' log.0
	rm log.0
	submit 1 environment=all
	wait_for 60 grep -qs '^END' log.0
	grep -x CALLER=here log.0
}

@test "backend slurm: what a job exports is what the list says of it" {
	slurm_up -n 1 -c 4
	script "$("$BACKEND" limits | sed -n 's/^export	\([^=]*=\)\(.*\)/export \1"\2"/p')" \
		'env | grep ^HPO_JOB_ | sort' 'echo END' 'exec sleep 600'
	submit 2 -- --partition=short --time=1
	wait_for 60 grep -qs '^END' log.1
	same "HPO_JOB_ID=${job}_1
HPO_JOB_NODE=n1
HPO_JOB_QUEUE=short
HPO_JOB_RESTART=0
END" "$(cat log.1)"
	wait_for 60 is "${job}_1" running
	same "${job}_1	hpo.t	running	n1	" "$(list | grep _1)"
}

@test "backend slurm: the warning is for the worker in the batch script's place" {
	slurm_up -n 1 -c 4
	# shellcheck disable=SC2016 # for the shell of the job
	script 'exec sh -c "
		trap \"echo warned; exit 3\" USR1
		echo ready
		while sleep 0.1; do :; done"'
	submit 1 warn=50 -- --time=1
	wait_for 60 grep -qs ready log.0
	warn_job "${job}_0"
	wait_for 100 grep -q warned log.0
	wait_for 60 is "${job}_0" ended 'failed FAILED .*'
}

@test "backend slurm: throttle says how many run at a time" {
	slurm_up -n 1 -c 4
	submit 3 throttle=1
	wait_for 60 is "${job}_0" running
	wait_for 60 is "${job}_2" waiting JobArrayTaskLimit
	are 1 running
}

@test "backend slurm: the user's excluded nodes and ours are excluded" {
	slurm_up -n 4 -c 4
	submit 2 exclude=n1 exclude= -- --exclude=n2 -x n3
	wait_for 60 are 2 running
	same n4 "$(list | cut -f 4 | sort -u)"
	[ "$CLUSTER_KIND" = fake ] || return 0
	same --exclude=n1,n2,n3 "$(call_words sbatch 1 | grep exclude)"
	submit 1 exclude=n1,n2 -- -xn3 --nice
	same '--exclude=n1,n2,n3
--nice' "$(call_words sbatch 2 | grep -e exclude -e nice)"
}

@test "backend slurm: what SLURM refuses for good it refuses in SLURM's words" {
	slurm_up -n 1 -c 1
	script
	run -78 --separate-stderr submit 1 -- --partition=nowhere
	[ -z "$output" ]
	[[ $stderr == *'Invalid partition name specified' ]]
	echo 'no script' >s
	run -78 --separate-stderr submit 1
	[[ $stderr == *'This does not look like a batch script'* ]]
	run -78 --separate-stderr "$BACKEND" submit name=hpo.t count=1 \
		script=nope log=l
	[[ $stderr == *'Unable to open file nope' ]]
	same '' "$(list)"
}

@test "backend slurm: no room for so many jobs is no error" {
	slurm_up -n 1 -c 1 -l 4
	submit 3
	run -1 --separate-stderr submit 2
	[ -z "$output" ]
	[[ $stderr == *SubmitJob*'Job violates accounting/QOS policy'* ]]
	same 3 "$(list | wc -l)"
	submit 1
	same 4 "$(list | wc -l)"
}

@test "backend slurm: where sbatch would wait for room it is ended" {
	if [ "$CLUSTER_KIND" = real ]; then
		slurm_up -n 1 -c 1 -o MaxJobCount=3
	else
		slurm_up
		lie -n 1 sbatch retry
	fi
	start=$(now_cs)
	run -1 --separate-stderr submit 4
	[ $(($(now_cs) - start)) -lt 1000 ]
	[ -z "$output" ]
	[ "$stderr" = 'sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying' ]
	same '' "$(list)"
	submit 1
	same 1 "$(list | wc -l)"
}

# --- list --------------------------------------------------------------------

@test "backend slurm: jobs by others' names are not ours, whatever these are" {
	slurm_up -n 1 -c 8
	script 'exec sleep 600'
	for name in other hpo 'a|hpo.t|RUNNING' '7_1|hpo.t|RUNNING|n1|None|.' \
		'x hpo.'; do
		sbatch -J "$name" -o /dev/null s
	done
	[ "$CLUSTER_KIND" = fake ] || sbatch -J $'a\n9|hpo.t|RUNNING|' -o /dev/null s
	same '' "$(list)"
	submit 1
	wait_for 60 is "${job}_0" running
	same 1 "$(list | wc -l)"
	same "${job}_0	hpo.t	running	n1	" "$("$BACKEND" list prefix=hpo.t)"
	same '' "$("$BACKEND" list prefix=hpo.tt)"
}

@test "backend slurm: a worker has one name while it waits, runs and has ended" {
	slurm_up -n 1 -c 1
	script 'read -r code <go' 'exit $code'
	mkfifo go
	submit 2
	wait_for 60 is "${job}_0" running
	is "${job}_1" waiting
	echo 0 >go
	wait_for 60 is "${job}_0" ended 'done COMPLETED.*'
	wait_for 60 is "${job}_1" running
	echo 3 >go
	wait_for 60 is "${job}_1" ended 'failed FAILED.*'
}

@test "backend slurm: a job that a person cancels has ended as cancelled" {
	slurm_up -n 1 -c 1
	submit 2
	wait_for 60 is "${job}_0" running
	cancel_job "${job}_1"
	cancel_job "${job}_0"
	wait_for 60 is "${job}_0" ended 'cancelled CANCELLED.*'
	wait_for 60 is "${job}_1" ended 'cancelled CANCELLED.*'
}

@test "backend slurm: a job that is started again waits meanwhile" {
	slurm_up -n 1 -c 4
	script "$("$BACKEND" limits | sed -n 's/^export	\([^=]*=\)\(.*\)/export \1"\2"/p')" \
		'echo "$HPO_JOB_ID $HPO_JOB_RESTART"' 'exec sleep 600'
	submit 1
	wait_for 60 grep -qs . log.0
	wait_for 60 is "${job}_0" running
	requeue_job "${job}_0"
	wait_for 60 is "${job}_0" waiting
	wait_for 60 is "${job}_0" running
	wait_for 60 grep -qx "${job}_0 1" log.0
	same "${job}_0 0" "$(head -n 1 log.0)"
}

@test "backend slurm: the jobs of a node that fails wait, or have ended" {
	slurm_up -n 2 -c 2
	submit 4
	wait_for 60 are 4 running
	kept=$job
	submit 1 -- --no-requeue --nodelist=n2
	cancel_job "$(list | awk -F '\t' '$4 == "n2" { print $1 }' | head -n 1)"
	wait_for 60 is "${job}_0" running
	node_fail n2
	wait_for 60 is "${job}_0" ended 'node NODE_FAIL.*'
	wait_for 60 are 1 waiting
	same 3 "$(list | grep "^${kept}_" | grep -cv ended)"
	node_back n2
	wait_for 60 are 3 running
}

@test "backend slurm: a job that makes way for another waits" {
	slurm_up -n 1 -c 4
	submit 1 -- --partition=scavenge
	wait_for 60 is "${job}_0" running
	preempt_job "${job}_0"
	wait_for 60 is "${job}_0" waiting
	preempt_over
	wait_for 60 is "${job}_0" running
	submit 1 -- --partition=scavenge --no-requeue
	wait_for 60 is "${job}_0" running
	preempt_job "${job}_0"
	wait_for 60 is "${job}_0" ended 'preempted PREEMPTED.*'
}

@test "backend slurm: a job whose time is over has ended as timeout" {
	slurm_up -n 1 -c 4
	submit 1
	wait_for 60 is "${job}_0" running
	time_out_job "${job}_0"
	wait_for 100 is "${job}_0" ended 'timeout TIMEOUT.*'
}

@test "backend slurm: suspended, held, moved" {
	slurm_up -n 1 -c 1
	submit 1
	wait_for 60 is "${job}_0" running
	suspend_job "${job}_0"
	wait_for 60 is "${job}_0" suspended
	resume_job "${job}_0"
	wait_for 60 is "${job}_0" running
	cancelled=$job
	submit 1
	hold_job "${job}_0"
	wait_for 60 is "${job}_0" stuck JobHeldUser
	move_job "${job}_0" urgent
	wait_for 60 is "${job}_0" stuck JobHeldUser
	release_job "${job}_0"
	cancel_job "$cancelled"
	wait_for 60 is "${job}_0" running
	submit 1 -- --time=100
	wait_for 60 is "${job}_0" stuck PartitionTimeLimit
}

@test "backend slurm: list: no answer is not an empty one" {
	slurm_up -n 1 -c 4
	submit 2
	controller_down
	run -75 --separate-stderr "$BACKEND" list prefix=hpo.
	[ -z "$output" ]
	[[ $stderr == *'Unable to contact slurm controller (connect failure)'* ]]
	run -75 --separate-stderr "$BACKEND" limits
	[ -z "$output" ]
	run -75 --separate-stderr "$BACKEND" cancel "job=${job}_0"
	run -75 --separate-stderr submit 1
	[ -z "$output" ]
	controller_up
	wait_for 60 is "${job}_0" running
}

@test "backend slurm: a controller that hangs gives no answer" {
	slurm_up -n 1 -c 4
	submit 2
	[ "$CLUSTER_KIND" = real ] || impatient
	controller_hang
	run -75 --separate-stderr "$BACKEND" list prefix=hpo.
	[ -z "$output" ]
	run -75 --separate-stderr "$BACKEND" limits
	[ -z "$output" ]
	# A real one may do these two later.
	run -75 --separate-stderr "$BACKEND" cancel "job=${job}_1"
	run -75 --separate-stderr submit 1
	[ -z "$output" ]
	controller_up
	wait_for 60 is "${job}_0" running
}

@test "backend slurm: an empty list is passed on as empty" {
	slurm_up -n 1 -c 4
	answers 0 '' '' "$BACKEND" list prefix=hpo.
	[ "$CLUSTER_KIND" = fake ] || return 0
	submit 2
	lie -n 1 squeue empty
	answers 0 '' '' "$BACKEND" list prefix=hpo.
	same 2 "$(list | wc -l)"
}

@test "backend slurm: what squeue has forgotten the accounting knows" {
	slurm_up -n 1 -c 4 -a -o MinJobAge=2
	script 'exit $SLURM_ARRAY_TASK_ID'
	submit 2
	wait_for 60 is "${job}_0" ended 'done COMPLETED.*'
	wait_for 60 is "${job}_1" ended 'failed FAILED.*'
	[ "$CLUSTER_KIND" = real ] || fake forget "$job"
	nothing() { [ -z "$(list)" ]; }
	wait_for 100 nothing
	same "${job}_0	hpo.t	ended	n1	done COMPLETED 0:0
${job}_1	hpo.t	ended	n1	failed FAILED 1:0" "$(list job="$job" | sort)"
	same "${job}_1	hpo.t	ended	n1	failed FAILED 1:0" \
		"$(list job="${job}_1" | grep _1)"
}

# --- cancel ------------------------------------------------------------------

@test "backend slurm: cancel ends the jobs it is given, and no others" {
	slurm_up -n 1 -c 4
	submit 3
	first=$job
	submit 2
	wait_for 60 are 4 running
	run -0 "$BACKEND" cancel "job=${first}_1" "job=$job"
	[ -z "$output" ]
	wait_for 60 are 3 ended
	is "${first}_0" running
	wait_for 60 is "${first}_1" ended 'cancelled CANCELLED.*'
	wait_for 60 is "${first}_2" running
	# What has ended, or was never there, is no error.
	run -0 "$BACKEND" cancel "job=${first}_1" "job=$job" job=4711
}
