#!/usr/bin/env bats
# share/backends/slurm when SLURM's commands fail, hang, lie, or say what one
# cannot have them say at will: with the fake, and with commands of the test's
# own.

# shellcheck disable=SC2016 # much here is expanded by another shell
bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect
export HPO_SLURM=fake
load slurm
load backend

# --- limits ------------------------------------------------------------------

@test "backend slurm: an answer without MaxArraySize is none" {
	slurm_up
	lie scontrol garbage
	answers 75 '' 'slurm: scontrol show config does not tell MaxArraySize' \
		"$BACKEND" limits
}

# --- submit ------------------------------------------------------------------

@test "backend slurm: the words for sbatch" {
	slurm_up
	script
	mkdir 'a b'
	cd 'a b'
	same 1 "$("$BACKEND" submit name=hpo.t count=3 script=../s \
		log=/x/50%/l warn=90 throttle=2 exclude=n1 unknown=word \
		-- --partition=main '--comment=it'\''s $(touch x); `touch x` "a,b" [64,64]')"
	same "--parsable
--job-name=hpo.t
--array=0-2%2
--output=/x/50%%/l.%a
--open-mode=append
--chdir=$PWD
--export=NONE
--signal=B:USR1@90
--exclude=n1
--partition=main
--comment=it's \$(touch x); \`touch x\` \"a,b\" [64,64]
../s" "$(call_words sbatch 1)"
	[ ! -e x ]
	same 5 "$("$BACKEND" submit name=hpo.t count=1 script=../s log=l \
		environment=all tasks=4 warn=90)"
	same "--parsable
--job-name=hpo.t
--array=0-0
--output=$PWD/l.%a
--open-mode=append
--chdir=$PWD
--export=ALL
--ntasks=4
--signal=USR1@90
../s" "$(call_words sbatch 2)"
}

@test "backend slurm: with print=1 it prints the command line, quoted" {
	slurm_up
	script
	mkdir "it's"
	cp s "it's/\$(touch x) %"
	run -0 --separate-stderr "$BACKEND" submit print=1 name='hpo.a b' \
		count=2 script="it's/\$(touch x) %" log="it's/%;l" \
		-- --comment='
a "b"'
	same 0 "$(calls sbatch)"
	[ -z "$stderr" ]
	sh -c "$output"
	same "--parsable
--job-name=hpo.a b
--array=0-1
--output=$PWD/it's/%%;l.%a
--open-mode=append
--chdir=$PWD
--export=NONE
--comment=
a \"b\"
it's/\$(touch x) %" "$(call_words sbatch 1)"
	[ ! -e x ]
}

@test "backend slurm: options that would hide the jobs are refused" {
	slurm_up
	script
	for option in --array=1-2 --arr=1 -a1 --job-name=x --job -Jx --output=x \
		-o --parsable --wrap=x --wait -W --test-only --open-mode=truncate; do
		run -78 --separate-stderr submit 1 -- $option
		[[ $stderr == "slurm: $option: hpo-dispatch sets "*itself ]]
	done
	same 0 "$(calls sbatch)"
}

@test "backend slurm: what it is not called with is a usage error" {
	slurm_up
	for words in '' fly 'submit count=0 name=a script=s log=l' \
		'submit count=x name=a script=s log=l' 'submit count=1 name=a' \
		'submit count=1 name=a script=s log=l warn=soon' \
		'submit count=1 name=a script=s log=l environment=some' \
		'list' 'list prefix=a job=x' 'list prefix=a job=7_' 'cancel' \
		'cancel job=--help' 'cancel word'; do
		# shellcheck disable=SC2086 # words wanted
		run -64 --separate-stderr "$BACKEND" $words
		[ -z "$output" ]
		[[ $stderr == slurm:\ * ]]
	done
	same '0 0 0' "$(calls sbatch) $(calls squeue) $(calls scancel)"
}

# Status and the words of sbatch.
refusals() {
	cat <<-'EOT'
		1 Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)
		1 QOSMaxSubmitJobPerUserLimit
		1 QOSGrpSubmitJobsLimit
		1 AssocMaxSubmitJobLimit
		1 AssocGrpSubmitJobsLimit
		1 MaxSubmitJobsPerAccount
		1 Batch job submission failed: MaxJobCount limit reached
		1 Slurm job queue full, sleeping and retrying
		1 Job creation temporarily disabled, retrying
		1 Batch job submission failed: Rate limit exceeded, please retry momentarily
		1 Batch job submission failed: Required partition not available (inactive or drain)
		1 Batch job submission failed: Requested operation is presently disabled
		1 Batch job submission failed: I/O error writing script/environment to file
		75 Batch job submission failed: Socket timed out on send/recv operation
		75 Batch job submission failed: Unable to contact slurm controller (connect failure)
		75 Batch job submission failed: Zero Bytes were transmitted or received
		75 Batch job submission failed: Connection refused
		75 Batch job submission failed: Connection reset by peer
		75 Batch job submission failed: Communication connection failure
		75 Batch job submission failed: Unexpected message received
		75 Batch job submission failed: Slurm backup controller in standby mode
		75 slurmctld primary is down
		75 slurmctld is not responding
		75 Munge encode failed: Failed to access "/run/munge/munge.socket.2"
		75 Batch job submission failed: Protocol authentication error
		75 fatal: Could not establish a configuration source
		75 fatal: Unable to resolve "login1": Unknown host
		78 QOSMaxWallDurationPerJobLimit
		78 AssocMaxCpuPerJobLimit
		78 QOSMinGRES
		78 Batch job submission failed: Requested node configuration is not available
		78 Batch job submission failed: Invalid account or account/partition combination specified
		78 Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)
		78 invalid option -- 'q'
		78 a word of a site's own
	EOT
}

@test "backend slurm: what sbatch says decides whether to ask again" {
	slurm_up
	script
	# shellcheck disable=SC2016 # for that sh
	put sbatch <<<'echo "sbatch: error: $SAYS" >&2; exit 1'
	n=0
	while read -r want words; do
		SAYS=$words run --separate-stderr submit 3
		same "$want $words" "$status ${stderr#sbatch: error: }"
		same '' "$output"
		n=$((n + 1))
	done < <(refusals)
	[ "$n" -ge 30 ]
	# A limit of each single job comes with the words of other limits.
	put sbatch <<-'EOT'
		echo 'sbatch: error: QOSMaxWallDurationPerJobLimit' >&2
		echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2
		exit 1
	EOT
	run -78 --separate-stderr submit 3
}

@test "backend slurm: submit: accepted, and an error all the same" {
	slurm_up -n 1 -c 4
	lie -n 1 sbatch accept-fail 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'
	run -75 --separate-stderr submit 2
	[ -z "$output" ]
	# It is there.
	same 2 "$(list | wc -l)"
}

@test "backend slurm: submit: accepted, and no end" {
	slurm_up -n 1 -c 4
	impatient
	lie -n 1 sbatch accept-hang
	run -75 --separate-stderr submit 2
	[ -z "$output" ]
	[ "$stderr" = 'slurm: sbatch did not answer within 15 seconds' ]
	same 2 "$(list | wc -l)"
}

@test "backend slurm: submit: an id, and an error; success, and no id" {
	slurm_up
	lie -n 1 sbatch id-fail
	run -75 --separate-stderr submit 1
	[ -z "$output" ]
	[ "$stderr" = 'slurm: sbatch printed the id 1, but ended with status 1' ]
	lie -n 1 sbatch accept-quiet
	run -75 --separate-stderr submit 1
	[ -z "$output" ]
	[ "$stderr" = 'slurm: sbatch succeeded, but printed no id' ]
	lie -n 1 sbatch garbage
	run -75 --separate-stderr submit 1
	[ -z "$output" ]
	for signal in KILL SEGV PIPE TERM; do
		put sbatch <<<"kill -$signal \$\$"
		run -75 --separate-stderr submit 1
		[ -z "$output" ]
	done
}

@test "backend slurm: submit: a site's greeting is not the id, a cluster no part of it" {
	slurm_up
	put sbatch <<-'EOT'
		echo '---- Welcome ----'
		echo 'sbatch: lua: 1 job of yours waits' >&2
		echo '12;big'
	EOT
	script
	run -0 --separate-stderr "$BACKEND" submit name=hpo.t count=1 script=s \
		log=l -- --clusters=big
	same 12 "$output"
	same '---- Welcome ----
sbatch: lua: 1 job of yours waits' "$stderr"
}

@test "backend slurm: without SLURM's commands it says what it looked for" {
	slurm_up
	script
	mkdir alone
	for program in sh awk timeout sed tail id sort tr cat; do
		ln -s "$(command -v $program)" alone
	done
	for verb in 'scontrol limits' 'sbatch submit name=a count=1 script=s log=l' \
		'squeue list prefix=a' 'scancel cancel job=1'; do
		# shellcheck disable=SC2086 # words wanted
		run -69 --separate-stderr env PATH="$PWD/alone" "$BACKEND" ${verb#* }
		same "slurm: no ${verb%% *} in PATH=$PWD/alone" "$stderr"
		same '' "$output"
	done
}

# --- list --------------------------------------------------------------------

# State of SLURM, with a node or not (-), what it is to be.
states() {
	cat <<-'EOT'
		PENDING - waiting
		CONFIGURING n1 waiting
		REQUEUED n1 waiting
		REQUEUED - waiting
		REQUEUE_FED - waiting
		EXPEDITING - waiting
		REQUEUE_HOLD - stuck
		SPECIAL_EXIT - stuck
		RESV_DEL_HOLD - stuck
		RUNNING n1 running
		COMPLETING n1 running
		STAGE_OUT n1 running
		SIGNALING n1 running
		RESIZING n1 running
		SUSPENDED n1 suspended
		STOPPED n1 suspended
		COMPLETED n1 ended done
		FAILED n1 ended failed
		TIMEOUT n1 ended timeout
		OUT_OF_MEMORY n1 ended oom
		NODE_FAIL n1 ended node
		BOOT_FAIL n1 ended boot
		CANCELLED n1 ended cancelled
		CANCELLED - ended cancelled
		PREEMPTED n1 ended preempted
		DEADLINE - ended preempted
		REVOKED - ended preempted
		LAUNCH_FAILED n1 running
		LAUNCH_FAILED - waiting
		RECONFIG_FAIL - waiting
		POWER_UP_NODE - waiting
		? n1 running
		HIBERNATING n1 running
		HIBERNATING - waiting
	EOT
}

@test "backend slurm: every state of SLURM means something, an unknown one no end" {
	slurm_up
	n=0
	while read -r word node means reason; do
		[ "$node" != - ] || node=
		echo "7_$n|hpo.t|$word|$node|None|." >>shown
		printf '7_%d\thpo.t\t%s\t%s\t%s\n' $n "$means" "$node" \
			"${reason:+$reason $word}" >>want
		n=$((n + 1))
	done < <(states)
	[ "$n" -ge 33 ]
	put squeue <<<'cat shown'
	same "$(cat want)" "$(list)"
}

@test "backend slurm: what waits for a person is stuck" {
	slurm_up
	n=0
	while read -r means reason; do
		echo "7_$n|hpo.t|PENDING||$reason|." >>shown
		[ "$reason" != None ] || reason=
		echo "7_$n	hpo.t	$means		$reason" >>want
		n=$((n + 1))
	done <<-'EOT'
		stuck JobHeldUser
		stuck JobHeldAdmin
		stuck launch failed requeued held
		stuck user_env_retrieval_failed_requeued_held
		stuck JobHoldMaxRequeue
		stuck PartitionTimeLimit
		stuck PartitionNodeLimit
		stuck PartitionConfig
		stuck BadConstraints
		stuck InvalidAccount
		stuck InvalidQOS
		stuck QOSNotAllowed
		stuck AccountNotAllowed
		stuck DependencyNeverSatisfied
		stuck ReservationDeleted
		stuck QOSMaxWallDurationPerJobLimit
		stuck AssocMaxNodePerJobLimit
		stuck QOSMinGRES
		stuck MaxMemPerLimit
		waiting None
		waiting Priority
		waiting Resources
		waiting BeginTime
		waiting JobArrayTaskLimit
		waiting QOSUsageThreshold
		waiting QOSMaxJobsPerUserLimit
		waiting AssocGrpCPUMinutesLimit
		waiting PartitionDown
		waiting ReqNodeNotAvail, UnavailableNodes:n1
		waiting Licenses
	EOT
	put squeue <<<'cat shown'
	same "$(cat want)" "$(list)"
}

@test "backend slurm: a name of several lines is one job" {
	slurm_up
	put squeue <<-'EOT'
		printf '%s\n' '6|a' '7_9|hpo.t|RUNNING|n1' '|RUNNING|n1|None|.' \
			'7_1|hpo.t|RUNNING|n1|None|.'
	EOT
	same '7_1	hpo.t	running	n1	' "$(list)"
}

@test "backend slurm: list: half an answer is none, wherever it is cut off" {
	slurm_up
	printf '%s\n' '7_1|hpo.t|RUNNING|n1|None|.' '7_2|hpo.t|PENDING||Priority|.' >all
	put squeue <<<'head -c "$(cat bytes)" all'
	whole='7_1	hpo.t	running	n1	'
	for n in {0..3} {8..10} {15..17} {19..29} {46..58}; do
		echo "$n" >bytes
		case $n in
		0) want=0 text= ;;
		27 | 28) want=0 text=$whole ;;
		57 | 58) want=0 text="$whole
7_2	hpo.t	waiting		Priority" ;;
		*) want=75 text= ;;
		esac
		run --separate-stderr list
		same "$n $want $text" "$n $status $output"
	done
}

@test "backend slurm: list: what is no list is no answer" {
	slurm_up
	submit 2
	lie -n 1 squeue garbage
	answers 75 '' 'slurm: what squeue printed is not whole' \
		"$BACKEND" list prefix=hpo.
	lie -n 1 squeue half
	answers 75 '' 'slurm: what squeue printed is not whole' \
		"$BACKEND" list prefix=hpo.
	for line in '7_[2-5]|hpo.t|PENDING||Priority|.' '7_2|hpo.t||n1|None|.' \
		'|hpo.t|RUNNING|n1|None|.' 'x|y|.' 'slurm_load_jobs error|||||.'; do
		put squeue <<<"echo '$line'"
		answers 75 '' 'slurm: what squeue printed is not whole' \
			"$BACKEND" list prefix=hpo.
	done
	# All of it, and an error.
	put squeue <<<'echo "7_1|hpo.t|RUNNING|n1|None|."; exit 1'
	answers 75 '' 'slurm: squeue ended with status 1' \
		"$BACKEND" list prefix=hpo.
}

@test "backend slurm: the words for squeue, sacct and scancel" {
	slurm_up -a
	list job=7_1 job=8 job=7_2 -- --partition=main --clusters=big
	same "--clusters=big
-h
-r
-a
-t
all
-u
$(id -un)
-o
%i|%j|%T|%N|%r|." "$(call_words squeue 1)"
	same "--clusters=big
-X
-P
-n
-S
now-7days
-u
$(id -un)
-j
7,8
-o
JobID,JobName%64,User,State%40,ExitCode,NodeList" "$(call_words sacct 1)"
	"$BACKEND" cancel job=7_1 job=8 -- -M big
	same '--clusters=big
7_1
8' "$(call_words scancel 1)"
	"$BACKEND" limits -- -Mbig
	same '--clusters=big
show
config' "$(call_words scontrol 1)"
	# Two clusters may each have a job 7.
	for option in --clusters=a,b -Mall; do
		run -78 --separate-stderr "$BACKEND" list prefix=a -- $option
	done
}

@test "backend slurm: the accounting is asked once, for what squeue does not know" {
	slurm_up -n 1 -c 4 -a
	submit 4
	list >list.out
	list job="$job" job="${job}_1" >list.out
	same 0 "$(calls sacct)"
	fake forget "${job}_1"
	fake forget "${job}_2"
	list job="${job}_1" job="${job}_2" job="${job}_3" >list.out
	same 1 "$(calls sacct)"
	same 3 "$(calls squeue)"
}

# State and exit code in the accounting, what it is to be.
records() {
	cat <<-'EOT'
		COMPLETED|0:0|done
		FAILED|1:0|failed
		FAILED|0:9|failed
		FAILED|0:125|oom
		OUT_OF_MEMORY|0:125|oom
		TIMEOUT|0:0|timeout
		TIMEOUT|143:0|timeout
		NODE_FAIL|0:0|node
		BOOT_FAIL|0:0|boot
		CANCELLED|0:15|cancelled
		CANCELLED by 1234|0:0|cancelled
		PREEMPTED|0:15|preempted
		DEADLINE|0:0|preempted
		REVOKED|0:0|preempted
		RUNNING|0:0|
		PENDING|0:0|
		REQUEUED|0:0|
		SUSPENDED|0:0|
		HIBERNATED|0:0|
		CANCEL+|0:0|
	EOT
}

@test "backend slurm: every state of the accounting is an end, or nothing" {
	slurm_up
	n=0
	while IFS='|' read -r word code why; do
		echo "7_$n|hpo.t|$(id -un)|$word|$code|n1" >>shown
		[ -z "$why" ] ||
			echo "7_$n	hpo.t	ended	n1	$why $word $code" >>want
		n=$((n + 1))
	done < <(records)
	put sacct <<<'cat shown'
	same "$(cat want)" "$(list job=7)"
}

@test "backend slurm: a record of another's job is not believed" {
	slurm_up -n 1 -c 4 -a
	submit 2
	fake forget "$job"
	fake record "${job}_0" FAILED 1:0 blast
	fake record "${job}_1" FAILED 1:0 '' somebody
	same '' "$(list job="$job")"
	fake record "$job" FAILED 1:0
	same 2 "$(list job="$job" | wc -l)"
	# The number has been given to another job.
	fake recycle "$job"
	sbatch --parsable -J mine --array=0-0 -o /dev/null s
	same '' "$(list job="${job}_0" | grep _0)"
	# Rows of an array that waits are no end.
	put sacct <<<"echo '${job}_[2-5]|hpo.t|$(id -un)|CANCELLED|0:0|None assigned'"
	same '' "$(list job="${job}_3")"
}

@test "backend slurm: squeue is right when the accounting says otherwise" {
	slurm_up -n 1 -c 4 -a
	submit 2
	fake record "$job" NODE_FAIL 0:0
	requeue_job "${job}_0"
	wait_for 10 is "${job}_0" waiting
	# One is not shown, so that the accounting is asked; the other waits.
	fake hide "${job}_1"
	same "${job}_0	hpo.t	waiting		BeginTime
${job}_1	hpo.t	ended	n1	node NODE_FAIL 0:0" \
		"$(list job="${job}_0" job="${job}_1")"
}

@test "backend slurm: without the accounting there is just less to tell" {
	slurm_up -n 1 -c 4
	impatient
	submit 2
	fake forget "${job}_1"
	want="${job}_0	hpo.t	running	n1	"
	for lie in '' disabled none garbage fail hang; do
		[ -z "$lie" ] || lie -n 1 sacct "$lie"
		answers 0 "$want" '' "$BACKEND" list prefix=hpo. \
			"job=${job}_0" "job=${job}_1"
	done
	same 6 "$(calls sacct)"
	# Nor is it there everywhere.
	put squeue <<<'echo "7_1|hpo.t|RUNNING|n1|None|."'
	mkdir alone
	for program in sh awk timeout id sort tr; do
		ln -s "$(command -v $program)" alone
	done
	mv bin/squeue alone
	answers 0 '7_1	hpo.t	running	n1	' '' env PATH="$PWD/alone" \
		"$BACKEND" list prefix=hpo. job=7_2
}

@test "backend slurm: a job that nobody knows any more is not in the list" {
	slurm_up -n 1 -c 4 -a
	submit 3
	fake vanish "${job}_1"
	same "${job}_0
${job}_2" "$(list job="${job}_1" | cut -f 1)"
	fake hide "${job}_2"
	fake show "${job}_0" HIBERNATING
	same "${job}_0	hpo.t	running	n1	" "$(list)"
}

@test "backend slurm: of two records of one job the living one counts" {
	slurm_up
	put squeue <<-'EOT'
		printf '%s\n' 'CLUSTER: big' '7_1|hpo.t|REVOKED||None|.' \
			'7_1|hpo.t|RUNNING|n1|None|.' '' 'CLUSTER: small' \
			'7_1|hpo.t|REVOKED||None|.'
	EOT
	same '7_1	hpo.t	running	n1	' "$(list)"
}

# --- cancel ------------------------------------------------------------------

@test "backend slurm: cancel: what newer versions say of a job that has ended" {
	slurm_up
	while read -r want words; do
		lie -n 1 scancel fail "scancel: error: $words"
		run -"$want" --separate-stderr "$BACKEND" cancel job=7
		[[ $stderr == "scancel: error: $words"* ]]
	done <<-'EOT'
		0 Kill job error on job id 7: Invalid job id specified
		0 Kill job error on job id 7: Job/step already completing or completed
		75 Kill job error on job id 7: Socket timed out on send/recv operation
		75 Kill job error on job id 7: Access/permission denied
		75 something else
	EOT
}
