# For tests with faults and sudden deaths: `load ../lib/fault`, after helper.
#
# The processes of a test may bear a mark in their environment, by which they
# are found again and none of others is.  All faults are met one by one in a
# directory of their own, INJECT_DIR, in memory where that is possible.

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

# need_shim: skip the test where nothing can be preloaded.
need_shim() {
	case ${HPO_TEST_VARIANT-} in
	static | valgrind) skip "no preloading with $HPO_TEST_VARIANT" ;;
	esac
	[ -e "$BUILD_DIR/fault/shim.so" ] || skip 'the shim is not built'
}

# fault_campaign: make the campaign c of three trials; what follows [run] may be appended.
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

# --- all faults, one by one --------------------------------------------------

# need_inject: skip the test where that cannot be done; else set INJECT_DIR.
need_inject() {
	need_shim
	[ -x "$BUILD_DIR/fault/inject" ] || skip 'the driver is not built'
	INJECT_DIR=$(mktemp -d /dev/shm/hpo-fault.XXXXXX 2>/dev/null) ||
		INJECT_DIR=$(mktemp -d)
}

# drop_inject: the end of need_inject.
drop_inject() {
	[ -z "${INJECT_DIR-}" ] || rm -rf "$INJECT_DIR"
}

# inject_campaign N [LINE...]: a campaign of N trials, whose command prints its
# metric; the lines are [run]'s.
inject_campaign() {
	local dir=$INJECT_DIR/start/c trials=$1

	shift
	mkdir -p "$dir"
	cat >"$dir/campaign.ini" <<-EOT
		[campaign]
		minimize = y
		trials = $trials
		[space]
		x = uniform(0, 1)
		[run]
		command = /bin/echo hpo: y={x}
	EOT
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$dir/campaign.ini"
}

# inject_command: its command is the script on standard input instead.
inject_command() {
	local dir=$INJECT_DIR/start/c

	{ echo '#!/bin/sh' && cat; } >"$dir/cmd"
	chmod +x "$dir/cmd"
	sed -i 's,^command = .*,command = ./cmd,' "$dir/campaign.ini"
}

# What tests/fault/shim.c can do: to who writes, to who only reads, and
# without an end to it.
FAULTS=EIO,ESTALE,ENOSPC,EDQUOT,EINTR,lie,late,short,stale,unseen,before,after
# shellcheck disable=SC2034 # for the tests
FAULTS_OF_READERS=EIO,ESTALE,ENOSPC,EDQUOT,EINTR,short,stale,unseen
# shellcheck disable=SC2034
FAULTS_FOR_GOOD=EIO+,ESTALE+,ENOSPC+

# The worker that finishes a campaign.
# shellcheck disable=SC2034
LOOP='hpo-trial --loop c'

# inject [-a FAULTS] [OPTION...] -- COMMAND...: let it meet each fault at each
# of its calls; the options are those of tests/fault/inject.c.
inject() {
	local status=0

	"$BUILD_DIR/fault/inject" -l "$BUILD_DIR/fault/shim.so" \
		-c "$INJECT_DIR/start" -d "$INJECT_DIR/run" -a "$FAULTS" "$@" \
		>"$INJECT_DIR/totals" || status=$?
	sed "s/^/# $BATS_TEST_DESCRIPTION: /" "$INJECT_DIR/totals" >&3
	return "$status"
}
