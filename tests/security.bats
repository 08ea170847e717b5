#!/usr/bin/env bats
# What others can plant in a shared campaign is not followed out of it, not
# waited for, and not believed.

bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/records

# A campaign has c, and outside is what no program has a business with: each
# test ends with a look whether it is as it was.
setup() {
	helper_setup
	toy
	mkdir outside
	echo 'secret' >outside/file
	: >outside/0000000.0
	mkdir outside/0000000
	remember
	export NO_FSCK=1
}

teardown() {
	same "$was" "$(look outside)"
	helper_teardown
}

# look DIR: all that is in it, with contents.
look() {
	find "$1" -printf '%p %y %m %s %l\n' | LC_ALL=C sort
	find "$1" -type f -exec cat {} +
}

# remember: from now on outside stays as it is.
remember() {
	was=$(look outside)
}

# ours COMMAND...: it ends by itself, not for lack of time.
ours() {
	run --separate-stderr timeout -k 1 $((10 * ${HPO_TEST_SLOWER:-1})) "$@"
	[ "$status" -ne 124 ] && [ "$status" -ne 137 ]
}

# script NAME: an executable of the campaign, from standard input.
script() {
	cat >"c/$1"
	chmod +x "c/$1"
}

# command TEXT: what the campaign runs.
command_is() {
	sed -i "s|^command = .*|command = $1|" c/campaign.ini
}

# dead_worker W: the directory of one that has died on this host.
dead_worker() {
	local pid

	true &
	pid=$!
	wait "$pid"
	mkdir -p "c/hpo/running/$1"
	cat >"c/hpo/running/$1/worker.ini" <<-EOF2
		[worker]
		format = 1
		host = $(hostname | tr -c '0-9A-Za-z.\n-' _)
		boot = $(cat /proc/sys/kernel/random/boot_id)
		pidns = $(stat -L -c %i /proc/self/ns/pid)
		pid = $pid
		start = 1
		slot = 0
		kind = loop
	EOF2
	printf '%020d\n' 0 >"c/hpo/running/$1/heartbeat"
}

@test "security: a result that is a link is not read" {
	home 0 lr=0.5 opt=adam
	good 0 0 ok '' loss=0.987654
	mv "c/hpo/trials/0000/0000000/result.0.$W.ini" outside/result
	remember
	ln -s ../../../../../outside/result \
	    "c/hpo/trials/0000/0000000/result.0.$W.ini"
	for command in 'hpo-collect c' 'hpo-collect --cat 0 c' \
	    'hpo-report c' 'hpo-collect --fsck c'; do
		# shellcheck disable=SC2086 # words wanted
		ours $command
		[[ $output$stderr != *0.987654* ]]
		[[ $output$stderr == *result* ]]
	done
}

@test "security: a trial file that is a link is not read" {
	home 0 lr=0.987654 opt=adam
	token ready 0.0
	mv c/hpo/trials/0000/0000000/trial.ini outside/trial
	remember
	ln -s "$PWD/outside/trial" c/hpo/trials/0000/0000000/trial.ini
	command_is 'echo hpo: loss={lr}'
	ours hpo-trial c 0
	[[ $output$stderr != *0.987654* ]]
	run hpo-collect c
	[[ ${lines[1]} == $'0\t0\tfailed\ttrial file damaged\t'* ]]
}

@test "security: no directory of hpo/ may be a link" {
	for dir in trials ready held running 'done' failed closed segments \
	    control observed tmp; do
		rm -r "c/hpo/$dir"
		ln -s ../../outside "c/hpo/$dir"
		commands=(collect 'trial --loop')
		[ "$dir" != tmp ] || commands+=(sample 'dispatch --local' \
		    'dispatch --status' 'dispatch --pause' report \
		    'collect --fsck')
		for command in "${commands[@]}"; do
			# shellcheck disable=SC2086 # words wanted
			refused 65 "hpo-${command%% *}: 'c/hpo/$dir' is a symbolic link, which is not followed: put the directory itself there" hpo-$command c
		done
		rm "c/hpo/$dir"
		mkdir "c/hpo/$dir"
	done
}

@test "security: the campaign and its file may be links of the user's" {
	mv c real
	ln -s real c
	mv real/campaign.ini mine.ini
	ln -s ../mine.ini real/campaign.ini
	sed -i 's|^command = .*|command = echo hpo: loss=1|' mine.ini
	run -0 hpo-trial --loop c
	[ "${#lines[@]}" -eq 6 ]
	chmod o+w mine.ini
	refused 77 "hpo-trial: 'c/campaign.ini' is writable by everyone: chmod o-w it first" hpo-trial --loop c
}

@test "security: no token is moved into a directory that is a link" {
	home 0 lr=0.5 opt=adam
	token ready 0.0
	command_is 'echo hpo: loss=1'
	for state in 'done' running; do
		case $state in
		done) ln -s ../../../outside c/hpo/done/0000 ;;
		*) ln -s ../../../outside "c/hpo/running/$W" ;;
		esac
		ours hpo-trial --loop c
	done
	[ "$status" -ne 0 ]
}

@test "security: nothing is read or removed through a worker that is a link" {
	mkdir outside/w
	for file in report params.json heartbeat worker.ini 0000003.0; do
		echo "secret $file" >"outside/w/$file"
	done
	dead_worker "$W"
	cp "c/hpo/running/$W/worker.ini" outside/w/worker.ini
	rm -r "c/hpo/running/$W"
	remember
	ln -s ../../../outside/w "c/hpo/running/$W"
	command_is 'echo hpo: loss=1'
	for _ in 1 2 3 4; do
		ours hpo-trial --loop c
	done
	run grep -r "$W" c/hpo/observed c/hpo/trials
	[ -z "$output" ]
}

@test "security: a home that is a link is not written to" {
	home 0 lr=0.5 opt=adam
	token ready 0.0
	cp c/hpo/trials/0000/0000000/trial.ini outside/0000000
	rm -r c/hpo/trials/0000/0000000
	remember
	ln -s ../../../../outside/0000000 c/hpo/trials/0000/0000000
	command_is 'echo hpo: loss=1'
	ours hpo-trial c 0
	[ "$status" -ne 0 ]
	[[ $stderr == *'is behind a symbolic link'* ]]
	rm -r c/hpo/trials/0000
	ln -s ../../../outside c/hpo/trials/0000
	ours hpo-trial --loop c
	ours hpo-collect --fsck c
	[ "$status" -eq 1 ]
}

@test "security: a log that is a link or a pipe is not written through" {
	command_is 'echo hpo: loss=1'
	for id in 0 1; do
		home "$id" lr=0.5 opt=adam
		token ready "$id.0"
	done
	ln -s ../../../../../outside/file c/hpo/trials/0000/0000000/log.0
	mkfifo c/hpo/trials/0000/0000001/log.0
	ours hpo-trial c 0 1
	[ "$output" = $'0\tok\t1\n1\tok\t1' ]
}

@test "security: reports are neither read nor written through a link" {
	echo '0000000.0 loss=0.987654' >outside/report
	remember
	script plant <<-'EOF2'
		#!/bin/sh
		ln -s ../../../../outside/report "hpo/running/$HPO_WORKER/report"
		hpo-trial --report loss=7 && echo it was sent
		rm "hpo/running/$HPO_WORKER/report"
		mkfifo "hpo/running/$HPO_WORKER/report"
		timeout 10 hpo-trial --report loss=7
		[ $? -eq 74 ] && echo hpo: waits=0
		ln -sf ../../../../outside/report "hpo/running/$HPO_WORKER/report"
	EOF2
	command_is ./plant
	home 0 lr=0.5 opt=adam
	token ready 0.0
	ours hpo-trial c 0
	[ "$output" = $'0\tfailed\t' ]
	run hpo-collect --format jsonl c
	[[ $output == *'no value of loss'*'"metric.waits": 0'* ]]
}

@test "security: params.json is not written through a link or a pipe" {
	script plant <<-'EOF2'
		#!/bin/sh
		rm "hpo/running/$HPO_WORKER/params.json"
		$1 ../../../../outside/file "hpo/running/$HPO_WORKER/params.json"
		echo hpo: loss=1
	EOF2
	script pipe <<-'EOF2'
		#!/bin/sh
		exec mkfifo "$2"
	EOF2
	for how in 'ln -s' ./pipe; do
		command_is "./plant '$how'"
		home 0 lr=0.5 opt=adam
		home 1 lr=0.5 opt=adam
		token ready 0.0
		token ready 1.0
		ours hpo-trial c 0 1
		[ "$status" -ne 0 ]
		[[ $stderr == *"params.json'"* ]]
		rm -rf c/hpo/*/0000 c/hpo/running/*
	done
}

@test "security: what is left in tmp/ is removed, what it links to is not" {
	local left

	mkdir -p outside/deep/er
	: >outside/deep/er/file
	remember
	left=c/hpo/tmp/$(hostname | tr -c '0-9A-Za-z.\n-' _)-99999999.0-00.0
	mkdir "$left"
	ln -s "$PWD/outside" "$left/dir"
	ln -s "$PWD/outside/file" "$left/file"
	mkfifo "$left/pipe"
	ln -s "$PWD/outside/deep" "${left%0}1"
	command_is 'echo hpo: loss=1'
	swept() {
		ours hpo-trial --loop c
		[ -z "$(ls c/hpo/tmp)" ]
	}
	wait_for 20 swept
}

@test "security: pipes and devices are not waited for" {
	local host
	host=$(hostname | tr -c '0-9A-Za-z.\n-' _)

	home 0 lr=0.5 opt=adam
	good 0 0 ok '' loss=1
	rm "c/hpo/trials/0000/0000000/result.0.$W.ini"
	mkfifo "c/hpo/trials/0000/0000000/result.0.$W.ini"
	home 1 lr=0.5 opt=adam
	token ready 1.0
	rm c/hpo/trials/0000/0000001/trial.ini
	ln -s /dev/zero c/hpo/trials/0000/0000001/trial.ini
	dead_worker "$W"
	token "running/$W" 2.0
	home 2 lr=0.5 opt=adam
	mkfifo "c/hpo/trials/0000/0000002/result.0.$W.ini"
	rm "c/hpo/running/$W/heartbeat"
	mkfifo "c/hpo/running/$W/heartbeat"
	mkdir c/hpo/running/other
	mkfifo c/hpo/running/other/{heartbeat,worker.ini,report}
	mkfifo "c/hpo/observed/$host-$(cat /proc/sys/kernel/random/boot_id)"
	mkfifo c/hpo/control/cancel.0000001.0
	command_is 'echo hpo: loss=1'
	ours hpo-trial --loop c
	[[ $output == *$'2\tok\t1'* ]]
	for command in 'hpo-collect --all c' 'hpo-collect --cat 0 c' \
	    'hpo-collect --fsck c' 'hpo-report c' 'hpo-dispatch --status c' \
	    'hpo-dispatch --cancel 1 c'; do
		# shellcheck disable=SC2086 # words wanted
		ours $command
	done
	rm c/hpo/FORMAT
	mkfifo c/hpo/FORMAT
	refused 65 "hpo-collect: 'FORMAT' is not a file" hpo-collect c
	rm c/campaign.ini
	mkfifo c/campaign.ini
	ours hpo-report c
	[ "$status" -eq 65 ]
}

@test "security: a result cannot send its token elsewhere" {
	dead_worker "$W"
	home 0 lr=0.5 opt=adam
	token "running/$W" 0.0
	result 0 0 ok '' loss=0.5
	file=c/hpo/trials/0000/0000000/result.0.$W.ini
	for worker in '../../../../outside/x' '.x' 'another-1.0-00'; do
		sed -i "/^worker/s|=.*|= $worker|; /^\[end\]/,\$d" "$file"
		seal "$file"
		rm -rf c/hpo/ready/0000
		token "running/$W" 0.0
		ours hpo-trial --loop c
		run find c/hpo/done c/hpo/failed -name '0000000*'
		[[ $output == *'/0000000.1.'* ]]
		rm -rf c/hpo/{done,failed}/0000 c/hpo/trials/0000/0000000
		home 0 lr=0.5 opt=adam
		result 0 0 ok '' loss=0.5
	done
}

@test "security: names are no paths" {
	home 0 lr=0.5 opt=adam
	token ready 0.0
	mkdir "c/hpo/running/a b" $'c/hpo/running/x\n1 2 9e9 99 y' \
	    "c/hpo/tmp/a b"
	: >'c/hpo/control/cancel...'
	: >'c/hpo/control/cancel.0000000.0 x'
	: >'c/hpo/ready/0000/0000000.0.x'
	: >'c/hpo/ready/0000/00000000.0'
	: >'c/hpo/ready/0000/99999999999999999999.0'
	mkdir c/hpo/ready/..0000 c/hpo/ready/00000
	: >c/hpo/ready/00000/0000000.0
	command_is 'echo hpo: loss=1'
	run -0 hpo-trial --loop c
	[ "${lines[0]}" = $'0\tok\t1' ]
	[ "${#lines[@]}" -eq 6 ]
	run ! grep -r '^1 2 9e9' c/hpo/observed
	HPO_WORKER=../../../outside HPO_TRIAL=0 HPO_ATTEMPT=0 \
	    refused 64 'hpo-trial: --report outside a trial: name it with --trial ID' \
	    hpo-trial --report c loss=1
	for id in 99999999999999999999 10000000; do
		ours hpo-collect --cat "$id" c
		[ "$status" -eq 64 ]
	done
}

@test "security: what is made is as open as the umask says" {
	command_is 'echo hpo: loss=1'
	sed -i 's/^trials = .*/trials = 2/' c/campaign.ini
	for mask in 027 002; do
		rm -r c/hpo
		(
			umask "$mask"
			hpo-sample -n 2 c
			hpo-dispatch --local -j 1 c
			hpo-dispatch --pause c
		) >out
		run find c/hpo -perm "/$mask"
		[ -z "$output" ]
		[ "$(find c/hpo -name 'result.*' | wc -l)" -eq 2 ]
		# And no less open, where others share the campaign.
		run find c/hpo -type d ! -perm -"$(printf %o $((0777 & ~mask)))"
		[ -z "$output" ]
		run find c/hpo -type f ! -perm -"$(printf %o $((0666 & ~mask)))"
		[ -z "$output" ]
	done
}
