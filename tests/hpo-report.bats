#!/usr/bin/env bats
# hpo-report: what it says of campaigns and tables, for people and programs.

bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/records

# six: a campaign whose trials have all ended, by hand.
six() {
	toy
	home 0 lr=0.25 opt=adam
	good 0 0 ok '' loss=0.5 acc=0.9
	home 1 lr=0.5 opt=sgd
	good 1 0 ok '' loss=0.30000000000000004
	home 2 lr=0.75 opt=adam
	gave_up 2 0 failed 'exit 3' -- one 'no such file' ' '
	home 3 lr=1 opt=sgd
	gave_up 3 0 failed 'exit 3' loss=0.1 -- 'no such file'
	home 4 lr=0.125 opt=adam
	gave_up 4 0 timeout '' -- 'epoch 3'
	home 5 lr=0.5 opt=adam
	good 5 0 pruned '' loss=0.2
}

stars='********************'
gap='                    '

text_of_six="6 of 6 trials ended: 2 ok, 1 pruned, 2 failed, 1 timeout

best 2 of 2
  id  loss  seconds    lr  opt
   1   0.3    1.100   0.5  sgd
   0   0.5    1.000  0.25  adam

loss, best so far
       0.5 |$stars**********
           |$gap          :
           |$gap          :
           |$gap          :
           |$gap          :
           |$gap          :
           |$gap          :
       0.3 |$gap          $stars**********
           +------------------------------------------------------------
            0                                                          1

what went wrong
    2  failed: exit 3
      2  no such file
    1  timeout
      1  epoch 3

time of a trial: median 1.2 s, 95th percentile 1.5 s, total 7.5 s
first start 2026-11-23T09:30:00Z, last end 5m 02s later"

@test "report: a campaign, for people" {
	six
	answers 0 "toy: minimize loss
$text_of_six" '' hpo-report c
	cd c
	answers 0 "toy: minimize loss
$text_of_six" '' hpo-report
}

@test "report: a table says the same, as far as it goes" {
	local f want

	six
	want=$(sed -e 's/^6 of 6/6/' -e '/no such file/d' -e '/epoch 3/d' \
	    <<<"$text_of_six")
	for f in tsv csv jsonl; do
		hpo-collect --format $f c >t.$f
		answers 0 "t.$f: minimize loss
$want" '' hpo-report t.$f
		answers 0 "<stdin>: minimize loss
$want" '' hpo-report - <t.$f
		run -0 hpo-report <(cat t.$f)
		same "$want" "$(tail -n +2 <<<"$output")"
	done
}

@test "report: json" {
	six
	answers 0 '{"name": "toy", "objectives": [{"metric": "loss", "goal": "minimize"}], "trials": 6, "ended": 6, "status": {"ok": 2, "pruned": 1, "failed": 2, "timeout": 1, "oom": 0, "interrupted": 0, "lost": 0, "cancelled": 0, "running": 0, "ready": 0, "held": 0, "new": 0}, "best": [{"id": 1, "attempt": 0, "status": "ok", "cause": null, "started": "2026-11-23T09:31:00Z", "seconds": 1.100, "host": "host", "searcher": "random", "minimize.loss": 0.30000000000000004, "param.lr": 0.5, "param.opt": "sgd", "metric.acc": null}], "progress": {"loss": [[0, 0.5], [1, 0.30000000000000004]]}, "causes": [{"status": "failed", "cause": "exit 3", "trials": 2, "last": [{"line": "no such file", "trials": 2}]}, {"status": "timeout", "cause": "", "trials": 1, "last": [{"line": "epoch 3", "trials": 1}]}], "other_causes": 0, "seconds": {"trials": 6, "total": 7.500, "median": 1.250, "p95": 1.500}, "started": "2026-11-23T09:30:00Z", "elapsed": 301.500}' \
	    '' hpo-report --format json --best 1 c
	hpo-collect c >t
	answers 0 '{"name": "t", "objectives": [{"metric": "loss", "goal": "minimize"}], "trials": null, "ended": 6, "status": {"ok": 2, "pruned": 1, "failed": 2, "timeout": 1, "oom": 0, "interrupted": 0, "lost": 0, "cancelled": 0}, "best": [{"id": 1, "attempt": 0, "status": "ok", "cause": null, "started": "2026-11-23T09:31:00Z", "seconds": 1.100, "host": "host", "searcher": "random", "minimize.loss": 0.30000000000000004, "param.lr": 0.5, "param.opt": "sgd", "metric.acc": null}], "newest": [{"id": 5, "attempt": 0, "status": "pruned", "cause": null, "started": "2026-11-23T09:35:00Z", "seconds": 1.500, "host": "host", "searcher": "random", "minimize.loss": 0.2, "param.lr": 0.5, "param.opt": "adam", "metric.acc": null}], "progress": {"loss": [[0, 0.5], [1, 0.30000000000000004]]}, "causes": [{"status": "failed", "cause": "exit 3", "trials": 2, "last": []}, {"status": "timeout", "cause": "", "trials": 1, "last": []}], "other_causes": 0, "seconds": {"trials": 6, "total": 7.500, "median": 1.250, "p95": 1.500}, "started": "2026-11-23T09:30:00Z", "elapsed": 301.500}' \
	    '' hpo-report --format json --limit 1 t
}

@test "report: tsv, the best as a table" {
	six
	cp -r c d
	local head=$'id\tattempt\tstatus\tcause\tstarted\tseconds\thost\tsearcher\tminimize.loss\tparam.lr\tparam.opt\tmetric.acc'
	local one=$'1\t0\tok\t\t2026-11-23T09:31:00Z\t1.100\thost\trandom\t0.30000000000000004\t0.5\tsgd\t'
	local two=$'0\t0\tok\t\t2026-11-23T09:30:00Z\t1.000\thost\trandom\t0.5\t0.25\tadam\t0.9'

	answers 0 "rank	$head
1	$one
2	$two" '' hpo-report --format tsv c
	answers 0 "rank	campaign	$head
1	c	$one
1	d	$one" '' hpo-report c --format tsv --best 1 d
}

@test "report: --limit shows rows in full" {
	six
	hpo-report --limit 2 c >out
	same '
best 2 of 2
  1  status ok  loss 0.30000000000000004  seconds 1.100
      attempt=0 started=2026-11-23T09:31:00Z host=host searcher=random lr=0.5
      opt=sgd
  0  status ok  loss 0.5  seconds 1.000
      attempt=0 started=2026-11-23T09:30:00Z host=host searcher=random lr=0.25
      opt=adam acc=0.9' "$(sed -n 3,10p out)"
	same 'newest
  5  status pruned  loss 0.2  seconds 1.500
      attempt=0 started=2026-11-23T09:35:00Z host=host searcher=random lr=0.5
      opt=adam
  4  status timeout  loss -  seconds 1.400
      attempt=0 started=2026-11-23T09:34:00Z host=host searcher=random lr=0.125
      opt=adam' "$(sed -n '/^newest/,/^$/p' out)"
	same '6 of 6 trials ended: 2 ok, 1 pruned, 2 failed, 1 timeout' \
	    "$(sed -n 2p out)"
	same 1 "$(hpo-report --limit 2 --best 1 --format tsv c |
	    tail -n +2 | cut -f 1)"
}

# six_jobs: the same, of which jobs ran five; two were tried before.
six_jobs() {
	toy
	home 0 lr=0.25 opt=adam
	JOB=$'id = 7_0\nnode = n1\nrestarts = 0\nwait = 60' \
	    good 0 0 ok '' loss=0.5
	home 1 lr=0.5 opt=sgd
	JOB=$'id = 7_0\nnode = n1\nrestarts = 0\nwait = 90\nhistory = lost@n2: interrupted@n1:3600.000' \
	    good 1 2 ok '' loss=0.25
	home 2 lr=0.75 opt=adam
	JOB=$'id = 7_1\nnode = n2\nrestarts = 0\nwait = 600' \
	    gave_up 2 0 failed 'exit 3'
	home 3 lr=1 opt=sgd
	JOB=$'id = 8_0\nnode = n3\nrestarts = 2\nhistory = failed@n2:4.500' \
	    gave_up 3 1 oom 'out of memory'
	home 4 lr=0.125 opt=adam
	JOB=$'id = 8_0\nnode = n3\nrestarts = 1' good 4 0 pruned '' loss=0.75
	home 5 lr=0.5 opt=adam
	gave_up 5 0 timeout 'timeout after 1s'
}

cost_of_six_jobs='
cost: 1.00 node-hours in 9 attempts, 1.00 wasted (99.9 %), 1 of unknown length
  status       attempts  node-hours
  ok                  2        0.00
  pruned              1        0.00
  failed              2        0.00
  timeout             1        0.00
  oom                 1        0.00
  interrupted         1        1.00
  lost                1           -

3 jobs, 2 restarts; wait in the queue: median 5m 30s, longest 10m 00s

nodes, those with most trouble first
  node  attempts  node-hours  failed  lost  oom  timeout
  n2           3        0.00       2     1    0        0
  n3           2        0.00       0     0    1        0
  host         1        0.00       0     0    0        1
  n1           3        1.00       0     0    0        0'

# cost: what a report on the standard input says of it.
cost() {
	sed -n '/^cost:/,$p'
}

@test "report: what jobs cost" {
	local f

	six_jobs
	hpo-report c >out
	same "$cost_of_six_jobs" "
$(cost <out)"
	# Nothing else is said otherwise, and nothing without jobs.
	grep -q '^time of a trial: ' out
	hpo-collect --archive a.tar.gz c
	hpo-report a.tar.gz >out
	same "$cost_of_six_jobs" "
$(cost <out)"
	for f in tsv csv jsonl; do
		hpo-collect --format $f c | hpo-report - >out
		same "$cost_of_six_jobs" "
$(cost <out)"
	done
	# In full, a job's id is not a trial's.
	same 'job.id=7_0' "$(hpo-report --limit 1 c | grep -o 'job.id=7_0')"
	rm -r c
	six
	same '' "$(hpo-report c | cost)"
}

@test "report: what jobs cost, for a program" {
	command -v jq >/dev/null || skip 'needs jq'
	six_jobs
	same '{"attempts":9,"unknown":1,"seconds":3612,"wasted":{"attempts":6,"unknown":1,"seconds":3608.5,"percent":99.9},"status":{"ok":{"attempts":2,"unknown":0,"seconds":2.1},"pruned":{"attempts":1,"unknown":0,"seconds":1.4},"failed":{"attempts":2,"unknown":0,"seconds":5.7},"timeout":{"attempts":1,"unknown":0,"seconds":1.5},"oom":{"attempts":1,"unknown":0,"seconds":1.3},"interrupted":{"attempts":1,"unknown":0,"seconds":3600},"lost":{"attempts":1,"unknown":1,"seconds":0}},"jobs":3,"restarts":2,"wait":{"jobs":2,"median":330,"longest":600}}' \
	    "$(hpo-report --format json c | jq -c '.cost | del(.nodes)')"
	same '{"node":"n2","attempts":3,"unknown":1,"seconds":5.7,"failed":2,"lost":1,"oom":0,"timeout":0}
{"node":"n3","attempts":2,"unknown":0,"seconds":2.7,"failed":0,"lost":0,"oom":1,"timeout":0}
{"node":"host","attempts":1,"unknown":0,"seconds":1.5,"failed":0,"lost":0,"oom":0,"timeout":1}
{"node":"n1","attempts":3,"unknown":0,"seconds":3602.1,"failed":0,"lost":0,"oom":0,"timeout":0}' \
	    "$(hpo-report --format json c | jq -c '.cost.nodes[]')"
	rm -r c
	six
	same null "$(hpo-report --format json c | jq .cost)"
}

@test "report: of many nodes those with most trouble" {
	local i

	printf 'id\tstatus\tseconds\tjob.node\n' >t
	for i in {1..12}; do
		printf '%d\t%s\t3600\tn%d\n' "$i" \
		    "$([ "$i" -eq 7 ] && echo failed || echo ok)" "$i"
	done >>t
	hpo-report t >out
	same 'cost: 12.00 node-hours in 12 attempts, 1.00 wasted (8.3 %)' \
	    "$(grep ^cost out)"
	same 'n7 n1 n10 n11 n12 n2 n3 n4 n5 n6 and' \
	    "$(sed -n '/^  node/,$p' out | awk 'NR > 1 { print $1 }' | xargs)"
	same '  and 2 more' "$(tail -n 1 out)"
	same 12 "$(hpo-report --format json t | grep -o '"node": ' | wc -l)"
}

@test "report: what has not ended is counted" {
	six
	rm c/hpo/*/0000/0000003.* c/hpo/*/0000/0000004.*
	token ready 3.1
	token "running/$W" 4.1
	sed -i 's/trials = 6/trials = 50/' c/campaign.ini
	same '4 of 50 trials ended: 2 ok, 1 pruned, 1 failed; 1 running, 1 ready' \
	    "$(hpo-report c | sed -n 2p)"
	same '4 trials ended: 2 ok, 1 pruned, 1 failed; 1 running, 1 ready' \
	    "$(hpo-collect --all c | hpo-report - | sed -n 2p)"
}

@test "report: no ended trial is the answer no" {
	toy
	answers 1 'toy: minimize loss
0 of 6 trials ended' '' hpo-report c
	token ready 0.0
	home 0 lr=0 opt=adam
	answers 1 'toy: minimize loss
0 of 6 trials ended; 1 ready' '' hpo-report c
	answers 1 '<stdin>: minimize loss
0 trials ended' '' hpo-report - < <(hpo-collect c)
	answers 1 '<stdin>
0 trials ended' '' hpo-report - </dev/null
	answers 1 $'rank' '' hpo-report --format tsv - </dev/null
	answers 1 '{"name": "<stdin>", "objectives": [], "trials": null, "ended": 0, "status": {"ok": 0, "pruned": 0, "failed": 0, "timeout": 0, "oom": 0, "interrupted": 0, "lost": 0, "cancelled": 0}, "best": [], "progress": {}, "causes": [], "other_causes": 0, "seconds": {"trials": 0, "total": 0.000, "median": null, "p95": null}, "started": null, "elapsed": null}' \
	    '' hpo-report --format json - </dev/null
	# Of several subjects one is enough.
	mv c d
	six
	rm -r d/hpo/ready/0000/* d/hpo/trials/*
	run -0 hpo-report d c
	same 'd: minimize loss
0 of 6 trials ended

c: minimize loss' "$(head -n 4 <<<"$output")"
}

@test "report: several, one after another" {
	six
	cp -r c d
	answers 0 "c: minimize loss
$text_of_six

d: minimize loss
$text_of_six" '' hpo-report c d
	same 2 "$(hpo-report --format json c d | wc -l)"
}

@test "report: a table of several campaigns" {
	toy
	home 0 lr=0.25 opt=adam
	good 0 0 ok '' loss=0.5
	cp -r c d
	home 1 lr=0.5 opt=sgd
	good 1 0 ok '' loss=0.25
	answers 0 "<stdin>: minimize loss
3 trials ended: 3 ok

best 3 of 3
  campaign  id  loss  seconds    lr  opt
  c          1  0.25    1.100   0.5  sgd
  c          0   0.5    1.000  0.25  adam
  d          0   0.5    1.000  0.25  adam

loss, best so far
       0.5 |$stars
           |$gap:
           |$gap:
           |$gap:
           |$gap:
           |$gap:
           |$gap:
      0.25 |$gap$stars$stars
           +------------------------------------------------------------
            0                                                          2

time of a trial: median 1.0 s, 95th percentile 1.1 s, total 3.1 s
first start 2026-11-23T09:30:00Z, last end 61.1 s later" '' \
	    bash -c 'hpo-collect c d | hpo-report -'
}

@test "report: the Pareto set of several objectives" {
	cat >t <<-'EOT'
		id	minimize.loss	maximize.speed	param.w
		0	0.5	10	1
		1	0.4	10	2
		2	0.3	5	3
		3	nan	99	4
		4	0.2	1	5
	EOT
	answers 0 "t: minimize loss, maximize speed
5 trials ended: 5 ok

Pareto set
  id  loss  speed  w
   4   0.2      1  5
   2   0.3      5  3
   1   0.4     10  2

loss, best so far
       0.5 |***************
           |               :
           |               ***************
           |                              :
           |                              :
           |                              ***************
           |                                             :
       0.2 |                                             ***************
           +------------------------------------------------------------
            0                                                          4

speed, best so far
        10 |$stars$stars$stars
           +------------------------------------------------------------
            0                                                          4" \
	    '' hpo-report t
	same 'Pareto set, 2 of 3
  id  loss  speed  w
   4   0.2      1  5
   2   0.3      5  3' "$(hpo-report --best 2 t | sed -n 4,7p)"
	[[ $(hpo-report --format json --best 1 t) == *'"pareto": [{"id": 4, '*'}], "pareto_size": 3, "progress": {"loss": [[0, 0.5], [1, 0.4], [2, 0.3], [4, 0.2]], "speed": [[0, 10]]}'* ]]
}

@test "report: a table without an objective, one of another maker" {
	answers 0 '<stdin>
2 trials ended: 2 ok

no column minimize.NAME or maximize.NAME: nothing is best' '' \
	    hpo-report - <<<$'a,b\n1,2\n3,4'
	same '<stdin>: maximize acc
3 trials ended: 1 failed, 1 COMPLETE, 1 x\x1by

what went wrong
    1  COMPLETE
    1  failed
    1  x\x1by' "$(printf 'status,maximize.acc\nCOMPLETE,1\nfailed,2\nx\033y,3\n' |
	    hpo-report -)"
}

@test "report: nothing dangerous gets to the terminal, nothing is cut in a file" {
	printf 'id\tminimize.a\tparam.x\n0\t1\t\\x1b[31m%s\n' \
	    "$(head -c 200 /dev/zero | tr '\0' y)" >t
	hpo-report t >out
	run ! grep -q $'\033' out
	grep -Eq '^      x=\\x1b\[31my{200}$' out
}

@test "report: a damaged file costs its values, and the status" {
	export NO_FSCK=1
	six
	truncate -s -1 c/hpo/trials/0000/0000001/result.*
	run -65 --separate-stderr hpo-report c
	same "hpo-report: c/hpo/trials/0000/0000001/result.0.$W.ini: result file damaged: wrong checksum" \
	    "$stderr"
	same '6 of 6 trials ended: 1 ok, 1 pruned, 2 failed, 1 timeout, 1 done
    1  done: result file damaged' \
	    "$(sed -n '2p;/done:/p' <<<"$output")"
}

@test "report: what it refuses" {
	six
	hpo-collect c >t
	printf 'id\ta\n1\n' >bad
	refused 65 "hpo-report: bad:2: 1 fields instead of 2" hpo-report c bad
	refused 65 "hpo-report: cannot open 'x': No such file or directory" \
	    hpo-report t x
	refused 64 "hpo-report: --best takes a number from 1 to 1000000, not '0'" \
	    hpo-report --best 0 c
	refused 64 "hpo-report: --limit takes a number from 1 to 1000000, not 'x'" \
	    hpo-report --limit x c
	refused 64 "hpo-report: --format is text, json or tsv, not 'csv'" \
	    hpo-report --format csv c
	refused 64 "hpo-report: no campaign: name a directory, set HPO_CAMPAIGN, or cd to one" \
	    hpo-report
	tar -cf t.tar t
	refused 65 "hpo-report: 't.tar' is not a campaign: it has no campaign.ini" \
	    hpo-report t.tar
	mkdir e
	refused 65 "hpo-report: 'e' is not a campaign: it has no campaign.ini" \
	    hpo-report e
}

@test "report: it changes nothing, not even in a directory it may not write" {
	local before

	six
	rm -r c/hpo/tmp c/hpo/observed
	chmod -R a-w c
	before=$(listing)
	run -0 hpo-report c
	same "$before" "$(listing)"
	chmod -R u+w c
}

@test "report: a full disk and a closed standard output are noticed" {
	not_under valgrind 'its log takes the closed descriptor'
	local args

	six
	for args in c '--format json c' '--format tsv c' --help; do
		# shellcheck disable=SC2086 # words wanted
		run -75 --separate-stderr bash -c 'hpo-report "$@" >/dev/full' \
		    - $args
		[[ $stderr == *"No space left on device" ]]
	done
	run -74 --separate-stderr bash -c 'hpo-report c >&-'
	[[ $stderr == "hpo-report: cannot write the output: "* ]]
}

@test "report: a large table in little memory" {
	# 200,000 rows of 26 MB; what is kept of them is a few numbers each.
	awk 'BEGIN {
		OFS = "\t"
		print "id", "status", "seconds", "minimize.loss", "param.x"
		pad = sprintf("%0100d", 0)
		for (i = 0; i < 200000; i++)
			print i, i % 10 ? "ok" : "failed", "1.000",
			    (i * 7919 % 200000) / 1000, pad i
	}' >t
	# The sanitizers and valgrind take a lot of address space.
	case ${HPO_TEST_VARIANT-} in
	san | valgrind) run -0 hpo-report t ;;
	*) run -0 bash -c 'ulimit -v 100000; hpo-report t' ;;
	esac
	same '200000 trials ended: 180000 ok, 20000 failed' "${lines[1]}"
	same 'best 5 of 180000' "${lines[2]}"
	[[ ${lines[3]} == '  '*'loss 0.001 '* ]]
}
