#!/usr/bin/env bats
# Campaigns on NFS, served and mounted twice by a Linux of our own: nfs.bash
# says what is tried in it.
# bats file_tags=slow,fault

bats_require_minimum_version 1.8.0
load ../lib/helper

VERSIONS='3 4.2'

# why_not: why this cannot be done here.
why_not() {
	local program

	[ "${HPO_TEST_VARIANT-}" != valgrind ] || echo 'no guest with valgrind'
	for program in cc linux.uml mkfs.ext4 unshare; do
		command -v "$program" >/dev/null || echo "no $program here"
	done
	compgen -G '/usr/lib/uml/modules/*/kernel/fs/nfsd/nfsd.ko' >/dev/null ||
		echo 'no kernel modules for linux.uml here'
}

# guest VERSION: let a guest try everything with that version of NFS; what it
# says is then in the directory of that name.
guest() {
	local dir=$BATS_FILE_TMPDIR/$1 modules=(/usr/lib/uml/modules/*)

	truncate -s 256M "$dir/disk" && mkfs.ext4 -q "$dir/disk" || return
	HOME=$dir timeout -k 5 $((400 * ${HPO_TEST_SLOWER:-1})) linux.uml \
		mem=256M root=/dev/root rootfstype=hostfs rootflags=/ ro \
		init="$TOP/tests/disk/nfs.bash" ubda="$dir/disk" \
		uml_dir="$dir/" con=null con0=null,fd:1 quiet loglevel=3 \
		GUEST="$dir" BIN="$BUILD_BIN" VERSION="$1" \
		MODULES="${modules[0]}" </dev/null >"$dir/console" 2>&1 3>&-
}

setup_file() {
	local version source pids=()

	why_not >"$BATS_FILE_TMPDIR/reason"
	[ ! -s "$BATS_FILE_TMPDIR/reason" ] || return 0
	PATH=$PATH:/usr/sbin:/sbin
	for version in $VERSIONS; do
		mkdir "$BATS_FILE_TMPDIR/$version"
		for source in nfs proxy; do
			cc -std=c11 -D_XOPEN_SOURCE=700 -O1 -static \
				-o "$BATS_FILE_TMPDIR/$version/$source" \
				"$TOP/tests/disk/$source.c"
		done
		guest "$version" &
		pids+=($!)
	done
	# How it ended is seen in what it left.
	wait "${pids[@]}" || :
}

# held VERSION FUNCTION: so it did, in the guest; say how often.
held() {
	local dir=$BATS_FILE_TMPDIR/$1 operation fault times _

	[ ! -s "$BATS_FILE_TMPDIR/reason" ] ||
		skip "$(head -n 1 "$BATS_FILE_TMPDIR/reason")"
	[ -e "$dir/booted" ] ||
		skip "linux.uml does not run here: $(tail -n 1 "$dir/console")"
	cat "$dir/console" "$dir/$2"
	[[ $(tail -n 1 "$dir/$2") == 'status 0 '* ]]
	while IFS=$'\t' read -r _ operation fault times; do
		echo "# $operation: $fault: $times" >&3
		[ -z "${HPO_MATRIX-}" ] || printf '%s\t%s\t%d\n' "$operation" \
			"$fault" "$times" >>"$HPO_MATRIX"
	done < <(grep '^matrix' "$dir/$2")
}

@test "NFS 3: eight workers of two clients run each trial once" {
	held 3 storm
}

@test "NFS 4.2: eight workers of two clients run each trial once" {
	held 4.2 storm
}

@test "NFS 3: what a client remembers misleads nobody" {
	held 3 stale
}

@test "NFS 4.2: what a client remembers misleads nobody" {
	held 4.2 stale
}

@test "NFS 3: what is removed and there again under workers is found" {
	held 3 estale
}

@test "NFS 4.2: what is removed and there again under workers is found" {
	held 4.2 estale
}

@test "NFS 3: a server that restarts loses no result" {
	held 3 restart
}

@test "NFS 4.2: a server that restarts loses no result" {
	held 4.2 restart
}

@test "NFS 3: a campaign ends where every 50th reply is lost" {
	held 3 dropped
}

@test "NFS 4.2: a campaign ends where every 50th reply is lost" {
	held 4.2 dropped
}
