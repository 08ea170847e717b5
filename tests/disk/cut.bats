#!/usr/bin/env bats
# The power goes: what the programs have said is on the disk, and the next run
# finishes the campaign.
#
# On ext4 and xfs in a file, shut down in mid-run: cut.bash has it all.
# bats file_tags=slow,fault

bats_require_minimum_version 1.8.0
load ../lib/helper

setup_file() {
	! command -v cc >/dev/null ||
		cc -std=c11 -D_XOPEN_SOURCE=700 -O1 -shared -fPIC \
			-o "$BATS_FILE_TMPDIR/cutat.so" \
			"$TOP/tests/disk/cutat.c"
}

# cut FS FUNCTION: do it there, where file systems can be mounted.
cut() {
	local program

	PATH=$PATH:/usr/sbin:/sbin
	[ "$(id -u)" -eq 0 ] || skip 'only root can mount a file system'
	for program in cc unshare "mkfs.$1" xfs_io xfs_repair e2fsck; do
		command -v "$program" >/dev/null || skip "no $program here"
	done
	case ${HPO_TEST_VARIANT-} in
	static | valgrind) skip "no preloading with $HPO_TEST_VARIANT" ;;
	esac
	[ -e /dev/loop-control ] || skip 'no loop devices here'
	unshare -m true 2>err || skip "$(head -n 1 err)"
	grep -qw "$1" /proc/filesystems || modprobe "$1" 2>/dev/null ||
		skip "this kernel has no $1"
	CUTAT=$BATS_FILE_TMPDIR/cutat.so \
		unshare -m bash "$TOP/tests/disk/cut.bash" "$@"
}

@test "sample: a power cut before any call loses no id: ext4" {
	cut ext4 sampled
}

@test "sample: a power cut before any call loses no id: xfs" {
	cut xfs sampled
}

@test "trial: a power cut before any call loses no result: ext4" {
	cut ext4 ran
}

@test "trial: a power cut before any call loses no result: xfs" {
	cut xfs ran
}

@test "trial: a power cut before any call of a reaper loses no trial: ext4" {
	cut ext4 reclaimed
}

@test "trial: a power cut before any call of a reaper loses no trial: xfs" {
	cut xfs reclaimed
}

@test "dispatch: a power cut before any call of --retry loses no trial: ext4" {
	cut ext4 revived
}

@test "dispatch: a power cut before any call of --retry loses no trial: xfs" {
	cut xfs revived
}

@test "dispatch: a power cut before any call of --cancel loses no trial: ext4" {
	cut ext4 cancelled
}

@test "dispatch: a power cut before any call of --cancel loses no trial: xfs" {
	cut xfs cancelled
}

@test "all: a campaign survives power cuts at any moment: ext4" {
	cut ext4 any_moment
}

@test "all: a campaign survives power cuts at any moment: xfs" {
	cut xfs any_moment
}

@test "these power cuts do lose what is not synced: ext4" {
	cut ext4 unsynced
}

@test "these power cuts do lose what is not synced: xfs" {
	cut xfs unsynced
}
