#!/usr/bin/env bats
# The shim against strace(1), which makes the kernel's own calls fail: both
# tell the same of every call.
# bats file_tags=fault

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_inject
	command -v strace >/dev/null || skip 'there is no strace'
	strace -o trace true 2>/dev/null || skip 'strace cannot trace here'
	cd "$INJECT_DIR" || return
}

teardown() {
	drop_inject
	helper_teardown
}

# anew: the campaign as it is before each call that fails.
anew() {
	rm -rf c fired trace
	cp -R start/c c
}

# told FILE: the exit code, and what was said, without the random names.
told() {
	echo "$status"
	sed 's/-[0-9]*\.0-[0-9a-f]\{16\}/-W/g' "$1"
}

# agree OP CALLS COMMAND...: whichever call fails, and how.
agree() {
	local op=$1 calls=$2 error k status

	shift 2
	for error in EIO ENOSPC; do
		for ((k = 1; k < 100; k++)); do
			anew
			status=0
			LD_PRELOAD=$BUILD_DIR/fault/shim.so \
				HPO_SHIM=$op:$k:$error HPO_SHIM_UNDER=$PWD/c \
				HPO_SHIM_PROG=$1 HPO_SHIM_FIRED=$PWD/fired \
				"$@" >said 2>&1 || status=$?
			told said >by-shim
			[ ! -e fired ] || echo 'met a fault' >>by-shim
			anew
			status=0
			strace -o trace -e "trace=$calls" \
				-e "inject=$calls:error=$error:when=$k" \
				"$@" >said 2>&1 || status=$?
			told said >by-strace
			! grep -q INJECTED trace ||
				echo 'met a fault' >>by-strace
			diff -u by-shim by-strace
			grep -q 'met a fault' by-shim || break
		done
		[ "$k" -gt 2 ] && [ "$k" -lt 100 ]
	done
}

@test "sample: strace and the shim agree" {
	inject_campaign 2
	agree rename '/^rename' hpo-sample -n 2 c
	agree fsync '/^(f(data)?sync|syncfs)$' hpo-sample -n 2 c
	agree mkdir '/^mkdir' hpo-sample -n 2 c
}

@test "dispatch: strace and the shim agree" {
	inject_campaign 2
	hpo-sample -n 2 start/c
	agree rename '/^rename' hpo-dispatch --cancel 0-1 c
	agree fsync '/^(f(data)?sync|syncfs)$' hpo-dispatch --cancel 0-1 c
}
