#!/usr/bin/env bats
# Who only reads meets a fault at each of its calls: it changes nothing, and
# what it shows is true, or it says that it could not.
# bats file_tags=fault

bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_inject
}

teardown() {
	drop_inject
	helper_teardown
}

# read_all OPERATION COMMAND...: of a campaign with a trial that has ended and
# one that waits.
read_all() {
	local operation=$1

	shift
	inject_campaign 2
	inject -r -a "$FAULTS_OF_READERS" -o "$operation" \
		-s 'hpo-sample -n 2 c' -s 'hpo-trial c 0' -- "$@"
	inject -r -a EIO+,ESTALE+ -o "$operation" \
		-s 'hpo-sample -n 2 c' -s 'hpo-trial c 0' -- "$@"
}

@test "collect: of any fault at a table" {
	read_all collect hpo-collect c
}

@test "collect: of any fault at a table of all trials" {
	read_all collect hpo-collect --all c
}

@test "collect: of any fault at the files of a trial" {
	read_all collect hpo-collect --cat 0 c
}

@test "collect: of any fault at a check" {
	read_all collect hpo-collect --fsck c
}

@test "report: of any fault at a report" {
	read_all report hpo-report c
	read_all report hpo-report --format json c
}

@test "dispatch: of any fault at the status" {
	read_all report hpo-dispatch --status c
}

@test "sample: of any fault at a dry run" {
	read_all report hpo-sample --dry-run c
}
