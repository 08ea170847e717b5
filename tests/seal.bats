#!/usr/bin/env bats
# Sealing: a thousand ended trials become one file, and nobody sees a
# difference.

# shellcheck disable=SC2154 # variables of bats

bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/fault

# Two full segments and a half, of which each test has a copy; thousands of
# files, so in memory where that can be had.
setup_file() {
	[ "${HPO_TEST_VARIANT-}" != valgrind ] || return 0
	export PATH="${HPO_TEST_BIN:-$BATS_TEST_DIRNAME/../build/bin}:$PATH"
	SCRATCH=$(mktemp -d -p /dev/shm 2>/dev/null) || SCRATCH=$BATS_FILE_TMPDIR
	export SCRATCH
	cd -- "$SCRATCH" || return
	campaign ended <<-'EOT'
		[campaign]
		name = ended
		minimize = loss
		trials = 2100
		[space]
		x = uniform(0, 1)
		kind = choice(a, "b c")
		n = int(1, 9)
		[when]
		n = kind == "a"
		[run]
		command = sh cmd
		backoff = 0s
	EOT
	cat >ended/cmd <<-'EOT'
		case $HPO_TRIAL in
		*17) echo 'no luck'; exit 3 ;;
		*33) echo "hpo: loss=$HPO_PARAM_x extra=1" ;;
		*50) echo more >"$HPO_DIR/kept"; mkdir "$HPO_DIR/.d" && echo x >"$HPO_DIR/.d/y" ;;
		esac
		echo "hpo: loss=$HPO_PARAM_x step=1"
	EOT
	hpo-sample -n 2100 ended >ids
	# In the first segment nothing is known of jobs.
	hpo-trial --loop --slot 1 --max-trials 1000 ended >zero
	HPO_JOB_ID=7 HPO_JOB_NODE=n1 hpo-trial --loop ended >one &
	hpo-trial --loop ended >two
	wait $!
}

teardown_file() {
	rm -rf "${SCRATCH-}"
}

setup() {
	helper_setup
	not_under valgrind 'thousands of trials take too long'
	mkdir "$SCRATCH/test"
	cd "$SCRATCH/test" || return
	cp -R ../ended c
}

teardown() {
	local bad=0

	end_jobs
	[ -d c ] || return 0
	[ -n "${NO_FSCK-}" ] || hpo-collect --fsck c || bad=1
	cd / || return
	rm -rf "$SCRATCH/test"
	return $bad
}

# All that a reader can say of the campaign c.
say_all() {
	local f

	for f in tsv csv jsonl ini; do
		hpo-collect --format $f c
		hpo-collect --all --format $f c
	done
	for f in 0 17 50 999 1033 2050; do
		hpo-collect --cat $f c
	done
	printf '%s\n' 1500 3 2099 999 1000 17 | hpo-collect c -
	hpo-collect c c/../c
	hpo-report c
	hpo-report --limit 3 c
	hpo-report --format json c
	hpo-report --format tsv c
	hpo-dispatch --status c || :
	hpo-sample --verify c
	hpo-trial c 7 1017 || :
}

sealed_whole() {
	same '0 segments sealed, 2 in all' "$(hpo-collect --seal c)"
	hpo-collect --all c | cmp - table
	same '2100 trials: 2079 done, 21 failed; clean' "$(hpo-collect --fsck c)"
	same 0002 "$(ls c/hpo/trials)"
}

@test "seal: no reader sees a difference" {
	say_all >before
	same '2 segments sealed, 2 in all' "$(hpo-collect --seal c)"
	say_all >after
	cmp before after
	hpo-collect --all c >table
	same 'no job' "$(tar -xOf c/hpo/segments/0000/segment.tar table.tsv |
		head -n 1 | grep job || echo no job)"
	same '7 n1' "$(tail -n +1002 table | cut -f 15,16 | sort -u | xargs)"
	sealed_whole
	same '' "$(ls c/hpo/tmp)"
	[ -f c/hpo/ready/0000 ]
	[ -d c/hpo/ready/0002 ]
	same $'segments/0000\nsegments/0000/segment.tar' \
	    "$(cd c/hpo && find segments/0000)"
	[ "$(find c/hpo | wc -l)" -lt 600 ]
}

@test "seal: the files are there, byte by byte" {
	cp -R c/hpo/trials loose
	hpo-collect --seal c
	mkdir out
	for s in 0000 0001; do
		tar -xvf "c/hpo/segments/$s/segment.tar" >names
		same $'table.tsv\nfiles.tar.zst' "$(cat names)"
		tar -C out --zstd -xf files.tar.zst
		cat table.tsv >>tables
	done
	hpo-collect c | head -n 2001 | cut -f 1-8 >want
	awk 'NR != 1002' tables | cut -f 1-8 | cmp - want
	rm -r loose/0002
	diff -r loose out/trials
}

@test "seal: an archive of it reads as it does" {
	hpo-collect --seal c
	hpo-collect --archive c.tar.zst --force c
	say() {
		hpo-collect --all "$1"
		hpo-report "$1"
		for f in 17 999 1033 2050; do
			hpo-collect --cat $f "$1"
		done
		hpo-collect --fsck "$1"
	}
	cmp <(say c | sed 's|c\.tar\.zst|c|') <(say c.tar.zst | sed 's|c\.tar\.zst|c|')
	# Of a damaged table no row is made up.
	export NO_FSCK=1
	LC_ALL=C sed -i 's/^7\t/8\t/' c/hpo/segments/0000/segment.tar
	tar -cf d.tar c
	run -65 --separate-stderr hpo-collect d.tar
	[[ $stderr == *'/segments/0000/segment.tar: table.tsv:9: segment damaged: not the row of the next trial' ]]
}

@test "seal: columns are those of today's campaign.ini" {
	hpo-collect --seal c
	sed -i 's/^minimize = loss/maximize = extra/' c/campaign.ini
	sed -i '/^n = /d' c/campaign.ini
	hpo-collect c >table
	same "$(printf 'id\tattempt\tstatus\tcause\tstarted\tseconds\thost\tsearcher\tmaximize.extra\tparam.x\tparam.kind\tmetric.loss\tjob.cpu\tjob.id\tjob.node\tjob.peak\tjob.restarts')" \
	    "$(head -n 1 table)"
	same "1  " "$(awk -F '\t' '$1 == 1033 || $1 == 1034 { printf "%s ", $9 }' table)"
	same 2101 "$(wc -l <table)"
}

@test "seal: what cannot be brought back says so" {
	hpo-collect --seal c
	run -1 hpo-dispatch --retry c 17 3-5 2017
	same "hpo-dispatch: 4 sealed trials are final: for another run of a point give it to hpo-sample --enqueue" \
	    "$output"
	run -1 hpo-dispatch --cancel c 17
	same "ready	1" "$(hpo-dispatch --status c | grep ready)"
	hpo-trial --loop c >out || :
}

@test "seal: a straggler keeps its segment loose, and no other" {
	mv c/hpo/done/0000/0000005.* c/hpo/ready/0000/0000005.1
	same '1 segments sealed, 1 in all' "$(hpo-collect --seal c)"
	[ -d c/hpo/trials/0000 ]
	[ ! -e c/hpo/trials/0001 ]
	hpo-collect --fsck c
	hpo-trial --loop c >out
	same '1 segments sealed, 2 in all' "$(hpo-collect --seal c)"
}

@test "seal: a trial that keeps a link keeps its segment loose" {
	ln -s trial.ini c/hpo/trials/0001/0001004/link
	run -65 --separate-stderr hpo-collect --seal c
	same "hpo-collect: 'trials/0001/0001004/link' is neither a file nor a directory" \
	    "$stderr"
	[ -d c/hpo/segments/0000 ]
	[ ! -e c/hpo/segments/0001 ]
	[ -e c/hpo/trials/0001/0001004/link ]
}

@test "seal: a damaged result is not sealed away" {
	f=$(echo c/hpo/trials/0000/0000008/result.0.*)
	truncate -s 100 "$f"
	run -65 --separate-stderr hpo-collect --seal c
	[[ $stderr == *"$f"*'result file damaged'* ]]
	[ ! -e c/hpo/segments/0000 ]
	[ -d c/hpo/segments/0001 ]
	[ -d c/hpo/trials/0000/0000009 ]
	export NO_FSCK=1
}

@test "seal: collectors at once seal each segment once" {
	hpo-collect --all c >table
	pids=
	for i in 1 2 3 4 5 6; do
		hpo-collect --seal c >"out.$i" 2>"err.$i" &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086 # a word each
	wait $pids
	cat err.*
	[ -z "$(cat err.*)" ]
	sealed_whole
}

@test "seal: readers at work meanwhile always see every trial" {
	hpo-collect --all c >table
	hpo-collect --seal c >sealed &
	p=$!
	while kill -0 $p 2>/dev/null; do
		hpo-collect --all c >now
		cmp table now
	done
	wait $p
	sealed_whole
}

@test "seal: a retry at the same time is done or refused, never half" {
	for i in 1 2 3 4 5; do
		rm -rf c
		cp -R ../ended c
		hpo-collect --seal c >sealed &
		code=0
		hpo-dispatch --retry c failed 2>err || code=$?
		wait $!
		hpo-collect --fsck c
		waiting=$(hpo-dispatch --status c | awk '$1 == "ready" { print $2 }')
		[ "$code" -eq 0 ] || [ -s err ]
		hpo-trial --loop c >out
		hpo-collect --seal c
		same 21 "$(hpo-collect c | grep -c 'exit 3')"
		same "$waiting" "$(hpo-collect c | awk -F '\t' '$2 > 0' | grep -c 'exit 3' || :)"
		same 2100 "$(hpo-collect c | awk 'NR > 1' | wc -l)"
	done
}

@test "seal: what a late sampler brings is cleared away" {
	hpo-collect --all c >table
	hpo-collect --seal c
	mkdir -p c/hpo/trials/0000/0000003
	echo other >c/hpo/trials/0000/0000003/trial.ini
	: >c/hpo/trials/0000/0000003/token
	hpo-collect --all c | cmp table -
	sealed_whole
}

@test "seal: loose files that differ from the sealed ones are left alone" {
	cp -R c loose
	hpo-collect --seal c
	cp -R loose/hpo/trials/0001 c/hpo/trials/
	cp -R loose/hpo/done/0001 c/hpo/done/
	rm c/hpo/ready/0001
	mkdir c/hpo/ready/0001
	echo more >>c/hpo/trials/0001/0001050/log.0
	echo more >>c/hpo/trials/0001/0001050/kept
	run -65 --separate-stderr hpo-collect --seal c
	same "hpo-collect: 'c/hpo/trials/0001/0001050/kept' is not what was sealed: its segment is left as it is" \
	    "$stderr"
	[ -e c/hpo/trials/0001/0001050/kept ]
	cp loose/hpo/trials/0001/0001050/kept c/hpo/trials/0001/0001050/
	hpo-collect --all loose | sed 's/loose/c/' >table
	same '0 segments sealed, 2 in all' "$(hpo-collect --seal c)"
	sealed_whole
}

@test "seal: the dispatcher does it by itself" {
	sed -i 's/trials = 2100/trials = 2110/' c/campaign.ini
	hpo-dispatch --local -j 2 c >out
	[ -d c/hpo/segments/0001 ]
	[ ! -e c/hpo/trials/0001 ]
	same 2111 "$(hpo-collect c | wc -l)"
}

@test "seal: new trials wait for held ones while three segments are loose" {
	mkdir -p c/hpo/held/0000 c/hpo/trials/0003
	mv c/hpo/done/0000/0000005.* c/hpo/held/0000/0000005.1
	sed -i 's/trials = 2100/trials = 2101/; s/backoff = 0s/backoff = 1s/' \
	    c/campaign.ini
	hpo-trial --loop c >out
	same '5 2100' "$(cut -f 1 out | xargs)"
	rmdir c/hpo/trials/0003
}

# record ACTION N: for the crash matrix.
record() {
	local fault=$1

	case $1 in
	before | after) fault="kill $1" ;;
	lie) fault='lost reply' ;;
	esac
	[ -z "${HPO_MATRIX-}" ] || [ "$2" -eq 0 ] ||
		printf 'seal\t%s\t%d\n' "$fault" "$2" >>"$HPO_MATRIX"
}

# The sealing of one segment dies at, or meets, each call in turn.
# bats test_tags=fault
@test "seal: any step may fail or be the last" {
	need_shim
	hpo-collect --all c >table
	total=0
	for pair in rename:{EIO,ENOSPC,before,after,lie} \
	    {mkdir,write,create}:{EIO,ENOSPC,before,after} \
	    {fsync,unlink}:{EIO,before,after} close:EIO; do
		fault=${pair%:*} action=${pair#*:}
		k=1 held=0
		while :; do
			rm -rf c
			cp -R ../ended c
			with_fault "$fault:$k:$action" hpo-collect \
			    hpo-collect --seal c || break
			code_is_documented || complain "exit $status" err
			hpo-collect --all c >now
			cmp table now || complain 'rows' err
			hpo-collect --fsck c >fsck || complain fsck fsck
			hpo-collect --seal c >/dev/null
			sealed_whole || complain 'not sealed' err
			total=$((total + 1)) held=$((held + 1))
			# Of the thousands that are alike a few do.
			[ "$k" -lt 6 ] && k=$((k + 1)) || k=$((k * 3))
		done
		[ "$held" -gt 0 ] ||
			complain "$fault $action never happened"
		record "$action" $held
	done
	echo "# hpo-collect --seal: $total faults" >&3
}
