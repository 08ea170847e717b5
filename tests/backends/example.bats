#!/usr/bin/env bats
# The example of hpo-backend(7), a backend for Kubernetes, keeps the contract
# that the page states.  There is no cluster: kubectl is what a test makes of it.
# shellcheck disable=SC2016 # much here is for other shells

bats_require_minimum_version 1.8.0
load ../lib/helper
load grid

setup() {
	helper_setup
	command -v mandoc >/dev/null || skip 'needs mandoc'
	mandoc -T ascii -O width=300 "$TOP/man/hpo-backend.7" 2>/dev/null | col -bx |
		sed -n '/^ *#!\/bin\/sh$/,/^SEE ALSO/s/^           //p' >kubernetes
	# Between functions a line is empty there, and has no blanks.
	[ "$(wc -l <kubernetes)" -ge 100 ]
	chmod +x kubernetes
	K=$PWD/kubernetes
	mkdir stub
	export PATH="$PWD/stub:$PATH"
}

# kubectl STATUS TEXT: it does nothing but note its call, and say this.
kubectl() {
	printf '%s\n' "$2" >says
	cat >stub/kubectl <<-END
		#!/bin/sh
		echo "\$#: \$*" >>'$PWD/args'
		[ "\$1" != create ] || cat >'$PWD/manifest'
		cat '$PWD/says'
		exit $1
	END
	chmod +x stub/kubectl
}

# submit WORD...: with the words that there have to be.
submit() {
	"$K" submit name=hpo.c.1 count=3 "script=$PWD/script" "log=$PWD/log" \
	    environment=none "$@"
}

@test "kubernetes: it is a clean script" {
	sh -n kubernetes
	command -v shellcheck >/dev/null || skip 'needs shellcheck'
	# Words and single quotes that are wanted; values of the loop.
	shellcheck -e SC2016,SC2086,SC2154 kubernetes
}

@test "kubernetes: limits" {
	kubectl 1 ''
	run -0 --separate-stderr "$K" limits -- --namespace=lab
	same "$(t 'array|1000
export|HPO_JOB_ID=$POD_JOB.$JOB_COMPLETION_INDEX
export|HPO_JOB_NODE=$POD_NODE')" "$output"
	[ -z "$stderr" ]
	[ ! -e args ]
}

@test "kubernetes: a submission is an Indexed job, whose pods run the script" {
	command -v jq >/dev/null || skip 'needs jq'
	kubectl 0 job.batch/hpo-x7k2p
	run -0 --separate-stderr submit warn=50 exclude=n1,n2 new=word -- --namespace=lab
	[ "$output" = hpo-x7k2p ]
	[ -z "$stderr" ]
	same '6: create -o name -f - --namespace=lab' "$(<args)"
	for line in 'completionMode: Indexed' 'completions: 3' 'parallelism: 3' \
	    'annotations: {hpo: "hpo.c.1"}' 'terminationGracePeriodSeconds: 80' \
	    'values: [n1,n2]' "workingDir: \"$PWD\""; do
		grep -qE "^ *${line//[\[\]\{\}]/.}\$" manifest || {
			echo "no '$line'" && false
		}
	done

	cat >script <<-'END'
		#!/bin/bash -l
		echo "$JOB_COMPLETION_INDEX $0"
		shopt login_shell
	END
	echo before >log.2
	sed -n '/^ *command: /,/\]$/p' manifest |
		sed 's/.*command: \[sh, -c/["sh", "-c"/' | jq -j '.[] + "\u0000"' >words
	JOB_COMPLETION_INDEX=2 xargs -0 -a words env
	same "before
2 $PWD/script
login_shell    	on" "$(<log.2)"
}

@test "kubernetes: what is printed is what would be done" {
	kubectl 0 job.batch/hpo-1
	submit -- --context=x
	mv args args.want
	run -0 --separate-stderr submit print=1 -- --context=x
	[ ! -e args ]
	[ -z "$stderr" ]
	mv manifest manifest.want
	[ "$(sh -c "$output")" = job.batch/hpo-1 ]
	diff manifest.want manifest
	same '6: create -o name -f - --context=x' "$(<args)"
}

@test "kubernetes: what the refusals mean" {
	while IFS='|' read -r code wanted text; do
		kubectl "$code" "$text"
		run --separate-stderr submit
		echo "wanted $wanted, got $status: $text"
		[ "$status" -eq "$wanted" ]
		[ -z "$output" ]
		same "$text" "$stderr"
	done <<-'END'
		1|1|Error from server (Forbidden): jobs.batch is forbidden: exceeded quota: jobs
		1|78|Error from server (Forbidden): jobs.batch is forbidden: User "x" cannot create
		1|78|Error from server (NotFound): namespaces "x" not found
		1|78|Error from server (BadRequest): strict decoding error: unknown field
		1|78|The Job "hpo-x" is invalid: spec.completions: must be greater than 0
		1|75|Error from server (InternalError): etcdserver: request timed out
		1|75|Error from server (Timeout): the server was unable to return a response
		1|75|The connection to the server x:6443 was refused - did you specify the right host?
		124|75|
		137|75|job.batch/hpo-1
		0|75|
	END
}

@test "kubernetes: the list has a line for each pod, and for each still to come" {
	kubectl 0 "$(t 'Job|hpo-a|.|hpo.c.1|12| |||3,5-6,4
Job|hpo-b|.|hpo.c.2|2|SuccessCriteriaMet Complete |||0-1,
Job|hpo-c|.|hpo.d.1|2| |||,
Pod|hpo-a-0-q|hpo-a.0|hpo.c.1|Running|Ready PodScheduled |n1||,
Pod|hpo-a-1-q|hpo-a.1|hpo.c.1|Pending|PodScheduled |n1|ImagePullBackOff|,
Pod|hpo-a-2-q|hpo-a.2|hpo.c.1|Pending| |||,
Pod|hpo-a-3-q|hpo-a.3|hpo.c.1|Succeeded|PodScheduled |n2|Completed|,
Pod|hpo-a-4-q|hpo-a.4|hpo.c.1|Failed|PodScheduled |n2|OOMKilled|,
Pod|hpo-a-9-q|hpo-a.9|hpo.c.1|Unknown|PodScheduled |n2||,
Pod|hpo-b-0-q|hpo-b.0|hpo.c.2|Failed| |n3|Evicted|,
Pod|hpo-b-1-q|hpo-b.1|hpo.c.2|Failed| |n3|Error|,
Pod|hpo-b-1-q|hpo-b.2|hpo.c.2|Failed| |n3|NodeShutdown|,
Pod|hpo-c-0-q|hpo-c.0|hpo.d.1|Running| |n1||,')"
	run -0 --separate-stderr "$K" list prefix=hpo.c. job=hpo-a -- --namespace=lab
	[ -z "$stderr" ]
	same "$(t 'hpo-a.0|hpo.c.1|running|n1|
hpo-a.1|hpo.c.1|stuck|n1|ImagePullBackOff
hpo-a.2|hpo.c.1|waiting||
hpo-a.3|hpo.c.1|ended|n2|done
hpo-a.4|hpo.c.1|ended|n2|oom OOMKilled
hpo-a.7|hpo.c.1|waiting||
hpo-a.8|hpo.c.1|waiting||
hpo-a.9|hpo.c.1|running|n2|
hpo-a.10|hpo.c.1|waiting||
hpo-a.11|hpo.c.1|waiting||
hpo-b.0|hpo.c.2|ended|n3|preempted Evicted
hpo-b.1|hpo.c.2|ended|n3|failed Error
hpo-b.2|hpo.c.2|ended|n3|node NodeShutdown')" "$(sort -V <<<"$output")"
	grep -q '^7: get jobs,pods -l app=hpo --namespace=lab -o jsonpath=' args

	kubectl 0 ''
	run -0 --separate-stderr "$K" list prefix=hpo.
	[ -z "$output$stderr" ]
	kubectl 1 "$(t 'Pod|hpo-a-0-q|hpo-a.0|hpo.c.1|Running|Ready |n1||,')"
	run -75 --separate-stderr "$K" list prefix=hpo.
	[ -z "$output" ]
}

@test "kubernetes: to cancel is to delete pods" {
	kubectl 0 'pod "x" deleted'
	run -0 --separate-stderr "$K" cancel job=hpo-a.1 job=hpo-b.0 job=hpo-a.12 -- --context=x
	[ -z "$output" ]
	l=batch.kubernetes.io/job
	same "6: delete pods --wait=false -l $l-name=hpo-a,$l-completion-index in (1,12) --context=x
6: delete pods --wait=false -l $l-name=hpo-b,$l-completion-index in (0) --context=x" "$(<args)"
	kubectl 1 'no connection'
	run -75 "$K" cancel job=hpo-a.1
}

@test "kubernetes: without kubectl the status is 69" {
	mkdir tools
	for tool in awk cat id paste sed sh sort timeout; do
		ln -s "$(type -P "$tool")" tools/
	done
	for verb in limits submit list cancel; do
		run -69 --separate-stderr env PATH="$PWD/tools" "$K" $verb name=a count=1 \
		    script=/x log=/y prefix=a job=a.1
		[ -z "$output" ]
		same "kubernetes: no kubectl in PATH=$PWD/tools" "$stderr"
	done
}
