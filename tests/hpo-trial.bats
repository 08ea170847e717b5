#!/usr/bin/env bats
# hpo-trial: which trials it runs, what the command gets, what is made of its
# output and its end, signals, deaths, retries, ask and tell.

# shellcheck disable=SC2016 # much here is for other shells, or sed
bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect

# make_c [LINE...]: a campaign c that runs run.sh; the lines are more of [run]
# and of what comes behind it.
make_c() {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 9
		[space]
		x = const(0.5)
		y = const(2)
		[run]
		command = sh run.sh {id} {attempt}
		heartbeat = 0.1s
	EOT
	printf '%s\n' "$@" >>c/campaign.ini
	echo 'echo "hpo: loss=0.5"' >c/run.sh
}

# script: standard input is what the trials of c run.
script() {
	cat >c/run.sh
}

# rows: id, attempt, status, cause and objective of all trials of c.
rows() {
	hpo-collect --all c | tail -n +2 | cut -f 1-4,9
}

# exits PID STATUS: the child ends, with this status.
exits() {
	local status_got=0

	wait_for 10 gone "$1"
	wait "$1" || status_got=$?
	same "$2" "$status_got"
}

has_line() {
	grep -qxF -- "$1" "$2" 2>/dev/null
}

# --- which trials -------------------------------------------------------------

@test "trial: without an id the next one is made and run" {
	make_c
	answers 0 '0	ok	0.5' '' hpo-trial c
	answers 0 '1	ok	0.5' '' hpo-trial c
	same '0	0	ok		0.5
1	0	ok		0.5' "$(rows)"
	same 'c/hpo/running:

c/hpo/tmp:' "$(ls -A c/hpo/running c/hpo/tmp)"
}

@test "trial: the waiting one is run before a new one is made" {
	make_c
	hpo-sample -n 2 c >ids
	answers 0 '0	ok	0.5' '' hpo-trial --slot 1 c
	answers 0 '1	ok	0.5' '' hpo-trial --slot 1 c
	answers 0 '2	ok	0.5' '' hpo-trial --slot 1 c
}

@test "trial: the named ones are run in their order" {
	make_c
	hpo-sample -n 5 c >ids
	answers 0 '3	ok	0.5
0	ok	0.5' '' hpo-trial c 3 0
	same '1	0	ready		
2	0	ready		
4	0	ready		' "$(rows | grep ready)"
	answers 0 '4	ok	0.5' '' hpo-trial 4 c
	answers 0 '2	ok	0.5' '' hpo-trial c 0000002
}

@test "trial: a trial that has ended prints its line and is not run again" {
	make_c
	script <<-'EOT'
		echo run >>ran
		[ "$1" -ne 1 ] || exit 3
		echo hpo: loss=0.25
	EOT
	hpo-sample -n 2 c >ids
	answers 0 '0	ok	0.25' '' hpo-trial c 0
	answers 3 '1	failed	' '' hpo-trial c 1
	answers 0 '0	ok	0.25' '' hpo-trial c 0
	answers 0 '1	failed	' '' hpo-trial c 1
	answers 0 '1	failed	
0	ok	0.25' '' hpo-trial c 1 0
	same 2 "$(wc -l <c/ran)"
}

@test "trial: an unknown id ends with 1, and those behind it are run" {
	make_c
	hpo-sample c >ids
	answers 1 '0	ok	0.5' "hpo-trial: no trial 7 is waiting in 'c'" \
	    hpo-trial c 7 0
}

@test "trial: of several that fail the status is that of the last" {
	make_c
	script <<<'exit $1'
	hpo-sample -n 4 c >ids
	answers 3 '2	failed	
3	failed	' '' hpo-trial c 2 3
	sed -i 's/^/echo hpo: loss=1; /' c/run.sh
	answers 1 '1	failed	1
0	ok	1' '' hpo-trial c 1 0
}

@test "trial: ids come from standard input, first field of each line" {
	make_c
	hpo-sample -n 4 c >ids
	printf '2 x y\n\n1\tz\n0\n' >in
	answers 0 '2	ok	0.5
1	ok	0.5
0	ok	0.5' '' hpo-trial c - <in
	answers 0 '4	ok	0.5
5	ok	0.5' '' sh -c 'hpo-sample -n 2 c | hpo-trial c -'
	echo 3 | answers 0 '3	ok	0.5' '' hpo-trial - c
	answers 0 '' '' hpo-trial c - </dev/null
	printf '3\nx3\n4\n' >in
	answers 64 '3	ok	0.5' \
	    "hpo-trial: <stdin>: 'x3' is not the id of a trial" hpo-trial c - <in
}

@test "trial: when the budget is used up there is nothing to run" {
	make_c
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	hpo-trial c >out
	answers 1 '' "hpo-trial: no trial is waiting in 'c'" hpo-trial c
	sed -i 's/^trials = 1/trials = 2/' c/campaign.ini
	answers 0 '1	ok	0.5' '' hpo-trial c
}

@test "trial: --loop runs all, and a failure is no failure of the loop" {
	make_c
	script <<-'EOT'
		[ "$1" -ne 4 ] || exit 7
		echo hpo: loss="$1"
	EOT
	answers 0 "$(for i in 0 1 2 3 4 5 6 7 8; do
		if [ $i -eq 4 ]; then
			printf '4\tfailed\t\n'
		else
			printf '%d\tok\t%d\n' $i $i
		fi
	done)" '' hpo-trial --loop --slot 1 c
	answers 0 '' '' hpo-trial --loop c
	same '8 ok 1 failed' "$(rows | cut -f 3 | sort -r | uniq -c | xargs)"
}

@test "trial: --max-trials ends the loop" {
	make_c
	answers 0 '0	ok	0.5
1	ok	0.5' '' hpo-trial --loop --max-trials 2 c
	answers 0 '2	ok	0.5' '' hpo-trial --loop --max-trials=1 c
}

@test "trial: two workers with slots begin at different trials" {
	make_c
	hpo-sample -n 4 c >ids
	answers 0 '2	ok	0.5' '' hpo-trial --slot 3 c
	answers 0 '0	ok	0.5' '' hpo-trial --slot 1 c
}

@test "trial: several objectives stand in a line in their order" {
	make_c '[metrics]' 'time = T='
	sed -i 's/^minimize.*/minimize = loss, time\nmaximize = acc/' c/campaign.ini
	script <<<'echo "hpo: acc=0.1 loss=1e-300"; echo T=3.0e5'
	answers 0 '0	ok	1e-300	300000	0.1' '' hpo-trial c
	script <<<'echo "hpo: acc=0.1 loss=4"'
	answers 125 '1	failed	4		0.1' '' hpo-trial c
	same "1	0	failed	no value of time" "$(rows | tail -n 1 | cut -f 1-4)"
}

# --- the command --------------------------------------------------------------

# words: what the command of c became in its last trial, a word a line.
words() {
	hpo-trial c >/dev/null
	cat c/words
}

@test "trial: a value never splits a word" {
	make_c
	sed -i 's/^x = .*/x = const("a b; $HOME `id` * \\"q\\" {y}")/
	    s/^command = .*/command = sh run.sh {x} --x={x} "{x} {y}" \x27{y}\x27 a\\ b "c  d" \x27e"f\x27 $HOME {y}{y} ""/' \
	    c/campaign.ini
	script <<-'EOT'
		printf '<%s>\n' "$@" >words
		echo hpo: loss=1
	EOT
	same '<a b; $HOME `id` * "q" {y}>
<--x=a b; $HOME `id` * "q" {y}>
<a b; $HOME `id` * "q" {y} 2>
<2>
<a b>
<c  d>
<e"f>
<$HOME>
<22>
<>' "$(words)"
}

@test "trial: {args}, braces, and words of inactive parameters" {
	make_c
	sed -i 's/^y = .*/y = const("two words")\nz = const(3)\n[when]\nz = x > 1/
	    s/^command = .*/command = sh run.sh {args} {{x}} {} {x,y} {a-b} ${x} -z {z} --zz {z} --z={z} -v --q=1 {z} pre{z}post last/' \
	    c/campaign.ini
	script <<-'EOT'
		printf '<%s>\n' "$@" >words
		echo hpo: loss=1
	EOT
	same '<--x=0.5>
<--y=two words>
<{x}>
<{}>
<{x,y}>
<{a-b}>
<$0.5>
<-v>
<--q=1>
<last>' "$(words)"
}

@test "trial: the placeholders" {
	make_c
	sed -i 's/^command = .*/command = sh run.sh {id} {attempt} {seed} {dir} {checkpoint} {campaign} {slot}/' \
	    c/campaign.ini
	script <<-'EOT'
		printf '%s\n' "$@" >words
		echo "$HPO_SEED" >seed
		echo hpo: loss=1
	EOT
	here=$(pwd -P)/c
	hpo-trial --slot 7 c
	hpo-trial --slot 7 c
	same "1
0
$(cat c/seed)
$here/hpo/trials/0000/0000001
$here/hpo/trials/0000/0000001/checkpoint
$here
7" "$(cat c/words)"
	same 0 "$(words | tail -n 1)"
}

@test "trial: mistakes in the command are found before anything is run" {
	make_c
	sed -i 's/^command = .*/command = sh run.sh {idd} {X}/' c/campaign.ini
	refused 65 "hpo-trial: c/campaign.ini:8: unknown name '{idd}', did you mean '{id}'?" \
	    hpo-trial c
	sed -i 's/^command = .*/command = sh "run.sh/' c/campaign.ini
	refused 65 "hpo-trial: c/campaign.ini:8: the quote (\") in '\"run.sh' does not close" \
	    hpo-trial c
}

@test "trial: a command that is not there, or not executable, runs nothing" {
	make_c
	sed -i '/^command/d' c/campaign.ini
	refused 78 "hpo-trial: c/campaign.ini: [run] has no 'command': there is nothing to run" \
	    hpo-trial c
	sed -i 's/^\[run\]/&\ncommand = .\/gone {x}/' c/campaign.ini
	refused 78 "hpo-trial: c/campaign.ini:8: command './gone' not found" \
	    hpo-trial c
	sed -i 's|^command.*|command = ./run.sh|' c/campaign.ini
	refused 78 "hpo-trial: c/campaign.ini:8: command './run.sh' is not executable, try chmod +x" \
	    hpo-trial c
	refused 78 "hpo-trial: c/campaign.ini:8: command './run.sh' is not executable, try chmod +x" \
	    hpo-trial --loop c
	sed -i 's|^command.*|command = no-such-program|' c/campaign.ini
	refused 78 "hpo-trial: c/campaign.ini:8: command 'no-such-program' is not on the PATH; for a file of the campaign write './no-such-program'" \
	    hpo-trial c
	sed -i 's|^command.*|command = /|' c/campaign.ini
	refused 78 "hpo-trial: c/campaign.ini:8: command '/' is not executable, try chmod +x" \
	    hpo-trial c
	printf '#!/bin/sh\n' >c/run.sh
	chmod 757 c/run.sh
	sed -i 's|^command.*|command = ./run.sh|' c/campaign.ini
	refused 77 "hpo-trial: c/campaign.ini:8: command './run.sh' is writable by everyone: chmod o-w it first" \
	    hpo-trial c
}

@test "trial: a command that only the point names ends with 126 or 127" {
	not_under valgrind 'it cannot go on after an execve that fails'
	make_c
	sed -i 's|^command.*|command = {x} {id}|; s|^x = .*|x = choice(./gone)|' \
	    c/campaign.ini
	answers 127 '0	failed	' '' hpo-trial c
	sed -i 's|^x = .*|x = choice(./run.sh)|' c/campaign.ini
	answers 126 '1	failed	' '' hpo-trial c
	sed -i 's|^x = .*|x = choice(no-such-program)|' c/campaign.ini
	answers 127 '2	failed	' '' hpo-trial c
	printf '#!/no/such/interpreter\n' >c/run.sh
	chmod +x c/run.sh
	sed -i 's|^x = .*|x = choice(./run.sh)|' c/campaign.ini
	answers 127 '3	failed	' '' hpo-trial c
	printf '\1\2\3\n' >c/run.sh
	answers 126 '4	failed	' '' hpo-trial c
	same '0	0	failed	command not found	
1	0	failed	command not executable	
2	0	failed	command not found	
3	0	failed	command not found	
4	0	failed	command did not start: Exec format error	' "$(rows)"
}

@test "trial: the whole environment of the command" {
	not_under valgrind 'it adds variables of its own'
	make_c '[local]' 'cores = 3' 'gpus = 5,GPU-7a'
	sed -i 's/^y = .*/&\nz = const("a b")\nw = const(1)\n[when]\nw = x > 1/
	    s|^command.*|command = env|' c/campaign.ini
	here=$(pwd -P)/c
	env -i PATH=/usr/bin:/bin OMP_NUM_THREADS=8 MINE=1 HPO_MINE=2 \
	    "$BUILD_BIN/hpo-trial" --slot 2 c >out || :
	home=$here/hpo/trials/0000/0000000
	worker=$(sed -n 's/^worker = //p' "$home"/result.0.*.ini)
	same "CUDA_VISIBLE_DEVICES=GPU-7a
HPO_ATTEMPT=0
HPO_CAMPAIGN=$here
HPO_CHECKPOINT=$home/checkpoint
HPO_DIR=$home
HPO_MINE=2
HPO_PARAMS=$here/hpo/running/$worker/params.json
HPO_PARAM_x=0.5
HPO_PARAM_y=2
HPO_PARAM_z=a b
HPO_SEED=N
HPO_SLOT=2
HPO_TRIAL=0
HPO_WORKER=$worker
MINE=1
MKL_NUM_THREADS=3
OMP_NUM_THREADS=8
OPENBLAS_NUM_THREADS=3
PATH=/usr/bin:/bin:$(readlink -f "$BUILD_BIN")
PYTHONUNBUFFERED=1
ROCR_VISIBLE_DEVICES=GPU-7a" "$(LC_ALL=C sort "$home/log.0" |
	    sed 's/^HPO_SEED=[0-9]\{1,10\}$/HPO_SEED=N/')"
	seed=$(sed -n 's/^HPO_SEED=//p' "$home/log.0")
	[ "$seed" -lt $((1 << 31)) ]
}

@test "trial: no parameter of another trial reaches the command" {
	make_c
	sed -i 's|^command.*|command = sh -c "env \| grep ^HPO_PARAM_; echo hpo: loss=1"|' \
	    c/campaign.ini
	HPO_PARAM_old=1 HPO_TRIAL=99 hpo-trial c
	same 'HPO_PARAM_x=0.5
HPO_PARAM_y=2
hpo: loss=1' "$(cat c/hpo/trials/0000/0000000/log.0)"
}

@test "trial: without gpus or a slot no device is named" {
	make_c '[local]' 'gpus = 2'
	script <<-'EOT'
		echo "$HPO_SLOT ${CUDA_VISIBLE_DEVICES-none}" >>devices
		echo hpo: loss=1
	EOT
	hpo-trial c
	for slot in 1 2 3; do
		hpo-trial --slot $slot c
	done
	sed -i '/^gpus/d' c/campaign.ini
	hpo-trial --slot 1 c
	CUDA_VISIBLE_DEVICES=9 hpo-trial --slot 1 c
	same '0 none
1 0
2 1
3 0
1 none
1 9' "$(cat c/devices)"
}

@test "trial: HPO_PARAMS is a file with the point as JSON" {
	make_c
	sed -i 's/^y = .*/y = const([1, "b"])\nz = const("a\\"b")\nw = int(1, 1000)\nv = const(no)\n[when]\nv = x > 1/' \
	    c/campaign.ini
	script <<-'EOT'
		cp "$HPO_PARAMS" params
		echo hpo: loss=1
	EOT
	hpo-trial c
	w=$(hpo-collect c | tail -n 1 | tr '\t' '\n' | sed -n 13p)
	same "{\"x\":0.5,\"y\":\"[1, \\\"b\\\"]\",\"z\":\"a\\\"b\",\"w\":$w}" \
	    "$(jq -c . c/params)"
}

@test "trial: the seed is the trial's, in every attempt, and the campaign's" {
	make_c 'retries = 1' 'backoff = 0s'
	script <<-'EOT'
		echo "$HPO_SEED" >>seeds
		[ "$2" -eq 1 ] || exit 1
		echo hpo: loss=1
	EOT
	hpo-trial --loop --max-trials 4 --slot 1 c
	same 2 "$(sort -u c/seeds | wc -l)"
	same 4 "$(wc -l <c/seeds)"
	cp -R c d
	rm -r d/hpo
	sed -i 's/^trials/seed = 2\n&/' d/campaign.ini
	: >d/seeds
	hpo-trial --loop --max-trials 4 --slot 1 d
	same 4 "$(sort -u c/seeds d/seeds | wc -l)"
}

@test "trial: the working directory is the campaign's or the trial's" {
	make_c
	here=$(pwd -P)/c
	sed -i 's|^command.*|command = sh -c "pwd -P; echo hpo: loss=1"|' c/campaign.ini
	hpo-trial c
	sed -i 's|^command.*|&\ndirectory = trial|' c/campaign.ini
	hpo-trial c
	same "$here
hpo: loss=1" "$(cat c/hpo/trials/0000/0000000/log.0)"
	same "$here/hpo/trials/0000/0000001
hpo: loss=1" "$(cat c/hpo/trials/0000/0000001/log.0)"
	sed -i 's|^command.*|command = {campaign}/run.sh|' c/campaign.ini
	printf '#!/bin/sh\npwd -P >here\necho hpo: loss=2\n' >c/run.sh
	chmod +x c/run.sh
	answers 0 '2	ok	2' '' hpo-trial c
	same "$here/hpo/trials/0000/0000002" \
	    "$(cat c/hpo/trials/0000/0000002/here)"
}

@test "trial: a program of the campaign is found from anywhere" {
	make_c
	mkdir c/bin elsewhere
	printf '#!/bin/sh\necho hpo: loss=3\n' >c/bin/go
	chmod +x c/bin/go
	sed -i 's|^command.*|command = bin/go|' c/campaign.ini
	cd elsewhere
	answers 0 '0	ok	3' '' hpo-trial ../c
	cd ../c
	answers 0 '1	ok	3' '' hpo-trial
	HPO_CAMPAIGN=../c answers 0 '2	ok	3' '' hpo-trial
}

@test "trial: standard input is empty, and there is no terminal to ask" {
	make_c
	script <<-'EOT'
		readlink /proc/self/fd/0 >in
		! read -r line
		echo hpo: loss=1
	EOT
	echo something | hpo-trial c
	same /dev/null "$(cat c/in)"
}

@test "trial: a checkpoint directory lasts from attempt to attempt" {
	make_c 'retries = 1' 'backoff = 0s'
	sed -i 's/^command = .*/& {checkpoint}/' c/campaign.ini
	script <<-'EOT'
		[ "$3" = "$HPO_CHECKPOINT" ] || exit 9
		echo "$2" >>"$3/attempts"
		[ "$2" -eq 1 ] || exit 1
		cat "$HPO_CHECKPOINT/attempts" >>"$HPO_DIR/kept"
		echo hpo: loss=1
	EOT
	answers 0 '0	failed	
0	ok	1' '' hpo-trial --loop --max-trials 2 --slot 1 c
	same $'0\n1' "$(cat c/hpo/trials/0000/0000000/kept)"
}

# --- the log ------------------------------------------------------------------

@test "trial: the log has both streams in their order" {
	make_c
	script <<-'EOT'
		echo one
		echo two >&2
		printf 'three\r\033[1mfour\n'
		echo 'hpo: loss=1'
		printf 'no end'
	EOT
	answers 0 '0	ok	1' '' hpo-trial c
	printf 'one\ntwo\nthree\r\033[1mfour\nhpo: loss=1\nno end' |
		cmp - c/hpo/trials/0000/0000000/log.0
	same '[log]
tail.1 = one
tail.2 = two
tail.3 = three
tail.4 = \x1b[1mfour
tail.5 = hpo: loss=1
tail.6 = no end' "$(sed -n '/^\[log\]/,/^\[end\]/p' \
	    c/hpo/trials/0000/0000000/result.0.*.ini | sed '$d')"
}

@test "trial: a log that is empty is not kept" {
	make_c
	script <<<'hpo-trial --report loss=1'
	hpo-trial c
	cd c/hpo/trials/0000/0000000
	same "$(echo result.0.*.ini) trial.ini" "$(echo *)"
}

@test "trial: log_limit keeps head and tail, and marks the cut" {
	make_c 'log_limit = 4K'
	script <<-'EOT'
		seq -f 'line %094.0f' 1 1000
		echo hpo: loss=1
	EOT
	answers 0 '0	ok	1' '' hpo-trial c
	log=c/hpo/trials/0000/0000000/log.0
	{ seq -f 'line %094.0f' 1 1000 && echo hpo: loss=1; } >all
	{
		head -c 2048 all
		printf '\n[hpo: %d bytes cut here, see log_limit]\n' \
		    $(($(wc -c <all) - 4096))
		tail -c 2048 all
	} | cmp - $log
	# One that fits exactly is left alone.
	script <<<'head -c 4084 /dev/zero | tr "\0" x; printf "\nhpo:loss=1"'
	hpo-trial c >out
	same 4095 "$(wc -c <c/hpo/trials/0000/0000001/log.0)"
	run -1 grep -q 'cut here' c/hpo/trials/0000/0000001/log.0
}

@test "trial: the result has the last lines, cut and escaped" {
	make_c
	script <<-'EOT'
		seq 1 30
		echo hpo: loss=1
		printf 'a = b ; c # d [e]\n\n%0600d\n' 7
	EOT
	hpo-trial c >out
	same "$(seq -f 'tail.%g = ' 1 20 | paste -d '' - <(
		seq 14 30 && echo hpo: loss=1 && echo 'a = b ; c # d [e]' &&
			printf '%0500d\n' 0))" \
	    "$(grep '^tail\.' c/hpo/trials/0000/0000000/result.0.*.ini)"
}

# --- metrics ------------------------------------------------------------------

# says TEXT...: a campaign c whose command prints these, as printf does.
says() {
	[ -e c ] || make_c
	# shellcheck disable=SC2059 # that is the point
	printf "$@" >c/said
	echo 'cat said' >c/run.sh
}

# metrics: those of the last trial, as its result has them.
metrics() {
	sed -n '/^\[metrics\]/,/^\[/p' c/hpo/trials/0000/*/result.*.ini |
		grep '=' | tail -n "${1-1}"
}

@test "trial: the last value of a metric counts" {
	says 'hpo: loss=3\nhpo: loss=2 other=5\nhpo: other=6\nhpo: loss=1\n'
	answers 0 '0	ok	1' '' hpo-trial c
	same $'loss = 1\nother = 6' "$(metrics 2)"
}

@test "trial: metrics between escapes, carriage returns and blanks" {
	says 'epoch 1\rhpo: loss=9\rhpo: loss=8\r\n\033[1;32mhpo:\033[0m loss = \033[4m7\033[0m, n=1e3;m=+.5\nxhpo: loss=6\n hpo: loss=5\nhpo: loss=4 and done'
	answers 0 '0	ok	4' '' hpo-trial c
	same $'loss = 4\nn = 1000\nm = 0.5' "$(metrics 3)"
}

@test "trial: metrics are read from standard error, too" {
	make_c
	script <<<'echo hpo: loss=1 >&2'
	answers 0 '0	ok	1' '' hpo-trial c
}

@test "trial: numbers as programs print them" {
	says 'hpo: loss=np.float64(0.25) a=tensor(0.5, device=%s) b=[0.75] c=1e-3 d=0.5.\n' \
	    "'cuda:0'"
	answers 0 '0	ok	0.25' '' hpo-trial c
	same 'loss = 0.25
a = 0.5
b = 0.75
c = 0.001
d = 0.5' "$(metrics 5)"
}

@test "trial: [metrics] finds numbers in what others print" {
	make_c '[metrics]' 'loss = val_loss[=:]' 'acc = accuracy ([0-9.]+)%' \
	    'n = ^n=([0-9]+) '
	says 'val_loss: 0.5 (best)\nVAL_LOSS=3\nn=17 lr=3\nval_loss=\naccuracy 93.5%%\n'
	answers 0 '0	ok	0.5' '' hpo-trial c
	same 'acc = 93.5
loss = 0.5
n = 17' "$(metrics 3 | sort)"
}

@test "trial: text where a number should be fails the trial" {
	make_c '[metrics]' 'loss = val_loss[=:]'
	says 'val_loss=0.5\nepoch 2 val_loss=n/a (oops)\nval_loss=0.4\n'
	answers 125 '0	failed	0.4' '' hpo-trial c
	says 'hpo: loss=soon\n'
	answers 125 '1	failed	' '' hpo-trial c
	same "0	0	failed	no number for 'loss' in 'epoch 2 val_loss=n/a (oops)'	0.4
1	0	failed	no number for 'loss' in 'hpo: loss=soon'	" "$(rows)"
}

@test "trial: an objective that is missing or not finite fails the trial" {
	make_c
	script <<<'sed -n "$((1 + $1))p" said'
	printf 'no metric\nhpo: loss=nan\nhpo: loss=-inf\nhpo: loss=inf\nhpo: other=1\n' \
	    >c/said
	for i in 0 1 2 3 4; do
		run -125 hpo-trial c
	done
	same '0	0	failed	no value of loss	
1	0	failed	loss is nan	nan
2	0	failed	loss is infinite	-inf
3	0	failed	loss is infinite	inf
4	0	failed	no value of loss	' "$(rows)"
}

@test "trial: with a step, values are a curve" {
	says 'hpo: step=1 loss=3 acc=1\nhpo: loss=2 step=2\nhpo: step=4 loss=1\nhpo: loss=0.5\n'
	answers 0 '0	ok	0.5' '' hpo-trial c
	same '[metrics]
loss = 0.5
acc = 1
[curve]
loss = 1 3, 2 2, 4 1
acc = 1 1' "$(sed -n '/^\[metrics\]/,/^\[log\]/p' \
	    c/hpo/trials/0000/0000000/result.0.*.ini | sed '$d')"
}

@test "trial: --report from within the command" {
	make_c
	script <<-'EOT'
		for step in 1 2 3; do
			hpo-trial --report step=$step loss=0.$step acc=1 ||
				exit 99
		done
		(cd / && sh -c 'hpo-trial --report n=7')
		echo hpo: acc=2
	EOT
	answers 0 '0	ok	0.3' '' hpo-trial c
	same '[metrics]
acc = 1
loss = 0.3
n = 7
[curve]
acc = 1 1, 2 1, 3 1
loss = 1 0.1, 2 0.2, 3 0.3' "$(sed -n '/^\[metrics\]/,/^\[log\]/p' \
	    c/hpo/trials/0000/0000000/result.0.*.ini | sed '$d')"
}

@test "trial: --report refuses what is no metric" {
	make_c
	script <<-'EOT'
		hpo-trial --report loss 2>said
		echo $? >>said
		hpo-trial --report loss=x 2>>said
		echo $? >>said
		hpo-trial --report 3=1 2>>said
		echo $? >>said
		hpo-trial --report loss=1 && echo fine >>said
	EOT
	answers 0 '0	ok	1' '' hpo-trial c
	cat c/said
	[ "$(grep -c '^hpo-trial: ' c/said)" -eq 3 ]
	same '64 64 64 fine' "$(grep -v '^hpo-trial: ' c/said | xargs)"
}

@test "trial: --report outside a trial needs --trial" {
	make_c
	hpo-sample c >ids
	refused 64 'hpo-trial: --report outside a trial: name it with --trial ID' \
	    hpo-trial --report c loss=1
	refused 64 'hpo-trial: --report needs NAME=VALUE' hpo-trial --report c
	run --separate-stderr hpo-trial --report --trial 0 c loss=1
	same '1 hpo-trial: trial 0 is not running' "$status $stderr"
	run --separate-stderr hpo-trial --report --trial x c loss=1
	same "64 hpo-trial: 'x' is not a trial's id" "$status $stderr"
	script <<-'EOT'
		mkfifo end && : >started && cat end
	EOT
	hpo-trial c >out 3>&- &
	wait_for 10 test -e c/started
	answers 0 '' '' hpo-trial --report --trial 0 c loss=0.25 step=1
	echo >c/end
	exits $! 0
	same '0	ok	0.25' "$(cat out)"
}

# --- how it ends --------------------------------------------------------------

@test "trial: the command's own status is passed through" {
	make_c
	script <<<'echo hpo: loss=1; exit $((3 * $1))'
	answers 0 '0	ok	1' '' hpo-trial c
	answers 3 '1	failed	1' '' hpo-trial c
	answers 6 '2	failed	1' '' hpo-trial c
	script <<<'kill -s "$(echo KILL SEGV TERM | cut -d " " -f $(($1 - 2)))" $$'
	answers 137 '3	failed	' '' hpo-trial c
	answers 139 '4	failed	' '' hpo-trial c
	answers 143 '5	failed	' '' hpo-trial c
	same '1	0	failed	exit 3	1
2	0	failed	exit 6	1
3	0	failed	signal 9	
4	0	failed	signal 11	
5	0	failed	signal 15	' "$(rows | tail -n +2)"
	same 'exit = 143
signal = 15' "$(grep -E '^(exit|signal) = ' \
	    c/hpo/trials/0000/0000005/result.0.*.ini)"
}

@test "trial: a timeout ends with 124, and is not tried again" {
	make_c 'timeout = 0.2s' 'retries = 5'
	script <<-'EOT'
		trap 'echo terminated >>said; exit 3' TERM
		echo hpo: loss=1
		mkfifo fifo && : <>fifo && read -r _ <>fifo
	EOT
	answers 124 '0	timeout	1' '' hpo-trial c
	same terminated "$(cat c/said)"
	same '0	0	timeout	timeout after 0.2s	1' "$(rows)"
}

@test "trial: who ignores TERM is killed after the grace, with all its kin" {
	make_c 'timeout = 0.1s' 'grace = 0.2s'
	script <<-'EOT'
		trap 'echo no >>said' TERM
		mkfifo fifo
		(trap '' TERM; read -r _ <>fifo) &
		echo $! >child
		while :; do read -r _ <>fifo; done
	EOT
	answers 124 '0	timeout	' '' hpo-trial c
	same no "$(cat c/said)"
	wait_for 5 gone "$(cat c/child)"
	same 'exit = 124
signal = 9' "$(grep -E '^(exit|signal) = ' \
	    c/hpo/trials/0000/0000000/result.0.*.ini)"
}

@test "trial: what the command leaves behind in its group ends with it" {
	make_c
	script <<-'EOT'
		mkfifo fifo
		(exec >/dev/null 2>&1; read -r _ <>fifo) &
		echo $! >child
		echo hpo: loss=1
	EOT
	answers 0 '0	ok	1' '' hpo-trial c
	wait_for 5 gone "$(cat c/child)"
}

# hang: the command of c says that it has started, and never ends.
hang() {
	script <<-'EOT'
		trap 'echo "$1 TERM" >>said' TERM
		trap 'echo "$1 USR1" >>said' USR1
		mkfifo "fifo.$1.$2"
		echo $$ >"started.$1.$2"
		read -r _ <>"fifo.$1.$2" || :
		[ ! -e wait ] || while [ ! -e go ]; do read -r _ <>fifo.$1.$2; done
		[ "$2" -lt "${LATER-9}" ] || echo hpo: loss=1
		exit 0
	EOT
}

@test "trial: TERM and INT interrupt, and the trial goes back to the queue" {
	make_c
	hang
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -TERM $!
	exits $! 143
	same '0	interrupted	' "$(cat out err)"
	same '0 TERM' "$(cat c/said)"
	same '0	1	ready		' "$(rows)"
	same 'status = interrupted
cause = signal 15
exit = 0' "$(grep -E '^(status|cause|exit) = ' \
	    c/hpo/trials/0000/0000000/result.0.*.ini)"

	hpo-trial c 0 >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.1
	kill -INT $!
	exits $! 130
	same '0	2	ready		' "$(rows)"
	grep -qx 'cause = signal 2' c/hpo/trials/0000/0000000/result.1.*.ini
}

@test "trial: a trial that another makes when a loop makes none is not left behind" {
	not_under valgrind 'hpo-trial would not find itself'
	make_c
	sed -i 's/^trials = .*/trials = 1/' c/campaign.ini
	mkdir alone early
	cp "$BUILD_BIN/hpo-trial" alone
	cat >early/hpo-sample <<-EOT
		#!/bin/sh
		"$BUILD_BIN/hpo-sample" c >/dev/null 2>&1
		exec "$BUILD_BIN/hpo-sample" "\$@"
	EOT
	chmod +x early/hpo-sample
	PATH=$PWD/early:$PATH answers 0 '0	ok	0.5' '' alone/hpo-trial --loop c
}

@test "trial: a loop that is interrupted runs nothing more" {
	make_c
	hang
	hpo-trial --loop --slot 1 c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -TERM $!
	exits $! 143
	same '0	interrupted	' "$(cat out err)"
	same '0	1	ready		' "$(rows)"
}

@test "trial: a second TERM kills at once" {
	make_c 'grace = 1h'
	: >c/wait
	hang
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -TERM $!
	wait_for 10 has_line '0 TERM' c/said
	same '0	0	running		' "$(rows)"
	kill -INT $!
	exits $! 130
	same '0	interrupted	' "$(cat out err)"
	wait_for 5 gone "$(cat c/started.0.0)"
	same '0	1	ready		' "$(rows)"
	grep -qx 'signal = 9' c/hpo/trials/0000/0000000/result.0.*.ini
}

@test "trial: USR2 and HUP let the trial end, and then the loop" {
	make_c
	: >c/wait
	hang
	for signal in USR2 HUP; do
		n=$((${n--1} + 1))
		LATER=0 hpo-trial --loop --slot 1 c >out 2>err 3>&- &
		wait_for 10 test -s c/started.$n.0
		kill -$signal $!
		: >c/go
		echo >c/fifo.$n.0
		exits $! 0
		same "$n	ok	1" "$(cat out err)"
		rm c/go
	done
	same '' "$(cat c/said 2>/dev/null)"
	same 2 "$(rows | wc -l)"
}

@test "trial: USR2 ends a row of named trials after the one that runs" {
	make_c
	: >c/wait
	hang
	hpo-sample -n 2 c >ids
	LATER=0 hpo-trial c 0 1 >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -USR2 $!
	: >c/go
	echo >c/fifo.0.0
	exits $! 0
	same '0	ok	1' "$(cat out err)"
	same '1	0	ready		' "$(rows | tail -n 1)"
}

@test "trial: signals are heard while it waits for ids" {
	make_c
	mkfifo ids
	for signal in TERM:143 INT:130 USR2:0; do
		hpo-trial c - <>ids >out 2>err 3>&- &
		wait_for 10 eval 'ls c/hpo/running | grep -q .'
		kill -${signal%:*} $!
		exits $! ${signal#*:}
		same '' "$(cat out err)"
		same '' "$(ls c/hpo/running)"
	done
}

@test "trial: USR1 without checkpoint_signal is as TERM" {
	make_c
	hang
	hpo-trial --loop --slot 1 c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -USR1 $!
	exits $! 138
	same '0	interrupted	' "$(cat out err)"
	same '0 TERM' "$(cat c/said)"
	same '0	1	ready		' "$(rows)"
}

@test "trial: USR1 warns by checkpoint_signal, TERM follows after the grace" {
	make_c 'checkpoint_signal = USR1' 'grace = 0.3s'
	: >c/wait
	hang
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -USR1 $!
	wait_for 10 has_line '0 USR1' c/said
	exits $! 138
	same '0	interrupted	' "$(cat out err)"
	same '0 USR1
0 TERM' "$(cat c/said)"
	same '0	1	ready		' "$(rows)"
}

# The end of a job is told to each of its processes, in any order.
@test "trial: a command that hears of the end of its job first was interrupted" {
	local how n=0

	make_c
	hpo-sample -n 4 c >ids
	for how in 'kill -TERM $$' 'exit 1' 'exit 0'; do
		script <<-EOT
			setsid sh -c '
				: >there
				while kill -0 \$1; do :; done
				kill -TERM \$2
			' sh \$\$ \$PPID >/dev/null 2>&1 &
			until [ -e there ]; do :; done
			rm there
			$how
		EOT
		HPO_JOB_ID=7 answers 143 "$n	interrupted	" '' hpo-trial c "$n"
		same "$n	1	ready		" "$(rows | grep "^$n	")"
		n=$((n + 1))
	done
	echo 'exit 1' >c/run.sh
	HPO_JOB_ID=7 answers 1 "$n	failed	" '' hpo-trial c "$n"
	same "$n	0	failed	exit 1	" "$(rows | tail -n 1)"
}

@test "trial: a command that ends by the checkpoint signal was interrupted" {
	make_c 'checkpoint_signal = USR1' 'grace = 1h'
	script <<-'EOT'
		[ "$2" -eq 0 ] || trap 'exit 85' USR1
		mkfifo "fifo.$1.$2"
		echo $$ >"started.$1.$2"
		read -r _ <>"fifo.$1.$2"
	EOT
	for attempt in 0 1; do
		hpo-trial c 0 >out 2>err 3>&- &
		[ $attempt -ne 0 ] || { wait $! || :; hpo-trial c >out 2>err 3>&- & }
		wait_for 10 test -s c/started.0.$attempt
		kill -USR1 $!
		exits $! 138
		same '0	interrupted	' "$(cat out err)"
	done
	same '0	2	ready		' "$(rows)"
}

# --- deaths -------------------------------------------------------------------

@test "trial: the command dies with its worker, its kin with the reclaim" {
	make_c
	script <<-'EOT'
		mkfifo fifo
		if [ "$2" -eq 0 ]; then
			setsid sh -c 'read -r _ <>fifo' &
			echo $! $$ >started
			read -r _ <>fifo
		fi
		echo hpo: loss=1
	EOT
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started
	read -r kin command <c/started
	kill -KILL $!
	exits $! 137
	wait_for 10 gone "$command"
	run -1 gone "$kin"
	same '0	0	running		' "$(rows)"
	# Whoever finds nothing better to do takes it back, and kills the rest.
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	answers 0 '0	ok	1' '' hpo-trial --loop c
	wait_for 10 gone "$kin"
	same '0	1	ok		1' "$(rows)"
	grep -hx 'cause = worker died' c/hpo/trials/0000/0000000/result.0.*.ini
}

@test "trial: losses are limited, and so are interrupts" {
	make_c 'losses = 1' 'interrupts = 1'
	sed -i 's/^trials = 9/trials = 2/' c/campaign.ini
	hang
	for attempt in 0 1; do
		hpo-trial --loop --slot 1 c >out 2>err 3>&- &
		wait_for 10 test -s c/started.0.$attempt
		kill -KILL $!
		exits $! 137
		script <<<'echo hpo: loss=2'
		[ $attempt -eq 1 ] || answers 0 '1	ok	2' '' hpo-trial --slot 1 c
		hang
	done
	answers 0 '' '' hpo-trial --loop c
	same '0	1	lost	worker died	' "$(rows | head -n 1)"

	make_c 'interrupts = 1'
	sed -i 's/^trials = 9/trials = 3/' c/campaign.ini
	hang
	for attempt in 0 1; do
		hpo-trial --loop --slot 1 c >out 2>err 3>&- &
		wait_for 10 test -s c/started.2.$attempt
		kill -TERM $!
		exits $! 143
	done
	same '2	1	interrupted	signal 15	' "$(rows | tail -n 1)"
}

# job_of FILE...: what is in the section [job] of results.
job_of() {
	sed -n '/^\[job\]/,/^\[[^j]/{ /^\[/!p; }' "$@"
}

@test "trial: a result tells of the job it was made in" {
	make_c
	answers 0 '0	ok	0.5' '' env HPO_JOB_ID=4711_3 HPO_JOB_RESTART=0 \
	    HPO_JOB_NODE=n01 HPO_JOB_QUEUE=gpu \
	    HPO_JOB_SUBMITTED=$(($(date +%s) - 1000)) hpo-trial c
	result=$(echo c/hpo/trials/0000/0000000/result.0.*-j4711_3.0-*.ini)
	same 'id = 4711_3
node = n01
partition = gpu
restarts = 0' "$(job_of "$result" | grep -v '^wait')"
	[[ $(job_of "$result" | tail -n 1) =~ ^wait\ =\ 1[0-9]{3}$ ]]

	# Started again it has waited, but nobody knows how long.
	answers 0 '1	ok	0.5' '' env HPO_JOB_ID=12[3].server HPO_JOB_RESTART=2 \
	    HPO_JOB_SUBMITTED=1000 hpo-trial c
	same 'id = 12[3].server
restarts = 2' "$(job_of c/hpo/trials/0000/0000001/result.0.*-j12_3__server.2-*.ini)"

	# By hand in an allocation of SLURM.
	answers 0 '2	ok	0.5' '' env SLURM_JOB_ID=9 SLURM_ARRAY_JOB_ID=8 \
	    SLURM_ARRAY_TASK_ID=1 SLURMD_NODENAME=n02 SLURM_JOB_PARTITION=cpu \
	    SLURM_RESTART_COUNT=1 hpo-trial c
	same 'id = 8_1
node = n02
partition = cpu
restarts = 1' "$(job_of c/hpo/trials/0000/0000002/result.0.*-j8_1.1-*.ini)"

	# In none, the first attempt.
	answers 0 '3	ok	0.5' '' hpo-trial c
	run -1 grep '^\[job\]' c/hpo/trials/0000/0000003/result.0.*.ini

	# Asked for, and told.
	HPO_JOB_ID=7 HPO_JOB_NODE=n03 hpo-trial --claim --pid $$ c
	answers 0 '4	ok	1' '' hpo-trial --finish --pid $$ c 4 loss=1
	same 'id = 7
node = n03
restarts = 0' "$(job_of c/hpo/trials/0000/0000004/result.0.*.ini)"
}

@test "trial: a result tells how the earlier attempts ended, and where" {
	make_c 'retries = 1' 'backoff = 0s'
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	hang
	HPO_JOB_ID=7 HPO_JOB_NODE=n1 hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	kill -KILL $!
	exits $! 137
	# A reaper in another job tells of the job of the dead one.
	HPO_JOB_ID=8 HPO_JOB_NODE=n2 hpo-trial --loop c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.1
	same 'id = 7
node = n1
restarts = 0' "$(job_of c/hpo/trials/0000/0000000/result.0.*.ini)"
	kill -TERM $!
	exits $! 143
	script <<<'exit 3'
	answers 3 '0	failed	' '' hpo-trial c
	script <<<'echo hpo: loss=1'
	answers 0 '0	ok	1' '' hpo-trial c
	host=$(sed -n 's/^host = //p' c/hpo/trials/0000/0000000/result.3.*.ini)
	same "history = lost@n1: interrupted@n2:# failed@$host:#" \
	    "$(job_of c/hpo/trials/0000/0000000/result.3.*.ini |
		sed -E 's/:[0-9]+\.[0-9]{3}( |$)/:#\1/g')"
	same 'history = lost@n1:' \
	    "$(job_of c/hpo/trials/0000/0000000/result.1.*.ini | grep history)"
}

@test "trial: a worker held for dead gives way, and its command is killed" {
	make_c 'lease = 0.3s'
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	script <<-'EOT'
		if [ "$2" -eq 0 ]; then
			mkfifo fifo
			echo $$ >started
			read -r _ <>fifo
		fi
		echo hpo: loss=1
	EOT
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started
	kill -STOP $!
	reclaimed() {
		hpo-trial --loop c >>other
		grep -q . other
	}
	wait_for 20 reclaimed
	same '0	ok	1' "$(cat other)"
	wait_for 10 gone "$(cat c/started)"
	kill -CONT $!
	exits $! 1
	same "hpo-trial: trial 0 was taken from this worker" "$(cat out err)"
	same '0	1	ok		1' "$(rows)"
	same 'campaign.ini fifo hpo run.sh started' "$(cd c && echo *)"
}

@test "trial: a worker whose token is gone kills its command" {
	make_c
	hang
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	mv c/hpo/running/*/0000000.0 token
	exits $! 1
	same "hpo-trial: trial 0 was taken from this worker" "$(cat out err)"
	gone "$(cat c/started.0.0)"
	mv token c/hpo/ready/0000/0000000.0
}

@test "trial: failed trials are held for the back-off, then tried again" {
	make_c 'retries = 2' 'backoff = 0.3s'
	sed -i 's/^trials = 9/trials = 2/' c/campaign.ini
	script <<-'EOT'
		now=$(cut -d ' ' -f 1 /proc/uptime)
		echo "$1 $2 $now" >>when
		echo "attempt $2"
		[ "$1" -eq 1 ] || [ "$2" -eq 2 ] || exit 5
		echo hpo: loss=1
	EOT
	answers 5 '0	failed	' '' hpo-trial --slot 1 c
	same '0	1	held		' "$(rows)"
	answers 0 '1	ok	1
0	failed	
0	ok	1' '' hpo-trial --loop c
	awk '$1 == 0 { at[$2] = $3 } END {
		exit !(at[1] - at[0] >= 0.28 && at[2] - at[1] >= 0.58)
	}' c/when
	same '0	2	ok		1
1	0	ok		1' "$(rows)"
	cd c/hpo/trials/0000/0000000
	same 'attempt 0
attempt 1
attempt 2
hpo: loss=1' "$(cat log.0 log.1 log.2)"
}

@test "trial: when the retries are used up the trial has failed" {
	make_c 'retries = 1' 'backoff = none'
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	script <<<'exit 5'
	answers 0 '0	failed	
0	failed	' '' hpo-trial --loop c
	same '0	1	failed	exit 5	' "$(rows)"
}

@test "trial: a held trial may be run by its name" {
	make_c 'retries = 1' 'backoff = 1h'
	script <<<'exit 5'
	run -5 hpo-trial c
	same '0	1	held		' "$(rows)"
	script <<<'echo hpo: loss=1'
	answers 0 '0	ok	1' '' hpo-trial c 0
}

@test "trial: a damaged trial file ends the trial for good" {
	make_c 'retries = 5'
	hpo-sample -n 4 c >ids
	cd c/hpo/trials/0000
	sed -i 's/^x = 0.5/x = 0.6/' 0000000/trial.ini
	head -c 200 0000001/trial.ini >part
	mv part 0000001/trial.ini
	: >0000002/trial.ini
	cp 0000000/trial.ini saved
	cd "$BATS_TEST_TMPDIR"
	for id in 0 1 2; do
		answers 125 "$id	failed	" '' hpo-trial c $id
	done
	cp c/hpo/trials/0000/saved c/hpo/trials/0000/0000003/trial.ini
	rm c/hpo/trials/0000/saved
	answers 125 '3	failed	' '' hpo-trial c 3
	same '0 1 2 3' "$(rows | cut -f 1 | xargs)"
	same 'failed	trial file damaged' "$(rows | cut -f 3,4 | sort -u)"
	answers 0 '0	failed	' '' hpo-trial c 0
	export NO_FSCK=1
	run -1 hpo-collect --fsck c
}

# --- ask and tell -------------------------------------------------------------

# claimed FIELD: of what --claim printed into the file claim.
claimed() {
	jq -c "$1" claim
}

@test "trial: --claim prints the point, --finish ends the trial" {
	make_c
	sed -i '/^\[run\]/,$d; s/^y = .*/y = const("a \\"b\\"")\nz = const(1)\n[when]\nz = x > 1/' \
	    c/campaign.ini
	cat >loop.sh <<-'EOT'
		hpo-trial --claim c >claim || exit
		hpo-trial --finish c "$(jq .id claim)" loss=0.25 acc=1e1
	EOT
	answers 0 '0	ok	0.25' '' sh loop.sh
	same '{"id": 0, "attempt": 0, "params": {"x": 0.5, "y": "a \"b\""}}' \
	    "$(cat claim)"
	same 1 "$(wc -l <claim)"
	same '0	0	ok		0.25' "$(rows)"
	same $'loss = 0.25\nacc = 10' "$(metrics 2)"
	wait_for 10 eval '[ -z "$(ls c/hpo/running)" ]'
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	refused_now=$(ls -A c/hpo/running)
	answers 1 '' '' sh loop.sh
	same '' "$refused_now"
}

@test "trial: --claim returns at once, even inside of \$(...)" {
	make_c
	me=$BASHPID
	claim=$(hpo-trial --claim --pid "$me" c)
	same '0 0 0.5' "$(echo "$claim" | jq -r '"\(.id) \(.attempt) \(.params.x)"')"
	hpo-trial --claim --pid "$me" c | cat >claim
	same 1 "$(claimed .id)"
	answers 0 '1	ok	1' '' hpo-trial --finish --pid "$me" c 1 loss=1
	answers 0 '0	ok	0' '' hpo-trial --finish --pid "$me" 0 c loss=0
}

@test "trial: the process that beats holds nothing of the caller's" {
	make_c
	exec 5>lock
	flock -n 5
	hpo-trial --claim --pid "$BASHPID" c >claim
	run -1 flock -n lock true
	exec 5>&-
	flock -n lock true
	hpo-trial --fail --pid "$BASHPID" c 0
}

@test "trial: it beats while the owner works" {
	make_c
	hpo-trial --claim --pid "$BASHPID" c >claim
	beat=$(cat c/hpo/running/*/heartbeat)
	beats() {
		[ "$(cat c/hpo/running/*/heartbeat)" != "$beat" ]
	}
	wait_for 10 beats
	hpo-trial --finish --pid "$BASHPID" c 0 loss=1
}

@test "trial: values reported on the way are a curve" {
	make_c
	hpo-trial --claim --pid "$BASHPID" c >claim
	for step in 1 2; do
		answers 0 '' '' hpo-trial --report --trial 0 c step=$step loss=$step
	done
	answers 0 '0	ok	0.5' '' \
	    hpo-trial --finish --pid "$BASHPID" c 0 loss=0.5
	same 'loss = 1 1, 2 2' "$(sed -n '/^\[curve\]/,/^\[/p' \
	    c/hpo/trials/0000/0000000/result.0.*.ini | grep '=')"
}

@test "trial: --fail is a failure like any other" {
	make_c 'retries = 1' 'backoff = 0s'
	for attempt in 0 1; do
		hpo-trial --claim --pid "$BASHPID" --slot 1 c >claim
		same "0 $attempt" "$(claimed '.id, .attempt' | xargs)"
		answers 0 '0	failed	2' '' \
		    hpo-trial --fail --pid "$BASHPID" c 0 loss=2
	done
	same '0	1	failed	reported as failed	2' "$(rows | grep '^0')"
}

@test "trial: --finish without the objective is a failure" {
	make_c
	for _ in 0 1 2; do
		hpo-trial --claim --pid "$BASHPID" c >>claim
	done
	answers 125 '0	failed	' 'hpo-trial: trial 0: no value of loss' \
	    hpo-trial --finish --pid "$BASHPID" c 0 other=1
	answers 125 '1	failed	nan' 'hpo-trial: trial 1: loss is nan' \
	    hpo-trial --finish --pid "$BASHPID" c 1 loss=NaN
	answers 125 '2	failed	' 'hpo-trial: trial 2: no value of loss' \
	    hpo-trial --finish --pid "$BASHPID" c 2
	same '0	0	failed	no value of loss	
1	0	failed	loss is nan	nan
2	0	failed	no value of loss	' "$(rows)"
}

@test "trial: a metric that is none refuses --finish, and nothing ends" {
	make_c
	hpo-trial --claim --pid "$BASHPID" c >claim
	refused 64 "hpo-trial: no number for 'loss' in 'loss=x'" \
	    hpo-trial --finish --pid "$BASHPID" c 0 loss=x
	answers 0 '0	ok	1' '' hpo-trial --finish --pid "$BASHPID" c 0 loss=1
}

@test "trial: only the owner may end what was claimed" {
	make_c
	hpo-trial --claim --pid "$BASHPID" c >claim
	run --separate-stderr hpo-trial --finish --pid 1 c 0 loss=1
	same "1  hpo-trial: trial 0 is held by process $BASHPID on '$(uname -n)', not by process 1: see --pid" \
	    "$status $output $stderr"
	run --separate-stderr hpo-trial --fail --pid 1 c 0
	same "1 " "$status $output"
	run --separate-stderr hpo-trial --finish --pid "$BASHPID" c 5 loss=1
	same '1  hpo-trial: trial 5 is not running' "$status $output $stderr"
	answers 0 '0	ok	1' '' hpo-trial --finish --pid "$BASHPID" c 0 loss=1
	run --separate-stderr hpo-trial --finish --pid "$BASHPID" c 0 loss=1
	same '1  hpo-trial: trial 0 is not running' "$status $output $stderr"
}

@test "trial: what a worker runs cannot be ended by --finish" {
	make_c
	hang
	hpo-trial c >out 2>err 3>&- &
	wait_for 10 test -s c/started.0.0
	run --separate-stderr hpo-trial --finish --pid $! c 0 loss=1
	same "1 " "$status $output"
	same '0	0	running		' "$(rows)"
	kill -TERM $!
	exits $! 143
}

@test "trial: when the owner dies its trial goes to another" {
	make_c
	sed -i 's/^trials = 9/trials = 1/' c/campaign.ini
	mkfifo fifo
	sh -c 'hpo-trial --claim c >claim && echo $$ >owner && read -r _ <>fifo' \
	    3>&- &
	wait_for 10 test -s owner
	beater=$(pgrep -f '^hpo-trial --claim c$' | head -n 1)
	answers 0 '' '' hpo-trial --loop c
	kill -KILL "$(cat owner)"
	exits $! 137
	answers 0 '0	ok	0.5' '' hpo-trial --loop c
	same '0	1	ok		0.5' "$(rows)"
	wait_for 10 gone "$beater"
	run --separate-stderr hpo-trial --finish --pid $! c 0 loss=1
	same '1  hpo-trial: trial 0 is not running' "$status $output $stderr"
}

@test "trial: --claim of a process that is not there" {
	make_c
	true 3>&- &
	wait $!
	refused 64 "hpo-trial: there is no process $!" \
	    hpo-trial --claim --pid $! c
}

@test "trial: --claim passes over a damaged trial" {
	make_c
	hpo-sample -n 2 c >ids
	sed -i 's/^x = 0.5/x = 0.6/' c/hpo/trials/0000/0000000/trial.ini
	hpo-trial --claim --slot 1 --pid "$BASHPID" c >claim
	same 1 "$(claimed .id)"
	hpo-trial --finish --pid "$BASHPID" c 1 loss=1
	same '0	0	failed	trial file damaged	
1	0	ok		1' "$(rows)"
	export NO_FSCK=1
}

# --- the command line ---------------------------------------------------------

# --- memory -------------------------------------------------------------------

# with_memory COMMAND...: run it in a cgroup of its own with 64 MiB.
with_memory() {
	local group status=0

	group=/sys/fs/cgroup/memory
	[ -e "$group/memory.oom_control" ] || group=/sys/fs/cgroup
	group=$group/hpo-test.$BASHPID
	mkdir "$group" 2>/dev/null || skip 'no cgroup can be made here'
	if [ -e "$group/memory.limit_in_bytes" ]; then
		echo 64M >"$group/memory.limit_in_bytes"
	elif [ -e "$group/memory.max" ]; then
		echo 64M >"$group/memory.max"
		echo 0 >"$group/memory.swap.max" || :
	else
		rmdir "$group"
		skip 'no cgroup with a limit of memory can be made here'
	fi
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" "$@" ||
		status=$?
	wait_for 10 rmdir "$group" 2>/dev/null
	return "$status"
}

# A process that takes more and more.
HUNGRY='awk "BEGIN { while (1) a[n++] = n }"'

@test "trial: a command that the kernel kills for memory is oom, and final" {
	not_under san 'its memory is not what it seems'
	not_under valgrind 'it needs more memory'
	make_c 'retries = 3'
	script <<<"exec $HUNGRY"
	hpo-sample c
	with_memory hpo-trial c 0 >out || [ $? -eq 137 ]
	same '0	0	oom	out of memory	' "$(rows)"
}

@test "trial: in a job, a command one of whose processes the kernel kills is oom" {
	not_under san 'its memory is not what it seems'
	not_under valgrind 'it needs more memory'
	make_c
	script <<<"$HUNGRY || exit 3"
	hpo-sample c
	with_memory env HPO_JOB_ID=7_3 hpo-trial c 0 >out || [ $? -eq 3 ]
	same '0	0	oom	out of memory	' "$(rows)"
	hpo-sample c
	with_memory hpo-trial c 1 >out || [ $? -eq 3 ]
	same '1	0	failed	exit 3	' "$(rows | tail -n 1)"
}

@test "trial: in a job, one that is ok all the same says so" {
	not_under san 'its memory is not what it seems'
	not_under valgrind 'it needs more memory'
	make_c
	script <<<"$HUNGRY; echo hpo: loss=1"
	hpo-sample c
	with_memory env HPO_JOB_ID=7_3 hpo-trial c 0 >out
	same '0	0	ok	out of memory: a process was killed	1' "$(rows)"
}

# --- pilots -------------------------------------------------------------------

# pilot N TICKET [OPTION...]: of a campaign of N trials, as a job's script
# starts it.
pilot() {
	sed -i "s/^trials = .*/trials = $1/" c/campaign.ini
	shift
	HPO_JOB_ID=7_3 HPO_JOB_RESTART=0 HPO_JOB_NODE=n1 \
		hpo-trial --loop --ticket "$@" -- c
}

# files PATTERN: how many files of this name the ticket has.
files() {
	find c/hpo/slurm/5 -name "$1" | wc -l
}

@test "trial: a pilot tells its ticket that it is of use, and when it has ended" {
	make_c
	hpo-sample -n 2 c
	mkdir -p c/hpo/slurm/5
	same 'ok	0.5' "$(pilot 2 slurm/5 --max-trials 1 | cut -f 2-)"
	[ "$(files 'ended.*-j7_3.0-*')" -eq 1 ]
	pilot 2 slurm/5
	pilot 2 slurm/5 # nothing is left for it
	[ "$(files 'ended.*')" -eq 3 ]
	[ "$(files '*')" -eq 4 ]
	pilot 2 slurm/6 # a ticket that is gone is no matter
	[ ! -e c/hpo/slurm/6 ]
}

@test "trial: a pilot claims nothing that would not end in its time, but for one" {
	make_c
	hpo-sample -n 9 c
	[ "$(pilot 9 slurm/0 --time 100 --expect 101 | wc -l)" -eq 1 ]
	[ "$(pilot 9 slurm/0 --time 1000 --expect 1 | wc -l)" -eq 8 ]
}

@test "trial: what a job's setup took is of a pilot's time" {
	make_c
	hpo-sample -n 9 c
	export HPO_JOB_STARTED=$(($(date +%s) - 900))
	[ "$(pilot 9 slurm/0 --time 1000 --expect 101 | wc -l)" -eq 1 ]
	HPO_JOB_STARTED=x
	[ "$(pilot 9 slurm/0 --time 1000 --expect 101 | wc -l)" -eq 8 ]
}

@test "trial: when a pilot's time is over its trial goes back, and it has ended well" {
	make_c 'grace = 5s'
	script <<-'EOT'
		[ "$2" -gt 0 ] || exec sleep 60
		echo "hpo: loss=0.5"
	EOT
	hpo-sample c
	mkdir -p c/hpo/slurm/5
	answers 0 '0	interrupted	' '' pilot 1 slurm/5 --time 0.3
	grep -qx 'cause = end of the whole walltime' c/hpo/trials/*/*/result.0.*
	[ "$(files 'ended.*')" -eq 1 ]
	answers 0 '0	ok	0.5' '' pilot 1 slurm/5
}

@test "trial: twice a pilot's whole time without a checkpoint is too long" {
	make_c 'grace = 5s' 'retries = 3'
	script <<<'exec sleep 60'
	hpo-sample c
	answers 0 '0	interrupted	' '' pilot 1 slurm/5 --time 0.3
	answers 0 '0	failed	' '' pilot 1 slurm/5 --time 0.3
	same '0	1	failed	takes longer than the walltime, twice, and keeps no checkpoint	' \
	    "$(rows)"
}

@test "trial: with a checkpoint it goes on however often its time is over" {
	make_c 'grace = 5s'
	script <<-'EOT'
		mkdir -p "$HPO_CHECKPOINT"
		echo >>"$HPO_CHECKPOINT/n"
		[ "$(wc -l <"$HPO_CHECKPOINT/n")" -gt 3 ] || exec sleep 60
		echo "hpo: loss=0.5"
	EOT
	hpo-sample c
	for _ in 1 2 3; do
		answers 0 '0	interrupted	' '' pilot 1 slurm/5 --time 0.3
	done
	answers 0 '0	ok	0.5' '' pilot 1 slurm/5 --time 0.3
}

@test "trial: a pilot waits neither for --resume nor for a long back-off" {
	make_c 'retries = 1' 'backoff = 1h'
	script <<<'exit 1'
	hpo-sample -n 2 c
	hpo-dispatch --pause c
	answers 0 '' '' pilot 2 slurm/0
	hpo-dispatch --resume c
	[ "$(pilot 2 slurm/0 | grep -c failed)" -eq 2 ]
	same 'held	2' "$(hpo-dispatch --status c | grep ^held)"
}

@test "trial: usage mistakes" {
	refused 64 'hpo-trial: --ticket, --time and --expect go with --loop' \
	    hpo-trial --time 3s c
	refused 64 "hpo-trial: 'slurm/../x' is no ticket" \
	    hpo-trial --loop --ticket slurm/../x c
	refused 64 "hpo-trial: '0' is no duration, write e.g. 90s, 30m, 2h or 1d" \
	    hpo-trial --loop --time 0 c
	make_c
	hpo-sample c >ids
	refused 64 'hpo-trial: one of --claim, --fail, --finish, --loop, --report at a time' \
	    hpo-trial --loop --claim c
	refused 64 'hpo-trial: --loop and --claim take any trial: leave out the ids' \
	    hpo-trial --loop c 0
	refused 64 'hpo-trial: --loop and --claim take any trial: leave out the ids' \
	    hpo-trial --claim c -
	refused 64 'hpo-trial: name one trial by its id' hpo-trial --finish c loss=1
	refused 64 'hpo-trial: name one trial by its id' hpo-trial --fail c 0 1
	refused 64 "hpo-trial: one campaign at a time, not 'loss=1'" \
	    hpo-trial c loss=1
	refused 64 'hpo-trial: there is no trial 10000000' hpo-trial c 10000000
	refused 64 "hpo-trial: 'x' is not a slot" hpo-trial --slot x c
	refused 64 "hpo-trial: '-1' is not a number of trials" \
	    hpo-trial --loop --max-trials=-1 c
	refused 64 "hpo-trial: 'self' is not a process id" \
	    hpo-trial --claim --pid self c
}
