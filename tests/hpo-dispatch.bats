#!/usr/bin/env bats
# hpo-dispatch: a campaign on this machine from start to end, the verbs,
# signals, ssh hosts.  The doctor is in doctor.bats.

# shellcheck disable=SC2016 # much here is for other shells, or sed
bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect

# What a test that failed has left running ends here.
teardown() {
	local file pid

	cd -- "$BATS_TEST_TMPDIR" || return
	for file in */hpo/running/*/worker.ini; do
		pid=$(sed -n 's/^pid = //p' "$file" 2>/dev/null) || continue
		[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || :
	done
	helper_teardown
}

# make_c TRIALS [LINE...]: a campaign c of so many trials that run run.sh; the
# lines are more of [run] and of what comes behind it.
make_c() {
	campaign c <<-EOT
		[campaign]
		minimize = loss
		trials = $1
		[space]
		x = const(0.5)
		[run]
		command = sh run.sh {id} {attempt}
		heartbeat = 0.1s
	EOT
	shift
	printf '%s\n' "$@" >>c/campaign.ini
	echo 'echo "hpo: loss=$1"' >c/run.sh
}

# script: standard input is what the trials of c run.
script() {
	cat >c/run.sh
}

# hang: the trials of c say their slot in started.ID.A, and end by let_go.
hang() {
	script <<-'EOT'
		mkfifo "fifo.$1.$2"
		echo "$HPO_SLOT" >"$1.$2"
		mv "$1.$2" "started.$1.$2"
		read -r _ <>"fifo.$1.$2"
		echo "hpo: loss=$1"
	EOT
}

# started ID.A...: all of these have.
started() {
	local name

	for name; do
		[ -e "c/started.$name" ] || return
	done
}

# let_go ID.A...: they may end.
let_go() {
	local name

	for name; do
		echo >"c/fifo.$name"
	done
}

# dispatch [OPTION...]: in the background, $! is its pid.
dispatch() {
	hpo-dispatch --local "$@" c >out 2>err 3>&- &
}

# exits PID STATUS: the child ends, with this status.
exits() {
	local status_got=0

	wait_for 20 gone "$1"
	wait "$1" || status_got=$?
	same "$2" "$status_got"
}

# rows: id, attempt, status, cause and objective of all trials of c.
rows() {
	hpo-collect --all c | tail -n +2 | cut -f 1-4,9
}

# status_is: what --status says of c, blanks for newlines and tabs.
status_of() {
	hpo-dispatch --status c | xargs
}

# nothing_left: nothing runs or is half made, and there is no request.
nothing_left() {
	same '' "$(cd c/hpo && find running tmp control -mindepth 1)"
}

# control FILE...: these requests are there.
control_is() {
	same "$*" "$(cd c/hpo/control && echo *)"
}

# --- a campaign ---------------------------------------------------------------

@test "dispatch: a campaign runs to its end, silently but for its results" {
	make_c 5
	run --separate-stderr hpo-dispatch --local -j 2 c
	same '0 ' "$status $stderr"
	same "$(printf '%d\tok\t%d\n' 0 0 1 1 2 2 3 3 4 4)" \
	    "$(echo "$output" | sort)"
	nothing_left
	answers 0 '' '' hpo-dispatch --local c
	nothing_left
	sed -i 's/^trials = 5/trials = 6/' c/campaign.ini
	# Without a word, too, where there is no SLURM.
	mkdir bare
	ln -s /usr/bin/* bare
	rm -f bare/sbatch
	answers 0 '5	ok	5' '' env PATH="$BUILD_BIN:$PWD/bare" hpo-dispatch c
}

@test "dispatch: when no trial is ok the answer is no" {
	make_c 2
	script <<<'exit 3'
	run --separate-stderr hpo-dispatch --local c
	same '1 ' "$status $stderr"
	same '0	failed	
1	failed	' "$(echo "$output" | sort)"
	answers 1 '' '' hpo-dispatch --local c
	sed -i 's/^trials = 2/trials = 3/' c/campaign.ini
	script <<<'echo hpo: loss=1'
	answers 0 '2	ok	1' '' hpo-dispatch --local c
}

@test "dispatch: -j is how many run at a time, each in a slot of its own" {
	make_c 4
	hang
	dispatch -j 3
	wait_for 20 started 0.0 1.0 2.0
	same '1 2 3' "$(cat c/started.* | sort | xargs)"
	same '3	running	1 2 3' "$(hpo-dispatch --status c |
	    sed -n 's/^running\t\(.*\)/\1\trunning/p')	$(
	    sed -n 's/^slot = //p' c/hpo/running/*/worker.ini | sort | xargs)"
	[ ! -e c/started.3.0 ]
	let_go 1.0
	wait_for 20 started 3.0
	same "$(cat c/started.1.0)" "$(cat c/started.3.0)"
	let_go 0.0 2.0 3.0
	exits $! 0
	same '' "$(cat err)"
}

@test "dispatch: [local] says how many workers there are, and their devices" {
	not_under valgrind 'a worker hears of INT after its next claim'
	make_c 5 '[local]' 'gpus = 3,GPU-5e'
	hang
	sed -i 's/"$HPO_SLOT"/"$HPO_SLOT $CUDA_VISIBLE_DEVICES"/' c/run.sh
	dispatch
	wait_for 20 started 0.0 1.0
	same '1 3,2 GPU-5e' "$(sort c/started.* | paste -s -d ,)"
	[ ! -e c/started.2.0 ]
	kill -INT $!
	let_go 0.0 1.0
	exits $! 1

	sed -i 's/^gpus = .*/workers = 3/' c/campaign.ini
	dispatch
	wait_for 20 started 2.0 3.0 4.0
	let_go 2.0 3.0 4.0
	exits $! 0
}

@test "dispatch: retries and their back-off are waited for" {
	make_c 2 'retries = 2' 'backoff = 0.2s'
	script <<<'[ "$1.$2" = 0.2 ] && echo hpo: loss=1; exit "$((2 - $2))"'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	same '0 failed 0 failed 0 ok 1 1 failed 1 failed 1 failed' \
	    "$(echo "$output" | sort | xargs)"
	same '0	2	ok		1
1	2	failed	no value of loss	' "$(rows)"
}

@test "dispatch: a second dispatcher adds nothing" {
	make_c 3
	hang
	dispatch -j 2
	first=$!
	wait_for 20 started 0.0 1.0
	hpo-dispatch --local -j 2 c >out2 2>err2 3>&- &
	second=$!
	# It has looked, and waits.
	wait_for 20 eval 'grep -qE "poll|^0" /proc/$second/wchan'
	same '' "$(pgrep -P $second)"
	[ ! -e c/started.2.0 ]
	let_go 0.0
	wait_for 20 started 2.0
	let_go 1.0 2.0
	exits $first 0
	exits $second 0
	same '0 1 2' "$(cat out out2 | cut -f 1 | sort | xargs)"
	same '' "$(cat err err2)"
	nothing_left
}

@test "dispatch: a worker that is killed is replaced" {
	make_c 2
	hang
	dispatch -j 1
	wait_for 20 started 0.0
	script <<<'echo "hpo: loss=$1"'
	kill -KILL "$(sed -n 's/^pid = //p' c/hpo/running/*/worker.ini)"
	exits $! 0
	same '0	1	ok		0
1	0	ok		1' "$(rows)"
}

@test "dispatch: killed with all its workers, it goes on when run again" {
	make_c 6
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	let_go 0.0
	wait_for 20 started 2.0
	dispatcher=$!
	mapfile -t pids < <(pgrep -P $dispatcher &&
		sed -n 's/^pid = //p' c/hpo/running/*/worker.ini)
	kill -KILL $dispatcher "${pids[@]}"
	exits $dispatcher 137
	wait_for 10 gone "${pids[@]}"
	script <<<'echo "hpo: loss=$1"'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	same '0 0 ok
1 1 ok
2 1 ok
3 0 ok
4 0 ok
5 0 ok' "$(rows | cut -f 1-3 | tr '\t' ' ')"
	run -1 pgrep -f "fifo|$PWD/c"
	same '' "$(find c/hpo/control -mindepth 1)"
}

@test "dispatch: what would end every worker is told once, and ends it" {
	make_c 3 '[constraint]' 'never = x > 1'
	run --separate-stderr hpo-dispatch --local -j 2 c
	same '78 ' "$status $output"
	echo "$stderr" | grep -qx "hpo-dispatch: the workers ended with status 78: see their messages"
	echo "$stderr" | grep -q "^hpo-sample: c/campaign.ini: trial 0: no point satisfies the constraints after 100000 draws: 'never' (line 10) refused 100.0 % of them\$" ||
		echo "$stderr" | grep -q "^hpo-sample: .*/c/campaign.ini: trial 0: no point satisfies the constraints after 100000 draws: 'never' (line 10) refused 100.0 % of them\$"
	nothing_left
}

@test "dispatch: a reader that goes away is a wish to drain" {
	make_c 50
	hang
	{
		rc=0
		hpo-dispatch --local -j 1 c 3>&- 2>err || rc=$?
		echo $rc >code
	} | head -n 1 >out 3>&- &
	wait_for 20 started 0.0
	let_go 0.0
	wait_for 20 test -s out
	wait_for 20 started 1.0
	let_go 1.0 # its line cannot be written
	next() {
		[ -s code ] || { [ -p c/fifo.2.0 ] && let_go 2.0 && false; }
	}
	wait_for 20 next
	same 'hpo-dispatch: drained: N of 50 trials have ended
hpo-dispatch: cannot write the output: Broken pipe' \
	    "$(sed 's/[23] of/N of/' err)"
	same 74 "$(cat code)"
	same '0	ok	0' "$(cat out)"
	nothing_left
}

# --- where it runs ------------------------------------------------------------

# fake PROGRAM: one of that name on the PATH; standard input is the script.
fake() {
	mkdir -p fake
	cat >"fake/$1"
	chmod +x "fake/$1"
	PATH=$PWD/fake:$PATH
}

@test "dispatch: a login node is not for running" {
	make_c 1
	fake sbatch <<<'#!/bin/sh'
	refused 64 'hpo-dispatch: this looks like a login node: say --slurm, or --local to run here' \
	    hpo-dispatch c
	answers 1 "campaign	c
trials	1
unborn	1
new	0
ready	0
held	0
running	0
done	0
failed	0
workers	0
control	none" '' hpo-dispatch --status c
	answers 0 '0	ok	0' '' env SLURM_JOB_ID=7 hpo-dispatch c
	sed -i 's/^trials = 1/trials = 2/' c/campaign.ini
	answers 0 '1	ok	1' '' hpo-dispatch --local c
}

@test "dispatch: options of jobs that do not go together" {
	local one='hpo-dispatch: one of --local, --slurm, --backend at a time'
	local goes='hpo-dispatch: one of --print and --watch goes with --slurm or --backend'

	make_c 1
	refused 64 "$one" hpo-dispatch --local --slurm c
	refused 64 "$one" hpo-dispatch --slurm --backend gridengine c
	refused 64 "$goes" hpo-dispatch --print c
	refused 64 "$goes" hpo-dispatch --local --watch 5s c
	refused 64 "$goes" hpo-dispatch --slurm --print --watch 5s c
	refused 64 "$goes" hpo-dispatch --slurm --watch 5s --status c
	refused 64 "hpo-dispatch: 'soon' is no duration, write e.g. 90s, 30m, 2h or 1d" \
	    hpo-dispatch --slurm --watch soon c
	refused 64 "hpo-dispatch: '0' is no duration, write e.g. 90s, 30m, 2h or 1d" \
	    hpo-dispatch --slurm --watch 0 c
	refused 64 "hpo-dispatch: unknown option '--slum', did you mean '--slurm'?" \
	    hpo-dispatch --slum c
}

@test "dispatch: a backend that is not there, or no program" {
	make_c 1
	refused 69 "hpo-dispatch: there is no backend 'nix': write the path of a program, or the name of a file in share/hpo/backends beside '$BUILD_BIN'" \
	    hpo-dispatch --backend nix --print c
	refused 69 "hpo-dispatch: the backend './nix' cannot be executed: No such file or directory" \
	    hpo-dispatch --backend ./nix --print c
	: >nix
	refused 69 "hpo-dispatch: the backend './nix' cannot be executed: Permission denied" \
	    hpo-dispatch --backend ./nix --print c
	fake nix <<<'#!/bin/sh'
	refused 75 "hpo-dispatch: ./fake/nix limits: its answer lacks a line 'array' or the export of HPO_JOB_ID" \
	    hpo-dispatch --backend ./fake/nix --print c
}

@test "dispatch: a backend of the user's own" {
	make_c 3
	# A job is a process of this host; what is said of it stands in a file.
	fake mine <<-'EOT'
		#!/bin/sh
		verb=$1
		shift
		for word; do
			case $word in
			name=*) name=${word#*=} ;;
			count=*) count=${word#*=} ;;
			script=*) script=${word#*=} ;;
			log=*) log=${word#*=} ;;
			--) break ;;
			esac
		done
		case $verb in
		limits)
			printf 'array\t2\nexport\tHPO_JOB_ID=$MINE\n'
			;;
		submit)
			i=0
			while [ "$i" -lt "$count" ]; do
				MINE=7.$i sh "$script" >"$log.$i" 2>&1
				printf '7.%d\t%s\tended\there\tdone\n' "$i" "$name" >>jobs
				i=$((i + 1))
			done
			echo "$*" >>submitted
			echo 7
			;;
		list) [ ! -e jobs ] || cat jobs ;;
		esac
	EOT
	printf '[backend]\nworkers = 3\noptions = -q "a b" $(no)\n' \
	    >>c/campaign.ini
	answers 0 '' '' hpo-dispatch --backend ./fake/mine c
	answers 0 '' '' hpo-dispatch --backend ./fake/mine c
	[ "$(hpo-dispatch --status c | grep -c 'done	3')" -eq 1 ]
	grep -q 'count=2 .* -- -q a b $(no)$' c/submitted
	[ ! -e c/hpo/backend/0 ]
	[ "$(hpo-collect c | awk -F '\t' 'NR > 1 { print $3 }' | sort | uniq -c |
	    tr -s ' ')" = ' 3 ok' ]
	hpo-collect c | head -n 1 | grep -q job.id
}

@test "dispatch: GNU parallel is missing, or another program" {
	make_c 1
	mkdir bin
	for program in sh env mkfifo cat ls find grep sed; do
		ln -s "$(command -v $program)" bin
	done
	old=$PATH
	answers 69 '' "hpo-dispatch: GNU parallel is not on the PATH: install the package 'parallel'" \
	    env PATH="$BUILD_BIN:$PWD/bin" hpo-dispatch c
	nothing_left
	printf '#!/bin/sh\necho "parallel: invalid option"\n' >bin/parallel
	chmod +x bin/parallel
	answers 69 '' "hpo-dispatch: '$PWD/bin/parallel' is not GNU parallel: install the package 'parallel'" \
	    env PATH="$BUILD_BIN:$PWD/bin" hpo-dispatch c
	same '1 new 0 ready' "$(hpo-dispatch --status c | awk '
	    $1 == "unborn" || $1 == "new" || $1 == "ready" {
		n += $1 == "unborn" ? 0 : $2
	    } END { print "1 new", n, "ready" }')"
	PATH=$old
}

@test "dispatch: a profile of GNU parallel and its directory are left alone" {
	make_c 1
	mkdir home home/.parallel
	echo '--dry-run' >home/.parallel/config
	HOME=$PWD/home answers 0 '0	ok	0' '' hpo-dispatch --local c
	same 'home/.parallel home/.parallel/config' "$(find home -mindepth 1 | sort | xargs)"
}

@test "dispatch: further options for GNU parallel, and a path with blanks" {
	mkdir 'a dir'
	cd 'a dir'
	make_c 1 '[local]' "parallel = --nice 3 --tmpdir '/tmp'"
	mv c "it's \"c\" \$HOME"
	answers 0 '0	ok	0' '' hpo-dispatch --local "it's \"c\" \$HOME"
	mv "it's \"c\" \$HOME" c
	sed -i "s/^parallel = .*/parallel = --no-such-option/; s/^trials = 1/trials = 2/" \
	    c/campaign.ini
	answers 78 '' "Unknown option: no-such-option
hpo-dispatch: GNU parallel ended with status 255 and ran nothing: see its message, and 'parallel' in [local] of c/campaign.ini" \
	    hpo-dispatch --local c
}

# --- verbs --------------------------------------------------------------------

@test "dispatch: --status of a campaign under way" {
	make_c 9 'retries = 1' 'backoff = 1h'
	hang
	sed -i '1i [ $1 -gt 0 ] || exit 1; [ $1 -gt 1 ] || { echo hpo: loss=1; exit; }' \
	    c/run.sh
	hpo-sample -n 6 c >ids
	run -1 hpo-trial c 0
	run -0 hpo-trial c 1
	hpo-dispatch --cancel c 4
	hpo-trial c 2 >out 2>err 3>&- &
	wait_for 10 started 2.0
	answers 1 'campaign	c
trials	9
unborn	3
new	0
ready	2
held	1
running	1
done	1
failed	1
workers	1
control	none' '' hpo-dispatch --status c
	hpo-dispatch --pause c
	same 'control pause' "$(status_of | grep -o 'control.*')"
	kill $!
	exits $! 143
	hpo-dispatch --resume c
}

@test "dispatch: --pause keeps new trials from beginning, --resume goes on" {
	make_c 2
	answers 0 '' '' hpo-dispatch --pause c
	control_is pause
	answers 0 '' '' hpo-dispatch --pause c
	answers 1 '' 'hpo-dispatch: paused: 0 of 2 trials have ended; hpo-dispatch --resume goes on' \
	    hpo-dispatch --local c
	control_is pause
	answers 0 '' '' hpo-dispatch --resume c
	answers 0 '' '' hpo-dispatch --resume c
	nothing_left
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
}

@test "dispatch: --pause from elsewhere lets workers wait, --resume goes on" {
	make_c 3
	hang
	dispatch -j 1
	wait_for 20 started 0.0
	hpo-dispatch --pause c
	let_go 0.0
	wait_for 10 test -s out
	for _ in 1 2; do # it beats, and does nothing else
		cat c/hpo/running/*/heartbeat >beat
		wait_for 5 eval '! cmp -s beat c/hpo/running/*/heartbeat'
	done
	[ ! -e c/started.1.0 ]
	hpo-dispatch --resume c
	wait_for 20 started 1.0
	let_go 1.0
	wait_for 20 started 2.0
	let_go 2.0
	exits $! 0
	same '' "$(cat err)"
}

@test "dispatch: --drain from elsewhere ends it after what runs" {
	make_c 4
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	answers 0 '' '' hpo-dispatch --drain c
	let_go 0.0 1.0
	exits $! 1
	same '0 1' "$(cut -f 1 out | sort | xargs)"
	same 'hpo-dispatch: drained: 2 of 4 trials have ended; hpo-dispatch --resume goes on' \
	    "$(cat err)"
	control_is drain
	answers 1 '' 'hpo-dispatch: drained: 2 of 4 trials have ended; hpo-dispatch --resume goes on' \
	    hpo-dispatch --local c
	answers 0 '' '' hpo-trial --loop c
	hpo-dispatch --resume c
	hpo-sample c >ids
	script <<<'echo hpo: loss=9'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	same 4 "$(rows | grep -c ok)"
}

@test "dispatch: --stop from elsewhere interrupts what runs" {
	make_c 2
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	answers 0 '' '' hpo-dispatch --stop c
	exits $! 1
	same '0	interrupted	
1	interrupted	' "$(sort out)"
	same 'hpo-dispatch: stopped: 0 of 2 trials have ended; hpo-dispatch --resume goes on' \
	    "$(cat err)"
	same '0	1	ready		
1	1	ready		' "$(rows)"
	control_is stop
	hpo-dispatch --resume c
	script <<<'echo "hpo: loss=$1"'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	same '0	1	ok		0
1	1	ok		1' "$(rows)"
}

@test "dispatch: INT drains, and leaves no request behind" {
	not_under valgrind 'a worker hears of INT after its next claim'
	make_c 4
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	kill -INT $!
	let_go 0.0
	wait_for 10 eval '[ "$(ls c/hpo/running | wc -l)" -eq 1 ]'
	run -1 gone $!
	let_go 1.0
	exits $! 1
	same 'hpo-dispatch: drained: 2 of 4 trials have ended' "$(cat err)"
	[ ! -e c/started.2.0 ]
	nothing_left
	script <<<'echo "hpo: loss=$1"'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	same '2 3' "$(echo "$output" | cut -f 1 | sort | xargs)"
}

@test "dispatch: a second INT stops, and the trials go back" {
	for signals in INT,INT TERM,HUP; do
		rm -rf c
		make_c 3
		hang
		dispatch -j 2
		wait_for 20 started 0.0 1.0
		kill -"${signals%,*}" $!
		wait_for 10 eval 'grep -q "^SigQ" /proc/$!/status'
		kill -"${signals#*,}" $!
		exits $! 1
		same 'hpo-dispatch: stopped: 0 of 3 trials have ended' "$(cat err)"
		same '0	1	ready		
1	1	ready		' "$(rows)"
		nothing_left
	done
	script <<<'echo "hpo: loss=$1"'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	same 3 "$(rows | grep -c ok)"
}

@test "dispatch: INT twice stops what drains by request, too" {
	make_c 3
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	hpo-dispatch --drain c
	kill -INT $!
	wait_for 10 eval '[ -e c/hpo/control/drain ]'
	kill -INT $!
	exits $! 1
	same '0	1	ready		
1	1	ready		' "$(rows)"
	control_is drain
	hpo-dispatch --resume c
}

@test "dispatch: workers of others are not concerned by INT" {
	not_under valgrind 'a worker hears of INT after its next claim'
	make_c 3
	hang
	hpo-trial c >other 2>&1 3>&- &
	other=$!
	wait_for 20 started 0.0
	dispatch -j 1
	wait_for 20 started 1.0
	kill -INT $!
	wait_for 10 eval 'kill -0 $!'
	kill -INT $!
	exits $! 1
	run -1 gone $other
	let_go 0.0
	exits $other 0
	same '0	ok	0' "$(cat other)"
}

@test "dispatch: --cancel ends what waits for good" {
	make_c 9
	hpo-sample -n 5 c >ids
	hpo-trial c 0 >out
	answers 0 '' '' hpo-dispatch --cancel c 1 3-4
	same '0	0	ok		0
1	0	cancelled	cancelled	
2	0	ready		
3	0	cancelled	cancelled	
4	0	cancelled	cancelled	' "$(rows)"
	answers 1 '' 'hpo-dispatch: trial 0 has ended
hpo-dispatch: trial 1 has ended' hpo-dispatch --cancel c 0-2
	same '2	0	cancelled	cancelled	' "$(rows | sed -n 3p)"
	answers 1 '' 'hpo-dispatch: there is no trial 7' hpo-dispatch --cancel c 7
	answers 1 '' 'hpo-trial: no trial 99 is waiting in '\''c'\' hpo-trial c 99
	nothing_left
}

@test "dispatch: --cancel ends a running trial, and nothing else" {
	make_c 2
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	answers 0 '' '' hpo-dispatch --cancel c 1
	wait_for 20 grep -q . out
	same '1	cancelled	' "$(cat out)"
	let_go 0.0
	exits $! 0
	same '0	0	ok		0
1	0	cancelled	cancelled	' "$(rows)"
	nothing_left
}

@test "dispatch: --cancel of held trials by that word" {
	make_c 3 'retries = 1' 'backoff = 1h'
	script <<<'exit 1'
	hpo-sample -n 3 c >ids
	run -1 hpo-trial c 0 2
	answers 0 '' '' hpo-dispatch --cancel c held
	same '0	1	cancelled	cancelled	
1	0	ready		
2	1	cancelled	cancelled	' "$(rows)"
}

@test "dispatch: --retry of ids, ranges, failed and held" {
	make_c 6
	script <<<'exit 1'
	hpo-sample -n 6 c >ids
	run -1 hpo-trial c 0 1 2 3
	answers 0 '' '' hpo-dispatch --retry c 1
	answers 0 '' '' hpo-dispatch --retry c 2-3
	same '0	0	failed	exit 1	
1	1	ready		
2	1	ready		
3	1	ready		
4	0	ready		
5	0	ready		' "$(rows)"
	answers 1 '' "hpo-dispatch: trial 4 is ready, not failed or held" \
	    hpo-dispatch --retry c 4
	run -1 hpo-trial c 1 2 3
	answers 0 '' '' hpo-dispatch --retry c failed
	same '1 2 2 2 0 0' "$(rows | cut -f 2 | xargs)"
	script <<<'echo hpo: loss=1'
	run --separate-stderr hpo-dispatch --local c
	same '0 ' "$status $stderr"
	answers 0 '' '' hpo-dispatch --retry c failed
	answers 0 '' '' hpo-dispatch --retry c held
	answers 1 '' 'hpo-dispatch: trial 5 is done, not failed or held' \
	    hpo-dispatch --retry c 5
	answers 1 '' 'hpo-dispatch: there is no trial 6-9' \
	    hpo-dispatch --retry c 6-9

	printf '%s\n' 'retries = 3' 'backoff = 1h' >>c/campaign.ini
	sed -i 's/^trials = 6/trials = 7/' c/campaign.ini
	script <<<'exit 1'
	run -1 hpo-trial c
	answers 0 '' '' hpo-dispatch --retry c held
	same '6	1	ready		' "$(rows | tail -n 1)"
}

@test "dispatch: usage mistakes" {
	make_c 1
	refused 64 "hpo-dispatch: --jobs takes a number from 1 to 4096, not '0'" \
	    hpo-dispatch -j 0 c
	refused 64 "hpo-dispatch: --jobs takes a number from 1 to 4096, not 'two'" \
	    hpo-dispatch --jobs=two c
	refused 64 "hpo-dispatch: one of --cancel, --check, --drain, --pause, --resume, --retry, --status, --stop at a time" \
	    hpo-dispatch --pause --drain c
	refused 64 "hpo-dispatch: name the trials: an id, a range like 3-9, 'failed' or 'held'" \
	    hpo-dispatch --cancel c
	refused 64 "hpo-dispatch: one campaign at a time, not 'd'" \
	    hpo-dispatch c d
	hpo-sample c >ids
	refused 64 "hpo-dispatch: '9-3' is not an id, a range like 3-9, 'failed' or 'held'" \
	    hpo-dispatch --retry c 9-3
	refused 64 "hpo-dispatch: one campaign at a time, not 'done'" \
	    hpo-dispatch --retry c 'done'
}

@test "dispatch: a campaign that cannot run is refused, and nothing made" {
	make_c 1
	sed -i 's|^command = .*|command = ./gone|' c/campaign.ini
	refused 78 "hpo-dispatch: c/campaign.ini:7: command './gone' not found" \
	    hpo-dispatch --local c
	sed -i 's/^trials = 1/trails = 1/' c/campaign.ini
	refused 65 "hpo-dispatch: c/campaign.ini:3: unknown key 'trails' in [campaign], did you mean 'trials'?
hpo-dispatch: c/campaign.ini: [campaign] has no 'trials'" hpo-dispatch --local c
	chmod o+w c
	refused 77 "hpo-dispatch: 'c' is writable by everyone: chmod o-w it first" \
	    hpo-dispatch --local c
}

# --- the progress bar ---------------------------------------------------------

@test "dispatch: a progress bar on a terminal, and there alone" {
	command script --version 2>/dev/null | grep -q util-linux || skip 'needs script'
	make_c 3
	command script -qec 'hpo-dispatch --local -j 1 c >out' typescript >/dev/null
	same '0	ok	0
1	ok	1
2	ok	2' "$(cat out)"
	tr '\r' '\n' <typescript | sed 's/\x1b\[K//g' >bar
	grep -qE '^c  0/3  [01] running$' bar
	grep -qE '^c  3/3  0 running  best 0( |$)' bar ||
		grep -qE '^c  [123]/3  [01] running  best 0' bar
}

# --- ssh hosts ----------------------------------------------------------------

# start_sshd: one of our own on loopback, for the hosts "one" and "two" of
# ./ssh/config; there is nobody at the host "gone".
start_sshd() {
	local port sshd=/usr/sbin/sshd

	[ -x $sshd ] || skip 'needs openssh-server'
	command -v ssh >/dev/null || skip 'needs openssh-client'
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd || skip 'needs /run/sshd'
	mkdir ssh
	ssh-keygen -q -t ed25519 -N '' -f ssh/host
	ssh-keygen -q -t ed25519 -N '' -f ssh/key
	for port in 22022 22122 22222 22322; do
		cat >ssh/sshd_config <<-EOT
			ListenAddress 127.0.0.1
			Port $port
			HostKey $PWD/ssh/host
			PidFile $PWD/ssh/pid
			AuthorizedKeysFile $PWD/ssh/key.pub
			StrictModes no
			UsePAM no
			PasswordAuthentication no
		EOT
		$sshd -D -e -f "$PWD/ssh/sshd_config" 2>ssh/log 3>&- &
		wait_for 10 eval 'grep -q "listening" ssh/log || gone '$!
		if gone $!; then continue; fi
		cat >ssh/config <<-EOT
			Host *
				HostName 127.0.0.1
				Port $port
				IdentityFile $PWD/ssh/key
				IdentitiesOnly yes
				UserKnownHostsFile $PWD/ssh/known
				GlobalKnownHostsFile /dev/null
				StrictHostKeyChecking accept-new
				BatchMode yes
				LogLevel ERROR
			Host one two
			Host gone
				ProxyCommand false
		EOT
		ssh -F ssh/config one true || skip 'cannot log in here by ssh'
		return
	done
	skip 'no free port for sshd'
}

# bats test_tags=slow
@test "dispatch: hosts run workers by ssh, and those that are gone do not" {
	start_sshd
	make_c 3 '[local]' "parallel = --ssh 'ssh -F $PWD/ssh/config'" \
	    'sshlogin = one'
	script <<-'EOT'
		set -- $1 $SSH_CONNECTION
		echo "hpo: loss=$1"
		echo "$1 ${3+by ssh} $HPO_SLOT" >>where
	EOT
	run --separate-stderr hpo-dispatch --local -j 1 c
	same '0 ' "$status $stderr"
	same '0 by ssh 1
1 by ssh 1
2 by ssh 1' "$(sort c/where)"
	nothing_left

	# One host that cannot be reached does not hold the other up.
	sed -i 's/^trials = 3/trials = 5/; s/^sshlogin = .*/sshlogin = gone,one/' \
	    c/campaign.ini
	run --separate-stderr hpo-dispatch --local -j 1 c
	same 0 "$status"
	same '3	ok	3
4	ok	4' "$(echo "$output" | sort)"
	nothing_left

	# Without any host it can be ended.
	sed -i 's/^trials = 5/trials = 6/; s/^sshlogin = .*/sshlogin = gone/' \
	    c/campaign.ini
	dispatch -j 1
	wait_for 20 test -s err
	kill -INT $!
	exits $! 1
	same 'hpo-dispatch: drained: 5 of 6 trials have ended' "$(tail -n 1 err)"
	nothing_left
}

# bats test_tags=slow
@test "dispatch: INT reaches the workers on other hosts" {
	start_sshd
	make_c 3 '[local]' "parallel = --ssh 'ssh -F $PWD/ssh/config'" \
	    'sshlogin = one'
	hang
	dispatch -j 2
	wait_for 20 started 0.0 1.0
	kill -INT $!
	wait_for 10 test -e c/hpo/control/drain
	let_go 0.0 1.0
	exits $! 1
	same '0 1' "$(cut -f 1 out | sort | xargs)"
	nothing_left

	dispatch -j 1
	wait_for 20 started 2.0
	kill -INT $!
	wait_for 10 test -e c/hpo/control/drain
	kill -INT $!
	exits $! 1
	same '2	interrupted	' "$(cat out)"
	same '2	1	ready		' "$(rows | tail -n 1)"
	nothing_left
}
