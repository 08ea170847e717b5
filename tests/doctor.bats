#!/usr/bin/env bats
# hpo-dispatch --check: what it says of a campaign and of its file system,
# and that it leaves nothing behind.  Where the file system has to be ill,
# tests/fault/sick.c makes it so.

# shellcheck disable=SC2016 # much here is for other shells, or jq
bats_require_minimum_version 1.8.0
load lib/helper
load lib/expect
load lib/fault

CHECKS='command parallel mount quota inodes space write claim birth replace
seal room fsync listing clock trial'

teardown() {
	kill_marked
	wait_for 10 none_marked
	helper_teardown
}

# make_c [TRIALS [COMMAND]]: a campaign c; standard input is what it runs.
make_c() {
	campaign c <<-EOT
		[campaign]
		minimize = loss
		trials = ${1:-3}
		[space]
		x = const(0.5)
		[run]
		command = ${2:-sh run.sh}
	EOT
	cat >c/run.sh
}

# without_trial [TRIALS]: one that has no command, so that none is tried.
without_trial() {
	make_c "${1:-3}" ./gone </dev/null
}

# sick WORD[,WORD] [ARGUMENT...]: --check of c on a file system that has that.
# It is ill only where the doctor tries things, but for its numbers.
sick() {
	local words=$1

	shift
	LD_PRELOAD=$BUILD_DIR/fault/sick.so HPO_SICK=$words \
		HPO_SICK_UNDER=$UNDER mark hpo-dispatch --check "$@" c
}
UNDER=

# said NAME...: what $output has of these checks, with one blank between the
# columns, and the remedies.
said() {
	echo "$output" | awk -v names=" $* " '
	/^ / { if (told) print; next }
	{ told = index(names, " " $2 " "); if (told) print }' | tr -s ' '
}

# plain: numbers that are measured, as N.
plain() {
	sed -E 's/^(ok +(inodes|space|fsync|listing|clock|trial)) +-?[0-9.e+-]+/\1 N/
	    s/(most|about) [0-9]+ /\1 N /; s/, [0-9]+ : [0-9]+$/, N : N/
	    s/^((ok|note) +(claim|birth)) +[0-9]+ /\1 N /' | tr -s ' '
}

# mounts TYPE OPTIONS [SOURCE]: pretend that the directory c is mounted so.
mounts() {
	local id source=${3-server:/a}

	exec 9<c
	id=$(sed -n 's/^mnt_id:[[:space:]]*//p' "/proc/$BASHPID/fdinfo/9")
	exec 9<&-
	[ -n "$id" ] || skip 'no mount ids in /proc'
	printf '%s\n' '1 0 8:1 / / rw - ext3 /dev/sda1 rw,soft' \
	    "$id 1 8:2 / /a\\040b rw,relatime shared:1 master:2 - $1 $source $2" \
	    >mounts
	export HPO_SICK_MOUNTS=$PWD/mounts
}

# clean: the doctor has left nothing, in the campaign or its scratch.
clean() {
	[ ! -e c/hpo ] || same '' "$(find c/hpo/tmp -mindepth 1)"
	same '' "$(find c -name '.hpo*')"
}

# --- what it says -------------------------------------------------------------

@test "doctor: a line for each check, and nothing is left, not even hpo/" {
	make_c <<<'echo hpo: loss=1'
	mkdir t
	before=$(cd c && listing | sed 's/ [^ ]*$//')
	TMPDIR=$PWD/t run --separate-stderr hpo-dispatch --check c
	same '' "$stderr"
	same "$(echo "$CHECKS" | xargs -n 1)" \
	    "$(echo "$output" | sed -n 's/^[okntesNO]* *\([a-z]*\) .*/\1/p')"
	# How quick and of what kind the file system is differs.
	same 'ok command is there and executable
ok parallel GNU parallel is there
ok inodes N files can be made; about N are needed
ok space N MiB left; about N are needed, and what trials keep
ok write files and directories can be made
ok claim N races one of two processes got the token, N : N
ok birth N races one of two processes got the directory, N : N
ok seal nothing is renamed to below a file: Not a directory
ok clock N s between this host'\''s clock and the file server'\''s
ok trial N s ended well' "$(echo "$output" |
	    grep -E '^ok +(command|parallel|inodes|space|write|claim|birth|seal|clock|trial) ' |
	    plain)"
	if [[ $output == *$'\nNO '* ]]; then
		same 1 "$status"
	else
		same 0 "$status"
	fi
	same '' "$(ls -A t)"
	same "$before" "$(cd c && listing | sed 's/ [^ ]*$//')"
}

@test "doctor: all is well on a file system that is" {
	need_shim
	make_c <<<'echo hpo: loss=1'
	mounts ext4 rw,errors=remount-ro /dev/null
	run --separate-stderr sick quick,noquota
	same '0 ' "$status $stderr"
	same 'ok command is there and executable
ok parallel GNU parallel is there
ok mount ext4 the options of the mount do no harm
ok quota the user and the group have none
ok inodes N files can be made; about N are needed
ok space N MiB left; about N are needed, and what trials keep
ok write files and directories can be made
ok claim N races one of two processes got the token, N : N
ok birth N races one of two processes got the directory, N : N
ok replace a full directory is not replaced: E
ok seal nothing is renamed to below a file: Not a directory
ok room room for a result can be kept before it is there
ok fsync N ms until a file is durable: at most N trials a second a worker
ok listing N ms until a listing shows what another process made
ok clock N s between this host'\''s clock and the file server'\''s
ok trial N s ended well' "$(echo "$output" | plain |
	    sed -E 's/(replaced: ).*/\1E/; s/^note( listing)/ok\1/')"
	clean
}

@test "doctor: as JSON it is one object that says the same" {
	need_shim
	without_trial
	mounts nfs4 rw,vers=4.2,soft
	run --separate-stderr sick quick,forgets,inodes --format json
	same '1 ' "$status $stderr"
	same 1 "$(jq -s length <<<"$output")"
	same '["campaign","checks","findings"] c 3' \
	    "$(jq -r '"\(keys | tostring) \(.campaign) \(.findings)"' <<<"$output")"
	same '["name","remedy","status","unit","value","what"]' \
	    "$(jq -c '.checks[] | keys' <<<"$output" | sort -u)"
	same "$(echo "$CHECKS" | xargs -n 1 | grep -vx trial)" \
	    "$(jq -r '.checks[].name' <<<"$output")"
	same '{"name":"command","status":"finding","value":null,"unit":null,"what":"c/campaign.ini:7: command '\''./gone'\'' not found","remedy":"correct the command in campaign.ini"}
{"name":"mount","status":"finding","value":"nfs4","unit":null,"what":"mounted soft: what fails here may happen all the same","remedy":"mount it with the option hard"}
{"name":"quota","status":"note","value":null,"unit":null,"what":"those of this file system cannot be seen from here","remedy":"ask quota(1), lfs(1), or who runs it"}
{"name":"inodes","status":"finding","value":10,"unit":null,"what":"files can be made; the remaining trials need about 115","remedy":"delete files, or ask for a larger quota of files"}' \
	    "$(jq -c '.checks[] | select(.name == ("command", "mount", "quota", "inodes"))' <<<"$output")"
	same '["number","number","number","number","number","number"]' \
	    "$(jq -c '[.checks[] | select(.unit != null) | .value | type]' <<<"$output")"
	same "$(jq -r '.checks[] | "\(.status) \(.name)"' <<<"$output" |
	    sed 's/^finding/NO/' | grep -v listing)" \
	    "$(sick quick,forgets,inodes --format text |
	    sed -n 's/^\([a-zNO]\+\) *\([a-z]*\) .*/\1 \2/p' | grep -v listing)"
	clean
}

@test "doctor: what is wrong with a dry trial" {
	make_c <<-'EOT'
		echo one
		echo two >&2
		echo three
		echo 'cannot read data.csv'
		exit 7
	EOT
	run -1 hpo-dispatch --check c
	same "NO trial N s failed: exit 7; it said 'two'; it said 'three'; it said 'cannot read data.csv'
 remedy: correct the command, or how it prints its metrics" \
	    "$(said trial | sed 's/trial [0-9.e-]* s/trial N s/')"
	echo 'echo loss is 3' >c/run.sh
	run -1 hpo-dispatch --check c
	same "NO trial N s failed: no value of loss; it said 'loss is 3'
 remedy: correct the command, or how it prints its metrics" \
	    "$(said trial | sed 's/trial [0-9.e-]* s/trial N s/')"
	clean
}

@test "doctor: no directory for a dry trial" {
	not_under valgrind 'it needs one itself'
	make_c <<<'echo loss=1'
	TMPDIR=$PWD/gone run -1 hpo-dispatch --check c
	same "NO trial cannot make '$PWD/gone/hpo-check.XXXXXX': No such file or directory
 remedy: set TMPDIR to a directory with room" \
	    "$(said trial | sed 's|check\.[A-Za-z0-9]*|check.XXXXXX|')"
	clean
}

@test "doctor: a missing command and a missing parallel" {
	make_c 3 'train {x}' </dev/null
	mkdir bin
	run -1 --separate-stderr env PATH="$BUILD_BIN:$PWD/bin" \
	    hpo-dispatch --check c
	same '' "$stderr"
	same "NO command c/campaign.ini:7: command 'train' is not on the PATH; for a file of the campaign write './train'
 remedy: correct the command in campaign.ini
NO parallel GNU parallel is not on the PATH: install the package 'parallel'
 remedy: apt install parallel" "$(said command parallel trial)"
	clean
}

@test "doctor: usage mistakes" {
	without_trial
	refused 64 "hpo-dispatch: --format is text or json, not 'tsv'" \
	    hpo-dispatch --check --format tsv c
	refused 64 'hpo-dispatch: --format goes with --check' \
	    hpo-dispatch --status --format json c
	chmod o+w c
	refused 77 "hpo-dispatch: 'c' is writable by everyone: chmod o-w it first" \
	    hpo-dispatch --check c
}

@test "doctor: it looks at a campaign that runs, and disturbs nothing" {
	make_c 2 <<-'EOT'
		mkfifo "$HPO_CAMPAIGN/fifo"
		echo begun >"$HPO_CAMPAIGN/begun"
		read -r _ <>"$HPO_CAMPAIGN/fifo"
		echo hpo: loss=1
	EOT
	mark hpo-trial c >out 2>err 3>&- &
	wait_for 20 test -s c/begun
	echo 'echo hpo: loss=2' >c/run.sh
	before=$(cd c/hpo && find . ! -name heartbeat -type f | sort)
	hpo-dispatch --check c >one & # two of them
	two=$!
	hpo-dispatch --check c >two || :
	wait $two || :
	same "$before" "$(cd c/hpo && find . ! -name heartbeat -type f | sort)"
	for name in claim birth replace seal trial; do
		same 'ok ok' "$(sed -nE "s/^([a-zNO]+) +$name .*/\1/p" one two | xargs)"
	done
	echo >c/fifo
	wait_for 20 none_marked
	same '0	ok	1' "$(cat out)"
	clean
}

@test "doctor: what the remaining trials need is counted" {
	need_shim
	without_trial 2500000
	run -1 sick quick,noquota,inodes,blocks
	# 3,000 loose ones of 5, 2,500 segments of 3, and 100.
	same 'NO inodes 10 files can be made; the remaining trials need about 22600
 remedy: delete files, or ask for a larger quota of files' "$(said inodes)"
	# 3,000 of 16 KiB, 2,500,000 of 2 KiB, and 4 MiB.
	same 'NO space N MiB left; the remaining trials need about 4934
 remedy: make room, or move the campaign' \
	    "$(said space | sed 's/space [^ ]*/space N/')"
	make_c 3 <<<'echo hpo: loss=1'
	run -0 hpo-trial --loop c
	run -1 sick quick,noquota,inodes
	same 'NO inodes 10 files can be made; the remaining trials need about 100
 remedy: delete files, or ask for a larger quota of files' "$(said inodes)"
	clean
}

# --- a file system that is ill ------------------------------------------------

@test "doctor: many illnesses at once" {
	need_shim
	without_trial
	UNDER=$PWD/c/.hpo-check
	run -1 --separate-stderr sick twice,replaces,below,unsynced,ahead,noroom
	same '' "$stderr"
	same 'NO claim N races in N races two processes renamed one token
 remedy: move the campaign to another file system
NO birth N races in N races two processes renamed one directory
 remedy: move the campaign to another file system
NO replace a directory was renamed onto a full one
 remedy: move the campaign to another file system
NO seal a file was renamed to a name below a file
 remedy: move the campaign to another file system
NO room there is no room for a result: No space left on device
 remedy: make room, or move the campaign
NO fsync nothing is durable here: cannot sync '\''fact.0'\'': Input/output error
 remedy: move the campaign to another file system
note clock 3600 s between this host'\''s clock and the file server'\''s; no program goes by it
 remedy: let the hosts set their clocks by NTP' \
	    "$(said claim birth replace seal room fsync clock |
	    sed -E 's/[0-9]+ races/N races/g')"
	clean
}

# ill WORD NAME LINE: with this illness the check of that name says so, and
# nothing else is found.
ill() {
	local found

	run --separate-stderr sick "quick,noquota,$1"
	same "$1: " "$1: $stderr"
	found=$(echo "$output" | grep -E '^NO ' | grep -v ' command ' |
	    sed 's/^NO *\([a-z]*\) .*/\1/' | xargs)
	if [[ $3 == NO* ]]; then
		same "$1: $2" "$1: $found"
	else
		same "$1: " "$1: $found"
	fi
	same "$1: $3" "$1: $(said "$2" |
	    sed -E "s/ $2 [0-9.]+ (ms|races)/ $2/; s/[0-9]+ races/N races/
		s/[0-9]+ were/N were/; s/ waits [0-9.]+ s/ waits N s/" |
	    grep -v remedy)"
	clean
}

# bats test_tags=fault
@test "doctor: each illness is found, and told from the others" {
	need_shim
	without_trial
	for under in c/.hpo-check c/hpo/tmp; do
		UNDER=$PWD/$under
		[ $under = c/.hpo-check ] || hpo-sample c
		ill twice claim 'NO claim in N races two processes renamed one token'
		ill loses claim 'NO claim in N races the token was lost'
		ill swaps claim 'NO claim in N races the token went to who was told that it did not'
		ill forgets claim 'note claim N were done and reported as failed; the programs see through that'
		ill forgets birth 'note birth N were done and reported as failed; the programs see through that'
		ill below seal 'NO seal a file was renamed to a name below a file'
		ill wrong seal "NO seal a rename to a name below a file should say 'Not a directory', not 'Input/output error'"
		ill slow fsync 'NO fsync until a file is durable: a trial waits N s for that'
		ill unsynced fsync "NO fsync nothing is durable here: cannot sync 'fact.0': Input/output error"
		ill late listing 'note listing until a listing shows what another process made'
		ill behind clock "note clock -3600 s between this host's clock and the file server's; no program goes by it"
		ill readonly write 'NO write nothing can be made here: Read-only file system'
		ill noroom room 'NO room there is no room for a result: No space left on device'
		ill nokeep room 'note room no room can be kept: what is overwritten may not fit'
	done
	UNDER=
	mounts ext4 rw /dev/null
	ill dynamic inodes 'ok inodes as many as there is space for'
	run -1 sick quick,hidden
	same 'note quota those of this file system cannot be seen from here
 remedy: ask quota(1), lfs(1), or who runs it' "$(said quota)"
	run -1 sick quick,quota
	same 'ok quota left of the user'\''s and the group'\''s: 5 files, 3 MiB
NO inodes 5 files can be made; the remaining trials need about 115
 remedy: delete files, or ask for a larger quota of files
NO space 3 MiB left; the remaining trials need about 4
 remedy: make room, or move the campaign' "$(said quota inodes space)"
	UNDER=$PWD/c/hpo/tmp
	run -1 sick quick,notrename
	same 'NO claim 1 races a token cannot be renamed: Invalid cross-device link
NO birth 1 races a directory cannot be renamed: Invalid cross-device link' \
	    "$(said claim birth | grep -v remedy)"
	# What is not listed cannot be removed.
	run -1 sick quick,stale
	same 'NO listing N ms later a listing lacks what another process made
 remedy: move the campaign to another file system' \
	    "$(said listing | sed 's/listing [0-9]* ms/listing N ms/')"
	rm -r c/hpo/tmp/*
}

# bats test_tags=fault
@test "doctor: mounts that do harm, and those that do none" {
	need_shim
	without_trial
	while IFS='|' read -r type options want; do
		mounts "$type" "$options"
		run --separate-stderr sick quick,noquota
		same "$type $options: $want" \
		    "$type $options: $(said mount | head -n 1)"
	done <<-'EOT'
		nfs|rw,hard|ok mount nfs the options of the mount do no harm
		nfs|rw,vers=3,soft,nolock|NO mount nfs mounted soft: what fails here may happen all the same
		nfs4|rw,softerr|NO mount nfs4 mounted softerr: what fails here may happen all the same
		nfs4|rw,softreval,hard|ok mount nfs4 the options of the mount do no harm
		nfs|rw,hard,nolock|ok mount nfs mounted nolock: the queue takes no locks
		nfs|rw,hard,noac|note mount nfs mounted noac: right, but slow; the queue does not need it
		nfs4|rw,hard,nocto|note mount nfs4 mounted nocto: what other hosts write is seen late
		nfs4|rw,noac,soft|NO mount nfs4 mounted soft: what fails here may happen all the same
		cifs|rw,soft|NO mount cifs mounted soft: what fails here may happen all the same
		ext4|rw,nobarrier|note mount ext4 mounted nobarrier: a power cut may take back what was durable
		ext4|ro|NO mount ext4 mounted for reading only
		overlay|rw,lowerdir=/l|note mount overlay an overlay: in a container, what is written goes with it
		tmpfs|rw,size=1024k|note mount tmpfs in memory: gone after a reboot
		fuse.sshfs|rw,user_id=0|note mount fuse.sshfs a program: whether data is durable is up to it
		lustre|rw,flock|ok mount lustre the options of the mount do no harm
	EOT
	echo 'nothing of this form' >mounts
	run --separate-stderr sick quick,noquota
	same 'note mount how it is mounted is not to be seen' "$(said mount)"
}

# bats test_tags=fault
@test "doctor: by strace, renames and syncs that fail are found, too" {
	strace -qq -e trace=none true 2>/dev/null || skip 'needs strace'
	[ "${HPO_TEST_VARIANT-}" != valgrind ] || skip 'not of valgrind'
	[ "${HPO_TEST_VARIANT-}" != san ] || skip 'no sanitizers in strace'
	without_trial
	run -1 strace -f -qq -o trace -e 'trace=?rename,?renameat,?renameat2' \
	    -e 'inject=?rename,?renameat,?renameat2:error=EACCES' \
	    hpo-dispatch --check c
	same 'NO claim 1 races a token cannot be renamed: Permission denied
NO birth 1 races a directory cannot be renamed: Permission denied
note replace a full directory is not replaced, but it says: Permission denied' \
	    "$(said claim birth replace | grep -v remedy)"
	run -1 strace -f -qq -o trace -e trace=fsync \
	    -e inject=fsync:error=EIO hpo-dispatch --check c
	same "NO fsync nothing is durable here: cannot sync 'fact.0': Input/output error" \
	    "$(said fsync | grep -v remedy)"
	clean
}

# --- sudden ends --------------------------------------------------------------

# hang DIR: start --check, let it come to its first fsync(2), which never
# returns, in a directory that begins so; kill it, and see all of it die.
hang() {
	LD_PRELOAD=$BUILD_DIR/fault/sick.so HPO_SICK=hangs \
		HPO_SICK_UNDER=$PWD/$1 HPO_TEST_MARK=$FAULT_MARK \
		hpo-dispatch --check c >out 2>&1 3>&- &
	wait_for 20 eval "compgen -G '$1*/fact.0' >/dev/null"
	kill -KILL $!
	wait $! || :
	wait_for 10 none_marked
	compgen -G "$1*/fact.0" >/dev/null
}

# bats test_tags=fault
@test "doctor: killed, what it leaves is removed by others" {
	need_shim
	without_trial
	hang c/.hpo-check-
	run hpo-dispatch --check c
	clean

	make_c <<<'echo hpo: loss=1'
	run -0 hpo-trial --loop c
	hang c/hpo/tmp/
	swept() {
		hpo-trial --loop c && clean >/dev/null
	}
	wait_for 20 swept
}

# bats test_tags=slow
@test "doctor: what does not answer is a finding, and is not waited for" {
	need_shim
	without_trial
	UNDER=$PWD/c/.hpo-check
	start=$(now_cs)
	run -1 --separate-stderr sick hangs
	(($(now_cs) - start < 2000 * ${HPO_TEST_SLOWER:-1}))
	same 'NO fsync the file system had not answered after 10 s
 remedy: move the campaign to another file system' "$(said fsync listing clock)"
	none_marked
	run hpo-dispatch --check c
	clean
}

# bats test_tags=slow
@test "doctor: a long trial is not waited for" {
	make_c <<-'EOT'
		trap '' TERM
		mkfifo "$HPO_CAMPAIGN/fifo"
		while :; do read -r _ <>"$HPO_CAMPAIGN/fifo"; done
	EOT
	mark timeout 40 hpo-dispatch --check c >out || :
	same 'ok trial 10 s it started, still ran, and was ended' \
	    "$(tail -n 1 out | tr -s ' ')"
	none_marked
	clean
}
