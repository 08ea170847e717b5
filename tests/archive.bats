#!/usr/bin/env bats
# Archives: a campaign as one file, which every reading program takes where it
# takes the directory; and files that only look like one.

# shellcheck disable=SC2154,SC2086 # variables of bats; names without blanks
bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/records

SUFFIXES=(tar tar.gz tar.xz tar.zst)

# varied: the campaign c of six trials, four of which have ended; with a file
# of the user's.
varied() {
	toy
	home 0 lr=0.5 opt=adam
	good 0 0 ok '' loss=0.25 extra=2 -- one two
	home 1 lr=0.25 opt=sgd
	result 1 0 failed 'exit 3' -- first
	good 1 1 ok '' loss=0.125
	home 2 lr=0.125 opt=sgd
	gave_up 2 0 failed 'exit 3' -- 'no luck'
	home 3 lr=0.75 opt=adam
	good 3 0 ok '' loss=1e-3
	home 4 lr=0.3 opt=adam
	token ready 4.0
	echo text >c/hpo/trials/0000/0000000/log.0
	mkdir -p c/hpo/trials/0000/0000003/checkpoint
	echo kept >c/hpo/trials/0000/0000003/checkpoint/.hidden
	home 5 lr=0.4 opt=adam
	: >c/hpo/trials/0000/0000005/token
	echo mine >c/train.py
	touch -d '2026-11-20 10:00:00Z' c/campaign.ini
	find c/hpo -type f -exec touch -d '2026-11-21 10:00:00Z' {} +
}

# finished: it, with all trials ended.
finished() {
	varied
	sed -i 's/trials = 6/trials = 4/' c/campaign.ini
	touch -d '2026-11-20 10:00:00Z' c/campaign.ini
	rm -r c/hpo/trials/0000/000000[45] c/hpo/ready/0000
}

# packed FILE: c as an archive, whether it has finished or not.
packed() {
	hpo-collect --archive "$1" --force c
}

# all_said NAME: all that the readers say of a campaign, which is called c.
all_said() {
	local f

	for f in tsv csv jsonl ini; do
		hpo-collect --format $f "$1"
		hpo-collect --all --format $f "$1"
	done
	printf '%s\n' 3 0 5 | hpo-collect "$1" - || :
	for f in 0 1 2 3 4 5; do
		hpo-collect --cat $f "$1" || : # there may be no such trial
	done
	hpo-collect --fsck "$1"
	for f in text json tsv; do
		hpo-report --format $f "$1"
		hpo-report --limit 2 --format $f "$1"
	done
	hpo-report --best 2 "$1"
	hpo-collect "$1" | hpo-report -
}

# nothing_left: no private directory is.
nothing_left() {
	[ -z "$(ls -A "$TMPDIR")" ]
}

setup() {
	helper_setup
	export TMPDIR=$BATS_FILE_TMPDIR/$BATS_TEST_NUMBER
	mkdir "$TMPDIR"
}

@test "archive: every reader says of it what it says of the directory" {
	local s

	varied
	all_said c >want 2>&1
	for s in "${SUFFIXES[@]}"; do
		answers 0 '' '' hpo-collect --archive c.$s --force c
		all_said c.$s 2>&1 | sed "s/\bc\.$s/c/g" >got
		cmp want got
		nothing_left
	done
	HPO_CAMPAIGN=c.tar.zst hpo-report | cmp - <(hpo-report c)
}

@test "archive: several, mixed with directories, are told apart by their names" {
	varied
	packed a.tar
	mkdir d
	packed d/b.tar.xz
	hpo-collect c c c | sed '2,5s/^c/a.tar/; 6,9s/^c/d\/b.tar.xz/' >want
	hpo-collect a.tar d/b.tar.xz c >got
	cmp want got
	hpo-report a.tar c d/b.tar.xz | grep -x '[^ ].*: minimize loss' >got
	printf '%s: minimize loss\n' a.tar c d/b.tar.xz | cmp - got
	answers 0 $'a.tar: 6 trials: 1 new, 1 ready, 3 done, 1 failed; clean\nc: 6 trials: 1 new, 1 ready, 3 done, 1 failed; clean' '' \
	    hpo-collect --fsck a.tar c
	nothing_left
}

@test "archive: what is damaged in it is called by the archive's name" {
	NO_FSCK=1
	varied
	echo x >>c/hpo/trials/0000/0000003/trial.ini
	packed a.tar.gz
	run -65 --separate-stderr hpo-collect a.tar.gz
	same 'hpo-collect: a.tar.gz/hpo/trials/0000/0000003/trial.ini' \
	    "${stderr%%: trial file damaged*}"
	echo nonsense >c/campaign.ini
	run -65 --separate-stderr hpo-collect --archive b.tar --force c
	[ ! -e b.tar ]
	tar -cf b.tar c
	refused 65 "$(hpo-collect c 2>&1 | sed 's/ c\// b.tar\//')" hpo-collect b.tar
}

@test "archive: the same campaign gives the same bytes" {
	local s

	finished
	cp -a c d
	(cd d/hpo/trials/0000 && mkdir new && mv 0* new && mv new/* . && rmdir new)
	for s in "${SUFFIXES[@]}"; do
		hpo-collect --archive a.$s c
		hpo-collect --archive ./b.$s d/../d/
		cmp a.$s b.$s
	done
	# One tar archive in different clothes.
	gzip -dc a.tar.gz | cmp - a.tar
	xz -dc a.tar.xz | cmp - a.tar
	[ "$(stat -c %a a.tar)" = 644 ]
}

@test "archive: campaign.ini and segments come first, then names in order" {
	finished
	mkdir -p c/hpo/segments/000{7,8}
	echo t >c/hpo/segments/0007/segment.tar
	: >c/hpo/control/x
	echo secret >c/hpo/tmp/leftover
	echo note >c/hpo/observed/host-boot
	rm -r c/hpo/segments/0008
	chmod 640 c/hpo/trials/0000/0000000/trial.ini
	cp -a c whole
	hpo-collect --archive a.tar --force c
	answers 0 "campaign.ini
hpo/FORMAT
hpo/segments/0007/segment.tar
hpo/control/x
hpo/done/0000/0000000.0.$W
hpo/done/0000/0000001.1.$W
hpo/done/0000/0000003.0.$W
hpo/failed/0000/0000002.0.$W
hpo/ready/0007
hpo/trials/0000/0000000/log.0
hpo/trials/0000/0000000/result.0.$W.ini
hpo/trials/0000/0000000/trial.ini
hpo/trials/0000/0000001/result.0.$W.ini
hpo/trials/0000/0000001/result.1.$W.ini
hpo/trials/0000/0000001/trial.ini
hpo/trials/0000/0000002/result.0.$W.ini
hpo/trials/0000/0000002/trial.ini
hpo/trials/0000/0000003/checkpoint/.hidden
hpo/trials/0000/0000003/result.0.$W.ini
hpo/trials/0000/0000003/trial.ini" '' tar -tf a.tar
	mkdir r
	tar -xf a.tar -C r
	tar -tvf a.tar | grep -v ' 0/0 ' && return 1
	[ "$(stat -c '%a %Y' r/hpo/trials/0000/0000000/trial.ini)" = "$(
		stat -c '%a %Y' c/hpo/trials/0000/0000000/trial.ini)" ]
	rm -r c/hpo/tmp c/hpo/observed r/hpo/ready/0007
	rm -r c/hpo/{ready,held,running,closed,trials/0000/{x,y}} c/train.py 2>/dev/null || :
	rmdir r/hpo/ready
	diff -r c r
	# shellcheck disable=SC2034 # teardown reads it
	NO_FSCK=1
}

@test "archive: the suffix says how" {
	local f

	finished
	for f in a a.zip a.tgz .tar .tar.zst tar a.tar.bz2 a.tar/b x.d/.tar.gz; do
		refused 64 "hpo-collect: '$f' is no name for an archive: it ends in .tar, .tar.gz, .tar.xz or .tar.zst" \
		    hpo-collect --archive "$f" c
	done
	mkdir d.tar
	refused 64 "hpo-collect: 'd.tar' is there, and no file" \
	    hpo-collect --archive d.tar c
	refused 64 "hpo-collect: 'c/hpo/a.tar' would be within 'c/hpo'" \
	    hpo-collect --archive c/hpo/a.tar c
	cd c/hpo/trials
	refused 64 "hpo-collect: 'a.tar' would be within '../../hpo'" \
	    hpo-collect --archive a.tar ../..
	cd ../../..
	refused 74 "hpo-collect: cannot create 'no/a.tar': No such file or directory" \
	    hpo-collect --archive no/a.tar c
}

@test "archive: options that do not go together" {
	finished
	packed a.tar
	refused 64 "hpo-collect: --force goes with --archive or --repair" \
	    hpo-collect --force c
	for f in --remove --user-files; do
		refused 64 "hpo-collect: $f goes with --archive" \
		    hpo-collect $f c
	done
	refused 64 "hpo-collect: one of --archive, --cat, --fsck, --seal at a time" \
	    hpo-collect --archive b.tar --fsck c
	refused 64 "hpo-collect: an archive is of one campaign, and these are 2" \
	    hpo-collect --archive b.tar c c
	refused 64 "hpo-collect: --archive reads no ids: leave out '-'" \
	    hpo-collect --archive b.tar c -
	for f in "hpo-collect --archive b.tar" "hpo-collect --seal" hpo-sample \
	    hpo-trial hpo-dispatch; do
		# shellcheck disable=SC2086 # words wanted
		refused 64 "${f%% *}: 'a.tar' is an archive, which can only be read: unpack it with tar and name the directory" \
		    $f a.tar
	done
	nothing_left
}

@test "archive: what has not finished is not archived without --force" {
	varied
	refused 1 "hpo-collect: campaign 'c' has not finished: 4 of 6 trials have ended, 1 new, 1 ready; --force archives it as it is" \
	    hpo-collect --archive a.tar c
	sed -i 's/trials = 6/trials = 8/' c/campaign.ini
	refused 1 "hpo-collect: campaign 'c' has not finished: 4 of 8 trials have ended, 2 not proposed yet, 1 new, 1 ready; --force archives it as it is" \
	    hpo-collect --archive a.tar --remove c
	mkdir e
	cp c/campaign.ini e
	refused 1 "hpo-collect: campaign 'e' has not finished: 0 of 8 trials have ended, 8 not proposed yet; --force archives it as it is" \
	    hpo-collect --archive a.tar e
	answers 0 '' '' hpo-collect --archive a.tar --force e
	answers 0 "campaign.ini" '' tar -tf a.tar
	answers 1 "$(hpo-report e)" '' hpo-report a.tar
	answers 1 "$(hpo-collect - <<<1 e)" "hpo-collect: campaign 'a.tar' has no trial 1" \
	    hpo-collect a.tar - <<<1
}

@test "archive: an archive that is there is replaced only by a whole one" {
	finished
	hpo-collect --archive a.tar c
	cp a.tar b.tar
	ln -s x c/hpo/trials/0000/0000000/link
	refused 65 "hpo-collect: campaign 'c': 'trials/0000/0000000/link' is neither a file nor a directory" \
	    hpo-collect --archive a.tar c
	cmp a.tar b.tar
	rm c/hpo/trials/0000/0000000/link
	hpo-collect --archive a.tar.zst c
	mv a.tar.zst a.tar
	hpo-collect --archive a.tar c
	cmp a.tar b.tar
}

@test "archive: --remove deletes what is in it, and nothing else" {
	finished
	all_said c >want 2>&1
	echo leftover >c/hpo/tmp/x
	answers 0 '' '' hpo-collect --archive c.tar.zst --remove c
	answers 0 $'c\nc/train.py' '' find c
	all_said c.tar.zst 2>&1 | sed 's/c\.tar\.zst/c/g' | cmp want -
	rm -r c
	finished
	rm c/train.py
	answers 0 '' '' hpo-collect --archive c.tar --remove c
	[ ! -e c ]
	cmp c.tar <(zstd -dc c.tar.zst)
}

@test "archive: --user-files archives and removes the user's own too" {
	finished
	mkdir -p c/data/deep
	echo 1 >c/data/deep/x
	echo 2 >c/.profile
	touch -d '2026-11-19 10:00:00Z' c/data/deep/x c/.profile c/train.py
	hpo-collect --archive c/own.tar c
	answers 0 '' '' hpo-collect --archive c/own.tar --user-files c
	answers 0 $'.profile\ndata/deep/x\ntrain.py' '' \
	    bash -c 'tar -tf c/own.tar | grep -v -e hpo/ -e ini$'
	cp c/own.tar own.tar
	cp -a c d
	hpo-report c/own.tar | sed 's/^own/toy/' | cmp - <(hpo-report c)
	answers 0 '' '' hpo-collect --archive c/own.tar --user-files --remove c
	answers 0 $'c\nc/own.tar' '' find c
	cmp c/own.tar own.tar
	mkdir r
	tar -xf own.tar -C r
	rm d/own.tar
	rm -r d/hpo/{ready,held,running,closed,segments,control,observed,tmp}
	diff -r d r
	ln -s x d/link
	refused 65 "hpo-collect: campaign 'd': './link' is neither a file nor a directory" \
	    hpo-collect --archive e.tar --user-files d
}

@test "archive: nothing is removed that is not in it, or in use" {
	local dir

	finished
	hpo-collect --archive want.tar c
	echo note >c/hpo/done/0000/note
	cp -a c was
	answers 75 '' "hpo-collect: nothing is removed: 'c/hpo/done/0000/note' is not in the archive" \
	    hpo-collect --archive c.tar --remove c
	diff -r c was
	cmp c.tar want.tar
	rm -r was
	rm c/hpo/done/0000/note c.tar
	hpo-collect --fsck c
	dir=c/hpo/running/host-7.0-0123456789abcdef
	mkdir -p $dir
	run -75 --separate-stderr hpo-collect --archive c.tar --remove c
	same "hpo-collect: campaign 'c' is in use: worker 'host-7.0-0123456789abcdef' is at work, or has not been found dead yet" "$stderr"
	[ ! -e c.tar ]
	rmdir $dir
	hpo-collect --archive c.tar --remove c
}

# hostile FILE CODE...: an archive with campaign.ini and FORMAT, and then what
# CODE, in Python, adds to the tarfile t by add(NAME, TYPE, ...).
hostile() {
	local file=$1 code=$2

	python3 - "$file" "$code" <<-'EOT'
		import io, sys, tarfile
		t = tarfile.open(sys.argv[1], "w:gz", format=tarfile.GNU_FORMAT)
		def add(name, kind=tarfile.REGTYPE, data=b"", link="", **more):
		    i = tarfile.TarInfo(name)
		    i.type, i.linkname, i.size = kind, link, len(data)
		    for key in more:
		        setattr(i, key, more[key])
		    t.addfile(i, io.BytesIO(data))
		add("campaign.ini", data=open("c/campaign.ini", "rb").read())
		add("hpo/FORMAT", data=b"hpo-campaign 1\n0123456789abcdef\n")
		exec(sys.argv[2])
		t.close()
	EOT
}

# is_refused ENTRY WHY CODE: such an archive is, by every reader, with the
# entry's name and the reason; nothing is written and nothing left.
is_refused() {
	local reader

	hostile x.tar.gz "$3"
	for reader in 'hpo-collect --fsck' hpo-report; do
		# shellcheck disable=SC2086 # words wanted
		refused 65 "${reader%% *}: archive 'x.tar.gz': entry '$1': $2" \
		    $reader x.tar.gz
	done
	nothing_left
}

@test "archive: names that lead out are refused" {
	finished
	for f in ../x hpo/../../x hpo/trials/..; do
		is_refused $f 'its name leads out of it' "add('$f')"
	done
	for f in /x "$PWD/x" //x; do
		is_refused "$f" 'its name is absolute' "add('$f')"
	done
	for f in hpo//x hpo/./x hpo/.; do
		is_refused $f 'its name is not a plain one' "add('$f')"
	done
	is_refused 'hpo/a?b' 'its name has control characters' 'add("hpo/a\nb")'
	is_refused 'hpo/?[2Jx' 'its name has control characters' \
	    'add("hpo/\033[2Jx")'
	is_refused ../d 'its name leads out of it' "add('../d', tarfile.DIRTYPE)"
	f=hpo/$(printf 'y%.0s' {1..300})
	is_refused "$f" 'its name is too long' "add('$f')"
	f=hpo/$(printf 'a/%.0s' {1..2100})z
	hostile x.tar.gz "add('$f')"
	run -65 --separate-stderr hpo-report x.tar.gz
	[[ $stderr == *": its name is too long" ]]
	nothing_left
}

@test "archive: links, devices and the like are refused" {
	finished
	is_refused hpo/l 'it is a link' \
	    "add('hpo/l', tarfile.SYMTYPE, link='/etc'); add('hpo/l/x')"
	is_refused hpo/l 'it is a link' \
	    "add('hpo/l', tarfile.SYMTYPE, link='FORMAT')"
	is_refused hpo/l 'it is a link' \
	    "add('hpo/l', tarfile.LNKTYPE, link='campaign.ini')"
	is_refused mine 'it is a link' \
	    "add('mine', tarfile.LNKTYPE, link='../../etc/passwd')"
	for f in CHR BLK FIFO; do
		is_refused hpo/x 'it is neither a file nor a directory' \
		    "add('hpo/x', tarfile.${f}TYPE)"
	done
	# GNU's sparse files: a few bytes that claim to be a terabyte.
	truncate -s 1G hole
	echo x >>hole
	tar -Scf x.tar c/campaign.ini hole
	refused 65 "hpo-report: archive 'x.tar': entry 'hole': it is a sparse file" \
	    hpo-report x.tar
	nothing_left
}

@test "archive: entries that are there twice, or in each other's way, are refused" {
	finished
	is_refused campaign.ini 'it is there twice' \
	    "add('campaign.ini', data=b'[run]')"
	is_refused mine 'it is there twice' "add('mine'); add('./mine')"
	is_refused hpo/done/x "another is in its way" "add('hpo/done'); add('hpo/done/x')"
	is_refused hpo/done 'another is in its way' "add('hpo/done/x'); add('hpo/done')"
	is_refused hpo/trials/0000/0000000/trial.ini 'it is too large' \
	    "add('hpo/trials/0000/0000000/trial.ini', data=b' ' * (1 + (16 << 20)))"
	hostile x.tar.gz "add('d/x'); add('hpo/done/x')"
	hpo-collect --fsck x.tar.gz || [ $? -eq 1 ]
	tar -cf x.tar -C c --transform='s|^|d/|' campaign.ini hpo
	tar -rf x.tar -C c campaign.ini
	refused 65 "hpo-report: archive 'x.tar': entry 'campaign.ini': it is not in the directory that those before it are in" \
	    hpo-report x.tar
	nothing_left
}

# bats test_tags=slow
@test "archive: a bomb is refused before it has grown" {
	finished
	hpo-collect --archive c.tar c
	# 2 GiB of zeros in an entry that nobody needs: 60 KB of zstd.
	python3 - <<-'EOT' | zstd -q -3 -o x.tar.zst
		import sys, tarfile
		out = sys.stdout.buffer
		def head(name, size):
		    i = tarfile.TarInfo(name)
		    i.size = size
		    return i.tobuf(tarfile.GNU_FORMAT)
		ini = open("c/campaign.ini", "rb").read()
		out.write(head("campaign.ini", len(ini)) + ini.ljust(512, b"\0"))
		out.write(head("big", 2 << 30))
		zeros = bytes(1 << 20)
		for _ in range(2 << 10):
		    out.write(zeros)
		out.write(bytes(1024))
	EOT
	refused 65 "hpo-report: archive 'x.tar.zst': entry 'big': unpacks to more than 2000 times its size: unpack it with tar if you trust it" \
	    hpo-report x.tar.zst
	for f in gz xz zst; do
		case $f in gz) p=gzip ;; xz) p=xz ;; zst) p='zstd -q' ;; esac
		$p -c c.tar | $p -c >x.tar.$f
		refused 65 "hpo-report: archive 'x.tar.$f': compressed more than once" \
		    hpo-report x.tar.$f
	done
	nothing_left
}

@test "archive: no damaged or cut archive gives another answer" {
	local s k size refused=0

	finished
	hpo-collect c >want
	for s in "${SUFFIXES[@]}"; do
		hpo-collect --archive a.$s c
		size=$(stat -c %s a.$s)
		for ((k = 0; k < 6; k++)); do
			cp a.$s x.$s
			printf '\377' | dd of=x.$s bs=1 conv=notrunc \
			    seek=$((k * size / 6 + 20)) status=none
			cmp -s a.$s x.$s && continue
			run --separate-stderr hpo-collect x.$s
			case $status in
			0) same "$(cat want)" "$output" ;;
			65)
				[[ $stderr == "hpo-collect: archive 'x.$s': "* ]]
				same '' "$output"
				refused=$((refused + 1))
				;;
			*) return 1 ;;
			esac
		done
		for ((k = 0; k < 3; k++)); do
			head -c $((k * size / 3)) a.$s >x.$s
			run --separate-stderr hpo-report x.$s
			[ "$status" -ne 0 ]
		done
	done
	[ "$refused" -ge 20 ]
	nothing_left
}

@test "archive: a tar archive by another hand is read" {
	finished
	hpo-report c >want
	tar -cf a.tar c
	hpo-report a.tar | cmp - want
	tar -C c -cf a.tar .
	hpo-report a.tar | cmp - want
	tar --format=posix -C c -czf a.tgz campaign.ini hpo
	hpo-report a.tgz | cmp - want
	tar --format=ustar -cf - c | xz -c >a.tar.xz
	hpo-report a.tar.xz | cmp - want
	tar -cf t.tar want
	refused 65 "hpo-report: 't.tar' is not a campaign: it has no campaign.ini" \
	    hpo-report t.tar
	# One that was added to: the sum is gone with the old end.
	hpo-collect --archive b.tar c
	tar -rf b.tar c/train.py
	hpo-report b.tar | cmp - want
	# And one with something behind its end.
	echo x >>a.tar
	refused 65 "hpo-report: archive 'a.tar': there is something behind its end" \
	    hpo-report a.tar
	# campaign.ini and FORMAT are whole, and then comes nothing.
	hpo-collect --archive d.tar c
	head -c 2048 d.tar >b.tar
	refused 65 "hpo-report: archive 'b.tar': its end is missing" \
	    hpo-report b.tar
	nothing_left
}

@test "archive: a reader that is killed leaves nothing" {
	not_under valgrind 'it keeps the pipe open by which the end is seen'
	local s pid

	finished
	hpo-collect --archive a.tar c
	mkfifo ids
	for s in INT TERM HUP KILL; do
		# bash has what it starts in the background ignore it.
		env --default-signal=INT hpo-collect a.tar - <ids &
		pid=$!
		exec 9>ids
		wait_for 10 compgen -G "$TMPDIR/hpo-*/a/hpo/trials/0000/0000003/trial.ini"
		[ "$(stat -c %a "$TMPDIR"/hpo-*)" = 700 ]
		kill -$s $pid
		wait $pid || [ $? -gt 128 ]
		exec 9>&-
		wait_for 10 nothing_left
	done
	hpo-collect a.tar | head -n 1 | cmp - <(hpo-collect c | head -n 1)
	wait_for 10 nothing_left
	TMPDIR=/nowhere run -74 --separate-stderr hpo-report a.tar
	same "hpo-report: cannot make a directory in '/nowhere': No such file or directory" "$stderr"
}

@test "archive: tar restores a campaign that goes on, and what ran is run again" {
	local pid

	campaign c <<-'EOT'
		[campaign]
		minimize = y
		trials = 6
		[space]
		x = uniform(0, 1)
		[run]
		command = /bin/sh cmd
	EOT
	cat >c/cmd <<-'EOT'
		[ "$HPO_TRIAL" != 3 ] || [ ! -e go ] || read -r _ <go
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	mkfifo c/go
	hpo-sample -n 5 c
	hpo-trial c 0 1
	hpo-trial c 3 &
	pid=$!
	wait_for 10 compgen -G 'c/hpo/running/*/0000003.0'
	hpo-collect --archive a.tar.zst --force c
	run -75 --separate-stderr hpo-collect --archive b.tar --force --remove c
	[[ $stderr == "hpo-collect: campaign 'c' is in use: worker "* ]]
	same "$(hpo-collect --all c)" "$(hpo-collect --all a.tar.zst)"
	echo >c/go
	wait $pid
	mkdir r
	tar -xf a.tar.zst -C r
	cp c/cmd r
	hpo-collect --fsck r
	hpo-dispatch --local -j2 r
	hpo-collect --fsck r
	[ "$(hpo-collect r | cut -f 1,3 | tail -n +2)" = "$(printf '%d\tok\n' {0..5})" ]
	grep -q lost r/hpo/trials/0000/0000003/result.0.*.ini
	hpo-collect --archive r.tar r
}

# bats test_tags=slow
@test "archive: of a campaign in full swing each one holds together" {
	local i pid

	campaign c <<-'EOT'
		[campaign]
		minimize = y
		trials = 300
		[space]
		x = uniform(0, 1)
		[run]
		command = /bin/sh cmd
		retries = 1
		backoff = 0s
	EOT
	cat >c/cmd <<-'EOT'
		[ "$HPO_ATTEMPT" != 0 ] || case $HPO_TRIAL in *3 | *6) exit 1 ;; esac
		echo "hpo: y=$HPO_PARAM_x"
	EOT
	hpo-dispatch --local -j3 c >out &
	pid=$!
	wait_for 20 compgen -G 'c/hpo/done/0000/*'
	for ((i = 0; ; i++)); do
		hpo-collect --archive $i.tar --force c
		hpo-collect --fsck $i.tar
		[ "$(hpo-collect --all $i.tar | wc -l)" -gt 1 ]
		gone $pid && break
	done
	wait $pid
	hpo-collect --archive c.tar c
	echo "# $((i + 1)) archives of a living campaign" >&3
	[ "$i" -ge 2 ]
	# The first and one in the middle go on to their ends.
	for i in 0 $((i / 2)); do
		mkdir r
		tar -xf $i.tar -C r
		cp c/cmd r
		hpo-dispatch --local -j3 r
		hpo-collect --fsck r
		[ "$(hpo-collect r | cut -f 3 | sort | uniq -c | tr -s ' ')" = " 300 ok
 1 status" ]
		rm -r r
	done
}

@test "archive: no program loads what libarchive brings along" {
	local f

	# As a shared library it costs every start a millisecond and more.
	for f in "$BUILD_BIN"/hpo-*; do
		run ldd "$f"
		[[ $output != *libxml2* && $output != *libicu* ]]
	done
}
