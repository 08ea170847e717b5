#!/usr/bin/env bats
# An archive is made, and what is in it removed: whichever step fails or is
# the last, the campaign is whole, or its archive is.
# bats file_tags=fault

# shellcheck disable=SC2154 # variables of bats
bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_shim
	export TMPDIR=$BATS_TEST_TMPDIR/private
	mkdir "$TMPDIR"
	fault_campaign
	hpo-trial --loop c >made
	hpo-collect c >want
	mv c ended
}

# try FAULT COMMAND...: run it with the fault, wherever here it strikes.
try() {
	local fault=$1

	shift
	rm -f fired
	status=0
	LD_PRELOAD=$BUILD_DIR/fault/shim.so HPO_SHIM=$fault \
		HPO_SHIM_PROG=hpo-collect HPO_SHIM_UNDER=$PWD \
		HPO_SHIM_FIRED=$PWD/fired "$@" >out 2>err || status=$?
	[ -s fired ]
}

# says NAME: its table is that of the campaign.
says() {
	hpo-collect "$1" 2>&1 | cmp -s - want
}

# is_whole: c is, as it was.
is_whole() {
	[ -e c/campaign.ini ] && says c && hpo-collect --fsck c >fsck
}

# sound: the exit code, and what there is.
sound() {
	code_is_documented || complain "exit code $status" out err || return
	[ "$status" -eq 0 ] || [ "$status" -eq 137 ] || [ -s err ] ||
		complain "exit code $status without a word" || return
	if [ "$status" -eq 0 ]; then
		says c.tar.zst || complain 'no archive' err || return
	fi
	is_whole || says c.tar.zst ||
		complain 'neither campaign nor archive' out err || return
	[ ! -e c.tar.zst ] || says c.tar.zst ||
		complain 'a bad archive' err || return
}

# in_words ACTION: what the table of faults calls it.
in_words() {
	case $1 in
	lie) echo 'lost reply' ;;
	short) echo 'short write' ;;
	before | after) echo "kill $1" ;;
	*) echo "$1" ;;
	esac
}

# each OP ACTION... -- [OPTION]: whatever call OP meets ACTION.
each() {
	local op=$1 action actions=() k fault total=0

	shift
	while [ "$1" != -- ]; do
		actions+=("$1")
		shift
	done
	shift
	for action in "${actions[@]}"; do
		for ((k = 1; ; k++)); do
			fault=$op:$k:$action
			[ "$k" -lt 500 ] || complain 'no end' || return
			rm -rf c c.tar.zst .c.tar.zst.*
			cp -R ended c
			try "$fault" hpo-collect --archive c.tar.zst "$@" c ||
				break
			sound || return
			if [ -d c ]; then
				hpo-collect --archive c.tar.zst "$@" c 2>err ||
					[ ! -e c/campaign.ini ] ||
					complain 'the next run fails' err ||
					return
			fi
			says c.tar.zst ||
				complain 'no archive at the end' err || return
			if [ $# -gt 0 ]; then
				[ "$(ls -A c 2>&1)" = cmd ] ||
					complain "left: $(ls -A c)" || return
			else
				is_whole || complain 'no campaign' || return
			fi
			total=$((total + 1))
		done
		[ -z "${HPO_MATRIX-}" ] || printf 'archive\t%s\t%d\n' \
			"$(in_words "$action")" $((k - 1)) >>"$HPO_MATRIX"
		[ "$k" -gt 1 ] || complain "no $op" out err || return
	done
	echo "# archive $*: $op: $total faults" >&3
	rm -rf ended
}

@test "archive: a rename may fail, or be the last step" {
	each rename EIO ESTALE lie before after -- --remove
}

@test "archive: an fsync may fail, or be the last step" {
	each fsync EIO ENOSPC before after -- --remove
}

@test "archive: a write may fail, be short, or be the last step" {
	each write EIO ENOSPC EDQUOT short before after -- --remove
}

@test "archive: an unlink may fail, or be the last step" {
	each unlink EIO lie before after -- --remove
}

@test "archive: a file may not be made, nor be closed" {
	each create EIO ENOSPC after -- --remove
}

@test "archive: without removing the campaign is never touched" {
	each write EIO ENOSPC before --
}
