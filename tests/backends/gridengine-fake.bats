#!/usr/bin/env bats
# The backend for Grid Engine keeps the contract of hpo-backend(7): each verb by
# its output and status, for all that the site's commands may say.  The site is
# a fake, or a line that a test puts into the mouth of one command.
# shellcheck disable=SC2016 # much here is for other shells

bats_require_minimum_version 1.8.0
load ../lib/helper
load grid

setup() {
	helper_setup
	export FAKE_GRIDENGINE=$BATS_TEST_TMPDIR/fake
	export PATH="$PWD/stub:$TOP/tests/backends/fake:$PATH"
	mkdir fake stub
	echo 2 >fake/slots
	echo 'max_aj_tasks  75000' >fake/conf
}

teardown() {
	local pid start

	# A task is the leader of a group, and who waits for it is not.
	while read -r pid start; do
		[ "$(cut -d ' ' -f 22 "/proc/$pid/stat" 2>/dev/null)" = "$start" ] ||
			continue
		kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" || :
	done < <(cat "$BATS_TEST_TMPDIR/fake/pids" 2>/dev/null)
	helper_teardown
}

# stub NAME: that command is the script on standard input.
stub() {
	{ echo '#!/bin/sh' && cat; } >"stub/$1"
	chmod +x "stub/$1"
}

# says NAME STATUS TEXT: that command does nothing but this.
says() {
	printf '%s\n' "$3" >"$1.says"
	stub "$1" <<<"cat '$PWD/$1.says'; exit $2"
}

# args: qsub shows its arguments, a line each, and its script.
args() {
	stub qsub <<-'END'
		printf '<%s>\n' "$@" >args
		cat >script
		echo 7.1-1:1
	END
}

# submit WORD...: with the words that there have to be.
submit() {
	"$GRID" submit name=hpo.a count=1 "script=$PWD/worker.sh" "log=$PWD/log" "$@"
}

# task JOB NAME STATE QUEUE TASKS: as qstat -r -xml shows it.
task() {
	printf '    <job_list state="running">\n'
	printf '      <%s>%s</%s>\n' JB_job_number "$1" JB_job_number JAT_prio 0.5 JAT_prio \
	    JB_name "$2" JB_name JB_owner me JB_owner state "$3" state \
	    queue_name "$4" queue_name slots 1 slots tasks "$5" tasks \
	    full_job_name "$2" full_job_name binding NONE binding
	printf '    </job_list>\n'
}

# answer: what qstat prints around the tasks on standard input.
answer() {
	cat <<-END
		<?xml version='1.0'?>
		<job_info  xmlns:xsd="http://x/qstat.xsd">
		  <queue_info>
		$(cat)
		  </queue_info>
		  <job_info>
		  </job_info>
		</job_info>
	END
}

# record JOB TASK NAME FAILED STATUS SECONDS CATEGORY: as qacct shows it.
record() {
	echo ==============================================================
	printf '%-13s%-20s\n' qname main.q hostname n1 owner me jobname "$3" \
	    jobnumber "$1" taskid "$2" failed "$4" exit_status "$5" \
	    ru_wallclock "$6s" maxvmem 3.5MB category "$7" | sed 's/failed  */&/'
}

# --- limits -------------------------------------------------------------------

@test "gridengine limits: the number of tasks is the site's, the exports are ours" {
	echo 'max_aj_tasks                 1200' >fake/conf
	run -0 --separate-stderr "$GRID" limits -- -l h_rt=60
	same "$(t 'array|1200
export|HPO_JOB_ID=${JOB_ID}.${SGE_TASK_ID}
export|HPO_JOB_RESTART=${RESTARTED:-0}
export|HPO_JOB_NODE=${HOSTNAME}
export|HPO_JOB_QUEUE=${QUEUE}')" "$output"
	[ -z "$stderr" ]

	# Without a limit there is one of ours.
	for limit in 0:75000 1000000:1000000 2147483647:1000000; do
		echo "max_aj_tasks ${limit%:*}" >fake/conf
		run -0 "$GRID" limits
		[ "${lines[0]}" = "$(t "array|${limit#*:}")" ]
	done
}

@test "gridengine limits: without an answer there is none" {
	echo 'max_u_jobs 0' >fake/conf
	run -75 --separate-stderr "$GRID" limits
	[ -z "$output" ]
	same "gridengine: qconf -sconf says no 'max_aj_tasks'" "$stderr"
	stub qconf <<<'echo "commlib error" >&2; exit 1'
	run -75 --separate-stderr "$GRID" limits
	[ -z "$output" ]
	same $'commlib error\ngridengine: no answer from qconf -sconf' "$stderr"
}

# --- submit -------------------------------------------------------------------

@test "gridengine submit: qsub gets what the contract asks for, and nothing else" {
	args
	run -0 --separate-stderr "$GRID" submit name=hpo.a.0 count=12 \
	    "script=$PWD/worker.sh" "log=$PWD/log" new=word
	[ "$output" = 7 ]
	[ -z "$stderr" ]
	same '<-terse>
<-C>
<>
<-b>
<n>
<-S>
</bin/sh>
<-N>
<hpo.a.0>
<-t>
<1-12>
<-cwd>
<-o>
</dev/null>
<-j>
<y>
<-notify>' "$(<args)"
}

@test "gridengine submit: throttle, environment, exclude and options" {
	args
	submit throttle=3 environment=all exclude=n1,n2.site -- -q long.q -l gpu=1
	same '<-q> <long.q> <-l> <gpu=1> <-terse> <-C> <> <-b> <n> <-S> </bin/sh> <-N> <hpo.a> <-t> <1-1> <-tc> <3> <-cwd> <-o> </dev/null> <-j> <y> <-notify> <-V> <-hard> <-l> <h=!(n1|n2.site)>' \
	    "$(paste -s -d ' ' args)"
	# Of two host names the last one counts, so that theirs is kept in it.
	for theirs in h hostname; do
		submit exclude=n1 -- -l "gpu=1,$theirs=a*|b" -l x=1
		has args '<h=(a*|b)&!(n1)>'
	done
	submit environment=none throttle=0 exclude=
	run -1 grep -E 'V|-tc|-l' args
}

@test "gridengine submit: the warning is a soft limit as long before the hard one" {
	args
	while read -r limit soft; do
		submit warn=120 -- -l "mem=1G,h_rt=$limit" -pe smp 4
		same "<s_rt=$soft>" "$(grep s_rt args)"
	done <<-'END'
		600 480
		1:00:00 3480
		0:10:30 510
		::150 30
		:3: 60
		26:0:0 93480
	END
	submit warn=5 exclude=n1 -- -l h_rt=9 -l h_rt=20
	has args '<s_rt=15,h=!(n1)>'
	# There is none where it would come at once, or they have one.
	for limit in 120 60 INFINITY 1:2; do
		submit warn=120 -- -l h_rt="$limit"
		run -1 grep s_rt args
	done
	submit warn=120 -- -l h_rt=600,s_rt=500
	same '<h_rt=600,s_rt=500>' "$(grep s_rt args)"
	submit warn=0 -- -l h_rt=600
	run -1 grep s_rt args
	submit warn=120
	run -1 grep s_rt args
}

@test "gridengine submit: what is printed does what would be done" {
	args
	mkdir 'an $odd, one'
	cd 'an $odd, one'
	options=(-l h_rt=100 -v "A=it's \"b\" \\ \$HOME" -l 'x=a b')
	submit exclude=n1 warn=9 throttle=2 "log=$PWD/l'og" -- "${options[@]}"
	mv args args.want
	mv script script.want
	run -0 --separate-stderr submit exclude=n1 warn=9 throttle=2 "log=$PWD/l'og" \
	    print=1 -- "${options[@]}"
	[ -z "$stderr" ]
	[ ! -e args ]
	[ "$(sh -c "$output")" = 7.1-1:1 ]
	diff args.want args
	diff script.want script
}

@test "gridengine submit: what takes away the name, the number or the log is refused" {
	args
	for option in '-N x' '-t 1-2' '-o log' '-sync y' '-wd /tmp'; do
		# shellcheck disable=SC2086 # words wanted
		run -78 --separate-stderr submit -- -l a=1 $option
		[ -z "$output" ]
		same "gridengine: ${option% *}: hpo-dispatch sets this option itself" "$stderr"
	done
	[ ! -e args ]
}

@test "gridengine submit: the workers run the script, each with a log of its own" {
	worker
	echo 4 >fake/slots
	mkdir campaign
	cd campaign
	for log in log.1-2 log.2; do echo before >"$log"; done
	[ "$(SECRET=x "$GRID" submit name=hpo.a count=3 "script=$PWD/../worker.sh" \
	    "log=$PWD/log")" = 1 ]
	for i in 0 1 2; do
		wait_for 5 has log.$i "start 1.$((i + 1)) in $PWD"
	done
	echo 0 >end
	for i in 0 1 2; do
		wait_for 5 has log.$i "end 1.$((i + 1))"
	done
	[ "$(head -n 1 log.2)" = before ]
	rm end

	[ "$(SECRET=x submit environment=all "script=$PWD/../worker.sh")" = 2 ]
	wait_for 5 has log.0 "start 2.1 in $PWD with x"
}

@test "gridengine submit: the script is run by the shell that it names" {
	for shell in '#!/bin/sh' '#!/bin/bash -l' '#! /bin/sh -e' '# none'; do
		echo "$shell" >script
		cat >>script <<-'END'
			case $- in *e*) option=e ;; *) option= ;; esac
			echo "<$(shopt -q login_shell 2>/dev/null && echo login)$option>"
		END
		rm -f log.0
		submit "script=$PWD/script"
		wait_for 5 test -s log.0
		cat log.0 >>all
	done
	same '<> <login> <e> <>' "$(paste -s -d ' ' all)"
}

@test "gridengine submit: odd names arrive literally" {
	echo 99 >fake/slots
	cat >odd.sh <<-'END'
		printf '<%s>\n<%s>\n' "$PWD" "$0"
	END
	n=0
	for odd in 'a b' 'a,b:c' '$HOME' "it's" '"q"' 'a\b' '`id`' $'a\nb' $'a\n' \
	    '$TASK_ID' '%a' '-x' 'é' '*' '#$ -q x' $'a\n#$ -q x\nb' '&' ';'; do
		mkdir -p "x$odd/$odd"
		cp odd.sh "x$odd/$odd/w"
		(
			cd "x$odd/$odd"
			"$GRID" submit name=hpo.a count=1 "script=$PWD/w" "log=$PWD/$odd"
			echo "in '$odd'"
			wait_for 5 test -s "$odd.0"
			printf '<%s>\n' "$PWD" "$PWD/w" | diff - "./$odd.0"
		)
		n=$((n + 1))
	done
	[ "$n" -eq 18 ]
}

@test "gridengine submit: qsub is not left to expand a directory" {
	args
	for odd in 'a$HOME' $'a\nb'; do
		mkdir "$odd"
		(
			cd "$odd"
			submit
			same '<-wd> </>' "$(grep -A 1 -e '^<-wd>' args | paste -s -d ' ')"
			run -1 grep -e -cwd args
			grep -F 'cd -- ' script
		)
	done
}

@test "gridengine submit: a worker gets TERM before a KILL, and SIGUSR1 as it is" {
	worker
	submit
	wait_for 5 has log.0 "start 1.1 in $PWD"
	pid=$(<fake/job/1/task/1/pid)
	kill -s USR1 -- "-$pid"
	wait_for 5 has log.0 USR1
	listed hpo. '1.1|hpo.a|running|node1|'
	kill -s USR2 -- "-$pid"
	wait_for 5 listed hpo. '1.1|hpo.a|ended|node1|cancelled exit status 140' job=1.1
	has log.0 TERM
	run -1 grep end log.0
}

@test "gridengine submit: the status is the worker's, but for those that mean more" {
	worker
	while read -r status seen; do
		echo "$status" >end
		id=$(submit)
		wait_for 5 listed hpo. "$id.1|hpo.a|ended|node1|$seen" "job=$id"
	done <<-'END'
		0 done exit status 0
		3 failed exit status 3
		99 failed exit status 1
		100 failed exit status 1
		143 failed exit status 143
	END
}

@test "gridengine submit: what the refusals of qsub mean" {
	while IFS='|' read -r code wanted text; do
		says qsub "$code" "$text"
		run --separate-stderr submit
		echo "wanted $wanted, got $status: $text"
		[ "$status" -eq "$wanted" ]
		[ -z "$output" ]
		grep -qF "$text" <<<"$stderr"
	done <<-'END'
		1|1|Unable to run job: job rejected: you tried to submit a job with more than 20 tasks
		25|1|Unable to run job: job rejected: only 3 jobs are allowed per user (current job count: 3)
		1|1|Unable to run job: job rejected: only 3 jobs are allowed per cluster
		25|1|Unable to run job: JSV says: later
		1|75|error: commlib error: got select error (Connection refused)
		1|75|Unable to run job: unable to send message to qmaster using port 1 on host "vm": got send error
		1|75|unable to contact qmaster using port 1 on host "vm"
		1|75|error: unable to read qmaster name: qmaster hostname in "act_qmaster" has zero length
		1|75|critical error: cell directory "/x" doesn't exist
		124|75|nothing more came
		137|75|nothing at all came
		0|75|I have no number to give
		0|75|
		1|78|Unable to run job: unknown resource "nosuch"
		1|78|Unable to run job: Job was rejected because job requests unknown queue "nosuch.q"
		1|78|Unable to run job: denied: "1abc" is not a valid object name (cannot start with a digit)
		1|78|Unable to run job: error: no suitable queues
		1|78|Please set the environment variable SGE_ROOT.
		2|78|qsub: invalid option argument "-nosuchopt"
		127|78|some wrapper script found nothing
		1|78|
	END
}

@test "gridengine submit: a number is the job's only where qsub succeeds" {
	while IFS='|' read -r code wanted number text; do
		says qsub "$code" "$text"
		run --separate-stderr submit
		[ "$status" -eq "$wanted" ]
		same "$number" "$output"
	done <<-END
		0|0|7|7
		0|0|8|8.1-5:1
		0|75||Your job-array 7.1-3:1 ("x") has been submitted
		1|75||7.1-3:1
		124|75||7
	END
	says qsub 0 $'Welcome, 3 users are here\n3\n12.1-1:1\nbye'
	run -0 --separate-stderr submit
	[ "$output" = 12 ]
	same $'Welcome, 3 users are here\nbye' "$stderr"
}

# --- list ---------------------------------------------------------------------

@test "gridengine list: without jobs it is empty" {
	run -0 --separate-stderr "$GRID" list prefix=hpo.
	[ -z "$output$stderr" ]
	answer </dev/null >xml
	stub qstat <<<"cat xml"
	run -0 --separate-stderr "$GRID" list prefix=hpo. job=7.1 job=8
	[ -z "$output$stderr" ]
}

@test "gridengine list: only this user's jobs are asked for, and those with the prefix shown" {
	{
		task 7 hpo.abc.1.very-long-name r main.q@n1.site 1
		task 8 hpo.abd.1 r main.q@n1.site 1
		task 9 xhpo.abc.1 r main.q@n1.site 1
		task 10 HPO.abc.1 r main.q@n1.site 1
	} | answer >xml
	stub qstat <<<'echo "$*" >>args; cat xml'
	run -0 --separate-stderr "$GRID" list prefix=hpo.abc. -- -q x -l a=1
	same "$(t '7.1|hpo.abc.1.very-long-name|running|n1.site|')" "$output"
	same "-u $(id -un) -s a -r -xml" "$(<args)"
}

@test "gridengine list: what the letters mean" {
	wanted='' job=1
	while read -r state queue letters; do
		for l in $letters; do
			task $job hpo.a "$l" "${queue#-}" 1
			node=${queue#*@}
			wanted+="$job.1|hpo.a|$state|${node#-}|"
			[ "$state" != stuck ] || wanted+="in an error: $l"
			wanted+=$'\n'
			job=$((job + 1))
		done
	done >tasks <<-'END'
		waiting - qw hqw Rq Rwq hRwq dqw w
		running q@n1 r t hr Rr Rt dr dt dRr
		suspended q@n1 s ts S tS T tT Rs Rts RS RtS RT RtT ds dS dT dRs
		stuck - Eqw Ehqw EhRqw dEqw
		running q@n1 X
		waiting - X
	END
	stub qstat <<-'END'
		case $* in *"-s a"*) cat xml ;; *) exit 1 ;; esac
	END
	answer <tasks >xml
	run -0 --separate-stderr "$GRID" list prefix=hpo.
	same "$(t "${wanted%?}")" "$output"
	[ -z "$stderr" ]
}

@test "gridengine list: tasks that wait are told one by one" {
	{
		task 7 hpo.a qw '' 3-9:2,12,20-21:1
		task 7 hpo.a r main.q@n1 1
		task 8 hpo.a hqw '' 1
		task 9 hpo.a qw '' 4-6
	} | answer >xml
	stub qstat <<<'cat xml'
	run -0 "$GRID" list prefix=hpo.
	same '7.3 7.5 7.7 7.9 7.12 7.20 7.21 7.1 8.1 9.4 9.5 9.6' \
	    "$(cut -f 1 <<<"$output" | paste -s -d ' ')"
}

@test "gridengine list: fifty thousand waiting tasks are no matter" {
	task 7 hpo.a qw '' 1-50000:1 | answer >xml
	stub qstat <<<'cat xml'
	stub qacct <<<'exit 1'
	run -0 --separate-stderr "$GRID" list prefix=hpo. job=7 job=7.49999
	[ "${#lines[@]}" -eq 50000 ]
	[ "${lines[49999]}" = "$(t '7.50000|hpo.a|waiting||')" ]
}

@test "gridengine list: XML is read as XML" {
	cat >xml <<-'END'
		A greeting of the site.
		<?xml version="1.0"?><job_info xmlns:xsd="x"><queue_info><job_list
		 state="running"><full_job_name>hpo.&lt;a&amp;&quot;&apos;&gt;</full_job_name>
		<JB_job_number>7</JB_job_number><state>r</state
		><tasks>2</tasks><JB_name>hpo.&lt;a</JB_name><queue_name>q@n1</queue_name><x/>
		</job_list></queue_info><job_info/></job_info>
	END
	sed -i 's|<job_info/>|<job_info></job_info>|' xml
	stub qstat <<<'cat xml'
	run -0 "$GRID" list prefix='hpo.<a'
	same "$(t "7.2|hpo.<a&\"'>|running|n1|")" "$output"
}

@test "gridengine list: half an answer is none" {
	{
		task 7 hpo.a r main.q@n1 1
		task 8 hpo.a qw '' 2-4:1
	} | answer >xml
	stub qstat <<<'cat part'
	size=$(wc -c <xml)
	for ((at = 0; at < size - 1; at += 11)); do
		head -c "$at" xml >part
		echo "cut at $at of $size"
		run -75 --separate-stderr "$GRID" list prefix=hpo.
		[ -z "$output" ]
		same 'gridengine: the answer of qstat is not whole' "$stderr"
	done
	[ "$at" -ge 700 ]
	for broken in 's/<tasks>.*/<tasks>x<\/tasks>/' '/<state>/d' \
	    '/<JB_job_number>/d' 's/<JB_job_number>8/<JB_job_number>/'; do
		sed "$broken" xml >part
		echo "$broken"
		run -75 "$GRID" list prefix=hpo.
	done
	cp xml part
	run -0 "$GRID" list prefix=hpo.
	[ "${#lines[@]}" -eq 4 ]
}

@test "gridengine list: a job of such a name that is no array is shown by its number" {
	task 7 hpo.a r main.q@n1 1 | sed '/<tasks>/d' | answer >xml
	stub qstat <<<'cat xml'
	run -0 "$GRID" list prefix=hpo.
	same "$(t '7|hpo.a|running|n1|')" "$output"
}

@test "gridengine list: an error is no empty list" {
	task 7 hpo.a r main.q@n1 1 | answer >xml
	for code in 1 124 137; do
		stub qstat <<<"cat xml; echo 'unable to contact qmaster' >&2; exit $code"
		run -75 --separate-stderr "$GRID" list prefix=hpo.
		[ -z "$output" ]
		same "unable to contact qmaster
gridengine: no answer from qstat, whose status was $code" "$stderr"
	done
}

@test "gridengine list: why a job is stuck" {
	worker
	echo 0 >fake/slots
	"$GRID" submit name=hpo.a count=2 "script=$PWD/worker.sh" "log=$PWD/log"
	"$GRID" submit name=hpo.b count=1 "script=$PWD/worker.sh" "log=$PWD/log" -- -h
	"$GRID" submit name=hpo.c count=1 "script=$PWD/worker.sh" "log=$PWD/log"
	echo hqw >fake/job/3/task/1/state # and not by a user
	stub qstat <<-'END'
		case $*:$FAKE_HOLD in
		*"-s hu"*:no) exit 1 ;;
		*"-s hu"*) "$TOP/tests/backends/fake/qstat" "$@" | sed '/<JB_job_number>3/,/<tasks/d' | grep -v full_job_name.hpo.c ;;
		*) exec "$TOP/tests/backends/fake/qstat" "$@" ;;
		esac
	END
	echo Eqw >fake/job/1/task/2/state
	printf "error: can't chdir to /x:\tNo such file\n" >fake/job/1/task/2/why
	run -0 --separate-stderr "$GRID" list prefix=hpo.
	same "$(t "1.1|hpo.a|waiting||
1.2|hpo.a|stuck||error: can't chdir to /x: No such file
2.1|hpo.b|stuck||held
3.1|hpo.c|waiting||")" "$output"
	[ -z "$stderr" ]

	# Where nothing is said of it, nothing is made up.
	rm fake/job/1/task/2/why
	FAKE_HOLD=no run -0 "$GRID" list prefix=hpo.
	same "$(t '1.1|hpo.a|waiting||
1.2|hpo.a|stuck||in an error: Eqw
2.1|hpo.b|waiting||
3.1|hpo.c|waiting||')" "$output"
}

@test "gridengine list: how a job ended, by what the accounting says" {
	answer </dev/null >xml
	stub qstat <<<'cat xml'
	stub qacct <<<'echo "$*" >>args; cat records'
	wanted=''
	job=1
	while IFS='|' read -r cause failed status seconds category; do
		record $job 1 hpo.a "$failed" "$status" "$seconds" "$category" >&3
		text="exit status $(tr -s ' ' <<<"$status")"
		[[ $failed == 0* ]] || text="failed ${failed/ :/:}, $text"
		wanted+="$job.1|hpo.a|ended|n1|$cause $text"$'\n'
		job=$((job + 1))
	done 3>records <<-'END'
		done|0|0|5|NONE
		failed|0|3|5|NONE
		failed|0|143|5|-l h_rt=60
		cancelled|0|140   (User defined signal 2)|5|NONE
		cancelled|0|140|59|-l h_rt=60
		timeout|0|140|60|-l x=1,h_rt=60,s_rt=5
		cancelled|100 : assumedly after job|137   (Killed)|5|-l h_rt=60
		timeout|100 : assumedly after job|137|61|-l h_rt=60
		unknown|100 : assumedly after job|139|5|NONE
		cancelled|17 : through signal|143|5|NONE
		timeout|37 : qmaster enforced h_rt, h_cpu, or h_vmem limit|140   (User defined signal 2)|61|-l h_rt=60
		timeout|37 : qmaster enforced h_rt, h_cpu, or h_vmem limit|137|61|-l h_rt=60,h_vmem=1G
		oom|37 : qmaster enforced h_rt, h_cpu, or h_vmem limit|137|5|-l h_rt=60,h_vmem=1G
		timeout|37 : qmaster enforced h_rt, h_cpu, or h_vmem limit|137|5|-l h_cpu=5
		failed|26 : opening input/output file|0|0|NONE
		failed|28 : changing into working directory|0|0|NONE
		failed|30 : application error returned|100|0|NONE
		node|19 : before writing exit_status|0|0|NONE
		boot|8 : in prolog|1|0|NONE
		boot|1 : assumedly before job|0|0|NONE
		unknown|77 : of the next version|0|0|NONE
	END
	asked=()
	for ((i = 1; i < job; i++)); do asked+=("job=$i.1"); done
	run -0 --separate-stderr "$GRID" list prefix=hpo. "${asked[@]}"
	same "$(t "${wanted%?}")" "$output"
	[ -z "$stderr" ]
	same "-o $(id -un) -j hpo.*" "$(<args)"

	# Univa says who has deleted it.
	record 1 1 hpo.a '100 : assumedly after job' 137 99 '-l h_rt=60' >records
	echo 'deleted_by   root@vm' >>records
	run -0 "$GRID" list prefix=hpo. job=1.1
	[[ $output == *'cancelled failed 100'* ]]
}

@test "gridengine list: of the ended ones those asked for, as they ended last" {
	{
		task 7 hpo.a r main.q@n1 1
		task 7 hpo.a Rq '' 2
	} | answer >xml
	stub qstat <<<'cat xml'
	stub qacct <<<'echo asked >>args; cat records'
	{
		for i in 1 2 3 4; do
			record 7 $i hpo.a '25 : rescheduling' 0 0 NONE
		done
		record 7 1 hpo.a '100 : assumedly after job' 137 5 NONE
		record 7 3 hpo.a 0 0 5 NONE
		record 8 1 hpo.a 0 1 5 NONE
		record 8 1 hpo.a 0 0 5 NONE
		record 9 1 hpo.a 0 0 5 NONE
		record 10 1 hpo.a 0 0 5 NONE
		record 10 1 hpo.a '24 : migrating' 0 5 NONE
		echo 'error: half a record'
	} >records
	live=$(t '7.1|hpo.a|running|n1|
7.2|hpo.a|waiting||')

	# Some of each are live: the accounting is left alone.
	run -0 "$GRID" list prefix=hpo. job=7.1 job=7.2 job=7
	same "$live" "$output"
	[ ! -e args ]

	run -0 "$GRID" list prefix=hpo. job=7.1 job=8.1 job=10.1 job=11.1
	same "$live
$(t '8.1|hpo.a|ended|n1|done exit status 0')" "$output"
	# A whole job: its live tasks have not ended, whatever is recorded.
	run -0 "$GRID" list prefix=hpo. job=7 job=8
	same "$live
$(t '7.3|hpo.a|ended|n1|done exit status 0
8.1|hpo.a|ended|n1|done exit status 0')" "$output"
	[ "$(wc -l <args)" -eq 2 ]
}

@test "gridengine list: without accounting there is less to say, and no error" {
	task 7 hpo.a r main.q@n1 1 | answer >xml
	stub qstat <<<'cat xml'
	stub qacct <<<'echo "error: no accounting file" >&2; exit 1'
	run -0 --separate-stderr "$GRID" list prefix=hpo. job=6.1 job=7
	same "$(t '7.1|hpo.a|running|n1|')" "$output"
	[ -z "$stderr" ]
}

# --- cancel -------------------------------------------------------------------

@test "gridengine cancel: what waits is gone, what runs is told" {
	worker
	"$GRID" submit name=hpo.a count=4 "script=$PWD/worker.sh" "log=$PWD/log"
	wait_for 5 live hpo. 2 running
	wait_for 5 has log.0 "start 1.1 in $PWD"
	wait_for 5 has log.1 "start 1.2 in $PWD"
	run -0 --separate-stderr "$GRID" cancel job=1.3 job=1.1
	[ -z "$output$stderr" ]
	wait_for 5 listed hpo. '1.1|hpo.a|ended|node1|cancelled exit status 140' job=1.1
	has log.0 TERM
	# Its slot is free, and the third will not take it.
	wait_for 5 live hpo. 2 running
	run -0 "$GRID" list prefix=hpo.
	same '1.2 1.4' "$(cut -f 1 <<<"$output" | paste -s -d ' ')"

	# What has ended, or never was, is as good as cancelled.
	run -0 --separate-stderr "$GRID" cancel job=1.1 job=1.3 job=99.1
	[ -z "$output$stderr" ]
	run -0 "$GRID" cancel job=1.2 job=1.4 job=1.3
	wait_for 5 live hpo. 0 running
}

@test "gridengine cancel: what was not understood is said" {
	while IFS='|' read -r code wanted text; do
		says qdel "$code" "$text"
		run --separate-stderr "$GRID" cancel job=7.1 job=8
		echo "wanted $wanted: $text"
		[ "$status" -eq "$wanted" ]
		[ -z "$output" ]
		[ "$wanted" -eq 0 ] || [ "$code" -ne 1 ] || grep -qF "$text" <<<"$stderr"
	done <<-'END'
		0|0|me has deleted job 7
		0|0|me has registered the job-array task 7.1 for deletion
		1|0|denied: job "7" does not exist
		1|0|job "7" task "9" does not exist
		1|0|job 7 is already in deletion
		1|75|
		1|75|denied: "me" is not allowed to delete the job
		1|75|unable to send message to qmaster using port 1 on host "vm": got send error
		1|75|error: job directory "/x" does not exist
		124|75|
		137|75|me has deleted job 7
	END
}

# --- all verbs ----------------------------------------------------------------

@test "gridengine: without the site's commands the status is 69" {
	mkdir tools
	for tool in awk cat cut env grep id paste printf sed sh sort tail timeout tr; do
		ln -s "$(type -P "$tool")" tools/
	done
	for verb in limits:qconf submit:qsub list:qstat cancel:qdel; do
		run -69 --separate-stderr env PATH="$PWD/tools" "$GRID" "${verb%:*}" name=hpo.a count=1 \
		    script=/x log=/y prefix=hpo. job=7.1
		[ -z "$output" ]
		same "gridengine: no ${verb#*:} in PATH=$PWD/tools" "$stderr"
	done
	# To print what would be done needs none of them.
	run -0 env PATH="$PWD/tools" "$GRID" submit name=hpo.a count=1 script=/x log=/y print=1
}

@test "gridengine: a call that is none of the contract" {
	for call in '' submt 'limits x' 'submit name=a script=b log=c count=x' \
	    'submit name=a script=b log=c' 'submit name=a script=b count=1' \
	    'submit name=a log=b count=1' 'submit script=a log=b count=1' \
	    'submit name=a script=b log=c count=1 warn=x' \
	    'submit name=a script=b log=c count=1 throttle=-1' \
	    'submit name=a script=b log=c count=1 environment=some' \
	    list cancel 'cancel job=' 'cancel job=7;x' 'cancel job=7.1.2' 'cancel job=.'; do
		# shellcheck disable=SC2086 # words wanted
		run -64 --separate-stderr "$GRID" $call
		[ -z "$output" ]
		[[ $stderr == gridengine:* ]]
	done
}

@test "gridengine: no command of the site is waited for without an end" {
	stub timeout <<-'END'
		echo "$1 $2 $3 $4" >>calls
		shift 3
		exec "$@"
	END
	worker
	"$GRID" limits >/dev/null
	submit -- -h
	for state in hqw Eqw; do
		echo $state >fake/job/1/task/1/state
		"$GRID" list prefix=hpo. job=9.1 >/dev/null
	done
	"$GRID" cancel job=1.1
	same '-k 1 15 qconf
-k 1 15 qdel
-k 1 15 qstat
-k 1 15 qsub
-k 1 3 qstat
-k 1 6 qacct' "$(sort -u calls)"
	# A list makes four calls at most, in 32 seconds.
	[ "$(sed -n '3,5p' calls | cut -d ' ' -f 4 | paste -s -d ' ')" = 'qstat qstat qacct' ]
}

# bats test_tags=slow
@test "gridengine: a command that hangs is no answer, in time" {
	for command in qconf qsub qstat qdel; do
		stub $command <<<'trap "" TERM; sleep 60 & wait; sleep 60 & wait'
	done
	for verb in limits submit list cancel; do
		before=$(now_cs)
		run -75 "$GRID" "$verb" name=hpo.a count=1 script=/x log=/y prefix=hpo. job=7.1
		[ "$(($(now_cs) - before))" -lt 2000 ]
	done
}
