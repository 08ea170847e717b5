#!/usr/bin/env bats
# What is not a rename, an fsync or a write may fail too, or be the last step.
# bats file_tags=fault

# shellcheck disable=SC2317 # each_fault calls prepare and act
bats_require_minimum_version 1.8.0
load ../lib/helper
load ../lib/fault

setup() {
	helper_setup
	need_shim
}

teardown() {
	kill_marked
	helper_teardown
}

@test "sample: any other step may fail or be the last" {
	prepare() {
		fault_campaign
	}
	act() {
		with_fault "$@" hpo-sample -n 3 c
	}
	each_fault -q hpo-sample mkdir EIO ENOSPC after
	each_fault -q hpo-sample create EIO ENOSPC after
	each_fault -q hpo-sample close EIO
}

@test "trial: any other step may fail or be the last" {
	prepare() {
		with_three_trials
	}
	act() {
		with_fault "$@" hpo-trial --loop c
	}
	each_fault -q hpo-trial mkdir EIO ENOSPC after
	each_fault -q hpo-trial create EIO ENOSPC after
	each_fault -q hpo-trial close EIO
	each_fault -q hpo-trial unlink EIO after
	each_fault -q hpo-trial truncate EIO after
	each_fault -q hpo-trial reserve ENOSPC EDQUOT after
}
