#!/usr/bin/env bats
# A campaign needs few inodes, however many trials it has.
# bats file_tags=slow

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/expect

: "${HPO_TEST_TRIALS:=15000}"

setup() {
	helper_setup
	[ "$(id -u)" -eq 0 ] || skip 'mounting needs root'
	command -v mkfs.ext4 >/dev/null || skip 'needs mkfs.ext4'
	[ -w /dev/shm ] && dir=/dev/shm || dir=$PWD
	image=$(mktemp "$dir/hpo-test.XXXXXX")
	truncate -s 2G "$image"
	mkfs.ext4 -q -N 12000 "$image"
	mkdir disk
	mount -o loop "$image" disk || skip 'cannot mount a loop device'
	cd disk || return
}

teardown() {
	helper_teardown
	bad=$?
	cd "$BATS_TEST_TMPDIR" || return
	! mountpoint -q disk || umount disk
	[ -z "${image-}" ] || rm -f "$image"
	return $bad
}

@test "a disk of 12,000 inodes holds many times as many trials" {
	[ "$(stat -f -c %c .)" -le 12500 ]
	campaign c <<-EOT
		[campaign]
		minimize = loss
		trials = $HPO_TEST_TRIALS
		[space]
		x = uniform(0, 1)
		[run]
		command = sh cmd
		retries = 1
		backoff = 0.2s
	EOT
	cat >c/cmd <<-'EOT'
		[ $((HPO_TRIAL % 500)) -ne 7 ] || [ "$HPO_ATTEMPT" -ne 0 ] || exit 1
		echo "loss=$HPO_PARAM_x" >"$HPO_DIR/note"
		echo "hpo: loss=$HPO_PARAM_x"
	EOT
	# A full disk ends workers; the next run goes on.
	for _ in 1 2 3 4 5; do
		status=0
		hpo-dispatch --local -j 4 c >/dev/null 2>err || status=$?
		[ "$status" -eq 75 ] || break
	done
	cat err
	same 0 "$status"
	hpo-collect --seal c
	same "$HPO_TEST_TRIALS" "$(hpo-collect c | awk -F '\t' '$3 == "ok"' | wc -l)"
	same "$((HPO_TEST_TRIALS / 500))" "$(hpo-collect c | awk -F '\t' '$2 == 1' | wc -l)"
	same "$((HPO_TEST_TRIALS / 1000))" "$(find c/hpo/segments -mindepth 1 -type d | wc -l)"
}
