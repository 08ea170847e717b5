#!/usr/bin/env bats
# hpo-collect --fsck: what it finds in a campaign's directory, and what
# --repair makes of it.

bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/fault
load lib/records

setup() {
	helper_setup
}

teardown() {
	kill_marked
	helper_teardown
}

# four: done twice, failed, waiting, running; made by hand.
four() {
	toy
	home 0 lr=0.25 opt=adam
	good 0 0 ok '' loss=0.5 acc=0.9
	home 1 lr=0.5 opt=sgd
	result 1 0 interrupted 'signal 15'
	good 1 1 ok '' loss=0.25 Acc=nan
	home 2 lr=0.75 opt=adam
	gave_up 2 0 failed 'exit 3' -- one two
	home 3 lr=1 opt=sgd
	token ready 3.0
	home 4 lr=0 opt=sgd
	token "running/$W" 4.2
}

@test "fsck: a clean campaign" {
	answers 65 '' "hpo-collect: cannot open 'c': No such file or directory" \
	    hpo-collect --fsck c
	four
	answers 0 '5 trials: 1 ready, 1 running, 2 done, 1 failed; clean' '' \
	    hpo-collect --fsck c
	toy d
	rm -r d/hpo
	answers 0 'c: 5 trials: 1 ready, 1 running, 2 done, 1 failed; clean
d: 0 trials; clean' '' hpo-collect --fsck c d
}

@test "fsck: what others will put right is no finding" {
	four
	mkdir c/hpo/tmp/x c/hpo/slurm c/hpo/running/other-1.0-0
	: >c/hpo/tmp/y
	: >"c/hpo/running/$W/heartbeat"
	: >c/hpo/.nfs1
	home 5 lr=0
	: >c/hpo/trials/0000/0000005/token
	mkdir c/hpo/trials/0000/0000005/{checkpoint,out}
	echo x >c/hpo/trials/0000/0000005/model.pt
	# A reaper's result beside the worker's; one of a running attempt.
	W=reaper-1.0-1 result 0 0 lost 'worker died'
	result 4 2 failed 'exit 1'
	answers 0 '6 trials: 1 new, 1 ready, 1 running, 2 done, 1 failed; clean' \
	    '' hpo-collect --fsck c
}

@test "fsck: findings, a line each" {
	export NO_FSCK=1
	four
	cd c/hpo
	: >ready/0000/0000000.1
	truncate -s -1 trials/0000/0000001/trial.ini
	rm trials/0000/0000001/result.1.*
	mv failed/0000/0000002.0."$W" done/0000
	rm -r trials/0000/0000003
	rm running/*/0000004.2
	echo x >>"trials/0000/0000001/result.0.$W.ini"
	cd ../..
	home 5 lr=0
	result 5 3 failed 'exit 1'
	token held 5.2
	answers 1 "0: more than one token: done/0000/0000000.0.$W ready/0000/0000000.1
1: trial.ini: damaged: wrong checksum; result.0.$W.ini: damaged: wrong checksum; result.1.$W.ini: missing
2: result.0.$W.ini: status failed, but the token is in done
3: a token without a home
4: no token
5: result.3.$W.ini: its token has only come to 2
6 trials: 1 new, 2 ready, 1 held, 2 done; 6 findings" '' \
	    hpo-collect --fsck c
}

@test "fsck: names that mean nothing, files where they do not belong" {
	export NO_FSCK=1
	four
	cd c/hpo
	: >extra
	: >ready/0001
	: >held/x
	: >done/0000/core
	: >trials/0000/7
	mkdir trials/0000/0001234
	: >"running/$W/junk"
	: >running/file
	mv failed/0000/0000002.0."$W" failed/0000/0000002.0."$W"x
	: >trials/0000/0000000/result.x.ini
	cd ../..
	answers 1 "0: result.x.ini: unknown name
2: result.0.${W}x.ini: missing
done/0000/core: unknown name
extra: unknown name
held/x: unknown name
ready/0001: not a directory
running/file: not a directory
running/$W/junk: unknown name
trials/0000/0001234: a trial in another segment's directory
trials/0000/7: unknown name
5 trials: 1 ready, 1 running, 2 done, 1 failed; 10 findings" '' \
	    hpo-collect --fsck c
}

@test "fsck: facts in another's place, a fact that was edited" {
	export NO_FSCK=1
	four
	cp c/hpo/trials/0000/0000001/trial.ini c/hpo/trials/0000/0000000
	cp c/hpo/trials/0000/0000000/result.0.* c/hpo/trials/0000/0000002
	sed -i 's/^loss = .*/loss = 0/' c/hpo/trials/0000/0000001/result.1.*
	sed -i 's/done/moved/' c/campaign.ini # that it never reads
	answers 1 "0: trial.ini: it is of another trial
1: result.1.$W.ini: damaged: wrong checksum
2: result.0.$W.ini: it is of another attempt
5 trials: 1 ready, 1 running, 2 done, 1 failed; 3 findings" '' \
	    hpo-collect --fsck c
}

@test "fsck: a campaign in use is clean at any time" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 60
		[space]
		x = uniform(0, 1)
		[run]
		command = sh -c 'echo hpo: loss={x}; exit $(({id} % 3 == 0))'
		retries = 1
		backoff = 0
	EOT
	hpo-trial --loop c >/dev/null &
	local one=$! two n=0

	hpo-trial --loop c >/dev/null &
	two=$!
	while ! gone "$one" "$two"; do
		hpo-collect --fsck c >out || {
			cat out
			return 1
		}
		n=$((n + 1))
	done
	wait "$one" "$two" # not all: bats keeps a clock in the background
	[ "$n" -gt 3 ]
	same '60 trials: 40 done, 20 failed; clean' "$(hpo-collect --fsck c)"
}

@test "fsck: a directory that is missing, a trial that waits with a result" {
	export NO_FSCK=1
	four
	result 3 0 ok '' loss=1
	rm -r c/hpo/{held,closed}
	mkdir c/hpo/lost
	: >c/hpo/archived.tsv
	answers 1 "3: result.0.$W.ini: its token is still in ready
closed: missing
held: missing
5 trials: 1 ready, 1 running, 2 done, 1 failed; 3 findings" '' \
	    hpo-collect --fsck c
	mv c/hpo/ready/0000/0000003.0 c/hpo/trials/0000/0000003/token
	mkdir c/hpo/{held,closed}
	answers 1 "3: result.0.$W.ini: its token is still in its home
5 trials: 1 new, 1 running, 2 done, 1 failed; 1 finding" '' \
	    hpo-collect --fsck c
	# The result of one who began to cancel it.
	rm "c/hpo/trials/0000/0000003/result.0.$W.ini"
	result 3 0 cancelled cancelled
	answers 0 '5 trials: 1 new, 1 running, 2 done, 1 failed; clean' '' \
	    hpo-collect --fsck c
}

# --- sealed segments ----------------------------------------------------------

# thousand: the campaign c with 1001 trials, 1000 of them ended, one in ten as
# failed; every eleventh was lost once before, and made in a job at last.  Made
# by hand, for it is quick.
thousand() {
	toy
	sed -i 's/^trials = .*/trials = 1001/' c/campaign.ini
	mkdir c/hpo/{trials,done,failed}/0000
	python3 - "$W" <<-'EOT'
		import os, sys, zlib
		W = sys.argv[1]
		def write(path, text):
		    text = text.encode()
		    with open("c/hpo/" + path, "wb") as f:
		        f.write(text + b"[end]\ncrc32 = %08x\n" % zlib.crc32(text))
		def result(i, a, status, cause, more=""):
		    job = ("[job]\nid = 7_%d\nnode = n%d\npartition = gpu\n"
		        "restarts = 1\nwait = 61\nhistory = lost@n1:\n"
		        % (i, i % 7) if a else "")
		    write("trials/0000/%07d/result.%d.%s.ini" % (i, a, W),
		        "[result]\nformat = 1\nid = %d\nattempt = %d\nstatus = %s\n"
		        "cause =%s\nexit = none\nsignal = none\nstarted = "
		        "2026-11-23T09:00:00Z\nseconds = 0.500\nuser = 0.000\n"
		        "system = 0.000\npeak = 4096\nhost = host\nworker = %s\n%s%s"
		        % (i, a, status, cause, W, job, more))
		for i in range(1000):
		    home = "trials/0000/%07d" % i
		    os.mkdir("c/hpo/" + home)
		    write(home + "/trial.ini",
		        "[trial]\nformat = 1\nid = %d\nparent = none\nsearcher = "
		        "random\nreason = drawn at random\nspace = 0123456789abcdef\n"
		        "view =\nseed = 1\ncreated = 2026-11-23T09:00:00Z\nrandom = "
		        "0123456789abcdef\n[point]\nlr = 0.%03d\nopt = adam\n" % (i, i))
		    a = i % 11 == 0
		    if a:
		        result(i, 0, "lost", " worker died")
		    good = i % 10 != 0
		    if good:
		        result(i, a, "ok", "", "[metrics]\nloss = %d\n" % i)
		    else:
		        result(i, a, "failed", " exit 3")
		    open("c/hpo/%s/0000/%07d.%d.%s"
		        % ("done" if good else "failed", i, a, W), "w").close()
		    with open("c/hpo/%s/log.%d" % (home, a), "w") as f:
		        f.write("step %d\n" % i)
	EOT
}

# sealed: the same, sealed, with its table in the file before.
sealed() {
	thousand
	hpo-collect c >before
	hpo-collect --seal c >/dev/null
	[ -d c/hpo/segments/0000 ]
}

# flip FILE OFFSET: turn every bit of one byte.
flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the escape is made here
	printf "\\$(printf %03o $((byte ^ 255)))" |
	    dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

sound='1000 trials: 900 done, 100 failed; clean'

@test "fsck: a sealed segment, and what is left of it loose" {
	thousand
	cp -R c loose
	same "$sound" "$(hpo-collect --fsck c)"
	hpo-collect --seal c >/dev/null
	answers 0 "$sound" '' hpo-collect --fsck c
	# Sealing that was ended after its commit.
	rm c/hpo/ready/0000
	cp -R loose/hpo/{trials,done,failed} c/hpo
	mkdir c/hpo/ready/0000
	rm c/hpo/trials/0000/0000007/trial.ini
	: >c/hpo/ready/0000/0000008.3
	mkdir -p c/hpo/trials/0000/junk
	answers 0 "$sound" '' hpo-collect --fsck c
	rm -r c/hpo/{trials,done,failed}/0000 c/hpo/ready/0000 loose
	answers 0 "$sound" '' hpo-collect --fsck c
	# The file that closes a segment that is open.
	: >c/hpo/ready/0000
	: >c/hpo/ready/0001
	export NO_FSCK=1
	answers 1 "ready/0001: not a directory
${sound/clean/1 finding}" '' hpo-collect --fsck c
}

# hurt WANT COMMAND: in a copy of the sealed segment; what --fsck says of it.
hurt() {
	rm -rf d
	cp -R c d
	(cd d/hpo/segments/0000 && eval "$2")
	run --separate-stderr hpo-collect --fsck d
	same "1
$1" "$status
$(head -n -1 <<<"$output")"
}

# resealed COMMAND: take the segment here apart, and pack what the command
# leaves of it, without the sum that tar(1) knows nothing of.
resealed() {
	mkdir parts
	tar -C parts -xf segment.tar
	(cd parts && eval "$1" &&
		printf '%s\n' * | sort -r | tar --format=ustar -cf ../segment.tar -T -)
	rm -r parts
}

@test "fsck: a sealed segment that is damaged" {
	export NO_FSCK=1
	sealed
	local t='segments/0000: segment.tar: table.tsv' n
	local f='segments/0000: segment.tar: files.tar.zst'
	local astray='damaged: it is not where it should be'

	hurt "segments/0000: segment.tar: missing" 'rm segment.tar'
	hurt "$t: $astray; ${f#* }: $astray" "resealed 'rm table.tsv'"
	hurt "$t: damaged: it is cut off" "resealed 'truncate -s -5 table.tsv'"
	hurt "$t: 7: not the row of an ended trial" \
	    "resealed 'sed -i \"s/^7	0	ok/7	0	oh/\" table.tsv'"
	hurt "$f: 7: not the result of its row" \
	    "resealed 'sed -i \"s/^7	0	ok/7	1	ok/\" table.tsv'"
	hurt "$f: 7: not the result of its row" \
	    "resealed 'sed -i \"/^7	/s/	7	0\.007	/	8	0.007	/\" table.tsv'"
	hurt "$f: trials/0000/0000007/trial.ini: not the point of its row" \
	    "resealed 'sed -i \"/^7	/s/	0\.007	/	0.008	/\" table.tsv'"
	hurt "$f: $astray" "resealed 'rm files.tar.zst'"
	hurt "segments/0000: segment.tar: entry 'extra': it does not belong there" \
	    "resealed ': >extra'"
	hurt "segments/0000: segment.tar: damaged: its checksum differs" \
	    'LC_ALL=C sed -i "/^7	/s/	random	/	Random	/" segment.tar'
	hurt "segments/0000/extra: unknown name" ': >extra'
	hurt "segments/0000: not a directory" 'cd ..; rm -r 0000; : >0000'
	rm -rf d
	cp -R c d
	(cd d/hpo/segments/0000 && resealed :)
	same "$sound" "$(hpo-collect --fsck d)"
}

# is_found WHERE COMMAND: what a command does to the segment is.
is_found() {
	rm -rf d
	cp -R c d
	(cd d/hpo/segments/0000 && eval "$2")
	run -1 hpo-collect --fsck d
	[[ ${lines[0]} == "segments/0000: segment.tar: $1"* ]]
}

@test "fsck: a segment cut anywhere, and a byte of it changed anywhere" {
	export NO_FSCK=1
	sealed
	local n size files

	size=$(stat -c %s c/hpo/segments/0000/segment.tar)
	files=$(tar -tRf c/hpo/segments/0000/segment.tar |
		sed -n 's/^block \([0-9]*\): files.*/\1/p')
	[ "$files" -gt 0 ] && files=$((files * 512))
	for n in 0 1 10 1000 20000 -1; do
		is_found files.tar.zst: "resealed 'truncate -s $n files.tar.zst'"
	done
	for n in 0 9 5000 30000; do
		is_found files.tar.zst: "resealed 'flip files.tar.zst $n'"
	done
	for n in 0 1 512 513 5000 $files $((files + 100)) $((files + 512)) \
	    $((files + 5000)) -1; do
		is_found '' "truncate -s $n segment.tar"
	done
	# The names, the sizes, the sums, what is in them, and the end.
	for n in 0 130 150 600 5000 $files $((files + 130)) $((files + 150)) \
	    $((files + 512)) $((files + 5000)) $((size - 1024)) \
	    $((size - 512)) $((size - 500)) $((size - 1)); do
		is_found '' "flip segment.tar $n"
	done
}

# --- repair -------------------------------------------------------------------

# mends LINES: --repair of c prints just these, whatever the order, with W for
# the writer; then c is clean, and a second run silent.
mends() {
	run --separate-stderr hpo-collect --fsck --repair --force c
	output=${output//$W/W}
	same "0
$(sort <<<"$1")" "$status$stderr
$(sort <<<"$output")"
	answers 0 '' '' hpo-collect --fsck --repair --force c
	run -0 hpo-collect --fsck c
	[[ $output == *'; clean' ]]
}

# lost: what has been put away.
lost() {
	[ ! -d c/hpo/lost ] ||
		(cd c/hpo/lost && find . -type f -printf '%P\n' |
			cut -d / -f 2- | sort | sed "s/$W/W/g")
}

@test "repair: nothing to do, nothing said, nothing changed" {
	four
	local before

	before=$(listing)
	answers 0 '' '' hpo-collect --fsck --repair --force c
	same "$(grep -v observed <<<"$before")" "$(listing | grep -v observed)"
	toy d
	rm -r d/hpo
	answers 0 '' '' hpo-collect --fsck --repair d
	[ ! -e d/hpo ]
}

@test "repair: tokens doubled, missing, without a home" {
	four
	cd c/hpo
	: >ready/0000/0000000.1    # done is final
	mkdir held/0000
	: >held/0000/0000000.7
	: >"failed/0000/0000000.0.$W"
	rm "done/0000/0000001.1.$W" # implied by its result
	: >ready/0000/0000002.1    # a retry that was listed twice
	: >ready/0000/0000003.2    # the later serial
	: >held/0000/0000003.2     # held beats ready
	: >trials/0000/0000003/token
	rm "running/$W/0000004.2"
	: >trials/0000/0000004/log.2 # its attempt had begun
	: >ready/0000/0000077.0
	cd ../..
	mends "0: put away failed/0000/0000000.0.W
0: put away held/0000/0000000.7
0: put away ready/0000/0000000.1
1: made done/0000/0000001.1.W
2: put away failed/0000/0000002.0.W
3: put away ready/0000/0000003.0
3: put away ready/0000/0000003.2
3: put away trials/0000/0000003/token
4: made ready/0000/0000004.3
77: put away ready/0000/0000077.0"
	same "failed/0000/0000000.0.W
failed/0000/0000002.0.W
held/0000/0000000.7
ready/0000/0000000.1
ready/0000/0000003.0
ready/0000/0000003.2
ready/0000/0000077.0
trials/0000/0000003/token" "$(lost)"
	same '5 trials: 2 ready, 1 held, 2 done; clean' \
	    "$(hpo-collect --fsck c)"
}

@test "repair: where the results say, by the campaign's retries" {
	toy
	sed -i 's/^command = .*/&\nretries = 1\nbackoff = 5s/' c/campaign.ini
	local i

	for i in 0 1 2 3 4 5; do
		home $i lr=0.5 opt=adam
	done
	result 0 0 failed 'exit 1' # once more, after the back-off
	result 1 0 failed 'exit 1' # that was twice
	result 1 1 failed 'exit 1'
	result 2 0 lost 'worker died'
	W=other-1.0-0 result 2 0 ok '' loss=1 # the worker's counts
	result 3 0 timeout 'timeout after 1s'
	result 4 2 interrupted 'signal 15'
	W=who-2.0-0 result 5 0 cancelled cancelled
	mends "0: made held/0000/0000000.1
1: made failed/0000/0000001.1.W
2: made done/0000/0000002.0.other-1.0-0
3: made failed/0000/0000003.0.W
4: made ready/0000/0000004.3
5: made failed/0000/0000005.0.who-2.0-0"
}

@test "repair: damaged facts" {
	four
	cd c/hpo/trials/0000
	truncate -s 100 "0000000/result.0.$W.ini" # it goes back
	: >0000002/result.x.ini
	truncate -s -1 "0000001/result.1.$W.ini"
	: >0000003/trial.ini
	rm 0000004/trial.ini
	cd ../../../..
	W=other-1.0-0 result 1 1 ok '' loss=3 # another of the same attempt
	cp "c/hpo/trials/0000/0000001/result.0.$W.ini" \
	    "c/hpo/trials/0000/0000002/result.7.$W.ini"
	mends "0: moved done/0000/0000000.0.W to ready/0000/0000000.1
0: put away trials/0000/0000000/result.0.W.ini
1: moved done/0000/0000001.1.W to done/0000/0000001.1.other-1.0-0
1: put away trials/0000/0000001/result.1.W.ini
2: put away trials/0000/0000002/result.7.W.ini
2: put away trials/0000/0000002/result.x.ini
3: put away ready/0000/0000003.0
3: put away trials/0000/0000003
4: put away running/W/0000004.2
4: put away trials/0000/0000004"
	same "ready/0000/0000003.0
running/W/0000004.2
trials/0000/0000000/result.0.W.ini
trials/0000/0000001/result.1.W.ini
trials/0000/0000002/result.7.W.ini
trials/0000/0000002/result.x.ini
trials/0000/0000003/trial.ini" "$(lost)"
}

@test "repair: results ahead of their token, and behind a final one" {
	four
	W=other-1.0-0 result 0 3 failed 'exit 1' # done is final
	result 3 0 ok '' loss=1                  # an old token came back
	result 2 1 pruned 'no good' loss=4
	mends "0: put away trials/0000/0000000/result.3.other-1.0-0.ini
2: moved failed/0000/0000002.0.W to done/0000/0000002.1.W
3: moved ready/0000/0000003.0 to done/0000/0000003.0.W"
	same '5 trials: 1 running, 4 done; clean' "$(hpo-collect --fsck c)"
}

@test "repair: names that mean nothing, in the wrong place, or gone" {
	four
	cd c/hpo
	rm -r closed control observed held
	printf 'hpo-cam' >FORMAT
	: >extra
	: >ready/0001
	: >done/0000/core
	mkdir running/.x "running/a b"
	: >"running/$W/junk"
	mkdir done/0001
	mv "done/0000/0000001.1.$W" done/0001
	: >ready/0000/0001002.0
	mkdir trials/0001
	mv trials/0000/0000002 trials/0001
	mkdir trials/0000/0001005
	cd ../..
	mends "1002: put away ready/0001/0001002.0
FORMAT: made
closed: made
control: made
done/0000/core: put away
done/0001/0000001.1.W: moved to done/0000/0000001.1.W
extra: put away
held: made
observed: made
ready/0000/0001002.0: moved to ready/0001/0001002.0
ready/0001: put away
running/W/junk: put away
running/a b: put away
trials/0000/0001005: put away
trials/0001/0000002: moved to trials/0000/0000002"
	same "hpo-campaign 1" "$(head -n 1 c/hpo/FORMAT)"
	# As it comes out of an archive, without what was empty.
	rm -r c/hpo/{closed,control,held,observed,tmp}
	hpo-collect --fsck c
	mends ''
	same '5 trials: 1 ready, 1 running, 2 done, 1 failed; clean' \
	    "$(hpo-collect --fsck c)"
}

@test "repair: what it refuses" {
	export NO_FSCK=1
	four
	refused 64 "hpo-collect: --repair goes with --fsck" \
	    hpo-collect --repair c
	printf 'hpo-campaign 2\n' >c/hpo/FORMAT
	refused 65 "hpo-collect: c/hpo/FORMAT:1: 'hpo-campaign 2' was written by another version; this one reads 'hpo-campaign 1'" \
	    hpo-collect --fsck --repair --force c
	rm c/hpo/FORMAT
	mv c/campaign.ini .
	refused 65 "hpo-collect: 'c/hpo' has no file FORMAT: it is not a campaign's" \
	    hpo-collect --fsck --repair --force c
}

@test "repair: not while a worker lives" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 1
		[space]
		x = uniform(0, 1)
		[run]
		command = sh -c 'exec 3<>wait; read line <&3; echo hpo: loss=1'
	EOT
	mkfifo c/wait
	hpo-trial --loop c >/dev/null &
	local worker=$!

	wait_for 20 compgen -G 'c/hpo/running/*/0000000.0' >/dev/null
	: >c/hpo/extra
	run -75 --separate-stderr hpo-collect --fsck --repair c
	[[ $stderr == "hpo-collect: worker '"*"' of 'c' lives: wait for its end, or stop it with hpo-dispatch --stop" ]]
	same '' "$output"
	[ -e c/hpo/extra ]
	kill -KILL "$worker"
	wait_for 20 gone "$worker"
	run -0 hpo-collect --fsck --repair c
	same 'extra: put away' "$output"
	echo >c/wait &
	run -0 hpo-trial --loop c
	same '1 trial: 1 done; clean' "$(hpo-collect --fsck c)"
}

@test "repair: not while a worker of another host may live" {
	four
	sed -i 's/^command = .*/&\nheartbeat = 1s\nlease = 3s/' c/campaign.ini
	printf '[worker]\nformat = 1\nhost = far\nboot = x\npidns = 1\npid = 7\nstart = 1\n' \
	    >"c/hpo/running/$W/worker.ini"
	echo 1 >"c/hpo/running/$W/heartbeat"
	rm -r c/hpo/closed
	answers 75 '' "hpo-collect: worker '$W' of 'c' may live: its heartbeat has to stand still for 3s in 3 looks, of which this was one; try again, or say --force if it is gone" \
	    hpo-collect --fsck --repair c
	[ ! -e c/hpo/closed ]
	wait_for 30 hpo-collect --fsck --repair c >out 2>/dev/null
	same 'closed: made' "$(cat out)"
}

# reopens HOW: a copy of the sealed segment that is damaged so is opened again
# and has all it had.
reopens() {
	rm -rf d
	cp -R c d
	(cd d/hpo/segments/0000 && eval "$1")
	hpo-collect --fsck --repair d >out
	grep -qx 'segments/0000: put away, its trials are loose again' out
	answers 0 '' '' hpo-collect --fsck --repair d
	same "$sound" "$(hpo-collect --fsck d)"
	hpo-collect d >after
	cmp before after
	compgen -G 'd/hpo/lost/*/segments/0000' >/dev/null
}

# bats test_tags=slow
@test "repair: a damaged segment is opened again, by its files and its rows" {
	export NO_FSCK=1
	sealed
	local n files

	reopens "resealed 'truncate -s 20000 files.tar.zst'"
	reopens "resealed 'rm table.tsv'"
	[ ! -e d/hpo/trials/0000/0000001/log.1 ]
	same 'step 11' "$(cat d/hpo/trials/0000/0000011/log.1)"
	reopens "resealed 'sed -i s/adam/Adam/ table.tsv'"
	# A header that leads nowhere, an end that is not there.
	files=$(tar -tRf c/hpo/segments/0000/segment.tar |
		sed -n 's/^block \([0-9]*\): files.*/\1/p')
	for n in 0 130 $((files * 512)) $((files * 512 + 130)); do
		reopens "flip segment.tar $n"
		same "$(tar -xOf c/hpo/segments/0000/segment.tar files.tar.zst |
			tar --zstd -t | sort)" \
		    "$(cd d/hpo && find trials -type f | sort)"
	done
	reopens "truncate -s $((files * 512 + 20000)) segment.tar"
	reopens "resealed 'rm files.tar.zst'"
	# It can be sealed again, and go on.
	hpo-collect --seal d >/dev/null
	hpo-collect d | cmp before -
	run -0 hpo-trial --loop d
	same '1001 trials: 900 done, 101 failed; clean' \
	    "$(hpo-collect --fsck d)"
}

# --- killed, refused, hurt at random ------------------------------------------

# hurt_all: c with one of each kind of damage.
hurt_all() {
	if [ ! -d hurt ]; then
		four
		: >c/hpo/ready/0000/0000000.1
		truncate -s 100 "c/hpo/trials/0000/0000001/result.1.$W.ini"
		mv c/hpo/failed/0000/0000002.0."$W" c/hpo/done/0000
		: >c/hpo/trials/0000/0000003/trial.ini
		rm c/hpo/running/*/0000004.2
		rm c/hpo/FORMAT
		rm -r c/hpo/closed
		mkdir c/hpo/held/x
		: >c/hpo/ready/0001
		: >c/hpo/ready/0000/0001002.0
		mkdir c/hpo/trials/0001
		home 5 lr=0.5
		result 5 3 failed 'exit 1'
		token held 5.2
		mv c/hpo/trials/0000/0000005 c/hpo/trials/0001
		mv c hurt
	fi
	rm -rf c
	cp -R hurt c
}

# each_hurt OP ACTION...: the k-th OP of a repair meets each ACTION, for every
# k; then another repair ends where one that met nothing ends.
each_hurt() {
	local op=$1 action k fault total

	export NO_FSCK=1 # of the template
	need_shim
	hurt_all
	run -0 hpo-collect --fsck --repair --force c
	[ "${#lines[@]}" -gt 12 ]
	hpo-collect --all c >want
	shift
	for action; do
		total=0
		for ((k = 1; ; k++)); do
			fault=$op:$k:$action
			hurt_all
			with_fault "$fault" hpo-collect hpo-collect --fsck \
			    --repair --force c || break
			total=$((total + 1))
			code_is_documented ||
				complain "exit code $status" out err || return
			run --separate-stderr \
			    hpo-collect --fsck --repair --force c
			[ "$status$stderr" = 0 ] ||
				complain "then $status$stderr$output" err || return
			hpo-collect --fsck c >out ||
				complain 'not clean' out || return
			hpo-collect --all c >after
			same "$(cat want)" "$(cat after)" ||
				complain 'not the same' || return
		done
		[ "$total" -gt 0 ] || complain 'it never happened' || return
		[ -z "${HPO_MATRIX-}" ] || printf 'repair\t%s\t%d\n' \
		    "$(words "$action")" "$total" >>"$HPO_MATRIX"
		echo "# repair: $op $action: $total" >&3
	done
}

# words ACTION: as the crash matrix calls it.
words() {
	case $1 in
	before | after) echo "kill $1" ;;
	lie) echo 'lost reply' ;;
	*) echo "$1" ;;
	esac
}

@test "repair: killed after any rename, the next one finishes" {
	each_hurt rename after
}

# bats test_tags=fault
@test "repair: renames that fail, lie, or are the last thing it does" {
	each_hurt rename before EIO ESTALE lie
}

# bats test_tags=fault
@test "repair: files, directories and syncs that fail" {
	each_hurt create EIO ENOSPC after
	each_hurt mkdir EIO after
	each_hurt fsync EIO after
}

# half: the campaign half, with twelve trials of which five are done, one has
# failed, one is held, one is with a dead worker, and the others wait.
half() {
	campaign half <<-'EOT'
		[campaign]
		minimize = y
		trials = 12
		[space]
		x = uniform(0, 1)
		[run]
		command = /bin/sh cmd
		retries = 1
		backoff = 0.2s
		heartbeat = 1s
		lease = 3s
	EOT
	# shellcheck disable=SC2016 # variables of the command
	echo 'echo "hpo: y=$HPO_PARAM_x"
	case $HPO_TRIAL$HPO_ATTEMPT in 3?|40) exit 1 ;; esac' >half/cmd
	hpo-sample -n 10 half >ids
	run -1 hpo-trial half 3
	wait_for 20 hpo-trial half 3 || :
	seq 4 8 | hpo-trial half - || :
	cp half/cmd cmd
	# shellcheck disable=SC2016 # a variable of the command
	echo 'kill -KILL "$PPID"' >half/cmd
	run -137 hpo-trial half 9
	cp cmd half/cmd
}

# pick ARRAY: one of its elements, in $one.
pick() {
	local -n of=$1

	[ "${#of[@]}" -gt 0 ] || of=(c/hpo/none)
	one=${of[RANDOM % ${#of[@]}]}
}

# shellcheck disable=SC2034 # pick reads them
# harm: do something to a file or directory in c/hpo, and add it to harms.
harm() {
	local files dirs file dir one

	mapfile -t files < <(find c/hpo -type f | sort)
	mapfile -t dirs < <(find c/hpo -mindepth 1 -type d | sort)
	pick files
	file=$one
	pick dirs
	dir=$one
	case $((RANDOM % 9)) in
	0 | 1) one="rm $file" ;;
	2) one="truncate -s $((RANDOM % 300)) $file" ;;
	3) one="cp -n $file $dir" ;;
	4) one="mv -n $file $dir" ;;
	5) one="cp -n $file ${file%[0-9]*}$((RANDOM % 10))${file##*[0-9]}" ;;
	6) one="rm -r $dir" ;;
	7) one="cp -rn $dir ${dir%?}$((RANDOM % 10))" ;;
	8) pick files
	   one="cp $one $file" ;;
	esac
	# Of another version is no damage, but a reason to keep off.
	case $one in
	'cp '*/FORMAT) [[ $one == *-n* ]] || one="rm c/hpo/FORMAT" ;;
	esac
	case $one in
	'truncate '*/FORMAT) one="truncate -s $((RANDOM % 15)) c/hpo/FORMAT" ;;
	esac
	harms+=("$one")
	$one 2>/dev/null || :
}

# sums DIR...: what the files there hold that hold anything.
sums() {
	find "$@" -type f -size +0 -exec sha256sum {} + 2>/dev/null |
		cut -d ' ' -f 1 | sort -u
}

# ended: all twelve trials of c have.
ended() {
	hpo-trial --loop c >/dev/null 2>err || :
	[ "$(hpo-collect --all c | cut -f 1,3 | grep -cE '^[0-9]+	(ok|failed)$')" = 12 ]
}

# survives_harm: c is repaired, has all that was whole, and goes on to its end.
survives_harm() {
	local id

	sums c/hpo/trials >before
	run --separate-stderr hpo-collect --fsck --repair c
	# Of a worker whose file was hurt nobody knows whether it lives.
	if [ "$status" -eq 75 ]; then
		[[ $stderr == *'may live'* ]] || return
		run --separate-stderr hpo-collect --fsck --repair --force c
	fi
	same 0 "$status$stderr" || return
	sums c/hpo | comm -23 before - >missing
	same '' "$(cat missing)" || return
	run hpo-collect --fsck --repair --force c
	same 0 "$status$output" || return
	run hpo-collect --fsck c
	[ "$status" -eq 0 ] || complain "$output" || return
	wait_for 60 ended || complain 'it does not end' err || return
	run hpo-collect --fsck c
	[ "$status" -eq 0 ] || complain "$output" || return
	# What was not touched has its row.
	hpo-collect c >after
	for id in $unhurt; do
		grep -qxF -- "$(grep "^$id	" rows)" after ||
			complain "the row of $id" rows after || return
	done
}

# harmed TIMES: so many times one to six harms, to a campaign that has ended
# and to one that has not in turn.
harmed() {
	local round n id home from harms unhurt fault seed=${HPO_TEST_SEED:-$RANDOM}

	export NO_FSCK=1 # it is looked at each time
	half
	cp -R half c
	wait_for 60 ended
	mv c full
	echo "# HPO_TEST_SEED=$seed" >&3
	RANDOM=$seed
	for ((round = 1; round <= $1; round++)); do
		rm -rf c
		from=half
		[ $((round % 2)) -eq 0 ] || from=full
		cp -R $from c
		hpo-collect c >rows
		harms=() unhurt=
		for ((n = RANDOM % 6; n >= 0; n--)); do
			harm
		done
		while read -r id _; do
			printf -v home hpo/trials/0000/%07d "$id"
			! diff -r "$from/$home" "c/$home" >/dev/null 2>&1 ||
				unhurt+=" $id"
		done < <(cut -f 1,3 rows | grep -w ok)
		fault="round $round"
		survives_harm || complain "$(printf '%s\n' "${harms[@]}")" ||
			return
	done
	[ -z "${HPO_MATRIX-}" ] ||
		printf 'repair\tfiles hurt at random\t%d\n' "$1" >>"$HPO_MATRIX"
	echo "# repair: $1 campaigns hurt at random" >&3
}

@test "repair: a heartbeat of many lines is one that stands still" {
	four
	sed -i 's/^command = .*/&\nheartbeat = 1s\nlease = 3s/' c/campaign.ini
	printf '%s\n' one two three >"c/hpo/running/$W/heartbeat"
	wait_for 30 hpo-collect --fsck --repair c 2>/dev/null
	echo 4 >>"c/hpo/running/$W/heartbeat"
	run -0 hpo-collect --fsck --repair c
}

@test "repair: files hurt at random, a few times" {
	harmed 6
}

# bats test_tags=slow
@test "repair: files hurt at random, 200 times" {
	harmed 200
}
