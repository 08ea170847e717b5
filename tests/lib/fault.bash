# For tests with faults and sudden deaths: `load ../lib/fault`, after helper.
#
# Campaigns here are called c, have a budget of three trials, and a command
# that always prints its metric.  All processes of a test bear a mark in their
# environment, by which they are found again and none of others is.

# The mark of what is started from here on; a test may set another.
: "${FAULT_MARK:=$BATS_TEST_TMPDIR}"

# marked: the pids of the living processes that bear the mark.
marked() {
	local file

	grep -lzxs -- "HPO_TEST_MARK=$FAULT_MARK" /proc/[0-9]*/environ |
		while IFS=/ read -r _ _ file _; do
			echo "$file"
		done
	return 0
}

# none_marked: there is none any more.
none_marked() {
	[ -z "$(marked)" ]
}

# mark COMMAND...: run it with the mark.
mark() {
	HPO_TEST_MARK=$FAULT_MARK "$@"
}

# kill_marked: end by force what bears the mark, if a test failed half way.
kill_marked() {
	local pids

	pids=$(marked)
	# shellcheck disable=SC2086 # a word each
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
}

# fault_campaign: make the campaign c; what follows [run] may be appended.
fault_campaign() {
	campaign c <<-'EOT'
		[campaign]
		minimize = y
		trials = 3
		[space]
		x = uniform(0, 1)
		[run]
		command = /bin/sh cmd
	EOT
	# shellcheck disable=SC2016 # variables of the command
	echo 'echo "hpo: y=$HPO_PARAM_x"' >c/cmd
}

# need_shim: skip the test where nothing can be preloaded.
need_shim() {
	[ -e "$BUILD_DIR/fault/shim.so" ] || skip 'the shim is not built'
	case ${HPO_TEST_VARIANT-} in
	static | valgrind) skip "no preloading with $HPO_TEST_VARIANT" ;;
	esac
}

# with_fault FAULT PROGRAM COMMAND...: run the command; in PROGRAM it meets
# FAULT, which is OP:K:ACTION of tests/fault/shim.c.  Leaves its exit code in
# $status, its streams in the files out and err; fails if it met none.
with_fault() {
	local fault=$1 program=$2

	shift 2
	rm -f fired
	status=0
	LD_PRELOAD=$BUILD_DIR/fault/shim.so HPO_SHIM=$fault \
		HPO_SHIM_PROG=$program HPO_SHIM_UNDER=$PWD/c \
		HPO_SHIM_FIRED=$PWD/fired mark "$@" >out 2>err || status=$?
	[ -s fired ]
}

# complain WHAT FILE...: say what is wrong after a fault, show the files.
complain() {
	echo "after $fault: $1"
	shift
	[ $# -eq 0 ] || head -n 40 -- "$@"
	return 1
}

# code_is_documented: is $status one that the manuals name?
code_is_documented() {
	case $status in
	0 | 1 | 64 | 65 | 69 | 71 | 74 | 75 | 77 | 78 | 137) ;;
	*) return 1 ;;
	esac
}

# output_is_true: every id in the file out is that of a trial; one that is
# said to be ok has its token in done/.
output_is_true() {
	local id state _

	while IFS=$'\t' read -r id state _; do
		[[ $id =~ ^[0-9]+$ ]] || return 1
		printf -v id %07d "$id"
		[ -f "c/hpo/trials/0000/$id/trial.ini" ] || return 1
		[ "$state" != ok ] || compgen -G "c/hpo/done/0000/$id.*" \
			>/dev/null || return 1
	done <out
}

# all_done: each of the three trials has ended, once, as ok.
all_done() {
	local states

	states=$(hpo-collect --all c | cut -f 1,3) || return
	[ "$states" = "$(printf 'id\tstatus\n%s\tok\n%s\tok\n%s\tok' 0 1 2)" ]
}

# survive [-q]: after a fault everything is as promised: the exit code is
# documented, the output true, nothing is left running, the campaign sound;
# and the next run finishes it.  With -q that is a worker's, which is quicker.
survive() {
	local run=(hpo-dispatch --local -j2 c)

	[ "${1-}" != -q ] || run=(hpo-trial --loop c)
	code_is_documented || complain "exit code $status" out err || return
	case $fault in
	*:lie | *:short) # which is no failure: all three are told of
		[ "$status" -eq 0 ] && [ "$(grep -vc failed out)" -eq 3 ] ||
			complain "exit code $status" out err || return
		;;
	esac
	[ "$status" -eq 0 ] || [ "$status" -eq 137 ] || [ -s err ] ||
		complain "exit code $status without a word" || return
	output_is_true || complain 'its output is not true' out err || return
	wait_for 10 none_marked || complain 'processes are left' || return
	hpo-collect --fsck c >fsck 2>&1 ||
		complain "fsck says $?" fsck err || return
	mark "${run[@]}" >out2 2>err2 ||
		complain "the next run ends with $?" out2 err2 err || return
	all_done || complain 'not all are done' out2 err2 err || return
	hpo-collect --fsck c >fsck 2>&1 ||
		complain "fsck says $? at the end" fsck || return
	wait_for 10 none_marked || complain 'processes are left at the end'
}

# each_fault [-q] PROGRAM OP ACTION...: for every action, let the k-th
# operation of PROGRAM meet it, for k from 1 until there are no more.  The
# test defines prepare, which makes c anew, and act, which runs the program
# through `with_fault FAULT PROGRAM`, its arguments.  What finishes the
# campaign is a worker where the state left is that of another action too.
each_fault() {
	local always='' quick program op action k fault total=0

	[ "$1" != -q ] || { always=-q && shift; }
	program=$1 op=$2
	shift 2
	for action; do
		case $action in
		ENOSPC | ESTALE | EINTR | short) quick=-q ;;
		*) quick=$always ;;
		esac
		for ((k = 1; ; k++)); do
			fault=$op:$k:$action
			[ "$k" -lt 500 ] || complain 'no end' || return
			rm -rf c
			prepare || return
			act "$fault" "$program" || break
			survive $quick || return
			total=$((total + 1))
		done
		[ "$k" -gt 1 ] || complain 'it never happened' out err ||
			return
	done
	echo "# $program: $op: $total faults" >&3
}

# with_dead_worker: make c with three trials, one of them claimed by a worker
# that is no more.
with_dead_worker() {
	if [ ! -d dead ]; then
		fault_campaign
		hpo-sample -n 3 c >ids || return
		# shellcheck disable=SC2016 # a variable of the command
		echo 'kill -KILL "$PPID"' >c/cmd
		hpo-trial c 1 2>err
		[ $? -eq 137 ] || return
		fault_campaign
		mv c dead
	fi
	cp -R dead c
	compgen -G 'c/hpo/running/*/0000001.0' >/dev/null
}

# with_three_trials: make c with three trials; one of them fails at first, so
# that a token is held and released too.
with_three_trials() {
	if [ ! -d made ]; then
		fault_campaign
		printf '%s\n' 'retries = 1' 'backoff = 0.1s' >>c/campaign.ini
		# shellcheck disable=SC2016 # variables of the command
		sed -i '1i [ "$HPO_TRIAL$HPO_ATTEMPT" != 10 ] || exit 1' c/cmd
		hpo-sample -n 3 c >ids || return
		mv c made
	fi
	cp -R made c
}
