#!/usr/bin/env bats
# hpo-collect: the table in its formats, ids on standard input, single
# trials, and what it refuses.

bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/records

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

# The last of a row's tabs, as no line here ends in a blank.
tab=$'\t'

head_of_four=$'id\tattempt\tstatus\tcause\tstarted\tseconds\thost\tsearcher'
head_of_four+=$'\tminimize.loss\tparam.lr\tparam.opt'
row_0=$'0\t0\tok\t\t2026-11-23T09:30:00Z\t1.000\thost\trandom\t0.5\t0.25\tadam'
row_1=$'1\t1\tok\t\t2026-11-23T09:31:01Z\t1.100\thost\trandom\t0.25\t0.5\tsgd'
row_2=$'2\t0\tfailed\texit 3\t2026-11-23T09:32:00Z\t1.200\thost\trandom\t\t0.75\tadam'
row_3=$'3\t0\tready\t\t\t\t\trandom\t\t1\tsgd'
row_4=$'4\t2\trunning\t\t\t\t\trandom\t\t0\tsgd'

@test "collect: ended trials by id, metrics in byte order" {
	four
	answers 0 "$head_of_four	metric.Acc	metric.acc
$row_0		0.9
$row_1	nan$tab
$row_2		" '' hpo-collect c
}

@test "collect: --all has the others, with their state as status" {
	four
	answers 0 "$head_of_four	metric.Acc	metric.acc
$row_0		0.9
$row_1	nan$tab
$row_2	$tab
$row_3	$tab
$row_4		" '' hpo-collect c --all
}

@test "collect: csv" {
	four
	answers 0 "$(tr '\t' , <<-EOT
		$head_of_four	metric.Acc	metric.acc
		$row_0		0.9
		$row_1	nan$tab
		$row_2	$tab
	EOT
	)" '' hpo-collect --format csv c
}

@test "collect: json lines" {
	four
	answers 0 '{"id": 0, "attempt": 0, "status": "ok", "cause": null, "started": "2026-11-23T09:30:00Z", "seconds": 1.000, "host": "host", "searcher": "random", "minimize.loss": 0.5, "param.lr": 0.25, "param.opt": "adam", "metric.Acc": null, "metric.acc": 0.9}
{"id": 1, "attempt": 1, "status": "ok", "cause": null, "started": "2026-11-23T09:31:01Z", "seconds": 1.100, "host": "host", "searcher": "random", "minimize.loss": 0.25, "param.lr": 0.5, "param.opt": "sgd", "metric.Acc": null, "metric.acc": null}
{"id": 2, "attempt": 0, "status": "failed", "cause": "exit 3", "started": "2026-11-23T09:32:00Z", "seconds": 1.200, "host": "host", "searcher": "random", "minimize.loss": null, "param.lr": 0.75, "param.opt": "adam", "metric.Acc": null, "metric.acc": null}' \
	    '' hpo-collect --format=jsonl c
}

@test "collect: ini" {
	toy
	home 5 lr=0.5 opt=sgd
	good 5 0 ok '' loss=1e-300
	answers 0 "[5]
attempt = 0
status = ok
started = 2026-11-23T09:35:00Z
seconds = 1.500
host = host
searcher = random
minimize.loss = 1e-300
param.lr = 0.5
param.opt = sgd" '' hpo-collect c --format ini
}

@test "collect: text is escaped, an empty table has its header" {
	toy
	home 0 lr=0.5 'opt=a\tb\\c'
	gave_up 0 0 failed 'no \x1b[31m\n' 'loss=inf'
	answers 0 "$head_of_four
0	0	failed	no \\x1b[31m\\n	2026-11-23T09:30:00Z	1.000	host	random	inf	0.5	a\\tb\\\\c" \
	    '' hpo-collect c
	rm -r c/hpo
	answers 0 "$head_of_four" '' hpo-collect c
	answers 0 "$head_of_four" '' hpo-collect --all c
	answers 0 '' '' hpo-collect --format jsonl c
	[ ! -e c/hpo ]
}

@test "collect: the space may have changed since" {
	toy
	home 0 lr=0.5 gone=3
	good 0 0 ok '' loss=1
	answers 0 "$head_of_four
0	0	ok		2026-11-23T09:30:00Z	1.000	host	random	1	0.5	" \
	    '' hpo-collect c
}

@test "collect: ids on standard input, in their order, with their state" {
	four
	answers 0 "$head_of_four
$row_4
$row_2
$row_0
$row_0
$row_3" '' hpo-collect c - <<<$'id\tlr\n4\n2\tok 0.5\n  0\r\n\n0000 x\n3'
	answers 0 "$head_of_four" '' hpo-collect - c </dev/null
	cd c
	answers 0 "$head_of_four
$row_1" '' hpo-collect - < <(printf 1)
}

@test "collect: an id that no trial has, a line that is no id" {
	four
	answers 1 "$head_of_four
$row_0
$row_1" "hpo-collect: campaign 'c' has no trial 5
hpo-collect: campaign 'c' has no trial 9999999" \
	    hpo-collect c - <<<$'0\n5\n9999999\n1'
	answers 65 "$head_of_four
$row_0" "hpo-collect: <stdin>:2: '10000000' is no id" \
	    hpo-collect c - <<<$'0\n10000000\n1'
	answers 65 "$head_of_four" "hpo-collect: <stdin>:1: '-1' is no id" \
	    hpo-collect c - <<<-1
}

@test "collect: a row is written as soon as its id comes" {
	local line

	four
	mkfifo in out
	hpo-collect c - <in >out &
	exec 4>in 5<out
	read -r -t 20 line <&5
	same "$head_of_four" "$line"
	echo 0 >&4
	IFS= read -r -t 20 line <&5
	same "$row_0" "$line"
	# A trial that ends while the ids are coming.
	printf '3\n' >&4
	IFS= read -r -t 20 line <&5
	same "$row_3" "$line"
	rm c/hpo/ready/0000/0000003.0
	good 3 0 ok '' loss=7
	printf '3\n' >&4
	IFS= read -r -t 20 line <&5
	same $'3\t0\tok\t\t2026-11-23T09:33:00Z\t1.300\thost\trandom\t7\t1\tsgd' \
	    "$line"
	# A failed one that the user has revived.
	printf '2\n' >&4
	IFS= read -r -t 20 line <&5
	same "$row_2" "$line"
	rm c/hpo/failed/0000/*
	token held 2.1
	printf '2\n' >&4
	IFS= read -r -t 20 line <&5
	same $'2\t1\theld\t\t\t\t\trandom\t\t0.75\tadam' "$line"
	exec 4>&-
	wait $!
}

@test "collect: of several campaigns, one table" {
	toy
	home 0 lr=0.25 opt=adam
	good 0 0 ok '' loss=0.5 z=1
	mv c a
	campaign c <<-'EOT'
		[campaign]
		maximize = acc
		trials = 9
		[space]
		width = int(1, 9)
		opt = choice(x, y)
	EOT
	cp -R a/hpo c
	rm -r c/hpo/{trials,done}/*
	home 7 width=3 opt=x
	good 7 0 ok '' acc=0.5 b=2
	answers 0 'campaign	id	attempt	status	cause	started	seconds	host	searcher	minimize.loss	maximize.acc	param.lr	param.opt	param.width	metric.b	metric.z
a	0	0	ok		2026-11-23T09:30:00Z	1.000	host	random	0.5		0.25	adam			1
./c	7	0	ok		2026-11-23T09:37:00Z	1.700	host	random		0.5		x	3	2	' \
	    '' hpo-collect a ./c
}

# jobs_of_c: two trials of c were run by jobs, one by hand at a second try, one by
# hand at the first.
jobs_of_c() {
	toy
	home 0 lr=0.25 opt=adam
	JOB=$'id = 7\nnode = 1e5\npartition = gpu\nrestarts = 0\nwait = 61' \
	    CPU=1.500 PEAK=4096 good 0 0 ok '' loss=0.5 acc=0.9
	home 1 lr=0.5 opt=sgd
	JOB=$'id = 7_3\nrestarts = 2\nhistory = lost@n1: failed@n2:0.250' \
	    gave_up 1 2 lost 'worker died'
	home 2 lr=0.75 opt=adam
	JOB='history = interrupted@n1:60.004' good 2 1 ok '' loss=1
	home 3 lr=1 opt=adam
	good 3 0 ok '' loss=2
}

@test "collect: what is known of jobs has columns" {
	export NO_FSCK=1 # of what is left at last
	jobs_of_c
	run -0 --separate-stderr hpo-collect c
	same 'metric.acc
job.cpu
job.history
job.id
job.node
job.partition
job.peak
job.restarts
job.wait' "$(head -n 1 <<<"$output" | cut -f 12- | tr '\t' '\n')"
	same '0|0.9|1.500||7|1e5|gpu|4096|0|61
1|||lost@n1: failed@n2:0.250|7_3||||2|
2|||interrupted@n1:60.004||||||
3|||||||||' "$(tail -n +2 <<<"$output" | cut -f 1,12- | tr '\t' '|')"
	same '{"job.cpu": 1.500, "job.history": null, "job.id": "7", "job.node": "1e5", "job.partition": "gpu", "job.peak": 4096, "job.restarts": 0, "job.wait": 61}' \
	    "$(hpo-collect --format jsonl c | sed -n '1s/.*"metric.acc": 0.9, /{/p')"
	# Each only if there is something in it; none by ids, as of metrics.
	rm c/hpo/done/0000/0000000.* c/hpo/failed/0000/*
	same 'job.history' "$(hpo-collect c | head -n 1 | cut -f 12-)"
	same '' "$(hpo-collect c - <<<2 | head -n 1 | cut -f 12-)"
	rm c/hpo/done/0000/0000002.*
	same '' "$(hpo-collect c | head -n 1 | cut -f 12-)"
}

@test "collect: more than is kept in memory is read twice" {
	local big i want

	# The rows take more than 24 MiB; the last one brings a new column.
	toy
	big=$(head -c 900000 /dev/zero | tr '\0' x)
	for ((i = 0; i < 30; i++)); do
		home "$i" "opt=$big"
		good "$i" 0 ok '' "loss=$i"
	done
	home 1000 lr=1
	JOB=$'id = 7\nrestarts = 0' good 1000 0 ok '' loss=0 late=1
	hpo-collect c >all
	same "$head_of_four	metric.late	job.id	job.restarts" "$(head -n 1 all)"
	want=$(seq 0 29; echo 1000)
	same "$want" "$(tail -n +2 all | cut -f 1)"
	same "$(printf '%s\n' {0..29} 0)" "$(tail -n +2 all | cut -f 9)"
	[ "$(cut -f 11 all | sort | uniq -c | awk '{ print $1, length($2) }' |
	    xargs)" = '1 0 1 9 30 900000' ]
	same '1	7	0' "$(tail -n 1 all | cut -f 12-)"
}

@test "collect: --cat prints the files of a trial" {
	four
	W=other-2.0-0 result 1 0 lost 'worker died'
	result 1 10 ok ''
	result 1 2 ok ''
	echo x >c/hpo/trials/0000/0000001/log.1
	echo x >c/hpo/trials/0000/0000001/log.0
	local home=c/hpo/trials/0000/0000001 f want=

	for f in trial.ini "result.0.$W.ini" result.0.other-2.0-0.ini \
	    "result.1.$W.ini" "result.2.$W.ini" "result.10.$W.ini"; do
		want+="; $home/$f
$(cat $home/"$f")
"
	done
	answers 0 "$want; log: $home/log.0
; log: $home/log.1" '' hpo-collect --cat 1 c
	rm $home/result.{10,2}.*
	answers 0 "; c/hpo/trials/0000/0000003/trial.ini
$(cat c/hpo/trials/0000/0000003/trial.ini)" '' hpo-collect c --cat 0003
	answers 1 '' "hpo-collect: campaign 'c' has no trial 5" \
	    hpo-collect --cat 5 c
}

@test "collect: a damaged file costs its values, and the status" {
	export NO_FSCK=1
	four
	truncate -s -1 c/hpo/trials/0000/0000000/trial.ini
	rm c/hpo/trials/0000/0000001/result.1.*
	sed -i 's/^status = .*/status = ok/' c/hpo/trials/0000/0000002/result.*
	rm c/hpo/trials/0000/0000003/trial.ini
	mkdir c/hpo/trials/0000/0000003/trial.ini
	answers 65 "$head_of_four	metric.acc
0	0	ok	trial file damaged	2026-11-23T09:30:00Z	1.000	host		0.5			0.9
1	1	done	result file missing				random		0.5	sgd$tab
2	0	failed	result file damaged				random		0.75	adam$tab
3	0	ready	trial file missing							$tab
$row_4	" "hpo-collect: c/hpo/trials/0000/0000000/trial.ini: trial file damaged: wrong checksum
hpo-collect: c/hpo/trials/0000/0000001/result.1.$W.ini: result file missing
hpo-collect: c/hpo/trials/0000/0000002/result.0.$W.ini: result file damaged: wrong checksum
hpo-collect: c/hpo/trials/0000/0000003/trial.ini: no regular file, or a huge one" \
	    hpo-collect --all c
	answers 65 "$head_of_four
1	1	done	result file missing				random		0.5	sgd" \
	    "hpo-collect: c/hpo/trials/0000/0000001/result.1.$W.ini: result file missing" \
	    hpo-collect c - <<<1
}

@test "collect: a file in another's place is damage" {
	export NO_FSCK=1
	four
	cp c/hpo/trials/0000/0000001/trial.ini c/hpo/trials/0000/0000000
	cp c/hpo/trials/0000/0000000/result.0.* c/hpo/trials/0000/0000002
	answers 65 "$head_of_four	metric.Acc	metric.acc
0	0	ok	trial file damaged	2026-11-23T09:30:00Z	1.000	host		0.5				0.9
$row_1	nan$tab
2	0	failed	result file damaged				random		0.75	adam		" \
	    "hpo-collect: c/hpo/trials/0000/0000000/trial.ini: trial file damaged: it is of trial 1
hpo-collect: c/hpo/trials/0000/0000002/result.0.$W.ini: result file damaged: it is of another attempt" \
	    hpo-collect c
}

@test "collect: a damaged trial file that has been judged is no news" {
	export NO_FSCK=1
	toy
	home 0 lr=1
	gave_up 0 0 failed 'trial file damaged'
	: >c/hpo/trials/0000/0000000/trial.ini
	answers 0 "$head_of_four
0	0	failed	trial file damaged	2026-11-23T09:30:00Z	1.000	host				" \
	    '' hpo-collect c
}

@test "collect: names that mean nothing are passed over" {
	export NO_FSCK=1
	four
	mkdir c/hpo/done/x c/hpo/done/0001
	: >c/hpo/done/0000/7.0.w
	: >c/hpo/done/0000/0000009.0
	: >c/hpo/done/0000/.0000009.0.w
	: >c/hpo/done/0001/core
	answers 0 "$head_of_four	metric.Acc	metric.acc
$row_0		0.9
$row_1	nan$tab
$row_2		" '' hpo-collect c
}

@test "collect: which campaign" {
	four
	local want="$head_of_four
$row_0"

	answers 0 "$want" '' env HPO_CAMPAIGN=c hpo-collect - <<<0
	(
		cd c
		answers 0 "$want" '' hpo-collect - <<<0
		answers 0 "$want" '' hpo-collect - ../c <<<0
		answers 0 "$want" '' env HPO_CAMPAIGN=../c hpo-collect - <<<0
	)
	refused 64 "hpo-collect: no campaign: name a directory, set HPO_CAMPAIGN, or cd to one" \
	    hpo-collect
	refused 64 "hpo-collect: no campaign: name a directory, set HPO_CAMPAIGN, or cd to one" \
	    env HPO_CAMPAIGN= hpo-collect
	refused 65 "hpo-collect: cannot open campaign 'x': No such file or directory" \
	    env HPO_CAMPAIGN=x hpo-collect
	refused 65 "hpo-collect: cannot open 'x': No such file or directory" \
	    hpo-collect x c
	mkdir e
	refused 65 "hpo-collect: 'e' is not a campaign: it has no campaign.ini" \
	    hpo-collect c e
}

@test "collect: operands of another form" {
	four
	hpo-collect c >t
	tar -cf a.tar c
	gzip -c t >t.gz
	refused 64 "hpo-collect: 't' is a file, not a campaign's directory" \
	    hpo-collect t
	refused 64 "hpo-collect: '12' is an id: give ids on standard input, with the operand '-'" \
	    hpo-collect c 12
	answers 0 "$(cat t)" '' hpo-collect a.tar
	refused 65 "hpo-collect: archive 't.gz': no tar archive, or damaged" \
	    hpo-collect t.gz
	refused 64 "hpo-collect: an id is of one campaign, and these are 2" \
	    hpo-collect c c -
	refused 64 "hpo-collect: an id is of one campaign, and these are 2" \
	    hpo-collect --cat 1 c c
	refused 64 "hpo-collect: --fsck reads no ids: leave out '-'" \
	    hpo-collect --fsck c -
	refused 64 "hpo-collect: --cat reads no ids: leave out '-'" \
	    hpo-collect --cat 1 c -
	refused 64 "hpo-collect: one of --archive, --cat, --fsck, --seal at a time" \
	    hpo-collect --cat 1 --fsck c
	refused 64 "hpo-collect: --cat takes an id, not '1x'" \
	    hpo-collect --cat 1x c
	refused 64 "hpo-collect: --format is tsv, csv, jsonl or ini, not 'xml'" \
	    hpo-collect --format xml c
}

@test "collect: a campaign file with mistakes, a FORMAT of another version" {
	four
	sed -i 's/^trials = 6/trils = 6/; s/uniform/unifrom/' c/campaign.ini
	run -65 --separate-stderr hpo-collect c
	same '' "$output"
	[[ $stderr == *campaign.ini:*trils*campaign.ini:*unifrom* ]]
	toy d
	echo 'hpo-campaign 2' >d/hpo/FORMAT
	refused 65 "hpo-collect: d/hpo/FORMAT:1: 'hpo-campaign 2' was written by another version; this one reads 'hpo-campaign 1'" \
	    hpo-collect d
	rm -r d/hpo
}

@test "collect: a full disk and a closed standard output are noticed" {
	not_under valgrind 'its log takes the closed descriptor'
	local args

	four
	for args in c '--format jsonl c' '--cat 1 c' '--fsck c' --help; do
		# shellcheck disable=SC2086 # words wanted
		run -75 --separate-stderr bash -c 'hpo-collect "$@" >/dev/full' \
		    - $args
		[[ $stderr == *"No space left on device" ]]
	done
	run -75 --separate-stderr bash -c \
	    'echo 1 | hpo-collect c - >/dev/full'
	run -74 --separate-stderr bash -c 'hpo-collect c >&-'
	[[ $stderr == "hpo-collect: cannot write the output: "* ]]
}

@test "collect: the first pipeline of the manual" {
	campaign c <<-'EOT'
		[campaign]
		minimize = loss
		trials = 9
		[space]
		x = uniform(0, 1)
		[run]
		command = echo "hpo: loss={x}"
	EOT
	hpo-sample -n 9 c | parallel --plain -j 2 hpo-trial c {} |
		hpo-collect c - | tee table | hpo-report - >report
	same "$(seq 0 8)" "$(tail -n +2 table | cut -f 1 | sort -n)"
	same ok "$(tail -n +2 table | cut -f 3 | sort -u)"
	same 0 "$(tail -n +2 table | awk -F '\t' '$9 != $10' | wc -l)"
	same '9 trials ended: 9 ok' "$(sed -n 2p report)"
	same "$(head -n 10 table | sort)" "$(hpo-collect c | sort)"
}
